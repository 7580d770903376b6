"""`rocars-lane run` as its own process: with no broker, with no models, killed with a vehicle in it, told to stop."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from edge.replay import replay_store
from simulation.children import free_port
from simulation.demo import truck_of
from simulation.marks import Marks
from simulation.officer import SimulatedOfficer
from simulation.stage import Passing, Stage
from simulation.world import DemonstrationWorld
from sync.journal import Chain
from sync.store import LaneStore

if TYPE_CHECKING:
    from tests.edge.conftest import LaneFolder

PATIENCE_S = 40.0
PROGRAM = Path(sys.executable).with_name("rocars-lane")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short name: Unix sockets lie in it, and theirs have at most 107 characters."""
    with tempfile.TemporaryDirectory(prefix="rl-") as folder:
        yield Path(folder)


async def until(holds: Callable[[], Any], what: str) -> None:
    """Waits until it holds; fails with `what` when it never does."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.05)


def children(pid: int) -> list[int]:
    """Ids of the processes a process has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for task in tasks for word in task.read_text().split()]


def alive(pid: int) -> bool:
    """Whether the process is there, and more than its remains."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def refused(config: Path) -> tuple[int | None, str]:
    """Status and last words of a lane that is expected to end by itself."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "run", "--config", config, stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(PATIENCE_S):
        _, said = await process.communicate()
    return process.returncode, said.decode()


@asynccontextmanager
async def alone(lane: LaneFolder) -> AsyncIterator[tuple[SimulatedOfficer, asyncio.subprocess.Process]]:
    """A lane with no world around it: no broker, no camera; an officer looks at its page."""
    port = free_port()
    lane.change("port = 18830", f"port = {free_port()}")
    lane.file.write_text(lane.file.read_text() + f"port = {port}\n")
    for name in ("paint", "evidence"):
        (lane.folder / "demo" / name).mkdir()
    async with started(lane, port) as found:
        yield found


@asynccontextmanager
async def started(lane: LaneFolder, port: int) -> AsyncIterator[tuple[SimulatedOfficer, asyncio.subprocess.Process]]:
    """One start of a lane whose page is at that port; the page of one that was killed ends first, or would take the login."""
    await until(lambda: not listens(port), "the page of the lane before it does not end")
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "run", "--config", lane.file, stderr=asyncio.subprocess.DEVNULL, stdin=asyncio.subprocess.DEVNULL
    )
    officer = SimulatedOfficer(f"http://127.0.0.1:{port}/", "chan", "a long walk to the lane")
    try:
        await log_in(officer)
        yield officer, process
    finally:
        officer.leave()
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()


def listens(port: int) -> bool:
    """Whether anybody takes connections there."""
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


async def log_in(officer: SimulatedOfficer) -> None:
    """As soon as the page is there."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await officer.log_in()
        except OSError:
            assert time.monotonic() < end, "the page does not come up"
        await asyncio.sleep(0.1)


def reasons(officer: SimulatedOfficer) -> str:
    """Why the lane is in the mode it is in, as the page says it to the officer and in the technician's drawer."""
    technical = officer.view.get("technician", ())
    return " ".join((*officer.view.get("headline", {}).get("reasons", ()), *(one["says"] for one in technical)))


def test_without_a_broker_the_lane_comes_up_in_manual_and_stops_when_told(lane_folder: LaneFolder) -> None:
    """The page works with no link and says what is missing; SIGTERM ends it with status 0 and nothing left behind."""

    async def story() -> None:
        async with alone(lane_folder) as (officer, process):
            await until(lambda: "core not answering" in reasons(officer), "the page does not say why it is manual")
            assert officer.view["headline"]["mode"] == "Manual"
            assert officer.link == "offline"
            assert officer.view["link"]["broker"].startswith("not connected (unreachable: 127.0.0.1:")
            await officer.act("open")
            await until(lambda: officer.view["why_not"]["close"] == "", "the lane does not open by hand")
            family = children(process.pid)
            assert len(family) >= 3, "two screens and a reader"
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE_S):
                assert await process.wait() == 0
            await until(lambda: not any(map(alive, family)), "a child outlives the lane")

    asyncio.run(story())
    problems, rows = replay_store(lane_folder.folder / "demo/lane.db")
    assert problems == []
    assert rows > 3


