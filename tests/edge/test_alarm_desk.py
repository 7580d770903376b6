"""The lane's alarms over kills and upgrades, what the box's log hears of them, and what the core is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.alarm_lifecycle import AlarmKey, AlarmState
from domain.alarm_list import CLOSED, TAKEN
from edge.alarm_desk import HISTORY, TOLD_TO_THE_CORE, LaneAlarms
from lane_agent import events as e
from lane_agent.model import Fault, Moment
from lane_agent.replay import entry
from lane_agent.state import Lane
from lane_agent.step import step
from simulation.waiting import until
from sync.alarm_rows import AlarmRows
from sync.journal import Journal
from sync.schema import LANE_SCHEMA
from sync.store import LaneStore

NOW = 1_800_000_000_000


class Box:
    """A journal, and the alarms that are made of it: one start of a box."""

    def __init__(self, store: LaneStore, boot: str) -> None:
        self.journal = Journal(store, boot=boot, software="test")
        self.alarms = LaneAlarms(AlarmRows(store))
        self.alarms.restore(self.journal)
        self.lane = Lane()

    def happens(self, *events: e.Event, at_ms: int = NOW) -> None:
        """Each is journaled, and then told to the alarms."""
        for event in events:
            at = Moment(1, at_ms)
            before, (self.lane, effects) = self.lane, step(self.lane, event, at)
            self.journal.append(entry(event, at, effects, before, self.lane, "test"))
            self.alarms.stepped(at, effects, lambda: self.journal.head()[0])

    def states(self, now_ms: int = NOW) -> dict[str, AlarmState]:
        """Every alarm that is listed, by its key."""
        return {one.alarm.key.text: one.state for one in self.alarms.listed(now_ms)}


@contextmanager
def box(folder: Path, boot: str) -> Iterator[Box]:
    """A box that is killed at the end: nothing is written that was not."""
    store = LaneStore(folder / "lane.db")
    try:
        yield Box(store, boot)
    finally:
        store.close()


def handled(key: AlarmKey, deed: str, officer: str = "chan") -> e.AlarmHandled:
    """What an officer did."""
    return e.AlarmHandled(key.text, deed, officer, "seen")


RAN, CAMERA = AlarmKey("RunThrough", 0), AlarmKey("FaultRaised", 0, "camera")


@pytest.mark.parametrize("saved", [False, True], ids=["killed at once", "written before"])
def test_a_restart_forgets_neither_an_alarm_nor_who_took_it(tmp_path: Path, saved: bool) -> None:
    """It once forgot all that nobody had seen."""
    with box(tmp_path, "one") as first:
        first.happens(e.TroubleReported("RunThrough", "row 22"), e.FaultRaised(Fault.CAMERA, "no picture"))
        if saved:
            first.alarms.save(first.journal)
        first.happens(handled(CAMERA, TAKEN))
        before = first.alarms.listed(NOW)
    with box(tmp_path, "two") as second:
        assert second.alarms.listed(NOW) == before
        assert second.states() == {RAN.text: AlarmState.UNACKNOWLEDGED, CAMERA.text: AlarmState.ACKNOWLEDGED}
        second.happens(handled(RAN, TAKEN), handled(RAN, CLOSED))
    with box(tmp_path, "three") as third:
        assert third.states()[RAN.text] is AlarmState.CLOSED


def test_rows_are_counted_once_however_often_the_box_is_killed(tmp_path: Path) -> None:
    """Between two writings, at any row."""
    for number in range(12):
        with box(tmp_path, str(number)) as one:
            one.happens(e.FaultRaised(Fault.CAMERA, "no picture"), e.FaultCleared(Fault.CAMERA))
            if number % 3 == 0:
                one.alarms.save(one.journal)
    with box(tmp_path, "last") as one:
        (alarm,) = one.alarms.listed(NOW)
        assert alarm.alarm.count == 12


def test_after_a_start_a_trouble_stands_only_if_somebody_says_so_again(tmp_path: Path) -> None:
    """Nobody knows what happened meanwhile; what its watch raises again is the same alarm, taken by whoever had it."""
    low, worn = AlarmKey("StoreRoomLow"), AlarmKey("StoreWorn")
    with box(tmp_path, "one") as first:
        first.happens(e.TroubleReported("StoreRoomLow", "800 MB"), e.TroubleReported("StoreWorn", "90 %"))
        first.happens(e.FaultRaised(Fault.CAMERA, "no picture"), handled(low, TAKEN))
    with box(tmp_path, "two") as second:
        ends = second.alarms.unproven()
        assert {one.kind for one in ends} == {"StoreRoomLow", "StoreWorn"}
        second.happens(*ends, e.TroubleReported("StoreRoomLow", "700 MB"))
        states = second.states()
        assert (states[low.text], states[worn.text]) == (AlarmState.ACKNOWLEDGED, AlarmState.CLOSED)


def test_the_end_of_a_trouble_that_does_not_stand_is_no_news(tmp_path: Path) -> None:
    """Watches say that all is well as often as they look; a journal is for ever."""
    with box(tmp_path, "one") as one:
        assert not one.alarms.is_news(e.TroubleEnded("StoreRoomLow"))
        assert one.alarms.is_news(e.TroubleReported("StoreRoomLow", "800 MB"))
        assert one.alarms.is_news(e.TroubleEnded("StoreRoomLow")), "told, and still in the inbox"
        one.happens(e.TroubleReported("StoreRoomLow", "800 MB"))
        assert one.alarms.is_news(e.TroubleEnded("StoreRoomLow"))
        one.happens(e.TroubleEnded("StoreRoomLow"))
        assert not one.alarms.is_news(e.TroubleEnded("StoreRoomLow"))


def test_rows_of_an_older_release_are_read_and_have_no_cause(tmp_path: Path) -> None:
    """What a row lacks is empty."""
    with box(tmp_path, "one") as one:
        one.journal.append(
            b'{"after":"","at":{"mono_ms":1,"quality":"system","type":"Moment","utc_ms":1800000000000},"boot":"b",'
            b'"effects":[{"detail":"x","kind":"StoreFailed","type":"Alarm","visit":3}],"event":{},"software":"0.1.0"}'
        )
    with box(tmp_path, "two") as two:
        assert two.states() == {"StoreFailed/0/": AlarmState.UNACKNOWLEDGED}


def test_a_store_of_before_begins_with_no_alarm(tmp_path: Path) -> None:
    """Its rows have no ends in them: everything that ever was would stand."""
    with box(tmp_path, "one") as one:
        one.happens(*(e.FaultRaised(fault, "x") for fault in Fault))
        with one.journal.store.transaction() as connection:
            for table in ("alarms", "alarm_cursor", "journals", "carried", "receipt", "deltas", "epochs_left"):
                connection.execute(f"DROP TABLE {table}")
            before = [migration.__name__ for migration in LANE_SCHEMA.migrations].index("_alarms")
            connection.execute(f"PRAGMA user_version = {before}")
    with box(tmp_path, "two") as two:
        assert two.states() == {}
        two.happens(e.FaultRaised(Fault.CAMERA, "x"))
        assert two.states() == {CAMERA.text: AlarmState.UNACKNOWLEDGED}


def test_a_flapping_plug_fills_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The first, the tenth, the hundredth; with priority, fields and an identifier."""
    caplog.set_level(logging.INFO, "rocars.alarm")
    with box(tmp_path, "one") as one:
        for _ in range(100):
            one.happens(e.FaultRaised(Fault.CAMERA, "no picture"))
        said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert [text.rpartition("(")[2] for text in said] == ["raised)", "raised 10 times)", "raised 100 times)"]
        fields = caplog.records[0].journal_fields  # type: ignore[attr-defined]
        assert (fields["ALARM"], fields["ALARM_PRIORITY"]) == (CAMERA.text, "high")
        assert len(fields["MESSAGE_ID"]) == 32


