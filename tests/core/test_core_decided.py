"""Which list a decision was made from can be proved later; and whatever was changed since is found and named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import RefusedError
from core.ledger.decision_audit import AuditedDecision, AuditVerdict, Decisions
from domain.times import DAY_MS
from wire.envelope import Signer
from wire.records import BundleRecord, CargoRecord, HoldRecord, VehicleRecord

VRN = "AB1234"


def bundle(core: Any, ubr: str = "1000000009", **changes: Any) -> BundleRecord:
    """A bundle on the list."""
    values: dict[str, Any] = {
        "ubr": ubr,
        "vrn": VRN,
        "direction": "inbound",
        "point": "SZB",
        "earliest_ms": core.clock(),
        "valid_until_ms": core.clock() + DAY_MS,
        "cargo": (CargoRecord("2000000001", "release", "ITFS"),),
    }
    return BundleRecord(**{**values, **changes})


def lists(core: Any, *rows: Any) -> None:
    """The log grows by these rows."""
    with core.store.transaction():
        core.log.append(rows, at_ms=core.clock())


def as_lane(row: BundleRecord, **changes: Any) -> dict[str, Any]:
    """A bundle as the lane's journal has it."""
    cargo = [{"type": "Cargo", "ccrn": c.ccrn, "code": c.code, "scheme": c.scheme} for c in row.cargo]
    names = ("ubr", "vrn", "direction", "point", "earliest_ms", "valid_until_ms", "used_by")
    plain = {name: getattr(row, name) for name in names}
    return {"type": "Bundle", **plain, "withdrawn": row.deleted, "cargo": cargo, **changes}