def test_without_models_the_lane_is_manual_and_says_what_to_do(lane_folder: LaneFolder) -> None:
    """The reader's fault, in the technician's words, on the officer's page."""
    (lane_folder.folder / "weights").mkdir()
    lane_folder.change("[reader]", '[reader]\nweights = "weights"')

    async def story() -> None:
        async with alone(lane_folder) as (officer, _):
            await until(lambda: "weights.json" in reasons(officer), "the page does not name the missing models")
            assert "Plate reader does not answer" in reasons(officer)
            assert "[reader] weights" in reasons(officer)
            assert officer.view["headline"]["mode"] == "Manual"
            (alarm,) = [each for each in officer.view["alarms"] if each["detail"].startswith("reader: ")]
            assert "weights.json" in alarm["detail"]

    asyncio.run(story())


def test_without_its_engine_the_lane_is_manual_and_says_what_to_install(
    lane_folder: LaneFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EasyOCR is chosen, is there, and torch cannot be imported: the command is on the officer's page."""
    hidden = lane_folder.folder / "hidden"
    hidden.mkdir()
    for module in ("torch", "easyocr"):  # found, or the settings would refuse the engine
        (hidden / f"{module}.py").write_text("raise ImportError('it is hidden')")
    monkeypatch.setenv("PYTHONPATH", str(hidden))
    lane_folder.change('engine = "onnxruntime"', 'engine = "easyocr"')

    async def story() -> None:
        async with alone(lane_folder) as (officer, _):
            await until(lambda: "easyocr cannot be loaded" in reasons(officer), "the page does not name the engine")
            assert "-m pip install 'rocars-lane[easyocr]'" in reasons(officer)
            assert officer.view["headline"]["mode"] == "Manual"

    asyncio.run(story())


def test_a_killed_lane_knows_its_alarms_and_who_took_them_and_says_how_it_is(lane_folder: LaneFolder) -> None:
    """Signal 9 within a second of the officer's press; figures and health are those of the page."""
    (lane_folder.folder / "weights").mkdir()
    lane_folder.change("[reader]", '[reader]\nweights = "weights"')
    page, figures = free_port(), free_port()
    lane_folder.change("[console]", f"[health]\nmetrics_port = {figures}\n\n[console]\nport = {page}")
    for name in ("paint", "evidence"):
        (lane_folder.folder / "demo" / name).mkdir()

    def reader_alarms(officer: SimulatedOfficer) -> list[tuple[str, str]]:
        found = [each for each in officer.view.get("alarms", ()) if each["detail"].startswith("reader: ")]
        return [(each["state"], each["seen_by"]) for each in found]

    async def look(path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{figures}{path}")

    async def story() -> None:
        async with started(lane_folder, page) as (officer, process):
            await until(lambda: reader_alarms(officer) == [("unacknowledged", "")], "no alarm about the reader")
            (alarm,) = [each for each in officer.view["alarms"] if each["detail"].startswith("reader: ")]
            await officer.take(alarm["id"])
            process.kill()
            await process.wait()
        async with started(lane_folder, page) as (officer, _):
            await until(lambda: reader_alarms(officer) == [("acknowledged", "chan")], "it has forgotten the alarm")
            await asyncio.sleep(2.5)
            text = (await look("/metrics")).text
            assert 'rocars_fault{fault="reader"} 1.0' in text
            assert 'rocars_link_state{state="offline"} 1.0' in text
            assert 'rocars_alarms_standing{priority="high"} 1.0' in text
            assert "rocars_paint_seconds_count" in text
            health = await look("/health")
            assert (health.status_code, health.json()["faults"], health.json()["hangs"]) == (503, ["reader"], False)
            assert health.json()["status"].startswith("111"), "by hand, no link, a fault of high priority"

    asyncio.run(story())


async def _vehicle_read(stage: Stage) -> Passing:
    """The lane is open, and a bundled truck stands in it, read."""
    await stage.codes_at_lane()
    await stage.officer.act("open")
    rng = stage.rng
    passing = Passing(1, "laden", 17, stage, truck_of(Marks(rng), rng))
    await passing.bundle()
    await passing.arrive()
    return passing


def test_killed_with_a_vehicle_in_it_the_lane_comes_back_with_the_vehicle_for_the_officer(tmp_path: Path) -> None:
    """One world: a second agent is refused, signal 9, a new start, the officer's visit, signal 15."""
    world = DemonstrationWorld(tmp_path, seed=5, speed=4)

    async def story() -> None:
        try:
            stage = await world.start()
            passing = await _vehicle_read(stage)
            visit, vrn = stage.officer.visit, stage.officer.vrn
            assert (visit, vrn) == (1, passing.vrn)

            status, said = await refused(tmp_path / "lane" / "lane.toml")
            assert status == 1
            assert "another agent has it" in said
            assert "Traceback" not in said

            before, family = rows(world), children(world.lane.pid or 0)
            await world.end_lane(signal.SIGKILL)
            await until(lambda: not any(map(alive, family)), "a child outlives the killed lane")
            world.start_lane()
            await world.rejoin(stage)
            await passing.page(lambda officer: officer.visit == visit)
            await until(lambda: "restarted" in reasons(stage.officer), f"the page says {stage.officer.view}")
            assert stage.officer.vrn == vrn
            assert rows(world)[: len(before)] == before
            await passing.see_both("OFFICER")

            family = children(world.lane.pid or 0)
            assert await world.end_lane() == 0
            await until(lambda: not any(map(alive, family)), "a child outlives the lane")
        finally:
            await world.stop()

    asyncio.run(story())
    assert replay_store(world.lane_store)[0] == []


def rows(world: DemonstrationWorld) -> list[bytes]:
    """The journal's bodies, read beside whoever writes it."""
    with LaneStore(world.lane_store, read_only=True) as store:
        return [row.body for row in Chain(store).rows()]


def test_a_box_whose_store_was_put_back_ends_itself_and_goes_on_under_another_journal(tmp_path: Path) -> None:
    """The core has rows that the copy lacks: one clear line, status 1 for systemd to start it again, then in order."""
    world = DemonstrationWorld(tmp_path, seed=5, speed=4)

    async def story() -> None:
        try:
            stage = await world.start()
            await stage.codes_at_lane()
            with closing(sqlite3.connect(world.lane_store)) as now, closing(sqlite3.connect(tmp_path / "copy")) as copy:
                now.backup(copy)
            await stage.officer.act("open")
            await until(
                lambda: names(world)[1] > 0 and names(world)[1] == len(rows(world)), "rows are not acknowledged"
            )
            assert await world.end_lane() == 0
            for end in ("-wal", "-shm", ""):
                world.lane_store.with_name(world.lane_store.name + end).unlink(missing_ok=True)
            shutil.copy(tmp_path / "copy", world.lane_store)

            world.start_lane()
            await until(lambda: world.lane.status is not None, "the lane does not end by itself")
            assert world.lane.status == 1
            assert "the journal begins anew, and the agent with it" in world.lane.last_words()
            assert "Traceback" not in world.lane.last_words()

            world.start_lane()
            await world.rejoin(stage)
            await stage.codes_at_lane()
            await until(lambda: "old copy" in str(stage.officer.view["alarms"]), "the page does not say why")
            assert names(world)[0] == 2
        finally:
            await world.stop()

    asyncio.run(story())
    assert replay_store(world.lane_store)[0] == []


def names(world: DemonstrationWorld) -> tuple[int, int]:
    """How many names the journal has had, and its acknowledged rows."""
    with LaneStore(world.lane_store, read_only=True) as store:
        return len(Chain(store).names()), Chain(store).acknowledged
