"""The decision table of domain §4, as data. `step` shows the first row whose guards all hold.

Rules of this file:
- Order of tests: 1, 21, 2, 3, 5, 4, 9, 7, 20, 8, 10 to 17. Rows 6 (help) and 22 (leaving) apply in every state: 6 lies
  over the panel whatever row holds (`step`), 22 stands on top. 18 and 19 only qualify others.
- An officer's release stands before 21, for it is the only other way to 3 (design §2.2); with the store, a screen, the
  codes or a contact at fault it does not hold either (design §2.8). A standing 3 comes before the rows that could only repeat its tests.
- Only a row with `outcome=RELEASED` shows 3 for the first time. Each of them asks for everything design §2.2 asks.
- A row with a `limit` waits for something; when the limit runs out the visit is the officer's, with `overdue` as the
  reason (design §2.9); without a reason the plate counts as not read. A row with `doubt` hands the visit over as soon as it holds.
- The last row of an open visit has no other condition, so the table is total.
"""

from __future__ import annotations

from dataclasses import dataclass

from lane_agent import guards as g
from lane_agent.guards import Guard, no
from lane_agent.model import Doubt, Outcome
from lane_agent.state import Lane
from lane_agent.wording import Scene


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        number: the row of domain §4 it belongs to.
        name: unique; what the journal and the officers' page call it.
        limit: key of `LIMITS_MS`, "" if the row waits for nothing.
        prompt: asks the driver for something; Help stops its clock (design §2.10).
        outcome: what the visit has been shown once this row has held.
        parameter: "earliest" puts the earliest crossing time on the screens.
        alarm: told to the officer when the row is entered, "" for none.
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
    alarm: str = ""


LIMITS_MS: dict[str, int] = {
    "immigration_start": 60_000,
    "immigration": 180_000,
    "link": 10_000,
    "read": 15_000,
    "identifier": 10_000,
    "decision": 15_000,
    "unladen": 20_000,
    "manifest": 30_000,
    "wrong_point": 30_000,
    "leave": 20_000,
    "compound": 60_000,
}
"""How long each waiting stage may last, in ms, unless the lane's policy says otherwise. Own values, to be set with
the department: the whole stop is meant to take 20 s (seed 000), so each prompt stays below half a minute."""


def _row(number: int, name: str, scene: Scene, *guards: Guard, aiop: Scene | None = None, **rest: object) -> Row:
    return Row(number, name, guards, scene, aiop or scene, **rest)  # type: ignore[arg-type]


_RELEASING = (
    g.undecided,
    no(g.at_officer),
    no(g.doubtful),
    no(g.manual),
    no(g.loop_bypassed),
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
"""Design §2.2: what every automatic release needs, however the rows above it read."""

_UNLADEN_PROVED = (g.unladen, g.codes_known, no(g.bundle_pending), no(g.near_any), g.approved)
_LADEN = (no(g.unladen), g.bundle_live)
_UNBUNDLED = (no(g.unladen), g.codes_known, no(g.bundle_pending))
_ELSEWHERE = (no(g.unladen), g.codes_known, g.bundle_pending, no(g.bundle_live), no(g.bundle_early))


def _unbundled(number: int, why: str, *guards: Guard) -> tuple[Row, Row]:
    """Rows 12, 13 and 16: ask for the button, then hand over."""
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
        number, f"{number} {why}", Scene.NOBUNDLE, *_UNBUNDLED, *guards, g.doubt_is(Doubt.NO_BUNDLE), alarm="NoBundle"
    )