def found(core: Any, *bundles: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The code book's answer, from the list as it is now."""
    head = core.log.head()
    codes = {
        "type": "Codes",
        "vrn": VRN,
        "link": "fresh",
        "core_ms": core.clock(),
        "slack_ms": 4,
        "epoch": head.epoch,
        "version": head.version,
        "state_hash": head.state_hash.hex(),
        "held": False,
        "bundles": list(bundles),
        "approved": False,
        "approved_mainland": "",
        "near": [],
    }
    return {**codes, **changes}


def writes(core: Any, lane: Any, event: dict[str, Any], *effects: dict[str, Any]) -> int:
    """A row of the lane's journal, heard by the core; returns its number."""
    at = {"type": "Moment", "mono_ms": 1, "utc_ms": core.clock(), "quality": "proven"}
    row = lane.write_body(
        json.dumps({"at": at, "event": event, "effects": list(effects)}, separators=(",", ":")).encode()
    )
    core.exchange.hear(lane.sends(row))
    return int(row.seq)


def looks_up(core: Any, lane: Any, codes: dict[str, Any], *effects: dict[str, Any], visit: int = 1) -> int:
    """The deciding row."""
    return writes(core, lane, {"type": "CodesFound", "visit": visit, "lookup": 5, "codes": codes}, *effects)


def entered(name: str, visit: int = 1) -> dict[str, Any]:
    """A row of the table was entered."""
    return {"type": "Record", "kind": "RowEntered", "visit": visit, "facts": [["name", name]]}


DONE = {"type": "Show", "serial": 3, "xdb": "DONE", "aiop": "DONE", "parameter": ""}


def decisions(core: Any, lane: Any) -> Decisions:
    """As the command opens them."""
    return Decisions(core.store, core.log, {lane.name: lane.signer.ring()})


def proof(core: Any, lane: Any, seq: int = 0) -> AuditVerdict:
    """Of the decision of a row, the journal's last if not given."""
    found = decisions(core, lane)
    return found.prove(found.at_row(lane.name, "", seq or len(lane.rows)))


@pytest.fixture
def released(core: Any, lane: Any) -> int:
    """A vehicle was released on one bundle; the list has gone on since, and so has the journal."""
    lists(core, bundle(core), VehicleRecord("EF3"))
    writes(
        core,
        lane,
        {"type": "PlateSettled", "visit": 1, "read": {"vrn": VRN}},
        {"type": "Record", "kind": "VehicleArrived", "visit": 1, "facts": []},
    )
    consume = {"type": "Consume", "visit": 1, "ubrs": ["1000000009"]}
    seq = looks_up(core, lane, found(core, as_lane(bundle(core))), consume, entered("17 laden, all passed"), DONE)
    lists(core, HoldRecord(VRN, "later"))
    used_by = f"{lane.name}/{lane.journal}/1"
    looks_up(core, lane, found(core, as_lane(bundle(core), used_by=used_by), held=True))
    writes(core, lane, {"type": "TimerFired"}, {"type": "Record", "kind": "VisitEnded", "visit": 1, "facts": []})
    return seq


def test_a_decision_is_proved_with_the_list_and_what_followed(core: Any, lane: Any, released: int) -> None:
    """By row, by visit, by bundle: the same; the list as it was then, not as it is now."""
    verdict = proof(core, lane, released)
    assert verdict.problems == ()
    assert verdict.decision.seq == released
    assert verdict.found is not None
    assert verdict.found.version == 1
    assert [row.key for row in verdict.rows] == [("bundle", "1000000009")]
    words = [line.words for line in verdict.decision.course]
    assert words[:3] == [
        "used: UBR 1000000009",
        "RowEntered: name 17 laden, all passed",
        "shown: DONE on the board, DONE on the panel",
    ]
    assert words[-1] == "VisitEnded: "
    assert any("signed by lane" in check for check in verdict.checks)
    every = decisions(core, lane)
    assert every.of_visit(lane.name, lane.journal, 1) == verdict.decision
    assert every.of_bundle("1000000009") == verdict.decision
    assert every.at_row(lane.name, lane.journal, 1) == verdict.decision


def test_a_later_row_of_the_visit_has_its_own_list(core: Any, lane: Any, released: int) -> None:
    """The lane looked up again when the hold came; by then the list knew of the use."""
    verdict = proof(core, lane, released + 1)
    assert verdict.problems == ()
    assert verdict.decision.seq == released + 1
    assert verdict.found is not None
    assert verdict.found.version == 3


def test_a_hold_that_came_ahead_of_its_turn_is_traced_to_its_delta(core: Any, lane: Any) -> None:
    """The lane stopped a vehicle that the list it names did not hold: the delta that did is named."""
    lists(core, bundle(core))
    before = found(core, as_lane(bundle(core)), held=True)
    lists(core, VehicleRecord("EF3"))
    lists(core, HoldRecord(VRN, "told"))
    looks_up(core, lane, before)
    verdict = proof(core, lane)
    assert verdict.problems == ()
    assert any("ahead of its turn, with version 3" in check for check in verdict.checks)


def test_a_bundle_used_at_this_lane_before_the_list_said_so_is_traced_to_the_journal(core: Any, lane: Any) -> None:
    """And one that the journal does not know is a problem."""
    lists(core, bundle(core))
    head = found(core)
    used_by = f"{lane.name}/{lane.journal}/1"
    read = {"type": "PlateSettled", "visit": 1, "read": {"vrn": VRN}}
    writes(core, lane, read, {"type": "Consume", "visit": 1, "ubrs": ["1000000009"]})
    looks_up(core, lane, {**head, "bundles": [as_lane(bundle(core), used_by=used_by)]}, visit=2)
    assert proof(core, lane).problems == ()
    looks_up(core, lane, {**head, "bundles": [as_lane(bundle(core), used_by=f"{lane.name}/j9/7")]}, visit=3)
    (problem,) = proof(core, lane).problems
    assert "its journal does not say so" in problem


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state_hash": "00" * 32}, "state hash"),
        ({"version": 9}, "version 9 of epoch"),
        ({"epoch": "of another life"}, "is not in this store"),
        ({"held": True}, "neither that list nor a later delta holds it"),
        ({"approved": True}, "approved"),
        ({"bundles": []}, "was in that list alone"),
        ({"near": [{"vrn": "AB1235", "held": True, "bundled": False}]}, "near-miss AB1235"),
    ],
)
def test_an_answer_that_is_not_what_the_list_said_is_not_proved(
    core: Any, lane: Any, changes: dict[str, Any], words: str
) -> None:
    """Each difference is named."""
    lists(core, bundle(core))
    looks_up(core, lane, {**found(core, as_lane(bundle(core))), **changes})
    (problem,) = proof(core, lane).problems
    assert words in problem


@pytest.mark.parametrize("field", ["point", "earliest_ms", "valid_until_ms", "direction"])
def test_every_field_of_a_bundle_counts(core: Any, lane: Any, field: str) -> None:
    """So does each consignment's code."""
    lists(core, bundle(core))
    looks_up(core, lane, found(core, as_lane(bundle(core), **{field: "x"})))
    assert "differs" in proof(core, lane).problems[0]
    coded = as_lane(bundle(core))
    coded["cargo"][0]["code"] = "inspect"
    looks_up(core, lane, found(core, coded))
    assert "differs" in proof(core, lane).problems[0]


def test_a_held_vehicle_found_not_held_is_a_problem(core: Any, lane: Any) -> None:
    """The worst of all."""
    lists(core, HoldRecord(VRN, "told"))
    looks_up(core, lane, found(core))
    assert "was held in that list" in proof(core, lane).problems[0]


