"""`docs/lane.md` and `docs/mutants.md`, written from the rules that run and from what the proof finds. A test compares them.

`python -m tools.docs.pages` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.words import DOUBTS
from domain.alarms import LaneAlarmKind
from lane_agent.acceptance import ACCEPT, CONTACT_CHECKS
from lane_agent.contacts import CONTACTS
from lane_agent.events import ContactChanged, Event, TimerFired
from lane_agent.model import Doubt
from lane_agent.state import Lane
from lane_agent.step import step
from lane_agent.table import LIMITS_MS, TABLE, Row
from tools.proof import search_slice
from tools.proof.harmful import MENDED, REVIEWED
from tools.proof.law import LAW
from tools.proof.mutation import Fate
from tools.proof.physical.exposure import REASONS_IN_WORDS
from tools.proof.physical.plans import PLANS
from tools.proof.physical.walk import BOUNDS_MS
from tools.proof.physical.walk import DISTURBANCES as DISTURBED
from tools.proof.scenarios import SCENARIOS, play
from tools.proof.search import Slice
from tools.proof.slices import DISTURBANCES, ORDINARY, SPECIAL
from tools.proof.source_mutants import names
from tools.proof.survivors import JUDGED, SOURCE_REASONS, reason, source_reason

COURSE = Slice("the ordinary course", (*ORDINARY, "unladen"), ("live", "nothing", "approved", "early", "hold"))
"""What the diagram shows."""
EVERYWHERE = ("2 waiting", "4 immigration")
"""Rows that any row can be followed by: the vehicle drives off, or Immigration begins again. Left out as targets."""

_HEAD = """\
# What the lane does

Written by `python -m tools.docs.pages` from the rules that run; a test compares the two.

