"""The kit as its user has it: over the shipped broker, TLS 1.3 both ways, with the keys that `rocars-core enrol` made."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.mqtt import Tls
from simulation.broker import BrokerTls, PrivateBroker
from simulation.children import free_port
from simulation.private_core import PrivateCore
from wire.envelope import Signer, public_from_pem, public_to_pem

pytestmark = pytest.mark.long

CORE = Path(sys.executable).with_name("rocars-core")


@pytest.fixture(scope="module")
def site(territory: Any) -> Iterator[SimpleNamespace]:
    """A core's folder, a lane enrolled in it, and the shipped broker with its certificate, running; no core yet."""
    with tempfile.TemporaryDirectory(prefix="kit-tls-") as name:
        folder = Path(name)
        broker = PrivateBroker(folder / "broker", tls=BrokerTls.in_folder(folder / "broker"))
        core = PrivateCore(folder, broker, sections='[pictures]\nfolder = "pictures"\n')
        core.enrol(territory.LANE, folder / "lane")
        with broker:
            yield SimpleNamespace(folder=folder, config=core.config, broker=broker, lane=territory.LANE, core=core)


def kit(site: SimpleNamespace, *words: object) -> subprocess.CompletedProcess[str]:
    """The command, to its end; `{}` in a word is the site's folder, `[]` the broker."""
    said = [str(word).replace("{}", str(site.folder)).replace("[]", f"localhost:{site.broker.port}") for word in words]
    line = [sys.executable, "-m", "tools.conformance", *said]
    return subprocess.run(line, capture_output=True, text=True, timeout=240, check=False)


AS_CORE = ("--authority", "{}/authority.pem", "--certificate", "{}/core.pem", "--tls-key", "{}/core.pem")
AS_LANE = ("--authority", "{}/lane/authority.pem", "--certificate", "{}/lane/lane.pem")


def of_lane(site: SimpleNamespace) -> tuple[object, ...]:
    """Options by which the kit plays the core."""
    lane_key = Signer.from_pem("", (site.folder / "lane/signing.pem").read_bytes())
    (site.folder / "lane.pub").write_bytes(public_to_pem(lane_key.public))
    return "lane", "--broker", "[]", "--lane", site.lane, "--core-key", "{}/core-1.key", "--lane-pub", "{}/lane.pub"


def of_core(site: SimpleNamespace) -> tuple[object, ...]:
    """Options by which the kit plays the lane."""
    keys = "--lane-key", "{}/lane/signing.pem", "--core-pub", "{}/core-1.pub"
    return "core", "--broker", "[]", "--lane", site.lane, *keys


@contextlib.contextmanager
def running_core(site: SimpleNamespace) -> Iterator[None]:
    """`rocars-core run`, once it serves."""
    site.core.start()
    try:
        asyncio.run(site.core.ready())
        yield
    finally:
        site.core.end()


def test_a_core_is_tested_over_tls_with_a_lanes_certificate(site: SimpleNamespace) -> None:
    """Proofs, list, rows, orders and growth; nothing needs a password."""
    ask = f"{shlex.quote(str(CORE))} {{}} --config {site.config}"
    order = ask.format(f"command {site.lane} message --text kit")
    with running_core(site):
        found = kit(
            site, *of_core(site), *AS_LANE, "--patience", 60, "--order", order,
            "--grow", ask.format("hold KT{n} --reason kit"), "--only", "C01,C20,C22,C30,C33,C50",
        )  # fmt: skip
    assert (found.returncode, found.stderr) == (0, "")
    assert "6 holds, 0 BROKEN, 0 not observed" in found.stdout


def test_a_lane_is_tested_over_tls_with_the_cores_certificate_and_its_cable_can_be_cut(
    site: SimpleNamespace, territory: Any, tmp_path: Path
) -> None:
    """The kit's proxy stands in the lane's own TLS connection and sees nothing of it."""
    enrolled = site.folder / "lane"
    own = territory.OwnLane(
        tmp_path,
        site.broker,
        port=(through := free_port()),
        signer=Signer.of(site.lane, (enrolled / "signing.pem").read_bytes()),
        core_keys={"core-1": public_from_pem((enrolled / "core/core-1.pem").read_bytes())},
        tls=Tls(enrolled / "authority.pem", enrolled / "lane.pem", enrolled / "lane.pem"),
    )
    with own:
        found = kit(
            site, *of_lane(site), *AS_CORE, "--through", f"127.0.0.1:{through}", "--patience", 60,
            "--only", "L01,L02,L10,L17,L31,L70",
        )  # fmt: skip
    assert (found.returncode, found.stderr) == (0, "")
    assert "6 holds, 0 BROKEN, 0 not observed" in found.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--broker", "[]"), "a broker that speaks TLS wants --authority and --certificate"),
        (("--broker", "[]", *AS_LANE[:2]), "wants --certificate and --tls-key too"),
        (("--broker", "[]", *AS_LANE[2:]), "give --authority"),
        (("--broker", "[]", *AS_LANE[:2], "--tls-key", "{}/core.pem"), "give that with --certificate"),
        (("--broker", "[]", *AS_LANE[:2], "--certificate", "{}/core.pem"), "is core's"),
        (("--broker", "[]", *AS_LANE, "--tls-key", "{}/core.pem"), "no PEM files of a certificate and its private key"),
        (("--broker", "[]", "--authority", "{}/core-1.pub", *AS_LANE[2:]), "no PEM file with the broker's authority"),
        (("--broker", "127.0.0.1", *AS_LANE), "reach it by a name in its certificate"),
    ],
)
def test_what_is_wrong_with_the_tls_files_is_said_at_once(
    site: SimpleNamespace, words: tuple[str, ...], said: str
) -> None:
    """Exit status 2, one line, and what to do."""
    words = tuple(f"{word}:{site.broker.port}" if word == "127.0.0.1" else word for word in words)
    keys = "--lane-key", "{}/lane/signing.pem", "--core-pub", "{}/core-1.pub"
    found = kit(site, "core", "--lane", site.lane, *keys, "--only", "C01", *words)
    assert (found.returncode, said in found.stderr, found.stderr.count("\n")) == (2, True, 1), found
