"""The private broker: it starts, keeps strangers out, and says what is missing."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulation import broker as broker_module
from simulation.broker import ACCESS, CORE, BrokerError, PrivateBroker
from tests.rigs.places import ROOT


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def test_it_listens_while_it_runs_and_not_after(tmp_path: Path) -> None:
    """Started and stopped, on a free port of its own."""
    with PrivateBroker(tmp_path) as broker:
        assert accepts(broker.port)
        assert broker.pid is not None
    assert broker.pid is None
    assert not accepts(broker.port)


def test_a_killed_broker_comes_back_on_its_port(tmp_path: Path) -> None:
    """A demonstration's broker can be cut off and restored."""
    with PrivateBroker(tmp_path) as broker:
        port, pid = broker.port, broker.pid
        broker.kill()
        assert not accepts(port)
        broker.restart()
        assert accepts(port)
        assert broker.pid != pid


def test_its_passwords_are_for_its_owner_only(tmp_path: Path) -> None:
    """The password file is not readable by others, and holds no password in the clear."""
    with PrivateBroker(tmp_path, lanes=["lane-1"]) as broker:
        file = tmp_path / "broker.passwd"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert broker.password("lane-1") not in file.read_text()
        assert broker.password(CORE) != broker.password("lane-1")


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """Two brokers on one port: the second says why it ended, and the first goes on."""
    with PrivateBroker(tmp_path) as first:
        second = PrivateBroker(tmp_path / "second", port=first.port)
        with pytest.raises(BrokerError, match=r"mosquitto ended at once.*Address already in use"):
            second.start()
        assert second.pid is None
        assert accepts(first.port)


def test_a_missing_mosquitto_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Debian package and how to install it."""
    monkeypatch.setattr(broker_module, "_PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerError, match="apt-get install mosquitto"):
        PrivateBroker(tmp_path).start()


def test_the_example_for_production_has_the_same_access_list() -> None:
    """What is demonstrated is what is installed."""
    example = ROOT / "config" / "mosquitto.acl.example"
    rules = [line for line in example.read_text().splitlines() if line and not line.startswith("#")]
    assert rules == [line for line in ACCESS.splitlines() if line and not line.startswith("#")]


PARENT = """
import os, pathlib, sys
from simulation.broker import PrivateBroker
broker = PrivateBroker(pathlib.Path(sys.argv[1]))
broker.start()
print(broker.port, flush=True)
os.kill(os.getpid(), 9)
"""


def test_it_dies_with_whoever_started_it(tmp_path: Path) -> None:
    """A killed demonstration leaves no broker behind."""
    done = subprocess.run([sys.executable, "-c", PARENT, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    port = int(done.stdout)
    end = time.monotonic() + 10
    while accepts(port):
        assert time.monotonic() < end, "the broker outlived its parent"
