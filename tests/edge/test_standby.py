"""A lane on a full, read-only or damaged store: it starts by hand and says why, room is made first, and it goes back by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.past_visits import last_visits
from edge.replay import replay_store
from edge.settings.load import Settings, load
from edge.standby import make_room, preflight, stand_in_folder
from lane_agent.events import FaultCleared
from lane_agent.model import Fault
from runtime.store_errors import StoreBusyError, StoreFullError, StoreReadOnlyError
from simulation.children import free_port
from simulation.officer import SimulatedOfficer
from simulation.waiting import until
from sync.journal import Journal
from sync.store import LaneStore
from tests.edge.test_lane_process import PROGRAM, log_in, reasons

if TYPE_CHECKING:
    from tests.edge.conftest import LaneFolder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
NAMES = [f"{number:064x}" for number in range(40)]
"""Pictures of half a megabyte."""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short name: Unix sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="rl-") as folder:
        yield Path(folder)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB for store and evidence, as root."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def settings(lane_folder: LaneFolder, disk: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A lane whose store is on that disk."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(lane_folder.folder))
    lane_folder.change('store = "demo/lane.db"', f'store = "{disk}/lane.db"')
    lane_folder.change('evidence = "demo/evidence"', f'evidence = "{disk}/evidence"')
    lane_folder.file.write_text(
        lane_folder.file.read_text() + f"port = {free_port()}\n\n[health]\nmin_free_mb = 4\nwarn_free_mb = 8\n"
    )
    (lane_folder.folder / "demo/paint").mkdir()
    return load(lane_folder.file)


def remount(disk: Path, how: str) -> None:
    """Read-only or writable."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def pictures(settings: Settings, *, old: bool = True) -> None:
    """Forty pictures: 20 MB."""
    folder = settings.lane.evidence / "reads"
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(bytes(500_000))
        if old:
            os.utime(folder / name, (1_700_000_000 + number,) * 2)


def fill(disk: Path) -> Path:
    """Takes what room is left."""
    stuff = disk / "stuff"
    with stuff.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while out.write(bytes(4_096)):
            pass
    return stuff


def rows(store: Path, *bodies: bytes) -> None:
    """Rows of a journal that the core has not acknowledged."""
    with LaneStore(store) as opened:
        journal = Journal(opened, boot="b", software="test")
        for body in bodies:
            journal.append(body)


@as_root
def test_on_a_full_disk_old_pictures_make_room_before_the_store_is_opened(settings: Settings, disk: Path) -> None:
    """But for those that rows name which the core does not have."""
    rows(settings.lane.store, NAMES[0].encode())
    os.utime(settings.lane.store, (1_800_000_000,) * 2)
    pictures(settings)
    fill(disk)
    assert preflight(settings) is None
    left = {file.name for file in (settings.lane.evidence / "reads").iterdir()}
    assert NAMES[0] in left
    assert NAMES[1] not in left
    assert len(left) < 30


@as_root
def test_pictures_that_rows_in_the_wal_may_name_do_not_make_room(settings: Settings, disk: Path) -> None:
    """What is newer than the last page of the store's own file may be named by a row that cannot be read on a full disk."""
    rows(settings.lane.store, b"a row")
    pictures(settings)
    os.utime(settings.lane.store, (1_700_000_000 + 3_600 + 10,) * 2)  # the first ten are older by more than an hour
    fill(disk)
    make_room(settings)
    left = {file.name for file in (settings.lane.evidence / "reads").iterdir()}
    assert left == set(NAMES[10:])


@as_root
@pytest.mark.parametrize("ailment", ["full", "read-only"])
def test_a_store_that_cannot_be_opened_is_named_for_what_it_is(settings: Settings, disk: Path, ailment: str) -> None:
    """A full disk is no broken medium that somebody replaces."""
    rows(settings.lane.store, b"a row")
    if ailment == "full":
        fill(disk)
    else:
        remount(disk, "ro")
    kind, words = (StoreFullError, "free some room") if ailment == "full" else (StoreReadOnlyError, "look at the mount")
    with pytest.raises(kind, match=words):  # noqa: SIM117 - two different things
        with LaneStore(settings.lane.store) as store:
            store.probe()
    remount(disk, "rw")


