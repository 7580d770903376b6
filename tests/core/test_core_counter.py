"""The operators' requests, served one after the other by the parts of a core."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from core.cli.ask import CROSSING_COLUMNS
from core.errors import RefusedError
from core.link.alarms import AlarmBook
from core.model.people import Actor
from core.office import requests as ask
from core.office.admin_handler import AdminHandler
from core.office.bundling import BundleRequest
from core.office.door import PeopleDoor
from core.office.service import ImportedBundle
from domain.alarms import CoreAlarmKind
from domain.crossing import Direction
from wire import messages as wire
from wire.codec import decode
from wire.topics import LOG


@pytest.fixture
def sent() -> list[Any]:
    """What the counter gave to be published."""
    return []


class Counter:
    """A counter without a network, at which somebody of the department stands who may everything."""

    def __init__(self, handler: AdminHandler, who: Actor) -> None:
        self.handler = handler
        self.who = who

    def serve(self, request: Any, **changes: Any) -> Any:
        """Asks as that person, or as somebody who differs so far."""
        return self.handler.serve_as(request, msgspec.structs.replace(self.who, **changes))


@pytest.fixture
def counter(core: Any, sent: Any, desk: Actor) -> Counter:
    """A counter."""
    return Counter(make_handler(core, sent), desk)


def make_handler(core: Any, sent: Any) -> AdminHandler:
    """The handler of a core's parts."""
    return AdminHandler(
        door=PeopleDoor(core.store, core.clock),
        store=core.store,
        log=core.log,
        office=core.office,
        exchange=core.exchange,
        intake=core.intake,
        projection=core.projection,
        compound=core.compound,
        gallery=core.gallery,
        clock=core.clock,
        publish=sent.extend,
        brokers=lambda: {"127.0.0.1:1883": True},
    )


def test_every_request_there_is_has_someone_who_serves_it(counter: Any) -> None:
    """The table of the counter is total over the requests."""
    assert set(counter.handler._does) == set(get_args(ask.Request)) - {ask.SignIn, ask.Resume, ask.SignOut}


def test_a_change_is_published_before_its_answer_and_a_look_publishes_nothing(counter: Any, sent: Any) -> None:
    """The delta of a hold goes out; listing does not."""
    counter.serve(ask.Hold(vrn="AB 1", reason="told"))
    assert [one.topic for one in sent] == [LOG]
    counter.serve(ask.Alarms())
    assert len(sent) == 1


def test_trade_and_selectors_go_through_it(counter: Any, make_consignment: Any) -> None:
    """Lodge, bundle, decide, enquire by each of the three references, debundle."""
    counter.serve(ask.AddParty(id="wilson", name="Wilson Development Limited"))
    lodged = counter.serve(ask.Lodge(cargo=make_consignment(), party="wilson"))
    form = BundleRequest(driver="Ho", vrn="AB1", direction=Direction.INBOUND, ccrns=(lodged.ccrn,))
    made = counter.serve(ask.MakeBundle(bundle=form))
    counter.serve(ask.Decide(ccrn=lodged.ccrn, code="inspect", reason="told"))
    for text in ("ab 1", lodged.ccrn, made.ubr):
        (row,) = counter.serve(ask.Enquire(text=text)).rows
        assert (row["type"], row["ubr"], row["cargo"][0]["code"]) == ("bundle", made.ubr, "inspect")
    counter.serve(ask.Debundle(ubr=made.ubr))
    assert counter.serve(ask.Enquire(text=made.ubr)).rows[0]["deleted"]
    assert counter.serve(ask.Enquire(text="1999999999")).rows == ()


def test_why_a_truck_was_stopped_is_told_by_its_mark_and_in_the_table_of_crossings(
    counter: Any, core: Any, lane: Any, make_record: Any
) -> None:
    """Doubt and reason, at once; of the latest ten visits, newest first; other vehicles' visits are not among them."""
    stopped = {"outcome": "examine", "doubt": "overdue", "reason": "seal broken", "officer": "chan", "row": "7"}
    for visit in range(1, 13):
        row = lane.write(make_record("VisitEnded", visit, vrn="AB1", **stopped), utc_ms=core.clock() + visit)
        core.exchange.hear(lane.sends(row))
    core.exchange.hear(lane.sends(lane.write(make_record("VisitEnded", 13, vrn="XY9", outcome="released"))))
    visits = counter.serve(ask.Enquire(text="ab 1")).visits
    assert [one["visit"] for one in visits] == [*range(12, 2, -1)]
    assert (visits[0]["base"]["doubt"], visits[0]["base"]["reason"]) == ("overdue", "seal broken")
    assert msgspec.json.encode(visits)
    newest = counter.serve(ask.Crossings(most=1))[0]
    told = {name: cell(newest) for name, cell in CROSSING_COLUMNS.items()}
    assert (told["VRN"], told["doubt"], told["reason"], told["officer"]) == ("AB1", "overdue", "seal broken", "chan")
    core.store.connection.execute("SET enable_seqscan = off")  # of so few rows a server reads all
    plan = core.store.connection.execute("EXPLAIN SELECT * FROM crossings WHERE vrn='AB1' ORDER BY first_ms")
    assert "crossings_of_vrn" in str(plan.fetchall())


