"""The shipped broker beside the configuration that Debian's package brings, as `docs/installing.md` has it installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.enrolment.authority import Authority
from runtime.mqtt import Broker, Tls
from runtime.probe_broker import probe_broker
from simulation.children import free_port
from tests.rigs.places import ROOT
from wire import certificates

STOCK = """\
# Place your local configuration in /etc/mosquitto/conf.d/
#
# A full description of the configuration file is at
# /usr/share/doc/mosquitto/examples/mosquitto.conf.example

pid_file /run/mosquitto/mosquitto.pid

persistence true
persistence_location /var/lib/mosquitto/

log_dest file /var/log/mosquitto/mosquitto.log

include_dir /etc/mosquitto/conf.d
"""
"""/etc/mosquitto/mosquitto.conf of Debian 12's package mosquitto 2.0.11, to the letter."""


class DebianBroker:
    """A machine's /etc, /run and /var as far as mosquitto sees them, below one folder; started as Debian's unit does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        for name in ("etc/mosquitto/conf.d", "etc/mosquitto/rocars", "run/mosquitto", "var/lib/mosquitto"):
            (folder / name).mkdir(parents=True)
        (folder / "var/log/mosquitto").mkdir(parents=True)
        self.authority = Authority.make(folder / "authority", lambda: time.time_ns() // 1_000_000)
        self.keys = folder / "etc/mosquitto/rocars"
        key = certificates.new_key()
        (self.keys / "broker.key").write_bytes(certificates.key_to_pem(key))
        (self.keys / "broker.crt").write_bytes(self.authority.for_broker(["localhost"], key.public_key(), days=2))
        (self.keys / "authority.crt").write_bytes(self.authority.pem)
        (self.keys / "revoked.crl").write_bytes(self.authority.revoked_file.read_bytes())
        shutil.copy(ROOT / "config/mosquitto.acl.example", self.keys / "access.acl")
        self._install("etc/mosquitto/mosquitto.conf", STOCK)
        shipped = (ROOT / "config/mosquitto.conf.example").read_text()
        self._install("etc/mosquitto/conf.d/rocars.conf", shipped.replace("8883", f"{self.port} 127.0.0.1"))

    def _install(self, place: str, text: str) -> None:
        """The file, with this folder in front of every place; nothing else in it is changed."""
        for top in ("/etc/", "/run/", "/var/"):
            text = text.replace(f" {top}", f" {self.folder}{top}")
        (self.folder / place).write_text(text)

    def start(self) -> subprocess.Popen[str]:
        """`mosquitto -c`, which as root becomes user mosquitto by itself."""
        if os.geteuid() == 0:
            user = pwd.getpwnam("mosquitto")
            for each in [self.folder, *self.folder.rglob("*")]:
                os.chown(each, user.pw_uid, user.pw_gid)
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or pytest.fail("apt-get install mosquitto")
        command = [program, "-c", str(self.folder / "etc/mosquitto/mosquitto.conf")]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def debian() -> Iterator[DebianBroker]:
    """Where user mosquitto may look: pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory(prefix="debian-broker-") as folder:
        yield DebianBroker(Path(folder))


def answers(broker: DebianBroker, child: subprocess.Popen[str]) -> str:
    """What it says to a lane with a certificate; fails with mosquitto's own words if it has ended."""
    key = certificates.new_key()
    pair = broker.folder / "lane.pem"
    pair.write_bytes(broker.authority.for_client("lane-1", key.public_key(), days=2) + certificates.key_to_pem(key))
    tls = Tls(authority=broker.keys / "authority.crt", certificate=pair, key=pair)
    end = time.monotonic() + 10
    while True:
        if child.poll() is not None:
            assert child.stderr is not None
            pytest.fail(f"mosquitto ended with {child.returncode}: {child.stderr.read()}")
        try:
            return probe_broker(Broker("localhost", broker.port), tls, patience=2)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def test_the_documented_broker_starts_beside_debians_own_configuration(debian: DebianBroker) -> None:
    """Nothing in our file repeats a setting of Debian's: mosquitto calls that a duplicate, and ends."""
    with debian.start() as child:
        try:
            assert answers(debian, child)
        finally:
            child.terminate()
    assert (debian.folder / "var/lib/mosquitto/mosquitto.db").exists(), "it keeps what is retained, where Debian says"


def test_the_text_of_debians_file_is_the_one_that_is_installed() -> None:
    """The copy above is worth something only as long as Debian's package brings that very text."""
    shipped = Path("/var/lib/dpkg/info/mosquitto.conffiles").read_text().split()
    assert "/etc/mosquitto/mosquitto.conf" in shipped
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Conffiles}\n", "mosquitto"], capture_output=True, text=True, check=True
    ).stdout
    wanted = next(line.split()[1] for line in asked.splitlines() if "/etc/mosquitto/mosquitto.conf " in line)
    import hashlib

    assert hashlib.md5(STOCK.encode()).hexdigest() == wanted  # noqa: S324 - dpkg's own sum