TAMPER: list[tuple[str, str]] = [
    (
        "UPDATE events SET body = convert_to(replace(convert_from(body, 'UTF8'), 'fresh', 'stale'), 'UTF8') WHERE seq = 2",
        "row 2 does not have the hash",
    ),
    ("DELETE FROM events WHERE seq = 1", "row 1 is missing"),
    ("UPDATE events SET boot = 'other' WHERE seq = 3", "row 3 does not have the hash"),
    ("DELETE FROM seals", "no signed row"),
    ("UPDATE seals SET payload = '\\x00'", "is not good"),
    ("UPDATE log SET payload = (SELECT payload FROM log WHERE version = 2) WHERE version = 1", "does not follow"),
    ("UPDATE log SET payload = '\\x00' WHERE version = 1", "the list"),
    ("DELETE FROM log WHERE version = 1", "the list"),
]


@pytest.mark.parametrize(("statement", "words"), TAMPER)
def test_a_changed_store_is_not_proved(core: Any, lane: Any, released: int, statement: str, words: str) -> None:
    """Whoever can write to the file cannot make it agree."""
    core.store.connection.execute(statement)
    problems = proof(core, lane, released).problems
    assert any(words in problem for problem in problems), problems


def test_a_journal_written_anew_by_somebody_else_is_not_proved(core: Any, lane: Any, released: int) -> None:
    """All hashes fit; the lane's signature does not."""
    stranger = Signer.generate(lane.name)
    other = Decisions(core.store, core.log, {lane.name: stranger.ring()})
    (problem,) = other.prove(other.at_row(lane.name, "", released)).problems
    assert "signature" in problem
    nobody = Decisions(core.store, core.log, {})
    (problem,) = nobody.prove(nobody.at_row(lane.name, "", released)).problems
    assert "not registered" in problem


def test_a_log_signed_by_another_key_is_not_proved(core: Any, lane: Any, released: int) -> None:
    """The core's own key, or one that it has replaced, must have signed each delta."""
    core.log.ring = Signer.generate("core-1").ring()
    assert any("bad_signature" in problem for problem in proof(core, lane, released).problems)


def test_what_is_not_there_is_said(core: Any, lane: Any, released: int) -> None:
    """A row, a visit, a bundle that nobody knows."""
    every = decisions(core, lane)
    for ask in (
        lambda: every.at_row(lane.name, "", 99),
        lambda: every.at_row("mkt-in-01", "", 1),
        lambda: every.of_visit(lane.name, lane.journal, 7),
        lambda: every.of_bundle("1999999999"),
    ):
        with pytest.raises(RefusedError):
            ask()


def test_every_row_of_a_visit_leads_to_its_decision_and_others_to_none(core: Any, lane: Any, released: int) -> None:
    """Visit 1 is not visit 10."""
    writes(core, lane, {"type": "LinkChanged", "link": "stale"})
    with pytest.raises(RefusedError, match="about no visit"):
        decisions(core, lane).at_row(lane.name, "", len(lane.rows))
    looks_up(core, lane, found(core), visit=10)
    assert decisions(core, lane).of_visit(lane.name, lane.journal, 1).seq == released
    assert decisions(core, lane).of_visit(lane.name, lane.journal, 10).seq == len(lane.rows)


def test_a_visit_in_which_nothing_was_looked_up_shows_what_the_lane_recorded(core: Any, lane: Any) -> None:
    """No plate was read: there is no list to prove, and the doubt that stopped the truck is there to be read."""
    ended = [["doubt", "overdue"], ["officer", "chan"], ["reason", "typed by hand"], ["unread", "dirty"]]
    for kind, facts in (("VehicleArrived", []), ("VisitEnded", ended)):
        writes(core, lane, {"type": "TimerFired"}, {"type": "Record", "kind": kind, "visit": 1, "facts": facts})
    writes(core, lane, {"type": "TimerFired"}, {"type": "Record", "kind": "VehicleArrived", "visit": 2, "facts": []})
    verdict = proof(core, lane, 1)
    assert not isinstance(verdict.decision, AuditedDecision)
    assert [line.words for line in verdict.decision.course] == [
        "VehicleArrived: ",
        "VisitEnded: doubt overdue, officer chan, reason typed by hand, unread dirty",
    ]
    assert verdict.problems == ()
    assert any("signed by lane" in check for check in verdict.checks)
    core.store.connection.execute(
        "UPDATE events SET body = convert_to(replace(convert_from(body, 'UTF8'), 'overdue', 'early'), 'UTF8') WHERE seq = 2"
    )
    assert "row 2 does not have the hash" in proof(core, lane, 1).problems[0]
