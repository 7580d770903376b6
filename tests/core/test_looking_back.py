"""What a wall is told of the past: searches, stories, figures of its own lanes; and the signed file, refused after one byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.cli.app import main
from core.errors import RefusedError
from core.ledger.store import CoreStore
from core.model.people import Actor, Role
from core.office.looking_back import LookingBack
from core.office.sealed_file import open_file, seal_file
from core.office.visit_search import VisitSearch
from core.office.wall_requests import (
    CountVisits,
    ExportStory,
    ProveStory,
    SearchVisits,
    ShowPicture,
    StoryFile,
    TellStory,
)
from domain.marks import is_near_miss, neighbours, normalise
from domain.visit_record import VisitEnded
from tests.core.conftest import NOON, record
from wire.envelope import public_to_pem

CHAN = Actor(account="chan", roles=frozenset({Role.LANE_OFFICER}), login="wall")
PICTURE = "ab" * 32


def desk_of(core: Any, lane: Any) -> LookingBack:
    """As the core makes it."""
    return LookingBack(
        lambda: CoreStore(core.store.dsn, reading=True),
        signer=core.signer,
        ring=core.log.ring,
        rings=lambda: {lane.name: lane.signer.ring()},
        gallery=core.gallery,
        clock=core.clock,
    )


def visits(core: Any, lane: Any, number: int, vrn: str, *, at_ms: int = NOON, **base: Any) -> None:
    """One visit from arrival to departure."""
    usual: dict[str, Any] = {"arrived_ms": at_ms, "left_ms": at_ms + 18_000, "outcome": "released", "how": "exit loop"}
    ended = VisitEnded(**{**usual, "vrn": normalise(vrn), **base})
    end = {"type": "Record", "kind": "VisitEnded", "visit": number, "facts": [list(pair) for pair in ended.to_facts()]}
    done = {"type": "Show", "serial": 3, "xdb": "DONE", "aiop": "DONE", "parameter": ""}
    read = {"type": "PlateSettled", "visit": number, "read": {"vrn": normalise(vrn)}}
    fired = {"type": "TimerFired"}
    for after_ms, event, effect in (
        (0, read, record("VehicleArrived", number)),
        (9_000, fired, done),
        (18_000, fired, end),
    ):
        at = {"mono_ms": 1, "utc_ms": at_ms + after_ms, "quality": "proven"}
        entry = {"at": at, "event": event, "effects": [effect]}
        core.exchange.hear(lane.sends(lane.write_body(json.dumps(entry, separators=(",", ":")).encode())))


def found(core: Any, lane: Any, **wanted: Any) -> list[tuple[str, bool]]:
    """Marks that a search finds, each with whether it is a near-miss."""
    answer = desk_of(core, lane).answer(SearchVisits(**wanted), CHAN, {lane.name})
    return [(one.vrn, one.near) for one in answer.visits]


def test_a_mark_finds_its_near_misses_and_says_which_they_are(core: Any, lane: Any) -> None:
    """Newest first; a mark that is another one's neighbour is told apart, and can be left out."""
    visits(core, lane, 1, "AB1234")
    visits(core, lane, 2, "A81234", at_ms=NOON + 60_000)
    visits(core, lane, 3, "XY9", at_ms=NOON + 120_000)
    assert found(core, lane, text="ab 1234") == [("A81234", True), ("AB1234", False)]
    assert found(core, lane, text="AB1234", near=False) == [("AB1234", False)]


