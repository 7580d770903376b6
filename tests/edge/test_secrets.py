"""Secrets are planted in a running lane, and everything that it writes, shows, sends and lets others see is searched for them."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from devices.simulated.rtsp_camera import RtspCamera
from simulation.broker import PrivateBroker
from simulation.children import free_port
from simulation.officer import SimulatedOfficer
from simulation.waiting import until
from tests.edge.test_lane_process import PROGRAM, children, log_in, reasons
from tests.rigs.films import access_units
from tests.rigs.mqtt import Peer, options
from wire.topics import ALL_UP, CORE

if TYPE_CHECKING:
    from tests.edge.conftest import LaneFolder

CAMERA = "planted#camera/password"
OFFICER = "a long walk to the lane"
LANE = "demo-in-01"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short name: Unix sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="rl-") as folder:
        yield Path(folder)


class Planted:
    """A lane with secrets, and what was seen of it."""

    def __init__(self, lane: LaneFolder, camera: RtspCamera, broker: PrivateBroker) -> None:
        self.lane = lane
        self.port = free_port()
        self.key = lane.folder / "demo/keys/lane.pem"
        self.secrets = [CAMERA, quote(CAMERA, safe=""), OFFICER, broker.password(LANE), *self._key_lines()]
        self.seen: dict[str, bytes] = {}
        login = lane.secret("demo/camera-login", f"admin:{CAMERA}\n".encode())
        password = lane.secret("demo/broker-password", f"{broker.password(LANE)}\n".encode())
        self.planted = {login, password, self.key}
        url = f"rtsp://127.0.0.1:{camera.port}/lane"
        lane.change(
            'kind = "simulated"\npath = "demo/camera.sock"',
            f'kind = "rtsp"\nurl = "{url}"\nlogin_file = "demo/camera-login"',
        )
        lane.change(
            'core_keys = "demo/keys/core"', 'core_keys = "demo/keys/core"\npassword_file = "demo/broker-password"'
        )
        lane.change("port = 18830", f"port = {broker.port}")
        lane.file.write_text(lane.file.read_text() + f"port = {self.port}\n")
        for name in ("paint", "evidence"):
            (lane.folder / "demo" / name).mkdir()

    def _key_lines(self) -> list[str]:
        return [line for line in self.key.read_text().splitlines() if "-----" not in line]

    def found(self) -> dict[str, list[str]]:
        """In what was seen, which secrets are there to read."""
        found = {
            where: [secret for secret in self.secrets if secret.encode() in data] for where, data in self.seen.items()
        }
        return {where: secrets for where, secrets in found.items() if secrets}

    async def command(self, *words: str) -> None:
        """Runs a command of the box, and keeps what it says."""
        process = await asyncio.create_subprocess_exec(
            PROGRAM, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert said
        self.seen[" ".join(words[:1] + words[3:])] = said

    def look_at_processes(self, pid: int) -> None:
        """What `ps` shows of the lane and its children."""
        for each in (pid, *children(pid)):
            for name in ("cmdline", "environ"):
                self.seen[f"{name} of {each}"] = Path(f"/proc/{each}/{name}").read_bytes()

    def look_at_files(self) -> None:
        """Everything in the lane's folder but the files in which the secrets are planted: store, journal, evidence."""
        for file in self.lane.folder.rglob("*"):
            if file.is_file() and file not in self.planted:
                self.seen[str(file.relative_to(self.lane.folder))] = file.read_bytes()


async def _lived(planted: Planted, broker: PrivateBroker) -> None:
    """The lane runs, with a camera that refuses the login; everything about it is looked at."""
    core = Peer(options(broker, CORE, ALL_UP))
    core.connection.start()
    log = planted.lane.folder / "log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "run", "--config", planted.lane.file, stdout=out, stderr=out, stdin=asyncio.subprocess.DEVNULL
        )
    officer = SimulatedOfficer(f"http://127.0.0.1:{planted.port}/", "chan", OFFICER)
    try:
        await log_in(officer)
        await until(lambda: "refuses the login" in reasons(officer), 40)
        planted.seen["the page"] = json.dumps(officer.view, ensure_ascii=False).encode()
        planted.look_at_processes(process.pid)
        await until(lambda: any(b"refuses the login" in each.payload for each in core.got), 20)
        planted.seen["what the core is sent"] = b"\0".join(core.payloads())
        await planted.command("check", "--config", str(planted.lane.file))
        await planted.command("check", "--config", str(planted.lane.file), "--json")
    finally:
        officer.leave()
        process.terminate()
        await process.wait()
        await core.connection.stop()
    for name in ("replay", "visits"):
        await planted.command(name, str(planted.lane.folder / "demo/lane.db"))
    planted.look_at_files()


@pytest.mark.parametrize("wanted", ["another password"])
def test_no_secret_is_anywhere_but_in_its_own_file(lane_folder: Any, wanted: str) -> None:
    """Logs, page, journal, store, evidence, what the core is sent, `check`, and what `ps` shows; the refusal itself is there."""
    broker = PrivateBroker(lane_folder.folder / "broker", lanes=[LANE])
    broker.start()
    try:
        with RtspCamera(access_units(50, every=10, fps=10), login=("admin", wanted)) as camera:
            planted = Planted(lane_folder, camera, broker)
            asyncio.run(_lived(planted, broker))
    finally:
        broker.stop()
    where = {name for name, data in planted.seen.items() if b"refuses the login" in data}
    assert {"the page", "what the core is sent", "check", "check --json", "demo/lane.db"} <= where, where
    assert planted.found() == {}


def test_the_search_finds_what_is_planted(lane_folder: Any) -> None:
    """A search that cannot fail proves nothing: the files in which they are planted are full of them."""
    broker = PrivateBroker(lane_folder.folder / "broker", lanes=[LANE])
    with RtspCamera(access_units(10, every=10, fps=10)) as camera:
        planted = Planted(lane_folder, camera, broker)
    planted.seen = {file.name: file.read_bytes() for file in planted.planted}
    assert set(planted.found()) == {"camera-login", "broker-password", "lane.pem"}