def test_lists_of_vehicles_go_through_it(counter: Any, core: Any) -> None:
    """Approve, withdraw, lift, and records taken over."""
    counter.serve(ask.Approve(vrn="EF3", mainland="粤ZA1B2港"))
    counter.serve(ask.WithdrawApproval(vrn="EF3"))
    counter.serve(ask.Hold(vrn="EF3", reason="x"))
    counter.serve(ask.LiftHold(vrn="EF3"))
    bundle = ImportedBundle(
        vrn="GH4", direction=Direction.OUTBOUND, earliest_ms=1, valid_until_ms=2, cargo=(("2999999999", "release", ""),)
    )
    (ubr,) = counter.serve(ask.TakeOverRecords(bundles=(bundle,), holds=(("IJ5", "x"),), vehicles=(("KL6", ""),)))
    assert core.log.bundle(ubr).direction == "outbound"
    assert counter.serve(ask.Status()).version == core.log.head().version == 5


def test_the_compound_and_the_alarms_go_through_it(counter: Any, core: Any, lane: Any, make_record: Any) -> None:
    """Expected, overdue, alarm, arrived, cleared."""
    row = lane.write(make_record("SentToCompound", 3, vrn="AB1"), {"type": "Alarm", "kind": "Help", "visit": 3})
    core.exchange.hear(lane.sends(row))
    assert [one.vrn for one in counter.serve(ask.AtCompound())] == ["AB1"]
    assert [one.key for one in counter.serve(ask.Crossings(lane=lane.name))] == ["szb-in-01/j1/3"]
    assert counter.serve(ask.Crossings(lane="other")) == []
    assert counter.serve(ask.Arrived(vrn="ab1")).visit == 3
    (alarm,) = counter.serve(ask.Alarms())
    counter.serve(ask.ClearAlarm(alarm=alarm.id))
    assert counter.serve(ask.Alarms()) == []
    assert counter.serve(ask.Alarms(cleared=True))[0].cleared_by == "o"


def test_a_lane_is_told_who_deals_with_its_alarm(counter: Any, core: Any, lane: Any, sent: Any) -> None:
    """A signed command each; of the core's own alarms no lane need know."""
    core.exchange.hear(lane.sends(lane.write({"type": "Alarm", "kind": "RunThrough", "visit": 3})))
    with core.store.transaction():
        AlarmBook(core.store.connection).raise_once(
            at_ms=core.clock(), lane=lane.name, kind=CoreAlarmKind.CODES_DIFFER, detail="x"
        )
    own, ran = sorted(counter.serve(ask.Alarms()), key=lambda one: one.kind)
    sent.clear()
    assert counter.serve(ask.TakeAlarm(alarm=own.id), account="wong", login="").taken_by == "wong"
    assert counter.serve(ask.ShelveAlarm(alarm=ran.id, minutes=5), account="wong", login="").state == "shelved"
    assert sent == []
    counter.serve(ask.TakeAlarm(alarm=ran.id), account="wong", login="")
    counter.serve(ask.ClearAlarm(alarm=ran.id, why="found"), account="wong", login="")
    assert [one.topic for one in sent] == [lane.topics.command] * 2
    orders = [decode(wire.Command, core.signer.ring().open(one.topic, one.payload)) for one in sent]
    assert [(one.name, one.text, one.issuer) for one in orders] == [
        ("take_alarm", "RunThrough/3/", "wong"),
        ("close_alarm", "RunThrough/3/|found", "wong"),
    ]


def test_lanes_and_commands_are_shown_as_they_stand(counter: Any, core: Any, lane: Any, sent: Any) -> None:
    """A lane never heard of, then its journal; a command sent, not answered."""
    core.exchange.hear(lane.sends(lane.write()))
    (view,) = counter.serve(ask.Lanes())
    assert (view.presence, view.proved_ms, view.level) == ("unknown", 0, False)
    assert [(one.seq, one.hash) for one in view.journals] == [(1, lane.rows[0].hash.hex())]
    name = counter.serve(ask.SendCommand(lane=lane.name, name="message", text="hello"))
    assert sent[-1].topic == lane.topics.command
    (state,) = counter.serve(ask.ListCommands())
    assert (state.id, state.outcome, state.expires_ms - state.issued_ms) == (name, "", 30_000)
    with pytest.raises(RefusedError, match="not registered"):
        counter.serve(ask.SendCommand(lane="nobody", name="message"))


def test_every_answer_can_be_sent_as_json(counter: Any) -> None:
    """What is served over the socket must be encodable, empty lists included."""
    for request in (ask.Lanes(), ask.Status(), ask.Alarms(), ask.Crossings(), ask.AtCompound(), ask.ListCommands()):
        msgspec.json.encode(counter.serve(request))
