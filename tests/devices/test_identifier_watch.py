"""Which labels are news, which mark they stand for, who is told of a loss: without any cable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.errors import IdentifierMissing, LabelsWrong
from devices.identifier import (
    GAP_MS,
    MOST,
    REST_MS,
    STUCK_MS,
    IdentifierEvent,
    LabelTable,
    NoIdentifier,
    Seen,
    Sightings,
    WatchedIdentifier,
    mark_itself,
)
from lane_agent.events import FaultCleared, FaultRaised, IdentifierRead, TroubleReported
from lane_agent.model import Fault
from runtime.backoff import Backoff


class HandSource:
    """A source moved by hand: `say` and `live` while it runs, `lose` to end it."""

    def __init__(self) -> None:
        self.now = 1_000
        self.runs = 0

    async def run(self, seen: Seen, alive: Callable[[], None]) -> None:
        """Runs until it is lost."""
        self.runs += 1
        self.seen, self.alive = seen, alive
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._lost

    def say(self, label: str) -> None:
        """A label is in the field now."""
        self.seen(label, self.now)

    async def lose(self, why: str) -> None:
        """The source is lost, and tried again."""
        runs = self.runs
        self._lost.set_exception(IdentifierMissing(why))
        while self.runs == runs:  # noqa: ASYNC110 - it comes to be in the identifier's own task
            await asyncio.sleep(0)


class Rig:
    """An identifier over a hand-moved source, and what it told."""

    def __init__(self, *, required: bool = False, mark_of: Callable[[str], str] = mark_itself) -> None:
        self.source = HandSource()
        self.told: list[IdentifierEvent] = []
        self.identifier = WatchedIdentifier(
            name="rfid",
            source=self.source,
            mark_of=mark_of,
            required=required,
            clock=lambda: self.source.now,
            backoff=Backoff(0, 0),
        )

    def kinds(self) -> list[str]:
        """What was told, in words."""
        return [one.kind if isinstance(one, TroubleReported) else type(one).__name__ for one in self.told]

    def play(self, story: Callable[[Rig], object]) -> Rig:
        """Plays an async story."""

        async def run() -> None:
            await self.identifier.start(self.told.append)
            await asyncio.sleep(0)
            await story(self)  # type: ignore[misc]
            await self.identifier.stop()

        asyncio.run(run())
        return self


def test_a_label_is_news_once_a_visit() -> None:
    """And again for the next vehicle."""
    sightings = Sightings()
    sightings.begin(0)
    assert [sightings.news("A", 5) for _ in range(3)] == [True, False, False]
    sightings.end(10)
    assert not sightings.news("A", 15)
    sightings.begin(20)
    assert sightings.news("A", 20)


def test_a_read_from_before_the_vehicle_came_does_not_stand_for_one_that_counts() -> None:
    """The slice in which it was read began earlier: the lane ignores it, and must hear the label again."""
    sightings = Sightings()
    sightings.begin(100)
    assert [sightings.news("A", edge) for edge in (40, 99, 100, 140)] == [True, False, True, False]


def test_a_reader_that_names_everybody_is_heard_out_no_further() -> None:
    """A flood of labels does not fill the journal: the second one has already made it the officer's."""
    sightings = Sightings()
    sightings.begin(0)
    assert sum(sightings.news(f"L{number}", 1) for number in range(100)) == MOST


def _stuck(every_ms: int, for_ms: int) -> int:
    sightings = Sightings()
    sightings.begin(0)
    sightings.news("A", 0)
    sightings.end(0)
    sightings.begin(0)
    return sum(sightings.stuck("A", now) for now in range(every_ms, for_ms, every_ms))


@pytest.mark.parametrize(
    ("every_ms", "for_ms", "told"),
    [(100, STUCK_MS, 0), (100, 4 * STUCK_MS, 1), (GAP_MS, 4 * STUCK_MS, 1), (GAP_MS + 1, 4 * STUCK_MS, 0)],
)
def test_a_label_that_never_leaves_is_a_stuck_reader(every_ms: int, for_ms: int, told: int) -> None:
    """Heard without a gap long after its vehicle left: told once. With a gap it is a vehicle that came again."""
    assert _stuck(every_ms, for_ms) == told


