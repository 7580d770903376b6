"""The decision table of domain §4, as data. `step` shows the first row whose guards all hold.

3 is screen 3, Clearance Completed; 4 is screen 4, to the examination compound.

Rules of this file:
- Order: 22, 1, 7 (an officer's release), 21, 2, 17 (while 3 is shown), 3, 5, 4, 9, 7 (manual), 20, 8, 10 to 17. Rows 6 and
  22 apply in every state: help covers the panel whatever row holds (`step`), leaving is asked first. 18 and 19 only qualify
  others.
- An officer's release precedes 21, being the only other way to 3 (design §2.2); with the store, a screen, the
  codes or a contact at fault it does not hold either (design §2.8). "17 stands" precedes the rows that could only repeat the tests made when 3 was first shown.
- Only a row with `outcome=RELEASED` shows 3 for the first time. Each of them requires everything that design §2.2 requires.
- A row with a `limit` waits for something. When the limit runs out the visit is the officer's, for the reason `overdue`
  (design §2.9), or, where that is None, the plate counts as not read. A row with `doubt` hands the visit over at once.
- The last row has no condition but an open visit, so the table is total.
- Names of rows are in journals, which replay compares byte by byte: a renamed row makes old journals diverge.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.alarms import LaneAlarmKind
from lane_agent import guards as g
from lane_agent.guards import Guard, no
from lane_agent.model import Doubt, Outcome
from lane_agent.wording import Scene


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        number: the row of domain §4 it belongs to.
        name: unique; the journal and the officers' page use it.
        limit: key of `LIMITS_MS`, "" if the row waits for nothing.
        prompt: it asks the driver for something, so an open help call pauses its limit (design §2.10).
        outcome: what the driver has been told once this row has held.
        parameter: "earliest" puts the earliest crossing time on the screens.
        alarm: raised when the row is entered.
    """

    number: int
    name: str
    guards: tuple[Guard, ...]
    xdb: Scene
    aiop: Scene
    limit: str = ""
    overdue: Doubt | None = Doubt.OVERDUE
    prompt: bool = False
    doubt: Doubt | None = None
    outcome: Outcome | None = None
    parameter: str = ""
    alarm: LaneAlarmKind | None = None


LIMITS_MS: dict[str, int] = {
    "immigration_start": 60_000,
    "immigration": 180_000,
    "link": 10_000,
    "read": 15_000,
    "identifier": 10_000,
    "claim": 5_000,
    "decision": 15_000,
    "unladen": 20_000,
    "manifest": 30_000,
    "wrong_point": 30_000,
    "leave": 20_000,
    "compound": 60_000,
}
"""How long each waiting stage may last, in ms, unless the lane's policy says otherwise. Own values, to be set with
the department: the whole stop is meant to take 20 s (seed 000), so each prompt stays below half a minute. A claim is repeated
each half second and costs one round trip: when ten went unanswered, the core does not answer."""


def _row(number: int, name: str, scene: Scene, *guards: Guard, aiop: Scene | None = None, **rest: object) -> Row:
    return Row(number, name, guards, scene, aiop or scene, **rest)  # type: ignore[arg-type]


_RELEASING = (
    g.undecided,
    no(g.at_officer),
    no(g.doubtful),
    no(g.manual),
    no(g.loop_bypassed),
    no(g.way_out_occupied),
    no(g.fault_active),
    no(g.help_open),
    g.immigration_cleared,
    g.read,
    g.fresh,
    g.answered_now,
    no(g.exact_stop),
    no(g.witness_differs),
    no(g.identifier_missing),
    g.manifest_done,
    g.confirmed,
)
"""Design §2.2: what every automatic release needs, whatever the rows before it have tested."""

_UNLADEN_PROVED = (g.unladen, g.codes_known, no(g.bundle_pending), no(g.near_any), g.approved)
_LADEN = (no(g.unladen), g.bundle_live)
_UNBUNDLED = (no(g.unladen), g.codes_known, no(g.bundle_pending))
_ELSEWHERE = (no(g.unladen), g.codes_known, g.bundle_pending, no(g.bundle_live), no(g.bundle_early))


def _unbundled(number: int, why: str, *guards: Guard) -> tuple[Row, Row]:
    """Rows 12, 13 and 16: ask the driver to press Unladen, then hand the visit to the officer."""
    prompt = _row(
        number,
        f"{number} {why}: press if empty",
        Scene.UNLADEN,
        *_UNBUNDLED,
        *guards,
        no(g.at_officer),
        limit="unladen",
        overdue=Doubt.NO_BUNDLE,
        prompt=True,
    )
    return prompt, _row(
        number,
        f"{number} {why}",
        Scene.NOBUNDLE,
        *_UNBUNDLED,
        *guards,
        g.doubt_is(Doubt.NO_BUNDLE),
        alarm=LaneAlarmKind.NO_BUNDLE,
    )