def test_a_search_by_mark_reads_no_table_through(core: Any, lane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the history is, every step of it can go by an index; for so short a one a server may choose otherwise."""
    with core.store.transaction():
        core.store.connection.execute(
            "INSERT INTO crossings (lane, journal, visit, first_ms, last_ms, vrn, base, records, ubrs) "
            "SELECT %s, 'j', n, n, n, 'ZZ' || n, '{}', '[]', '[]' FROM generate_series(1, 20000) AS n",
            (lane.name,),
        )
        core.store.connection.execute(
            "INSERT INTO marks SELECT lane, journal, visit, vrn FROM crossings",
        )
        core.store.connection.execute("ANALYZE crossings, marks")
    asked: list[tuple[Any, str, Any]] = []

    def noted(*search: Any) -> Iterator[tuple[Any, ...]]:
        asked.append(search)
        return iter(())

    monkeypatch.setattr("core.office.visit_search.row_by_row", noted)
    VisitSearch(core.store.connection, {lane.name}).find(SearchVisits(text="AB1234"))
    ((_, search, values),) = asked
    core.store.connection.execute("SET enable_seqscan = off")
    plan = "\n".join(row[0] for row in core.store.connection.execute(f"EXPLAIN {search}", values))
    assert "Seq Scan" not in plan
    assert "marks_by_mark" in plan
    assert "crossings_of_vrn" in plan


def test_every_near_miss_of_a_mark_is_looked_for() -> None:
    """What is looked for is what `is_near_miss` says."""
    assert all(is_near_miss("AB1234", one) for one in neighbours("AB1234"))
    assert {"A81234", "AB123", "AB12345", "B1234"} <= neighbours("AB1234")


def test_a_search_is_by_time_outcome_officer_ubr_and_ccrn(core: Any, lane: Any) -> None:
    """Each alone finds what it should, and nothing else."""
    visits(core, lane, 1, "AB1234", officer="chan@wall", outcome="examine")
    visits(core, lane, 2, "CD5", at_ms=NOON + 60_000, ccrns=("2000000001",))
    core.exchange.hear(lane.sends(lane.uses(2, "1000000009")))
    core.exchange.hear(lane.sends(lane.write(record("VehicleArrived", 3), utc_ms=NOON + 120_000)))
    assert found(core, lane, officer="Chan") == [("AB1234", False)]
    assert found(core, lane, outcome="released") == [("CD5", False)]
    assert found(core, lane, outcome="in_lane") == [("", False)]
    assert found(core, lane, text="1000000009", until_ms=NOON) == [("CD5", False)]
    assert found(core, lane, text="2000000001") == [("CD5", False)]
    assert found(core, lane, until_ms=NOON) == [("AB1234", False)]


def test_another_points_lanes_are_not_told(core: Any, lane: Any) -> None:
    """Neither by a search, nor by naming the visit, nor by naming the lane."""
    visits(core, lane, 1, "AB1234")
    desk, key = desk_of(core, lane), f"{lane.name}/{lane.journal}/1"
    assert desk.answer(SearchVisits(text="AB1234", lane=lane.name), CHAN, {"other"}).visits == ()
    assert desk.answer(CountVisits(since_ms=0, until_ms=NOON * 2), CHAN, {"other"}) == []
    for request in (TellStory(visit=key), ProveStory(visit=key), ExportStory(visit=key, purpose="x")):
        with pytest.raises(RefusedError, match="may not look at lane"):
            desk.answer(request, CHAN, {"other"})


def test_a_story_has_every_row_of_the_visit_word_for_word(core: Any, lane: Any) -> None:
    """Rows with their hashes, marks, and which pictures are not here."""
    visits(core, lane, 1, "AB1234", evidence=(PICTURE,))
    story = desk_of(core, lane).answer(TellStory(visit=f"{lane.name}/{lane.journal}/1"), CHAN, {lane.name})
    assert [row.body.encode() for row in story.rows] == [row.body for row in lane.rows]
    assert [row.hash for row in story.rows] == [row.hash.hex() for row in lane.rows]
    assert (story.marks, story.missing, story.cut) == (("AB1234",), (PICTURE,), False)


def test_a_picture_is_shown_only_as_one_of_its_visit(core: Any, lane: Any) -> None:
    """A picture of another visit, asked for under this one, is refused; so is one that is not kept."""
    visits(core, lane, 1, "AB1234", evidence=(PICTURE,))
    desk, key = desk_of(core, lane), f"{lane.name}/{lane.journal}/1"
    with pytest.raises(RefusedError, match="none of visit"):
        desk.answer(ShowPicture(visit=key, picture="cd" * 32), CHAN, {lane.name})
    with pytest.raises(RefusedError, match="not here"):
        desk.answer(ShowPicture(visit=key, picture=PICTURE), CHAN, {lane.name})


def test_figures_have_neither_mark_nor_name(core: Any, lane: Any) -> None:
    """What is counted says how long, how it ended, and whether a person was needed."""
    visits(core, lane, 1, "AB1234")
    visits(core, lane, 2, "CD5", officer="chan", doubt="no bundle")
    rows = desk_of(core, lane).answer(CountVisits(since_ms=NOON, until_ms=NOON + 1), CHAN, {lane.name})
    assert [(one.left_ms - one.arrived_ms, one.person, one.doubt) for one in rows] == [
        (18_000, False, ""),
        (18_000, True, "no bundle"),
    ]
    assert "AB1234" not in msgspec.json.encode(rows).decode()


@pytest.fixture
def exported(core: Any, lane: Any) -> bytes:
    """A story as it is exported."""
    visits(core, lane, 1, "AB1234")
    key = f"{lane.name}/{lane.journal}/1"
    text: str = desk_of(core, lane).answer(ExportStory(visit=key, purpose="complaint 12"), CHAN, {lane.name})
    return text.encode()


def test_an_exported_story_is_signed_with_who_wanted_it_and_why(core: Any, exported: bytes) -> None:
    """It opens with the core's keys, and says whose it is."""
    told = msgspec.json.decode(open_file(core.log.ring, exported), type=StoryFile)
    assert (told.by, told.purpose, told.story.crossing.vrn) == ("chan by wall", "complaint 12", "AB1234")


def test_each_changed_byte_is_found(core: Any, exported: bytes) -> None:
    """Wherever it is: in the key's name, the signature, the text, the white space, the signs between."""
    for place in range(len(exported)):
        changed = bytearray(exported)
        changed[place] ^= 1
        with pytest.raises(RefusedError, match="NOT GENUINE"):
            open_file(core.log.ring, bytes(changed))
    for changed_file in (exported + b" ", b" " + exported, exported.rstrip(), exported.upper()):
        with pytest.raises(RefusedError, match="NOT GENUINE"):
            open_file(core.log.ring, changed_file)


def test_the_same_text_written_otherwise_is_refused(core: Any) -> None:
    """Escapes that mean the same are another file."""
    file = seal_file(core.signer, b'{"a": "x"}')
    with pytest.raises(RefusedError, match="not written as the core writes it"):
        open_file(core.log.ring, file.replace(b"x", b"\\u0078"))


def test_the_command_says_genuine_or_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], exported: bytes, core: Any
) -> None:
    """`rocars-core verify`: 0 and GENUINE, or 1 and why not; with the public keys alone."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / f"{core.signer.kid}.pub").write_bytes(public_to_pem(core.signer.public))
    settings = f'[core]\ndatabase = "dbname=rocars"\nsigning_key = "keys/{core.signer.kid}.key"\nlane_keys = "l"\nadmin_socket = "s"\n'
    settings += '[[broker]]\nhost = "localhost"\nport = 1\nclient_id = "core"\n'
    (tmp_path / "core.toml").write_text(settings + '[points]\nSZB = "Shenzhen Bay"\n', encoding="utf-8")
    file = tmp_path / "story.json"
    file.write_bytes(exported)
    words = ["verify", str(file), "--config", str(tmp_path / "core.toml"), "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as left:
        main(words)
    said = capsys.readouterr().out
    assert left.value.code in {0, None}
    assert "vehicle AB1234" in said
    assert "GENUINE" in said
    assert json.loads((tmp_path / "out" / "story.json").read_text())["purpose"] == "complaint 12"
    file.write_bytes(exported.replace(b"AB1234", b"AB1235"))
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 1
    assert "NOT GENUINE" in capsys.readouterr().err
