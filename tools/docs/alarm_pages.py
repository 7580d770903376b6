"""`docs/alarms.md` and `config/rocars.catalog`, written from the one table of alarms (`domain.alarms`). A test compares them.

`python -m tools.docs.pages` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console.words import ALARMS
from domain.alarm_lifecycle import CHATTER_MS, ESCALATES_MS, FORGOTTEN_MS, LONGEST_SHELF_MS
from domain.alarm_traits import AlarmKind, Care, Ends, Priority
from domain.alarms import FORMER, CoreAlarmKind, LaneAlarmKind
from runtime.journald import LEVELS, OF_CORE, message_id, priority
from tools.docs.words import hours_or_minutes

_HEAD = f"""\
# Alarms

Written by `python -m tools.docs.pages` from `domain/alarms.py`; a test compares the two. What an alarm is called here is
its name in journals, at the core, in logs and in figures.

## The life of an alarm

In the words of ISA-18.2. One alarm for each kind, cause and, where a vehicle is meant, visit; raised again while it stands,
it is counted and not repeated. The lane's journal says all of it, so a restart forgets nothing, and the core, which reads the
same rows by the same rules, has the same alarms.

| state | what it says | what leads on |
|---|---|---|
| unacknowledged | it stands, and nobody has taken it | an officer takes or shelves it; its cause goes |
| acknowledged | it stands, and somebody deals with it | its cause goes, or a person closes it |
| shelved | it stands, and an officer does not want to be called for a while, {hours_or_minutes(LONGEST_SHELF_MS)} at most | the time is over |
| returned | its cause is gone, and nobody had seen it; urgent and high ones only | somebody takes note; {hours_or_minutes(FORGOTTEN_MS)} |
| closed | over, by itself or by whom | raised again: another alarm |

- **It ends by itself** when its cause is gone, with its visit (or when the lane has gone on to another row), or, where no end
  can be seen, after a time without another. Only what needs a person (*run through*, *left unseen*) stays until a person has
  taken and closed it. The officer who decides a visit has seen its alarms.
- **Chatter**: what comes again within {hours_or_minutes(CHATTER_MS)} of its end is the same alarm, with its count and with
  whoever had taken it. The box's log tells the first, the tenth, the hundredth. A driver's call is none: each is an alarm of its own.
- **Restart**: after a start nobody knows whether a fault is still there. All end, and whoever still sees one raises it again,
  which is the same alarm. What a person must close is not touched by a restart.
- **Untouched**: an alarm that nobody has taken for a while counts as the next higher priority and is told again.
- **Reconnection**: with its state, and so on every connection, a lane names the alarms that stand. Once the core has read the
  rows up to the one named there, its list and the lane's are made equal.

| priority | how soon | untouched after | in the journal of systemd |
|---|---|---|---|
"""

_SOON = {
    Priority.URGENT: "at once",
    Priority.HIGH: "within minutes",
    Priority.MEDIUM: "in the course of the visit, or the shift",
    Priority.LOW: "when it suits",
}

_WHERE = """
Officers see them on the lane's page, with *Take*, with *Close* where a person must end one, and with *Shelve* where it ends by
itself and no driver waits. The control room has `rocars-core alarms`, with `--take`, `--close` and `--shelve`. In the log of the box and of the core every alarm has a
priority, the fields `ALARM`, `ALARM_PRIORITY`, `ALARM_COUNT` and `VISIT`, and a message identifier, so that
`journalctl -t rocars-lane -p err` shows what matters and `journalctl -x` what to do about it (`config/rocars.catalog`, in
`/usr/lib/systemd/catalog/`). Figures: `rocars_alarms_standing` and `rocars_alarms_untouched` at the lane,
`rocars_core_alarms_standing` and `rocars_core_alarms_untouched` at the core.
"""


def alarms_page() -> str:
    """The text of `docs/alarms.md`."""
    return "".join(
        (
            _HEAD,
            *_priorities(),
            _WHERE,
            *_kinds("Of a lane", LaneAlarmKind),
            *_kinds("Of the core", CoreAlarmKind),
            _former(),
        )
    )


def _priorities() -> Iterator[str]:
    for one in Priority:
        level = f"{priority(LEVELS[one])} ({_SYSLOG[priority(LEVELS[one])]})"
        yield f"| {one.word} | {_SOON[one]} | {hours_or_minutes(ESCALATES_MS[one])} | {level} |\n"


_SYSLOG = {2: "critical", 3: "error", 4: "warning", 6: "info"}


def _kinds(head: str, kinds: Iterable[AlarmKind]) -> Iterator[str]:
    yield f"\n## {head}\n\n"
    yield "| code | raised when | what to do | priority | who | ends |\n|---|---|---|---|---|---|\n"
    for kind in kinds:
        care = kind.care
        yield f"| {kind} | {kind.meaning} | {kind.remedy} | {care.priority.word} | {care.desk} | {_end(care)} |\n"


def _end(care: Care) -> str:
    return f"{hours_or_minutes(care.quiet_ms)} after the last one" if care.ends is Ends.QUIET else care.ends.value


def _former() -> str:
    names = ", ".join(f"`{old}` (now {kind})" for old, kind in FORMER.items())
    return f"\n## Former names\n\nIn journals of 0.1.0 and earlier, and understood for ever: {names}.\n"


def catalog() -> str:
    """The text of `config/rocars.catalog`, in the form of systemd's message catalogues."""
    head = "# What the messages of rocars-lane and rocars-core mean (journalctl -x). Written by python -m tools.docs.pages.\n"
    of_core = (_entry(f"{OF_CORE}{kind}", kind.meaning.rstrip("."), kind) for kind in CoreAlarmKind)
    return head + "".join((*(_entry(kind, ALARMS[kind].says, kind) for kind in LaneAlarmKind), *of_core))


def _entry(name: str, says: str, kind: AlarmKind) -> str:
    return (
        f"\n-- {message_id(name)}\n"
        f"Subject: {says} ({kind})\n"
        "Defined-By: ROCARS Lane\n"
        "Documentation: file:/usr/share/doc/rocars-lane/alarms.md\n"
        "\n"
        f"Cause: {kind.meaning}\n"
        f"Remedy: {kind.remedy}\n"
        f"For the {kind.care.desk}, priority {kind.care.priority.word}. It ends {_end(kind.care)}.\n"
        "This one: @ALARM@, raised @ALARM_COUNT@ times.\n"
    )
