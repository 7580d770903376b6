"""Room is made and people are told before the disk is full; and the figures that go to the centre."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.evidence_retention import EvidenceKeeper
from edge.health import DiskRoom, HealthEvent, Rate, StoreWatch, free_mb
from edge.remote_orders import retention
from edge.telemetry import BoxSources, load, memory_free_mb, sample, temperature_c, uptime_s
from lane_agent.effects import Alarm, AlarmEnded
from lane_agent.events import FaultCleared, FaultRaised, TroubleReported
from sync.client import LinkStatus
from sync.evidence import Evidence, Retention
from sync.journal import Journal
from sync.settings import EvidenceSettings
from sync.store import LaneStore

MINUTE_MS = 60_000


class HandClock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Where it stands."""
        return self.now


def test_the_rate_says_how_long_the_room_lasts() -> None:
    """Not before ten minutes, not while nothing goes, and anew when somebody has made room."""
    clock = HandClock()
    rate = Rate(clock)
    assert rate.hours_left(5_000, 200) is None
    clock.now = 599
    assert rate.hours_left(4_990, 200) is None
    clock.now = 3_600
    assert rate.hours_left(4_800, 200) == pytest.approx(23.0)
    clock.now = 10 * 3_600
    assert rate.hours_left(4_800, 200) is None, "the last hours count, and nothing has gone in them"
    assert rate.hours_left(5_000, 200) is None
    clock.now += 1_800
    assert rate.hours_left(4_900, 200) == pytest.approx(23.5)


def told(*looks: tuple[float, int]) -> list[HealthEvent]:
    """What the watch tells of looks at these seconds with so many MB free."""
    events: list[HealthEvent] = []
    clock, series, over = HandClock(), iter(looks), threading.Event()

    def one() -> DiskRoom:
        found = next(series, None)
        if found is None:
            over.set()
            return DiskRoom(1.0, looks[-1][1], None)
        clock.now = found[0]
        return DiskRoom(1.0, found[1], None)

    async def run() -> None:
        watch = StoreWatch(look=one, tell=events.append, every_s=0.001, clock=clock)
        task = asyncio.create_task(watch.run())
        await asyncio.to_thread(over.wait, 20)
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(run())
    return events


def test_plenty_of_room_that_goes_fast_is_an_alarm_two_days_ahead() -> None:
    """500 MB an hour of 20 GB: people have the time to come; once."""
    events = told((0, 20_500), (3_600, 20_000), (7_200, 19_500))
    assert [(event.kind, event.detail) for event in events if isinstance(event, Alarm)] == [
        ("StoreRoomLow", "20000 MB left for the store, 40 hours at the present rate")
    ]
    assert told((0, 20_500), (3_600, 20_400)) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB, as root."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_on_a_disk_that_fills_evidence_goes_first_and_the_journal_goes_on(small_disk: Path) -> None:
    """Pictures are written until little is left: the alarm comes, room is made, and no row is ever refused."""
    now = [1_000 * MINUTE_MS]
    store = LaneStore(small_disk / "lane.db")
    journal = Journal(store, boot="b", software="test")
    evidence = Evidence(small_disk / "evidence", retention(EvidenceSettings()), now_ms=lambda: now[0])
    events: list[HealthEvent] = []
    freed: list[int] = []

    def relieve(short_mb: int) -> None:
        freed.append(evidence.make_room(short_mb * 1_000_000, set).freed)

    watch = StoreWatch(
        look=lambda: DiskRoom(1.0, free_mb(small_disk), None),
        tell=events.append,
        min_free_mb=2,
        warn_free_mb=8,
        relieve=relieve,
    )
    for number in range(120):
        now[0] += 11 * MINUTE_MS
        picture = number.to_bytes(4, "big") * 100_000
        journal.append(evidence.put(picture, kind="reads").encode() * 200)
        watch._judge(watch._look())
    assert [type(event) for event in events if not isinstance(event, Alarm | AlarmEnded)] == []
    alarms = [event for event in events if isinstance(event, Alarm)]
    assert {alarm.kind for alarm in alarms} == {"StoreRoomLow"}
    assert sum(freed) > 10_000_000
    assert free_mb(small_disk) >= 7
    assert journal.head()[0] == 120
    assert journal.verify() is None
    last = hashlib.sha256((119).to_bytes(4, "big") * 100_000).hexdigest()
    assert evidence.path(last) is not None, "the newest stays"
    store.close()


def test_below_the_least_room_it_is_a_fault_and_made_room_ends_it() -> None:
    """The lane is manual while nothing can be promised."""
    events = told((0, 900), (30, 100), (60, 5_000))
    assert [type(event) for event in events] == [Alarm, FaultRaised, FaultCleared, AlarmEnded]