@as_root
def test_a_journal_on_a_read_only_mount_is_replayed_and_searched_whole(settings: Settings, disk: Path) -> None:
    """Also what a killed lane left in the WAL, which SQLite cannot read where it may write nothing."""
    store = LaneStore(settings.lane.store)
    Journal(store, boot="b", software="test")
    with store.transaction() as connection:
        connection.execute("UPDATE meta SET value = '7' WHERE name = 'probe'")
    copy = disk / "killed"
    copy.mkdir()
    for end in ("", "-wal"):
        (copy / f"lane.db{end}").write_bytes(settings.lane.store.with_name(f"lane.db{end}").read_bytes())
    store.close()
    remount(disk, "ro")
    try:
        assert replay_store(copy / "lane.db") == ([], 0)
        assert last_visits(copy / "lane.db", most=1) == []
        with LaneStore(copy / "lane.db", read_only=True) as seen, seen.reading() as connection:
            assert connection.execute("SELECT value FROM meta WHERE name = 'probe'").fetchone()[0] == "7"
        assert replay_store(settings.lane.store) == ([], 0)
    finally:
        remount(disk, "rw")


@asynccontextmanager
async def running(
    settings: Settings, config: Path
) -> AsyncIterator[tuple[SimulatedOfficer, asyncio.subprocess.Process]]:
    """The lane as its own process, and an officer at its page."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "run", "--config", config, stderr=asyncio.subprocess.DEVNULL, stdin=asyncio.subprocess.DEVNULL
    )
    officer = SimulatedOfficer(f"http://127.0.0.1:{settings.console.port}/", "chan", "a long walk to the lane")
    try:
        await log_in(officer)
        yield officer, process
    finally:
        officer.leave()
        if process.returncode is None:
            process.terminate()
        await process.wait()


@as_root
@pytest.mark.parametrize(
    "ailment", ["full", *(pytest.param(one, marks=pytest.mark.long) for one in ("read-only", "damaged"))]
)
def test_a_lane_without_its_store_starts_by_hand_says_why_and_goes_back(
    settings: Settings, lane_folder: LaneFolder, disk: Path, ailment: str
) -> None:
    """Screens and page are there, the officer can work; when the store works again the lane ends, and keeps what was recorded."""
    rows(settings.lane.store)
    store, stuff = settings.lane.store, disk / "stuff"
    match ailment:
        case "full":
            fill(disk)
        case "read-only":
            remount(disk, "ro")
        case _:
            store.rename(disk / "kept")
            store.write_bytes(b"not a database" * 100)
    words = {"full": "free some room", "read-only": "look at the mount", "damaged": "move it aside by hand"}[ailment]

    async def story() -> None:
        async with running(settings, lane_folder.file) as (officer, process):
            await until(lambda: words in reasons(officer), 40)
            assert "the lane records in memory only" in reasons(officer)
            assert officer.view["headline"]["mode"] == "Manual"
            await until(lambda: all(each["confirmed"] for each in officer.view["screens"]), 40)
            await officer.act("open")
            await until(lambda: officer.view["why_not"]["close"] == "", 20)
            if ailment == "read-only":
                remount(disk, "rw")
            stuff.unlink(missing_ok=True)
            if ailment == "damaged":
                (disk / "kept").rename(store)
            async with asyncio.timeout(40):
                assert await process.wait() == 0

    asyncio.run(story())
    assert preflight(settings) is None
    with closing(sqlite3.connect(store.with_name("lane.db.by-hand-1"))) as kept:
        assert kept.execute("SELECT count(*) FROM journal").fetchone()[0] > 3
    assert not list(stand_in_folder(settings.lane.id).glob("lane.db*"))


@as_root
def test_a_store_that_another_lane_has_is_no_reason_to_stand_by(settings: Settings) -> None:
    """Two lanes on one box would fight for its screens."""
    with LaneStore(settings.lane.store), pytest.raises(StoreBusyError):
        preflight(settings)


@as_root
def test_that_the_store_in_memory_is_well_does_not_end_the_fault(settings: Settings, disk: Path) -> None:
    """Only the lane's own store does."""
    remount(disk, "ro")
    try:
        standby = preflight(settings)
        assert standby is not None
        assert not standby.is_news(FaultCleared(Fault.STORE))
        assert standby.is_news(FaultCleared(Fault.CAMERA))
        assert standby.settings.lane.store.parent == stand_in_folder(settings.lane.id)
    finally:
        remount(disk, "rw")
