"""`docs/lane.md`, written from the rules themselves: the table, what counts as an input, and which row follows which.

python -m lane_agent.document > docs/lane.md
"""

from __future__ import annotations

from lane_agent.acceptance import ACCEPT, CONTACT_CHECKS
from lane_agent.prove.scenarios import SCENARIOS, play
from lane_agent.table import LIMITS_MS, TABLE, Row

_HEAD = """\
# What the lane does

Written by `python -m lane_agent.document` from the rules that run; a test compares the two. After every event the table
is read from the top, and the first row whose conditions all hold says what both screens show. Numbers are the rows of
the department's decision table; 6 (help) lies over the panel in every row, 18 and 19 only qualify others.
"""


def document() -> str:
    """The whole page."""
    parts = [_HEAD, _table(), _conditions(), _acceptance(), _limits(), _diagram()]
    return "\n".join(parts)


def _table() -> str:
    lines = [
        "## The table\n",
        "| row | XDB / AIOP | waits at most | then | told to the officer |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {row.name} | {_faces(row)} | {_wait(row)} | {_then(row)} | {row.alarm} |" for row in TABLE]
    return "\n".join(lines) + "\n"


def _faces(row: Row) -> str:
    return " / ".join(dict.fromkeys((row.xdb.value, row.aiop.value)))


def _wait(row: Row) -> str:
    return f"{row.limit}, {LIMITS_MS[row.limit] // 1_000} s" if row.limit else ""


def _then(row: Row) -> str:
    said = [row.outcome.value] if row.outcome else []
    if row.doubt:
        said.append(f"officer: {row.doubt.value}")
    if row.limit:
        said.append(f"officer: {row.overdue.value}" if row.overdue else "plate not read")
    return ", ".join(said)


def _conditions() -> str:
    lines = ["## Conditions of each row\n"]
    for row in TABLE:
        lines.append(f"- **{row.name}**")
        lines += [f"  - {guard.question}" for guard in row.guards]
    return "\n".join(lines) + "\n"


def _acceptance() -> str:
    lines = ["## What counts as an input\n", "An event that fails a check is journaled with the reason, and ignored.\n"]
    lines += [f"- `{kind.__name__}`: {', '.join(check.name for check in checks)}" for kind, checks in ACCEPT.items()]
    lines += [
        f"- contact `{contact.value}`: {', '.join(check.name for check in checks)}"
        for contact, checks in CONTACT_CHECKS.items()
    ]
    return "\n".join(lines) + "\n"


def _limits() -> str:
    lines = ["## Waiting limits\n", "Each can be set in the lane's file under `[policy.limits]`, in seconds.\n"]
    lines += [f"- `{name}`: {limit // 1_000} s" for name, limit in LIMITS_MS.items()]
    return "\n".join(lines) + "\n"


def _diagram() -> str:
    """Which row followed which in the scenarios of the tests, by number."""
    numbers = {row.name: row.number for row in TABLE}
    follows: set[tuple[int, int]] = set()
    for scenario in SCENARIOS:
        seen = [numbers[name] for name in play(scenario).rows if name in numbers]
        follows |= {(one, other) for one, other in zip(seen, seen[1:], strict=False) if one != other}
    lines = [
        "## Which row follows which\n",
        "As the scenarios of the tests play it, by number.\n",
        "```mermaid",
        "stateDiagram-v2",
    ]
    lines += [f"    row{one} --> row{other}" for one, other in sorted(follows)]
    return "\n".join([*lines, "```"]) + "\n"


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201 - its one purpose