def test_room_is_made_oldest_first_class_by_class_and_never_from_what_the_core_lacks(tmp_path: Path) -> None:
    """Ordinary reads before stops; a picture an unacknowledged row names, or a new one, stays."""
    now = [1_000 * MINUTE_MS]
    evidence = Evidence(tmp_path / "evidence", retention(EvidenceSettings()), now_ms=lambda: now[0])
    names = {}
    for kind, word in (("stops", "s1"), ("reads", "r1"), ("reads", "r2"), ("reads", "r3"), ("complaints", "c1")):
        names[word] = evidence.put(word.encode() * 50, kind=kind)
        now[0] += 20 * MINUTE_MS
    new = evidence.put(b"new" * 50, kind="reads")
    made = evidence.make_room(150, lambda: {names["r1"]})
    assert (made.files, made.freed) == (2, 200)
    left = {word for word, name in names.items() if evidence.path(name)}
    assert left == {"s1", "r1", "c1"}
    assert evidence.path(new) is not None
    made = evidence.make_room(10_000, lambda: {names["r1"]})
    assert made.files == 2
    assert evidence.path(names["r1"]) is not None


def test_pictures_are_pruned_beside_the_lane_while_the_time_is_sure(tmp_path: Path) -> None:
    """A clock that may be wrong ages nothing; a disk that refuses ends nothing; too much for its budget is told."""
    now, sure = [1_000 * MINUTE_MS], [False]
    kept = Retention(max_age_ms=MINUTE_MS, max_bytes=10)
    evidence = Evidence(tmp_path / "evidence", {"reads": kept}, now_ms=lambda: now[0])
    named, free = (evidence.put(word * 50, kind="reads") for word in (b"named", b"free"))
    told: list[TroubleReported] = []

    async def story() -> None:
        with LaneStore(tmp_path / "lane.db") as store:
            journal = Journal(store, boot="b", software="test")
            journal.append(named.encode())
            keeper = EvidenceKeeper(evidence, journal, time_is_sure=lambda: sure[0], tell=told.append)
            task = asyncio.create_task(keeper.run(0.001))
            now[0] += 60 * MINUTE_MS
            await asyncio.sleep(0.05)
            assert evidence.path(free) is not None
            sure[0] = True
            async with asyncio.timeout(20):
                while not told:  # noqa: ASYNC110 - another thread
                    await asyncio.sleep(0.01)
            assert evidence.path(free) is None
            assert evidence.path(named) is not None, "the core has not acknowledged the row that names it"
            (tmp_path / "evidence" / "reads").rename(tmp_path / "away")
            keeper.relieve(1)
            await asyncio.sleep(0.05)
            assert not task.done()
            task.cancel()

    asyncio.run(story())
    assert told[0] == TroubleReported("EvidenceOverLimit", "reads")


STATUS: dict[str, object] = {
    "link": None,
    "proof_age_ms": 40,
    "broker": "",
    "trouble": "",
    "epoch": "e",
    "version": 1,
    "state_hash": "",
    "proven_version": 1,
    "doubt": "",
    "clock_doubt": "",
    "last": 9,
    "acknowledged": 7,
    "waiting": 2,
    "core_ms": 1,
    "slack_ms": 1,
    "refused": {"bad_signature": 3, "retained": 1},
    "pictures": 4,
    "shed": 0,
}


def machine(root: Path) -> Path:
    """A machine's own figures."""
    for name, text in {
        "sys/class/thermal/thermal_zone0/temp": "48250\n",
        "sys/class/thermal/thermal_zone1/temp": "61500\n",
        "sys/class/thermal/thermal_zone2/temp": "nonsense\n",
        "proc/meminfo": "MemTotal: 4000000 kB\nMemAvailable: 1500000 kB\n",
        "proc/loadavg": "3.00 1.0 0.5 1/2 3\n",
        "proc/uptime": "86400.55 1.0\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_sample_names_every_figure_with_its_unit(tmp_path: Path) -> None:
    """Queues, refusals by reason, the reader's picture, disk, temperature, memory, load."""
    box = BoxSources(
        store=tmp_path,
        link=lambda: LinkStatus(**STATUS),  # type: ignore[arg-type]
        inbox_wait_ms=lambda: 3,
        picture_age_ms=lambda: 80,
        read_ms=lambda: (41, 97),
        time_quality=lambda: "proven",
        root=machine(tmp_path / "root"),
    )
    found = sample(box)
    assert found.pop("disk_free_mb") == pytest.approx(free_mb(tmp_path), abs=200)
    assert found.pop("load_1m") == pytest.approx(3 / (os.cpu_count() or 1), abs=0.01)
    assert found == {
        "journal_waiting": 2,
        "pictures_waiting": 4,
        "refused": 4,
        "refused_bad_signature": 3,
        "refused_retained": 1,
        "inbox_wait_ms": 3,
        "time": "proven",
        "proof_age_ms": 40,
        "picture_age_ms": 80,
        "read_p50_ms": 41,
        "read_p99_ms": 97,
        "temperature_c": 61.5,
        "memory_free_mb": 1_500,
        "uptime_s": 86_400,
    }


def test_a_figure_the_machine_does_not_give_is_left_out(tmp_path: Path) -> None:
    """Nothing is made up."""
    assert (temperature_c(tmp_path), memory_free_mb(tmp_path), load(tmp_path), uptime_s(tmp_path)) == (None,) * 4
