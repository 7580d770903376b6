"""`docs/conformance.md`: every clause with its number and sentence, and how the kit is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance import core, lane
from conformance.clauses import Chapter

_HEAD = """\
# Conformance

Written by `python -m edge.documents` from `conformance/`; a test compares the two.

`rocars-conformance` tests whether a lane, or a core, keeps the contract (`asyncapi.yaml`), whoever wrote it. It takes
the other side's place at a real broker, is honest, spoils one point at a time, and says which clause is broken; exit
status 1 if one is. It needs nothing from the side under test but what the contract gives it. Never use it on a lane or
core that is in service: it takes the other side's name at the broker.

## A lane

Stop the core (the kit takes its place), let the lane trust a test key of the kit's, start the lane, then:

    rocars-conformance lane --broker HOST:PORT --lane NAME --core-key kit.key --lane-pub NAME.pub \\
        --password-file core.password --through 127.0.0.1:18831 --poke 'COMMAND {n}'

`--through` is where the kit listens for the lane's own connection, so that it can cut it: give the lane that address as
its broker. `--poke` is a command that makes the lane write a row of its journal (a press of Help, say); `{n}` is
replaced by a number. What can not be seen without them is said to be *not observed*; it is no pass, and with `--all` it
fails.

## A core

Register a test lane with its public key, keep that lane's box away from the broker, then:

    rocars-conformance core --broker HOST:PORT --lane NAME --lane-key NAME.key --core-pub core-1.pub \\
        --password-file lane.password --grow 'COMMAND {n}' --order 'COMMAND {n}'

`--grow` makes the core's list grow by one delta, `--order` makes it send that lane a command named `message`.

Both take `--authority`, `--certificate` and `--tls-key` (PEM files) for TLS, `--only L12,L13`, `--list`, and `--json FILE`.

## What is not tested

That inspect is honoured while a lane is stale or offline, that a hold ahead of its turn stops, and which screen is
shown: these are seen at the lane, not on the wire, and are tested with the decision table. That an acknowledgement is
given only after a commit shows only when the core's machine loses power; `rocars-torture` does that.
"""


def conformance_page() -> str:
    """The page's text."""
    return (
        _HEAD
        + "".join(f"{line}\n" for line in _clauses("Clauses for lanes", lane.CHAPTERS))
        + "".join(f"{line}\n" for line in _clauses("Clauses for cores", core.CHAPTERS))
    )


def _clauses(title: str, chapters: Iterable[Chapter[Any]]) -> Iterator[str]:
    yield from ("", f"## {title}")
    for chapter in chapters:
        yield from ("", f"### {chapter.title}", "", "| clause | sentence |", "|---|---|")
        yield from (f"| {clause.number} | {clause.sentence} |" for clause in chapter.clauses)