def test_a_stuck_reader_is_told_to_people_and_its_label_to_the_lane() -> None:
    """The lane compares it with the next vehicle's plate, as any other label."""

    async def story(rig: Rig) -> None:
        rig.identifier.vehicle_came()
        rig.source.say("AB1234")
        rig.identifier.vehicle_left()
        rig.identifier.vehicle_came()
        for _ in range(2 * STUCK_MS // 500):
            rig.source.now += 500
            rig.source.say("AB1234")

    assert Rig().play(story).kinds() == ["IdentifierRead", "IdentifierRead", "IdentifierStuck"]


def test_a_read_names_its_source_and_its_mark() -> None:
    """Normalised, as every record has it."""

    async def story(rig: Rig) -> None:
        rig.source.say("ab1234")

    assert Rig().play(story).told == [IdentifierRead("rfid", "AB1234", 1_000)]


def test_a_label_that_stands_for_no_mark_is_told_to_people() -> None:
    """It is no evidence about the vehicle, and once is enough, however often that vehicle comes."""

    async def story(rig: Rig) -> None:
        for _ in range(3):
            rig.identifier.vehicle_came()
            rig.source.say("E20034120123456789")
            rig.identifier.vehicle_left()

    assert Rig().play(story).kinds() == ["IdentifierUnknown"]


@pytest.mark.parametrize("mark", ["", "E20034120123456789", "粤ZAB12港", "粤B12345"])
def test_only_a_hong_kong_mark_is_a_mark(mark: str) -> None:
    """The key of every record; a Mainland plate is a witness of another kind."""
    assert mark_itself(mark) == ""


def test_a_required_identifier_that_is_lost_is_a_fault() -> None:
    """Once a cause, and over with the first sign of life."""

    async def story(rig: Rig) -> None:
        await rig.source.lose("unplugged")
        await rig.source.lose("unplugged")
        await rig.source.lose("no such port")
        rig.source.alive()
        rig.source.alive()

    assert Rig(required=True).play(story).told == [
        FaultRaised(Fault.IDENTIFIER, "unplugged"),
        FaultRaised(Fault.IDENTIFIER, "no such port"),
        FaultCleared(Fault.IDENTIFIER),
    ]


def test_an_optional_identifier_that_is_lost_is_an_alarm() -> None:
    """No release depends on it; one that comes and goes does not flood the centre."""

    async def story(rig: Rig) -> None:
        for _ in range(3):
            await rig.source.lose("unplugged")
            rig.source.alive()
        assert rig.identifier.trouble == ""
        rig.source.now += REST_MS
        await rig.source.lose("unplugged")
        assert rig.identifier.trouble == "unplugged"

    assert Rig().play(story).kinds() == ["IdentifierLost", "IdentifierLost"]


def test_a_driver_that_fails_is_lost_and_says_so() -> None:
    """A fault of the program must not go unnoticed; stopping raises what it was."""

    class Broken:
        async def run(self, *_: object) -> None:
            raise ZeroDivisionError("of the driver")

    async def run() -> list[IdentifierEvent]:
        told: list[IdentifierEvent] = []
        identifier = WatchedIdentifier(
            name="rfid", source=Broken(), mark_of=mark_itself, required=True, clock=lambda: 0
        )
        await identifier.start(told.append)
        await asyncio.sleep(0.01)
        with pytest.raises(ZeroDivisionError):
            await identifier.stop()
        return told

    (fault,) = asyncio.run(run())
    assert isinstance(fault, FaultRaised)
    assert "restart the lane" in fault.detail


def test_a_lane_without_an_identifier() -> None:
    """Says nothing, and stops."""

    async def run() -> list[IdentifierEvent]:
        told: list[IdentifierEvent] = []
        nobody = NoIdentifier()
        await nobody.start(told.append)
        nobody.vehicle_came()
        nobody.vehicle_left()
        await nobody.stop()
        return told

    assert asyncio.run(run()) == []


def _table(folder: Path, text: str) -> LabelTable:
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return LabelTable(path)


def test_a_table_says_which_mark_a_label_stands_for(tmp_path: Path) -> None:
    """Blanks, case and remarks do not matter; a label twice with the same mark is one label."""
    table = _table(tmp_path, "# issued in May\ne2003412,AB 1234\n\nE2003499 , xy77 # a trailer\nE2003412,AB1234\n")
    assert (table("E2003412"), table("e2003499"), table("E2"), len(table)) == ("AB1234", "XY77", "", 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("E2003412", "line 1"),
        ("# x\nE2003412,", "line 2"),
        (",AB1234", "line 1"),
        ("E2003412,粤B12345", "no label,mark"),
        ("E2003412,AB1234\nE2003412,XY77", "another mark above"),
        ("2.00341E+15,AB1234", r"a number that a spreadsheet has rounded: give the column the format Text"),
        ("label,mark\nE2003412,AB1234", "line 1.*is a heading: remove that line"),
        ("E200-3412,AB1234", "no reader sends 'E200-3412'"),
        ("E2003412\u200b,AB1234", "no reader sends 'E2003412<U[+]200B"),
        ("E2003412,AB1234\x00", "no label,mark"),
        ("E2003412,AB1234\u2028E2003499,XY77", "no label,mark"),
    ],
)
def test_a_table_that_cannot_be_used_says_where(tmp_path: Path, text: str, words: str) -> None:
    """A technician finds the line."""
    with pytest.raises(LabelsWrong, match=words):
        _table(tmp_path, text)


def test_a_table_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """Byte order mark, line ends, quotes: the first label once had the mark in it, and matched nothing for ever."""
    table = _table(tmp_path, '\ufeff"E2003412","AB1234"\r\nE2003499,"XY 77"\r\n')
    assert (table("E2003412"), table("E2003499"), len(table)) == ("AB1234", "XY77", 2)


@pytest.mark.parametrize("encoding", ["utf-16", "big5"])
def test_a_table_in_another_encoding_says_how_to_save_it(tmp_path: Path, encoding: str) -> None:
    """As the menu of the spreadsheet calls it."""
    (tmp_path / "labels.csv").write_bytes("E2003412,AB1234 # 陳\n".encode(encoding))
    with pytest.raises(LabelsWrong, match="save it as CSV UTF-8"):
        LabelTable(tmp_path / "labels.csv")


def test_a_table_that_is_not_there_says_so(tmp_path: Path) -> None:
    """With what it should hold."""
    with pytest.raises(LabelsWrong, match="label,mark"):
        LabelTable(tmp_path / "labels.csv")