TABLE: tuple[Row, ...] = (
    _row(22, "22 through a closed lane", Scene.CLOSED, g.closed, g.departing, no(g.released), alarm="RunThrough"),
    _row(
        22,
        "22 leaving against the signal",
        Scene.OFFICER,
        g.departing,
        no(g.released),
        no(g.sent_to_compound),
        alarm="RunThrough",
    ),
    _row(22, "22 ran from inspection", Scene.OFFICER, g.sent_to_compound, g.wrong_way, alarm="RunThrough"),
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
    _row(21, "21 fault", Scene.OFFICER, g.fault_active, alarm="Fault"),
    _row(8, "8 taken over, still here", Scene.OFFICER, no(g.visit_open), g.on_stop_loop),
    _row(2, "2 waiting", Scene.WELCOME, no(g.visit_open)),
    _row(
        17,
        "17 stands",
        Scene.DONE,
        g.released,
        g.immigration_cleared,
        no(g.help_open),
        no(g.doubtful),
        limit="leave",
        overdue=Doubt.NOT_LEFT,
    ),
    _row(3, "3 please stop", Scene.STOP, g.immigration_waiting, no(g.at_officer), limit="immigration_start"),
    _row(5, "5 referred", Scene.IMMIGRATION_TURN, g.referred, aiop=Scene.OFFICER, alarm="Referred"),
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
    _row(7, "7 manual", Scene.MANUAL, g.manual, alarm="ManualVisit"),
    _row(20, "20 not fresh", Scene.WAIT, g.visit_open, no(g.fresh), no(g.at_officer), limit="link"),
    _row(20, "20 unknown while not fresh", Scene.OFFICER, g.visit_open, no(g.fresh), alarm="NotFresh"),
    _row(8, "8 at the officer", Scene.OFFICER, g.doubt_unworded, alarm="AtOfficer"),
    _row(8, "8 plate not read", Scene.NOPLATE, g.unread, no(g.read), alarm="PlateUnread"),
    _row(8, "8 reading", Scene.WAIT, g.visit_open, no(g.read), limit="read", overdue=None),
    _row(8, "8 near-miss of a held vehicle", Scene.WAIT, g.near_held, no(g.plate_by_officer), alarm="NearMiss"),
    _row(8, "8 Mainland plate differs", Scene.WAIT, g.witness_differs, alarm="PlatesDisagree"),
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
        alarm="UnladenNotProved",
    ),
    _row(
        10,
        "10 unladen not approved",
        Scene.OFFICER,
        g.unladen,
        g.codes_known,
        no(g.bundle_pending),
        no(g.approved),
        alarm="UnladenNotProved",
    ),
    _row(
        11,
        "11 unladen against a bundle",
        Scene.OFFICER,
        g.unladen,
        g.codes_known,
        g.bundle_pending,
        doubt=Doubt.CONTRADICTION,
        alarm="Contradiction",
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
        alarm="EarlyArrival",
    ),
    _row(
        15,
        "15 other point",
        Scene.WAIT,
        *_ELSEWHERE,
        no(g.at_officer),
        limit="wrong_point",
        overdue=Doubt.WRONG_POINT,
        alarm="OtherPoint",  # asks the core, which may bundle anew for this point while the driver waits
    ),
    _row(15, "15 other point stands", Scene.WRONGPOINT, g.doubt_is(Doubt.WRONG_POINT), alarm="WrongPoint"),
    *_unbundled(16, "other direction", no(g.bundle_ended), g.bundle_opposite),
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
    _row(17, "17 laden released", Scene.DONE, *_LADEN, *_RELEASING, outcome=Outcome.RELEASED),
    _row(17, "17 deciding", Scene.WATCH, g.visit_open, no(g.at_officer), limit="decision"),
    _row(8, "8 otherwise", Scene.OFFICER, g.visit_open, alarm="AtOfficer"),
)


def first_row(lane: Lane, table: tuple[Row, ...] = TABLE) -> Row:
    """The first row whose guards all hold. A guard is asked at most once.

    Raises:
        LookupError: no row holds: the table is not total (it is; a mutant may not be).
    """
    answers: dict[str, bool] = {}
    for row in table:
        for guard in row.guards:
            answer = answers.get(guard.name)
            if answer is None:
                answer = answers[guard.name] = guard.holds(lane)
            if not answer:
                break
        else:
            return row
    raise LookupError("no row of the decision table holds")