After every event (a truck arrives, a plate is read, a button is pressed) the lane goes through the table below from the
top, and the first row whose conditions all hold says what the board (XDB) and the panel (AIOP) show. The number of a row
is its number in the department's decision table (domain §4), so rows may share one; 6 (help) lies over the panel in every
row, and 18 and 19 only qualify others. Words in capitals are scenes, which [screens.md](screens.md) shows as pictures.
The column *then* says what the row makes of the visit: released, sent to the compound, or handed to the officer for the
reason given, at once or, where the row waits, when its limit runs out. Further down are the conditions of each row, what
counts as an input, the alarms, how an ordinary visit runs, and the law, with the slices in which it is proved to be kept and
what was only searched; a § is a point of [design.md](design.md).
"""


def lane_page() -> str:
    """The text of `docs/lane.md`."""
    parts = (
        *(_table(), _conditions(), _limits(), _doubts(), _contacts(), _checks()),
        *(_alarms(), _diagram(), _law(), _proof(), _physical()),
    )
    return _HEAD + "".join(f"\n{line}" if line.startswith("## ") else line for part in parts for line in _lines(part))


def _lines(part: Iterator[str]) -> Iterator[str]:
    return (line + "\n" for line in part)


def _table() -> Iterator[str]:
    yield "## The table"
    yield ""
    yield "| row | XDB / AIOP | waits at most | then | told to the officer |"
    yield "|---|---|---|---|---|"
    for row in TABLE:
        faces = " / ".join(dict.fromkeys((row.xdb.value, row.aiop.value)))
        alarm = row.alarm or ""
        yield f"| {row.name} | {faces} | {_wait(row)} | {_then(row)} | {alarm} |"


def _wait(row: Row) -> str:
    if not row.limit:
        return ""
    return f"{row.limit}, {LIMITS_MS[row.limit] // 1_000} s" + (", Help stops the clock" if row.prompt else "")


def _then(row: Row) -> str:
    said = [row.outcome.value] if row.outcome else []
    if row.doubt:
        said.append(f"officer: {row.doubt.value}")
    if row.limit:
        said.append(f"officer: {row.overdue.value}" if row.overdue else "plate not read")
    return ", ".join(said)


def _conditions() -> Iterator[str]:
    yield "## Conditions of each row"
    yield ""
    for row in TABLE:
        yield f"- **{row.name}**"
        for guard in row.guards:
            yield f"  - {guard.question}"


def _limits() -> Iterator[str]:
    yield "## Waiting limits"
    yield ""
    yield "Each can be set in the lane's file under `[policy.limits]`, in seconds."
    yield ""
    for name, limit in LIMITS_MS.items():
        yield f"- `{name}`: {limit // 1_000} s"


def _doubts() -> Iterator[str]:
    yield "## Why a visit is the officer's"
    yield ""
    yield "With a *doubt* nobody but an officer releases the vehicle. It lasts for the rest of the visit, unless an officer"
    yield "releases the vehicle (the record `ReleasedByOfficer` then keeps it as `system`) or, where plates disagree, types the"
    yield "mark. It is in the record of the visit (`doubt`), in `rocars-core crossings` and in `rocars-lane visits`. A row sets one"
    yield "when it is entered, or when its limit runs out; the events are those that set one in the stories of"
    yield "`tools/proof/scenarios/`."
    yield ""
    yield "| doubt | the officer reads | entering a row | the limit of a row | an event |"
    yield "|---|---|---|---|---|"
    events = doubting_events()
    for doubt in Doubt:
        causes = (*doubting_rows(doubt), events.get(doubt, []))
        yield f"| `{doubt.value}` | {DOUBTS[doubt].says} | " + " | ".join(", ".join(cause) for cause in causes) + " |"


def doubting_rows(doubt: Doubt) -> tuple[list[str], list[str]]:
    """The rows that set a doubt when they are entered, and those that do when their limit runs out."""
    entered = [f"*{row.name}*" for row in TABLE if row.doubt is doubt]
    return entered, [f"*{row.name}*" for row in TABLE if row.limit and row.overdue is doubt]


def doubting_events() -> dict[Doubt, list[str]]:
    """The events after which a visit has a doubt that no row has set, as the scenarios play them."""
    found: dict[Doubt, set[str]] = {}
    for scenario in SCENARIOS:
        lane = Lane()
        for event, at, _ in play(scenario).steps:
            before, lane = lane, step(lane, event, at)[0]
            doubt = lane.visit.doubt if lane.visit else None
            same = before.visit is not None and lane.visit is not None and before.visit.number == lane.visit.number
            known = before.visit.doubt if same and before.visit else None
            by_row = any(row.name == lane.row and row.doubt is doubt for row in TABLE)
            overdue = isinstance(event, TimerFired) and event.timer == "stage"
            if doubt is not None and doubt is not known and not by_row and not overdue:
                found.setdefault(doubt, set()).add(_event(event))
    return {doubt: sorted(events) for doubt, events in found.items()}


def _event(event: Event) -> str:
    match event:
        case ContactChanged():
            return f"contact `{event.contact.value}`"
        case TimerFired():
            return f"timer `{event.timer}`"
        case _:
            return f"`{type(event).__name__}`"


def _contacts() -> Iterator[str]:
    yield "## Contacts"
    yield ""
    yield "What is wired to an input line, by its name in the lane's file. An edge *of a visit* counts only for the vehicle in the"
    yield "lane, and one that is active already when a vehicle arrives is stuck; a loop may be bypassed by an officer."
    yield ""
    yield "| contact | called | | of a visit | loop | every lane has it |"
    yield "|---|---|---|---|---|---|"
    for contact, traits in CONTACTS.items():
        answers = (traits.for_visit, traits.loop, not traits.optional)
        told = " | ".join("yes" if answer else "no" for answer in answers)
        yield f"| `{contact.value}` | {traits.says} | {traits.chinese} | {told} |"


def _checks() -> Iterator[str]:
    yield "## What counts as an input"
    yield ""
    yield "An event that fails a check is journaled with the reason, and ignored. Kinds not named here always count."
    yield ""
    yield "| event | check | else the journal says |"
    yield "|---|---|---|"
    for kind, checks in ACCEPT.items():
        for check in checks:
            yield f"| {kind.__name__} | {check.name} | {check.why} |"
    for contact, checks in CONTACT_CHECKS.items():
        for check in checks:
            yield f"| contact {contact.value} | {check.name} | {check.why} |"


def _alarms() -> Iterator[str]:
    yield "## Alarms"
    yield ""
    yield "Told on the officers' page and, through the journal, to the core. How long each stands, how urgent it is and what to"
    yield "do about it is in [alarms.md](alarms.md)."
    yield ""
    yield "| kind | raised when |"
    yield "|---|---|"
    for kind in LaneAlarmKind:
        yield f"| {kind} | {kind.meaning} |"


def _diagram() -> Iterator[str]:
    yield "## The ordinary course"
    yield ""
    yield "Found by the search, not drawn by hand: every step between rows when a vehicle comes, is read, is cleared, may"
    yield "press Unladen Vehicle, and the code book answers " + ", ".join(f"*{name}*" for name in COURSE.answers) + "."
    yield "From every row the vehicle may also drive off (to *2 waiting*), and Immigration may begin again."
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    steps = sorted(step for step in search_slice(COURSE).rows if _drawn(*step))
    for name in sorted({name for step in steps for name in step}):
        yield f'    state "{name}" as {_node(name)}'
    for one, other in steps:
        yield f"    {_node(one)} --> {_node(other)}"
    yield "```"


def _drawn(one: str, other: str) -> bool:
    return one != other and (other not in EVERYWHERE or one == "3 please stop")


def _node(name: str) -> str:
    return "r" + "".join(letter if letter.isalnum() else "_" for letter in name)


def _law() -> Iterator[str]:
    yield "## The law it is proved to keep"
    yield ""
    yield "`rocars-lane prove` checks each sentence at every step from every state that is reached in the slices below, each"
    yield "of one visit; on the history of inputs and of what the screens were told, never on the lane's own flags. No time passes in"
    yield "them: a limit may run out at any moment. Nothing is said of what is in no slice, nor of shell, store and link."
    yield ""
    for law in LAW:
        yield f"- {(law.__doc__ or '').strip()} (`{law.__name__}`)"
    yield "- §2.9: from every state officer's actions alone lead to a lane that waits. (`officers_free_the_lane`)"
    yield "- `step` never raises. (`step_never_raises`)"


def _proof() -> Iterator[str]:
    yield "## What the proof covers"
    yield ""
    yield "Every two of these disturbances of the ordinary course together: " + ", ".join(DISTURBANCES) + "; and:"
    yield ""
    yield "| part | letters | answers of the code book | also |"
    yield "|---|---|---|---|"
    for part in SPECIAL:
        yield f"| {part.name} | {', '.join(part.groups)} | {_some(part.answers)} | {_manner(part)} |"


def _physical() -> Iterator[str]:
    yield "## The physical model"
    yield ""
    yield "`rocars-lane prove --physical --seconds N` puts the shipped `step` between vehicles with length, loops that fail and people"
    yield "who are late. The law is about vehicles: none without grounds of its own (Immigration let this very vehicle go, and"
    yield "the records do; or an officer who looked at it) stands with a wheel at the line while 3 can be seen, for longer than:"
    yield ""
    yield "| why it may stand there | bound |"
    yield "|---|---|"
    for kind, ms in BOUNDS_MS.items():
        yield f"| {REASONS_IN_WORDS[kind]} | {ms / 1000:g} s |"
    yield ""
    yield "Each of these sites is searched breadth first, as far as the time goes; it is said which were searched to their end:"
    yield ""
    yield "| site | vehicles | what may happen beside the ordinary course |"
    yield "|---|---|---|"
    for plan in PLANS:
        yield f"| {plan.name} | {len(plan.lengths)} | {', '.join(plan.may) or 'followers so close that a loop does not open'} |"
    yield ""
    yield "Beyond that, walks in time at sites drawn at random: three to five vehicles, and three to six of these at once:"
    yield f"{', '.join(DISTURBED)}."
    yield ""
    yield "What is taken for granted, and so is a bound of the law: a loop that works reports a vehicle before it has left the loop."
    yield "Immigration keeps one answer back at most, for less than the time after which a debt lapses (design §2.13), and none for a"
    yield "vehicle that left no gap. An officer asks where his page does not say how Immigration answered. Three vehicles so"
    yield "close that neither loop opens between them are one, where the second drives off without 3. A vehicle that has left the line"
    yield "does not stop before the way-out loop. After a backup is put back the core knows of every use (design §2.16). What an"
    yield "officer decided to release before the agent's start he is asked again: by his page, and by the core."


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 8 else f"all {len(names)}"


def _manner(part: Slice) -> str:
    said = {
        "other inputs before the answer": part.late_answers,
        "other inputs before both screens confirm": part.late_screens,
        "stale answers, or none": part.doubtful,
        "from the agent's start": not part.live,
        "manifest sensor and compound loop": part.policy.manifest_sensor,
        "other points accepted": part.policy.other_point_accepted,
    }
    return "; ".join(text for text, so in said.items() if so)


def _harmful() -> Iterator[str]:
    yield "## Changes of the source that did harm"
    yield ""
    yield "None of these is a change of one rule of the table, and the first eight passed proof and tests once. A test holds each of them"
    yield "dead (`tests/tools/proof/`): the search stops in the slice, or at the site of the physical model, that is named."
    yield ""
    yield "| changed so that | in | dies in |"
    yield "|---|---|---|"
    for mutant in (*REVIEWED, *MENDED):
        where = f"slice *{mutant.slice}*" if mutant.slice else f"site *{mutant.site}*"
        yield f"| {mutant.says} | `{mutant.module}` | {where} |"


def mutants_page(fates: Sequence[Fate]) -> str:
    """The text of `docs/mutants.md`."""
    parts = (_score(fates), _survivors(fates), _law_alone(fates), *_of_source())
    return "".join(f"\n{line}" if line.startswith("## ") else line for part in parts for line in _lines(part))


def mutants_page_of_source(page: str) -> str:
    """That page as it is, its tables of changes of the source made anew: what is above them takes minutes (`mutants_page`)."""
    tried = page.partition(f"\n{next(_harmful())}\n")[0]
    return tried + "".join(f"\n{line}" if line.startswith("## ") else line for part in _of_source() for line in _lines(part))


def _of_source() -> tuple[Iterator[str], ...]:
    return _harmful(), source_survivors()


def source_survivors() -> Iterator[str]:
    """Of the modules all of whose mutants were tried: how many there are, and why some may live."""
    yield "## Changes of the source that live"
    yield ""
    yield "Every condition of these modules was negated, each part of one dropped, and each comparison turned or its bound shifted"
    yield "(`python -m tools.proof.source_fates`, where the proof judges first, and `python -m tools.proof.test_fates`). A run fails where"
    yield "one lives that is not named here."
    yield ""
    yield "| module | generated | noticed | live, with a reason |"
    yield "|---|---|---|---|"
    for module in JUDGED:
        generated = names(module)
        living = sum(bool(source_reason(name)) for name in generated)
        yield f"| `{module}` | {len(generated)} | {len(generated) - living} | {living} |"
    yield ""
    yield "| changed | why it may live |"
    yield "|---|---|"
    for name, why in SOURCE_REASONS.items():
        yield f"| {name} | {why} |"


def _score(fates: Sequence[Fate]) -> Iterator[str]:
    survivors = sum(fate.survives for fate in fates)
    yield "# Mutants: does the proof notice?"
    yield ""
    yield "Written by `python -m tools.docs.pages --mutants` (minutes). Every guard of every row, and every check of every event,"
    yield "was dropped and negated in turn; the rules so changed were run against the proof and against the scenarios."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| generated | {len(fates)} |"
    yield f"| killed by the proof | {sum(bool(fate.law) for fate in fates)} |"
    yield f"| killed by the scenarios | {sum(bool(fate.scenario) for fate in fates)} |"
    yield f"| killed by either | {len(fates) - survivors} |"
    yield f"| survivors | {survivors} |"


def _survivors(fates: Sequence[Fate]) -> Iterator[str]:
    yield "## Survivors, and why they may live"
    yield ""
    yield "Most of them drop a condition that another already implies. They are kept: each row that shows 3 is to name all"
    yield "that design §2.2 asks for, however the rows above it read, and a later change above must not weaken it. What is said"
    yield "of rows and conditions is so in every state in which mutants are tried (`tools.proof.mutation`)."
    yield ""
    yield "| mutant | why it may live |"
    yield "|---|---|"
    for fate in fates:
        if fate.survives:
            yield f"| {fate.name} | {reason(fate)} |"


def _law_alone(fates: Sequence[Fate]) -> Iterator[str]:
    yield "## Killed by the proof alone"
    yield ""
    yield "| mutant | broke |"
    yield "|---|---|"
    for fate in fates:
        if fate.law and not fate.scenario:
            yield f"| {fate.name} | {fate.law} |"
