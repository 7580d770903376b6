"""`docs/conformance.md`: every clause with its number and sentence, and how the kit is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tools.conformance import core, lane
from tools.conformance.clauses import Chapter

_HEAD = """\
# Conformance

Written by `python -m tools.docs.pages` from `tools/conformance/`; a test compares the two.

`rocars-conformance` tests whether a lane, or a core, keeps the contract (`asyncapi.json`), whoever wrote it. It takes
the other side's place at a real broker, is honest, spoils one point at a time, and says which clause is broken; exit
status 1 if one is. It needs nothing from the side under test but what the contract gives it. Never use it on a lane or
core that is in service: it takes the other side's name at the broker.

## A lane

Stop the core (the kit takes its place), let the lane trust a test key of the kit's, start the lane, then:

    rocars-conformance lane --broker HOST:PORT --lane NAME --core-key kit.key --lane-pub NAME.pub \\
        --password-file core.password --through 127.0.0.1:18831 --poke 'COMMAND {n}'

`--through` is where the kit listens for the lane's own connection, so that it can cut it: give the lane that address as
its broker. `--poke` is a command that makes the lane write a row of its journal (a press of Help, say) and, for the
clauses about claims, brings a vehicle with a released bundle into the lane; `{n}` is replaced by a number. What cannot be seen without them is said to be *not observed*; it is no pass, and with `--all` it
fails. `--picture HASH` names a picture of evidence that the lane has. `--core-key` is FILE=KID where the lane knows the key by another name than the file's.

## A core

Register a test lane with its public key, keep that lane's box away from the broker, then:

    rocars-conformance core --broker HOST:PORT --lane NAME --lane-key NAME.key --core-pub core-1.pub \\
        --password-file lane.password --grow 'COMMAND {n}' --order 'COMMAND {n}'

`--grow` makes the core's list grow by one delta or more, for the clauses about claims by a bundle that nobody has used (or
let the list have some before); `--order` makes it send that lane a command named `message`.
`--lane-key` is FILE=KID where the core knows the key by another name than enrolment gives it (the lane's, a dot, and
the first eight hexadecimal digits of the SHA-256 of the raw public key).

For the clauses about keys that are replaced, both take `--further-key FILE`, another private key of the side that the
kit plays, and `--keys 'COMMAND {n}'`, which makes the side under test have the public keys of step n: 1 both, 2 the
further one alone, 3 the first one alone, which is where it ends. How a side is given keys is its own affair; for ours
the command copies files into `link.core_keys` of the lane, or into `lane_keys` of the core, and takes them out. For a
lane it should return when the lane has taken them up.

The kit's own clock must be right: a lane does not believe a core whose time is more than ten seconds off.

Both take `--only L12,L13`, `--list`, and `--json FILE`.

## Over TLS, as the shipped broker wants it

With `--authority` the kit connects over TLS 1.3, and takes the other side's place with that side's own certificate: its
name is the user, and passwords are not needed. HOST must be a name in the broker's certificate. On a machine for tests,
a core's folder with its authority, a broker (`mosquitto.conf.example`) and one lane are made so:

    rocars-core init --config core.toml
    rocars-core authority --config core.toml
    rocars-core enrol-broker localhost --out broker --config core.toml
    rocars-core enrol NAME --here lane --config core.toml

A core, with the lane's certificate, while `rocars-core run --config core.toml` runs:

    rocars-conformance core --broker localhost:8883 --lane NAME --lane-key lane/signing.pem --core-pub core-1.pub \\
        --authority lane/authority.pem --certificate lane/lane.pem \\
        --grow 'rocars-core hold KT{n} --reason kit --config core.toml' \\
        --order 'rocars-core command NAME message --text kit --config core.toml'

A lane, with the core's certificate, while no core runs; the lane has `host = "localhost"`, `port = 18831` in its
`[[link.brokers]]`, and its cable is cut without its TLS being touched (`localhost` is in the broker's certificate):

    openssl pkey -in lane/signing.pem -pubout -out NAME.pub
    rocars-conformance lane --broker localhost:8883 --lane NAME --core-key core-1.key --lane-pub NAME.pub \\
        --authority authority.pem --certificate core.pem --through 127.0.0.1:18831 --poke 'COMMAND {n}'

`--tls-key FILE` where a certificate's private key is in another file.

## What is not tested

That inspect is honoured while a lane is stale or offline, that a hold ahead of its turn stops, and which screen is
shown: these are seen at the lane, not on the wire, and are tested with the decision table. That a core counts what it
refuses (ours by reason: `rocars-core status`) is seen there and not on the wire; that it refuses is tested. That an acknowledgement is
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
