"""The judge of the demonstration must be able to fail it: each kind of wrong is made by hand, and found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.judge import GRACE_MS, DemonstrationFiles, Truth, judge, read_paint_log, verdict

ARRIVED, ALLOWED, SHOWN, LEFT, ENDED = 10_000, 13_000, 13_200, 15_000, 30_000
LANE = "demo-in-01"
SCENES = ("STOP", "MANIFEST", "DONE")

TRUTH = Truth(
    index=1,
    scenario="laden",
    row=17,
    vrn="LT3482",
    arrived=ARRIVED,
    left=LEFT,
    allowed=((ALLOWED, None),),
    xdb=SCENES,
    aiop=SCENES,
    facts={"outcome": "released", "row": "17"},
)
RIGHT = ((0, "WELCOME"), (10_100, "STOP"), (11_500, "MANIFEST"), (SHOWN, "DONE"), (LEFT + 200, "WELCOME"))


class Files:
    """The files of a demonstration in which one truck was released, as it should be; tests spoil one thing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paint("xdb", RIGHT)
        self.paint("aiop", RIGHT)
        self.entries = [
            self._entry(ARRIVED + 20, "VehicleArrived", {}),
            self._entry(LEFT + 100, "VisitEnded", {"vrn": "LT3482", "outcome": "released", "row": "17"}),
        ]
        self.journal("lane.db", self.entries)
        self.core("core.db", self.entries)

    @staticmethod
    def _entry(mono_ms: int, kind: str, facts: dict[str, str]) -> bytes:
        effect = {"type": "Record", "kind": kind, "visit": 1, "facts": sorted(facts.items())}
        return json.dumps({"at": {"mono_ms": mono_ms}, "effects": [{"type": "Show"}, effect]}).encode()

    def ended(self, **facts: str) -> None:
        """Both stores have these facts of the visit instead."""
        self.entries[1] = self._entry(LEFT + 100, "VisitEnded", facts)
        self.journal("lane.db", self.entries)
        self.core("core.db", self.entries)

    def paint(self, screen: str, scenes: Sequence[tuple[int, str]]) -> None:
        """Writes the paint log of a screen: (monotonic ms, scene)."""
        lines = [json.dumps({"mono_ms": at, "scene": scene, "safe": False}) for at, scene in scenes]
        (self.folder / f"{screen}.jsonl").write_text("\n".join(lines) + "\n")

    def journal(self, name: str, entries: Sequence[bytes]) -> None:
        """Writes the lane's store, as far as the judge looks at it."""
        self._table(name, "journal (seq INTEGER, body BLOB)", list(enumerate(entries, 1)))

    def core(self, name: str, entries: Sequence[bytes]) -> None:
        """Writes the core's store, as far as the judge looks at it."""
        rows = [(LANE, "journal", seq, body) for seq, body in enumerate(entries, 1)]
        self._table(name, "events (lane TEXT, journal TEXT, seq INTEGER, body BLOB)", rows)
        with closing(sqlite3.connect(self.folder / name)) as connection:
            connection.execute("CREATE TABLE forgotten (key TEXT)")

    def _table(self, name: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"CREATE TABLE {columns}")
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {columns.partition(' ')[0]} VALUES ({marks})", rows)  # noqa: S608
            connection.commit()

    def judged(self, *truths: Truth) -> dict[str, Any]:
        """The judge's report."""
        logs = {screen: self.folder / f"{screen}.jsonl" for screen in ("xdb", "aiop")}
        stores = self.folder / "lane.db", self.folder / "core.db"
        return judge(DemonstrationFiles(truths or (TRUTH,), logs, *stores, LANE, ENDED))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The files of a demonstration that went as it should."""
    return Files(tmp_path)


def reasons(report: dict[str, Any]) -> list[str]:
    """Why the demonstration failed."""
    return verdict(report, rows_wanted=frozenset())


def test_a_demonstration_that_went_as_it_should_passes(files: Files) -> None:
    """The spoilt ones below differ from this one in one thing each."""
    report = files.judged()
    assert reasons(report) == []
    assert (report["wrong_releases"], report["events_journaled"], report["events_at_core"]) == (0, 2, 2)
    assert report["rows_covered"] == [2, 3, 17]
    (truck,) = report["trucks"]
    assert (truck["read"], truck["decided"]["outcome"]) == ("LT3482", "released")
    assert truck["shown"] == {"xdb": ["WELCOME", *SCENES, "WELCOME"], "aiop": ["WELCOME", *SCENES, "WELCOME"]}
    assert truck["times"] == {"arrived": ARRIVED, "left": LEFT}


def test_screen_3_that_no_truth_allows_is_a_wrong_release_on_each_screen(files: Files) -> None:
    """Nobody stood there who could be released: both boards are counted."""
    report = files.judged(replace(TRUTH, allowed=()))
    assert report["wrong_releases"] == 2
    assert {each["screen"] for each in report["wrong_release_details"]} == {"xdb", "aiop"}
    assert any("2 wrong releases" in reason for reason in reasons(report))


@pytest.mark.parametrize("screen", ["xdb", "aiop"])
@pytest.mark.parametrize("early_ms", [1, 1_000])
def test_screen_3_before_it_is_true_is_a_wrong_release(files: Files, screen: str, early_ms: int) -> None:
    """There is no grace before the truth: not a second, not a millisecond."""
    files.paint(screen, [(ALLOWED - early_ms if scene == "DONE" else at, scene) for at, scene in RIGHT])
    assert files.judged()["wrong_releases"] == 1


def test_screen_3_from_the_very_moment_it_is_true_is_right(files: Files) -> None:
    """The other side of the millisecond."""
    files.paint("xdb", [(ALLOWED if scene == "DONE" else at, scene) for at, scene in RIGHT])
    assert files.judged()["wrong_releases"] == 0


@pytest.mark.parametrize("screen", ["xdb", "aiop"])
def test_screen_3_that_stands_on_after_the_truck_has_left_is_a_wrong_release(files: Files, screen: str) -> None:
    """The next driver would take it for his own; a second beyond the grace counts, and so does a millisecond."""
    for beyond, wrong in ((0, 0), (1, 1), (1_000, 1)):
        files.paint(screen, [*RIGHT[:-1], (LEFT + GRACE_MS + beyond, "WELCOME")])
        assert files.judged()["wrong_releases"] == wrong


def test_screen_3_that_is_never_taken_down_is_a_wrong_release(files: Files) -> None:
    """The last painting of a log lasts until the end of the demonstration."""
    files.paint("xdb", RIGHT[:-1])
    assert files.judged()["wrong_release_details"] == [{"screen": "xdb", "since": SHOWN, "until": ENDED}]


def test_screen_3_that_outlives_a_hold_is_a_wrong_release(files: Files) -> None:
    """What was true when it was painted no longer is: the window closes before the truck leaves."""
    held = replace(TRUTH, allowed=((ALLOWED, SHOWN + 100),), left=LEFT + 5_000)
    files.paint("xdb", [*RIGHT[:-1], (SHOWN + 101 + GRACE_MS, "EXAMINE")])
    files.paint("aiop", [*RIGHT[:-1], (SHOWN + 100 + GRACE_MS, "EXAMINE")])
    assert files.judged(held)["wrong_release_details"] == [
        {"screen": "xdb", "since": SHOWN, "until": SHOWN + 101 + GRACE_MS}
    ]


def test_the_window_of_one_truck_does_not_excuse_the_screen_of_another(files: Files) -> None:
    """3 painted for a truck that may not have it, a moment after one that might."""
    second = replace(TRUTH, index=2, scenario="inspect", arrived=20_000, left=24_000, allowed=(), facts={})
    files.paint("xdb", [*RIGHT, (21_000, "DONE"), (22_000, "WELCOME")])
    assert files.judged(TRUTH, second)["wrong_releases"] == 1


@pytest.mark.parametrize(("blind", "other"), [("xdb", "aiop"), ("aiop", "xdb")])
def test_screen_3_on_one_screen_only_fails_the_truck(files: Files, blind: str, other: str) -> None:
    """The screens say the same together, or the truck was not told."""
    files.paint(blind, [each for each in RIGHT if each[1] != "DONE"])
    report = files.judged()
    (failure,) = report["failures"]
    assert failure.startswith("truck 1 (laden): " + blind)
    assert other + " was" not in failure
    assert report["rows_covered"] == []


def test_scenes_in_another_order_fail_the_truck(files: Files) -> None:
    """3 before the manifest was asked for is not the same story."""
    swapped = {"MANIFEST": "DONE", "DONE": "MANIFEST"}
    files.paint("xdb", [(at, swapped.get(scene, scene)) for at, scene in RIGHT])
    assert any("in this order" in reason for reason in reasons(files.judged()))


def test_scenes_of_another_truck_do_not_count_for_this_one(files: Files) -> None:
    """What was shown long after it left is no answer to its driver."""
    later = [(at + 40_000 if scene == "DONE" else at, scene) for at, scene in RIGHT[:-1]]
    files.paint("xdb", later)
    assert any("xdb was to show" in reason for reason in reasons(files.judged()))


def test_scenes_of_the_truck_that_follows_closely_do_not_count_for_this_one(files: Files) -> None:
    """The next one arrives within the grace and is shown 3 at once; the first was not."""
    second = replace(TRUTH, index=2, arrived=LEFT + 300, left=LEFT + 6_000, allowed=((LEFT + 400, None),))
    missed = [each for each in RIGHT if each[1] != "DONE"]
    next_ones = [(LEFT + 350, "STOP"), (LEFT + 400, "MANIFEST"), (LEFT + 450, "DONE"), (LEFT + 6_100, "WELCOME")]
    files.paint("xdb", [*missed, *next_ones])
    first, _ = files.judged(TRUTH, second)["trucks"]
    assert first["shown"]["xdb"] == ["WELCOME", "STOP", "MANIFEST", "WELCOME"]
    assert [failure.split()[0] for failure in first["failures"]] == ["xdb"]


def test_a_row_of_the_table_that_nothing_covered_is_named(files: Files) -> None:
    """And rows of a truck that failed are not covered."""
    report = files.judged()
    assert verdict(report, rows_wanted=frozenset({2, 3, 9, 17})) == ["rows of the decision table not covered: [9]"]
    failed = files.judged(replace(TRUTH, broke_off="TimeoutError: the page shows nothing"))
    assert any("[2, 3, 9, 17]" in reason for reason in verdict(failed, rows_wanted=frozenset({2, 3, 9, 17})))
    assert any("not as planned: TimeoutError" in reason for reason in reasons(failed))


def test_an_event_missing_at_the_core_is_found_and_numbered(files: Files) -> None:
    """Counts differ, and the entry is named."""
    files.core("core.db", files.entries[:1])
    report = files.judged()
    assert (report["events_journaled"], report["events_at_core"]) == (2, 1)
    assert report["events_missing_at_core"] == [2]
    assert "journal (2) and core (1) differ" in reasons(report)
    assert any("the core has no record of this visit" in reason for reason in reasons(report))


def test_an_event_only_at_the_core_is_found(files: Files) -> None:
    """The core cannot know more than was journaled."""
    files.journal("lane.db", files.entries[:1])
    report = files.judged()
    assert report["events_only_at_core"] == [2]
    assert "journal (1) and core (2) differ" in reasons(report)


def test_an_event_altered_at_the_core_is_found_though_the_counts_agree(files: Files) -> None:
    """One byte is enough."""
    altered = files.entries[0].replace(b"VehicleArrived", b"VehicleArriveD")
    assert altered != files.entries[0]
    files.core("core.db", [altered, files.entries[1]])
    report = files.judged()
    assert report["events_journaled"] == report["events_at_core"] == 2
    assert report["events_missing_at_core"] == report["events_only_at_core"] == [1]
    assert "journal (2) and core (2) differ" in reasons(report)


def test_a_wrong_read_is_found(files: Files) -> None:
    """The truck carried another mark than the one recorded, even where nothing else went wrong."""
    files.ended(vrn="LT3462", outcome="released", row="17")
    assert reasons(files.judged()) == ["truck 1 (laden): read as LT3462"]


def test_a_wrong_fact_in_the_record_is_found(files: Files) -> None:
    """Recorded is not what was true."""
    files.ended(vrn="LT3482", outcome="examine", row="17")
    assert reasons(files.judged()) == ["truck 1 (laden): recorded outcome='examine', true is 'released'"]


def test_a_record_of_another_time_is_not_taken_for_this_visit(files: Files) -> None:
    """Its arrival is three seconds off."""
    report = files.judged(replace(TRUTH, arrived=ARRIVED - 3_000))
    assert any("the core has no record of this visit" in reason for reason in reasons(report))


def test_a_line_of_the_paint_log_cut_by_a_kill_is_left_out(files: Files) -> None:
    """What was painted before stands, until the next whole line."""
    path = files.folder / "xdb.jsonl"
    path.write_text(
        '{"mono_ms": 5, "scene": "STOP"}\n{"mono_ms": 7, "sc\n{"mono_ms": 9, "scene": "OFFICER", "safe": 1}\n'
    )
    first, second = read_paint_log("xdb", path, ENDED)
    assert (first.scene, first.since, first.until, first.safe) == ("STOP", 5, 9, False)
    assert (second.scene, second.since, second.until, second.safe) == ("OFFICER", 9, ENDED, True)