def test_what_nobody_takes_is_told_again_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Louder."""
    with box(tmp_path, "one") as one:
        one.happens(e.FaultRaised(Fault.CAMERA, "no picture"))
        caplog.clear()
        assert not one.alarms.escalate(NOW + 299_000)
        assert one.alarms.escalate(NOW + 300_000)
        assert not one.alarms.escalate(NOW + 301_000)
        (record,) = caplog.records
        assert record.levelno == logging.CRITICAL
        assert "nobody has taken it for 5 minutes" in record.getMessage()


def test_the_siren_calls_for_what_is_urgent_until_somebody_takes_it(tmp_path: Path) -> None:
    """A vehicle that ran at once; a fault when nobody has come for five minutes."""
    with box(tmp_path, "one") as one:
        assert not one.alarms.calls(NOW)
        one.happens(e.TroubleReported("RunThrough", "row 22"))
        assert one.alarms.calls(NOW)
        one.happens(handled(RAN, TAKEN), e.FaultRaised(Fault.CAMERA, "x"))
        assert not one.alarms.calls(NOW + 299_000)
        assert one.alarms.calls(NOW + 300_000)
        one.happens(e.FaultCleared(Fault.CAMERA), at_ms=NOW + 301_000)
        assert not one.alarms.calls(NOW + 302_000)


def test_the_core_is_told_what_stands_as_of_which_row(tmp_path: Path) -> None:
    """Also after a restart, which changes neither; and never more than fits."""
    with box(tmp_path, "one") as one:
        one.happens(e.WordsReceived("wong", "hello"), e.FaultRaised(Fault.CAMERA, "x"), e.WordsReceived("wong", "bye"))
        one.alarms.save(one.journal)
        told = one.alarms.wall_facts("j", NOW)
        assert told == {
            "alarms": [["FaultRaised", 0, "camera", NOW, ""]],
            "alarms_of": "j",
            "alarms_at": 2,
            "alarms_more": 0,
        }
    with box(tmp_path, "two") as two:
        assert two.alarms.wall_facts("j", NOW) == told
        two.happens(*(e.TroubleReported("RunThrough", "", str(number)) for number in range(60)))
        assert len(two.alarms.wall_facts("j", NOW)["alarms"]) == TOLD_TO_THE_CORE
        assert two.alarms.wall_facts("j", NOW)["alarms_more"] == 61 - TOLD_TO_THE_CORE


def test_what_is_over_is_listed_last_and_bounded(tmp_path: Path) -> None:
    """The list is for what stands."""
    with box(tmp_path, "one") as one:
        for number in range(3 * HISTORY):
            cause = str(number)
            one.happens(e.TroubleReported("CertificateEnds", "x", cause), e.TroubleEnded("CertificateEnds", cause))
        one.happens(e.FaultRaised(Fault.CAMERA, "x"))
        listed = one.alarms.listed(NOW)
        assert listed[0].alarm.key == CAMERA
        assert len(listed) == HISTORY + 1


def test_a_day_of_vehicles_costs_no_memory(tmp_path: Path) -> None:
    """Each leaves alarms of its own; what stands, and what may come again in a moment, is all that is kept at hand."""
    with box(tmp_path, "one") as one:
        for number in range(300):
            now = NOW + number * 60_000
            one.happens(e.TroubleReported("CertificateEnds", "x", str(number)), at_ms=now)
            one.happens(e.TroubleEnded("CertificateEnds", str(number)), at_ms=now + 1)
            one.alarms.tidy(now + 2)
        one.happens(e.FaultRaised(Fault.CAMERA, "x"), at_ms=NOW)
        one.alarms.tidy(NOW + 10**9)
        assert len(one.alarms._newest) == 1
        assert [each.alarm.key.cause for each in one.alarms.listed(NOW)][:3] == ["camera", "299", "298"]


def test_the_writer_behind_writes_and_says_that_time_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its end too: an ordered stop leaves nothing to read."""
    monkeypatch.setattr("edge.alarm_desk._EVERY_S", 0.01)
    moved: list[int] = []

    async def story(one: Box) -> None:
        work = asyncio.create_task(one.alarms.run(one.journal, lambda: NOW, lambda: moved.append(1)))
        one.happens(e.FaultRaised(Fault.CAMERA, "x"))
        await until(lambda: AlarmRows(one.journal.store).load()[1] == 1)
        one.happens(e.FaultCleared(Fault.CAMERA))
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    with box(tmp_path, "one") as one:
        asyncio.run(story(one))
        (alarm,), cursor, said_at = AlarmRows(one.journal.store).load()
        assert (alarm.ended_ms, cursor, said_at) == (NOW, 2, 2)
        assert moved
