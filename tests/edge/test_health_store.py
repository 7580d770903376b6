"""The watch over the store's disk: faults and alarms, told once, and cleared."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.alarms import LaneAlarmKind
from edge.health import DiskRoom, HealthEvent, StoreWatch, free_mb, look, probe_write, wear_percent
from lane_agent.effects import Alarm, AlarmEnded
from lane_agent.events import FaultCleared, FaultRaised
from lane_agent.model import Fault
from simulation.waiting import until

GOOD = DiskRoom(write_ms=2.0, free_mb=5_000, wear_percent=10)


def watch(*looks: DiskRoom | OSError) -> list[HealthEvent]:
    """What the watch tells of this series of looks."""
    events: list[HealthEvent] = []

    async def run() -> None:
        series: Iterator[DiskRoom | OSError] = iter(looks)
        ended = threading.Event()

        def one() -> DiskRoom:
            seen = next(series, None)
            if seen is None:
                ended.set()
                return DiskRoom(write_ms=1.0, free_mb=events_free(), wear_percent=None)
            if isinstance(seen, OSError):
                raise seen
            return seen

        def events_free() -> int:
            last = looks[-1]
            return last.free_mb if isinstance(last, DiskRoom) else 0

        task = asyncio.create_task(StoreWatch(look=one, tell=events.append, every_s=0.001).run())
        await asyncio.to_thread(ended.wait, 10)
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(run())
    return events


def test_a_good_disk_is_nothing_to_tell() -> None:
    """Silence is health."""
    assert watch(GOOD, GOOD) == []


def test_a_disk_that_cannot_be_written_is_one_fault_until_it_can() -> None:
    """After a power cut the card may be read-only while everything seems to run."""
    gone = OSError(30, "Read-only file system")
    events = watch(GOOD, gone, gone, GOOD)
    assert [type(event) for event in events] == [FaultRaised, FaultCleared]
    assert isinstance(events[0], FaultRaised)
    assert events[0].fault is Fault.STORE
    assert "Read-only file system" in events[0].detail
    assert "check disk, mount and owner" in events[0].detail


def test_too_little_room_is_a_fault_and_little_room_an_alarm_told_once() -> None:
    """The alarm comes in time to do something; the fault when nothing can be promised any more."""
    events = watch(
        DiskRoom(2.0, 900, None),
        DiskRoom(2.0, 800, None),
        DiskRoom(2.0, 100, None),
        DiskRoom(2.0, 90, None),
        DiskRoom(2.0, 5_000, None),
        GOOD,
    )
    assert [type(event) for event in events] == [Alarm, FaultRaised, FaultCleared, AlarmEnded]
    assert isinstance(events[0], Alarm)
    assert (events[0].kind, events[0].detail) == ("StoreRoomLow", "900 MB left for the store")


def test_worn_flash_is_an_alarm() -> None:
    """At nine tenths of its life there is still time to replace it."""
    event, ended = watch(GOOD, DiskRoom(2.0, 5_000, 90), DiskRoom(2.0, 5_000, 90), GOOD)
    assert isinstance(event, Alarm)
    assert event.kind == "StoreWorn"
    assert ended == AlarmEnded(LaneAlarmKind.STORE_WORN, 0)


def test_an_alarm_that_went_and_came_again_is_told_again() -> None:
    """Told once means once each time."""
    low = DiskRoom(2.0, 900, None)
    assert [type(event) for event in watch(low, GOOD, low, GOOD)] == [Alarm, AlarmEnded, Alarm, AlarmEnded]


def test_a_disk_that_does_not_answer_is_a_fault_and_is_not_asked_twice() -> None:
    """A hung write blocks one thread, not the lane, and no second one is piled upon it."""
    events: list[HealthEvent] = []
    release, asked = threading.Event(), []

    def hang() -> DiskRoom:
        asked.append(1)
        release.wait(10)
        return GOOD

    async def run() -> None:
        task = asyncio.create_task(StoreWatch(look=hang, tell=events.append, every_s=0.001, limit_s=0.01).run())
        await until(lambda: events)
        assert asked == [1]
        release.set()
        await until(lambda: len(events) >= 2)
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(run())
    assert isinstance(events[0], FaultRaised)
    assert "did not answer within 0.01 s" in events[0].detail
    assert isinstance(events[1], FaultCleared)


def test_the_probe_really_writes_and_leaves_nothing(tmp_path: Path) -> None:
    """Bytes go to the disk and come back; afterwards the folder is as it was."""
    assert probe_write(tmp_path) > 0
    assert list(tmp_path.iterdir()) == []
    seen = look(tmp_path, tmp_path / "no-sys")
    assert seen.free_mb == pytest.approx(free_mb(tmp_path), rel=0.5)
    assert seen.wear_percent is None


REFUSED = """
import resource, sys
from pathlib import Path
from edge.health import probe_write
resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))
try:
    probe_write(Path(sys.argv[1]))
except OSError as problem:
    print(problem.strerror)
"""


def test_a_write_that_the_kernel_refuses_is_noticed_and_leaves_nothing(tmp_path: Path) -> None:
    """A process that may write eight bytes a file stands for a full disk: the probe's sixteen are refused."""
    child = subprocess.run([sys.executable, "-c", REFUSED, tmp_path], capture_output=True, text=True, check=True)
    assert child.stdout == "File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_the_worst_estimator_of_the_worst_flash_counts(tmp_path: Path) -> None:
    """Two cards, one of them unreadable, and one that does not say."""
    for name, life in (("mmcblk0", "0x01 0x03"), ("mmcblk1", "0x0b 0x02"), ("mmcblk2", "rubbish")):
        (tmp_path / name / "device").mkdir(parents=True)
        (tmp_path / name / "device/life_time").write_text(life)
    assert wear_percent(tmp_path) == 110