TABLE: tuple[Row, ...] = (
    _row(
        22,
        "22 through a closed lane",
        Scene.CLOSED,
        g.closed,
        g.departing,
        no(g.released),
        alarm=LaneAlarmKind.RUN_THROUGH,
    ),
    _row(
        22,
        "22 leaving against the signal",
        Scene.OFFICER,
        g.departing,
        no(g.released),
        no(g.sent_to_compound),
        alarm=LaneAlarmKind.RUN_THROUGH,
    ),
    _row(22, "22 ran from inspection", Scene.OFFICER, g.sent_to_compound, g.wrong_way, alarm=LaneAlarmKind.RUN_THROUGH),
    _row(22, "22 leaving", Scene.WELCOME, g.departing, g.released, limit="leave", overdue=Doubt.NOT_LEFT),
    _row(1, "1 closed", Scene.CLOSED, g.closed),
    _row(
        7,
        "7 released by officer",
        Scene.DONE,
        g.visit_open,
        g.ruled_release,
        no(g.released),
        no(g.sent_to_compound),
        g.officer_may_release,
        no(g.cannot_show),
        no(g.help_open),
        no(g.doubtful),
        g.no_stop_at_this_moment,
        outcome=Outcome.RELEASED,
    ),
    _row(
        7,
        "7 stands",
        Scene.DONE,
        g.released,
        g.ruled_release,
        g.officer_may_release,
        no(g.cannot_show),
        no(g.help_open),
        no(g.doubtful),
        limit="leave",
        overdue=Doubt.NOT_LEFT,
    ),
    _row(21, "21 fault", Scene.OFFICER, g.fault_active, alarm=LaneAlarmKind.FAULT),
    _row(8, "8 taken over, still here", Scene.OFFICER, no(g.visit_open), g.on_stop_loop),
    _row(2, "2 waiting", Scene.WELCOME, no(g.visit_open)),
    _row(
        17,
        "17 stands",
        Scene.DONE,
        g.released,
        g.immigration_cleared,
        no(g.loop_bypassed),
        no(g.help_open),
        no(g.doubtful),
        limit="leave",
        overdue=Doubt.NOT_LEFT,
    ),
    _row(3, "3 please stop", Scene.STOP, g.immigration_waiting, no(g.at_officer), limit="immigration_start"),
    _row(5, "5 referred", Scene.IMMIGRATION_TURN, g.referred, aiop=Scene.OFFICER, alarm=LaneAlarmKind.REFERRED),
    _row(
        4,
        "4 immigration",
        Scene.IMMIGRATION_TURN,
        g.immigration_running,
        no(g.at_officer),
        aiop=Scene.IMMIGRATION,
        limit="immigration",
    ),
    _row(9, "9 stands", Scene.EXAMINE, g.sent_to_compound, limit="compound", overdue=Doubt.NOT_LEFT),
    _row(9, "9 inspect", Scene.EXAMINE, g.immigration_cleared, g.read, g.exact_stop, outcome=Outcome.EXAMINE),
    _row(9, "9 inspect by officer", Scene.EXAMINE, g.ruled_inspect, g.officer_may_inspect, outcome=Outcome.EXAMINE),
    _row(7, "7 manual", Scene.MANUAL, g.manual, alarm=LaneAlarmKind.MANUAL_VISIT),
    _row(20, "20 not fresh", Scene.WAIT, g.visit_open, no(g.fresh), no(g.at_officer), limit="link"),
    _row(20, "20 unknown while not fresh", Scene.OFFICER, g.visit_open, no(g.fresh), alarm=LaneAlarmKind.NOT_FRESH),
    _row(8, "8 at the officer", Scene.OFFICER, g.doubt_unworded, alarm=LaneAlarmKind.AT_OFFICER),
    _row(8, "8 plate not read", Scene.NOPLATE, g.unread, no(g.read), alarm=LaneAlarmKind.PLATE_UNREAD),
    _row(8, "8 reading", Scene.WAIT, g.visit_open, no(g.read), limit="read", overdue=None),
    _row(
        8,
        "8 near-miss of a held vehicle",
        Scene.WAIT,
        g.near_held,
        no(g.plate_by_officer),
        alarm=LaneAlarmKind.NEAR_MISS,
    ),
    _row(8, "8 Mainland plate differs", Scene.WAIT, g.witness_differs, alarm=LaneAlarmKind.PLATES_DISAGREE),
    _row(
        8,
        "8 second identifier awaited",
        Scene.WAIT,
        g.identifier_missing,
        limit="identifier",
        overdue=Doubt.UNIDENTIFIED,
    ),
    _row(
        10,
        "10 unladen: drop-in box unusable",
        Scene.OFFICER,
        *_UNLADEN_PROVED,
        no(g.at_officer),
        no(g.manifest_done),
        g.box_unusable,
        doubt=Doubt.BOX_UNUSABLE,
        alarm=LaneAlarmKind.MANIFEST_BY_HAND,
    ),
    _row(
        10,
        "10 unladen: drop manifest",
        Scene.MANIFEST,
        *_UNLADEN_PROVED,
        no(g.at_officer),
        no(g.manifest_done),
        limit="manifest",
        prompt=True,
    ),
    _row(10, "10 unladen released", Scene.DONE, *_UNLADEN_PROVED, *_RELEASING, outcome=Outcome.RELEASED),
    _row(
        10,
        "10 unladen not proved",
        Scene.OFFICER,
        g.unladen,
        g.codes_known,
        no(g.bundle_pending),
        g.near_any,
        alarm=LaneAlarmKind.UNLADEN_NOT_PROVED,
    ),
    _row(
        10,
        "10 unladen not approved",
        Scene.OFFICER,
        g.unladen,
        g.codes_known,
        no(g.bundle_pending),
        no(g.approved),
        alarm=LaneAlarmKind.UNLADEN_NOT_PROVED,
    ),
    _row(
        11,
        "11 unladen against a bundle",
        Scene.OFFICER,
        g.unladen,
        g.codes_known,
        g.bundle_pending,
        doubt=Doubt.CONTRADICTION,
        alarm=LaneAlarmKind.CONTRADICTION,
    ),
    _row(11, "11 contradiction stands", Scene.OFFICER, g.doubt_is(Doubt.CONTRADICTION)),
    *_unbundled(12, "no bundle", no(g.bundle_ended), no(g.bundle_opposite)),
    *_unbundled(13, "bundle ended", g.bundle_ended),
    _row(
        14,
        "14 early",
        Scene.EARLY,
        no(g.unladen),
        g.codes_known,
        g.bundle_early,
        no(g.bundle_live),
        doubt=Doubt.EARLY,
        parameter="earliest",
        alarm=LaneAlarmKind.EARLY_ARRIVAL,
    ),
    _row(
        15,
        "15 other point",
        Scene.WAIT,
        *_ELSEWHERE,
        no(g.at_officer),
        limit="wrong_point",
        overdue=Doubt.WRONG_POINT,
        alarm=LaneAlarmKind.OTHER_POINT,  # asks the core, which may bundle anew for this point while the driver waits
    ),
    _row(15, "15 other point stands", Scene.WRONGPOINT, g.doubt_is(Doubt.WRONG_POINT), alarm=LaneAlarmKind.WRONG_POINT),
    *_unbundled(16, "other direction", no(g.bundle_ended), g.bundle_opposite),
    _row(
        17,
        "17 laden: drop-in box unusable",
        Scene.OFFICER,
        *_LADEN,
        no(g.at_officer),
        no(g.manifest_done),
        g.box_unusable,
        doubt=Doubt.BOX_UNUSABLE,
        alarm=LaneAlarmKind.MANIFEST_BY_HAND,
    ),
    _row(
        17,
        "17 laden: drop manifest",
        Scene.MANIFEST,
        *_LADEN,
        no(g.at_officer),
        no(g.manifest_done),
        limit="manifest",
        prompt=True,
    ),
    _row(
        17,
        "17 claiming",
        Scene.WATCH,
        *_LADEN,
        no(g.at_officer),
        no(g.claimed),
        limit="claim",
        overdue=Doubt.UNCLAIMED,
    ),
    _row(17, "17 laden released", Scene.DONE, *_LADEN, g.claimed, *_RELEASING, outcome=Outcome.RELEASED),
    _row(17, "17 deciding", Scene.WATCH, g.visit_open, no(g.at_officer), limit="decision"),
    _row(8, "8 otherwise", Scene.OFFICER, g.visit_open, alarm=LaneAlarmKind.AT_OFFICER),
)
