"""A lane's clauses: its journal on the way to the core."""

from __future__ import annotations

import secrets
from typing import Any

from tools.conformance.clauses import Chapter, Unseen, must
from tools.conformance.fake_core import CorePlayed
from wire.codec import encode
from wire.messages import Ack, EventMessage, Presence

chapter: Chapter[CorePlayed] = Chapter("Events")


@chapter("L50", "Rows of the journal come without a gap, each with the hash of the one before, and are never changed.")
def chained(core: CorePlayed) -> None:
    """Every row heard in this run."""
    core.rows()
    must(not core.strays, "; ".join(core.strays[:3]))


@chapter(
    "L51", "An acknowledged row is not sent again unasked, and the nonce says how far the acknowledgement reaches."
)
def acknowledged(core: CorePlayed) -> None:
    """Longer than the lane would wait before it sends again."""
    core.rows()
    row = _last(core)
    core.until(
        lambda: core.nonces()[-1].acknowledged >= row.seq,
        f"row {row.seq} is acknowledged, and the lane's nonces do not say so",
    )
    start = core.mark()
    core.pump(core.pace.resend + core.pace.nonce)
    again = [one.seq for one in core.all_of(EventMessage, start) if one.seq <= row.seq]
    must(not again, f"acknowledged rows {again[:5]} were sent again")


def _last(core: CorePlayed) -> EventMessage:
    return core.journals[core.journal()][-1]


def _held_back(core: CorePlayed) -> EventMessage:
    """A row that the lane has sent and that is not acknowledged."""
    core.rows()
    core.next_nonce(0)
    core.acknowledging = False
    start = core.mark()
    first = core.write_row()
    core.next_nonce(0)
    return next(row for row in core.all_of(EventMessage, start) if row.seq == first.seq)


@chapter("L52", "Without an acknowledgement, rows are sent again from the first unacknowledged one, byte for byte.")
def sent_again(core: CorePlayed) -> None:
    """The core is silent about them."""
    row = _held_back(core)
    start = core.mark()
    patience = core.pace.resend + core.pace.patience
    core.until(lambda: core.all_of(EventMessage, start), f"row {row.seq} is not sent again", patience)
    again = core.all_of(EventMessage, start)
    rewound = next((one for one in again if one.seq <= row.seq), None)
    if rewound is None:
        core.until(
            lambda: any(one.seq <= row.seq for one in core.all_of(EventMessage, start)),
            f"rows after {row.seq} come, and {row.seq} is not sent again",
            patience,
        )
        rewound = next(one for one in core.all_of(EventMessage, start) if one.seq <= row.seq)
    must(rewound == row, f"the first row sent again is {rewound.seq}, the first unacknowledged one is {row.seq}")


def _not_moved(core: CorePlayed, row: EventMessage, topic: str, payload: bytes, what: str) -> None:
    """The lane does not count `row` as acknowledged after this payload."""
    core.send(topic, payload)
    core.heard_out()
    nonce = core.next_nonce()
    must(nonce.acknowledged < row.seq, f"{what}: the lane counts row {row.seq} as acknowledged")


def _ack(core: CorePlayed, row: EventMessage, **changes: Any) -> Ack:
    return core.ack(row.journal, **({"seq": row.seq, "hash": row.hash} | changes))


@chapter("L53", "An acknowledgement by another key acknowledges nothing.")
def forged_ack(core: CorePlayed) -> None:
    """Right in all but the key."""
    row, topic = _held_back(core), core.topics.ack
    _not_moved(core, row, topic, core.stranger.seal(topic, encode(_ack(core, row))), "a forged acknowledgement")


@chapter("L54", "An acknowledgement of rows that the lane does not have acknowledges nothing.")
def ack_beyond(core: CorePlayed) -> None:
    """A thousand rows further on."""
    row, topic = _held_back(core), core.topics.ack
    body = _ack(core, row, seq=row.seq + 1_000, hash=secrets.token_bytes(32))
    _not_moved(core, row, topic, core.signer.seal(topic, encode(body)), "an acknowledgement beyond the last row")


@chapter("L55", "An acknowledgement with another hash than the row has acknowledges nothing.")
def ack_other_hash(core: CorePlayed) -> None:
    """The core would hold another row under that number."""
    row, topic = _held_back(core), core.topics.ack
    body = _ack(core, row, hash=secrets.token_bytes(32))
    _not_moved(core, row, topic, core.signer.seal(topic, encode(body)), "an acknowledgement with another hash")


@chapter("L56", "An acknowledgement of another journal, or that names another lane, acknowledges nothing.")
def ack_foreign(core: CorePlayed) -> None:
    """Both."""
    row, topic = _held_back(core), core.topics.ack
    for changes in ({"journal": secrets.token_hex(8)}, {"lane": "kit-other-lane"}):
        payload = core.signer.seal(topic, encode(_ack(core, row, **changes)))
        _not_moved(core, row, topic, payload, f"an acknowledgement for another {next(iter(changes))}")


@chapter("L57", "Rows that the core asks for again come again, byte for byte, and move no cursor.")
def range_again(core: CorePlayed) -> None:
    """The last few that were seen."""
    rows = core.rows()
    core.next_nonce()
    few, start, before = rows[-4:], core.mark(), core.nonces()[-1].acknowledged
    core.want(few[0].journal, few[0].seq, few[-1].seq)
    wanted = {row.seq for row in few}
    core.until(
        lambda: wanted <= {row.seq for row in core.all_of(EventMessage, start)},
        f"rows {few[0].seq} to {few[-1].seq} were asked for and did not all come",
    )
    came = {row.seq: row for row in core.all_of(EventMessage, start)}
    must(all(came[row.seq] == row for row in few), "a row that came again differs from the first time")
    must(core.next_nonce(0).acknowledged >= before, "asking for rows moved the lane's cursor back")


@chapter("L58", "A wish for rows of another journal is not answered with rows of this one.")
def range_foreign(core: CorePlayed) -> None:
    """A journal that the lane never had."""
    rows = core.rows()
    core.next_nonce()
    if len(rows) < 2:
        core.write_row()
    asked, start = {row.seq for row in rows[:-1]}, core.mark()
    core.want(secrets.token_hex(8), min(asked), max(asked))
    core.heard_out()
    again = [row.seq for row in core.all_of(EventMessage, start) if row.seq in asked]
    must(not again, f"rows {again[:5]} of its own journal came in answer")


@chapter("L59", "After a reconnect, rows are sent from the first unacknowledged one.")
def after_reconnect(core: CorePlayed) -> None:
    """The cable is pulled while a row is unacknowledged; another one is written afterwards."""
    if core.proxy is None or not core.proxy.connections:
        raise Unseen("needs the lane's connection to be cut; let it connect through the kit with --through HOST:PORT")
    row = _held_back(core)
    start = core.mark()
    core.proxy.cut()
    core.until(
        lambda: any(one.status == "online" for one in core.all_of(Presence, start)),
        "the lane does not come back",
        3 * core.pace.patience,
    )
    core.poke_once()
    core.until(lambda: core.all_of(EventMessage, start), "after a reconnect no row is sent", 3 * core.pace.patience)
    first = core.all_of(EventMessage, start)[0]
    must(first == row, f"after a reconnect row {first.seq} comes first, row {row.seq} is not acknowledged")


@chapter("L60", "At most 64 rows are sent ahead of the acknowledgement.")
def window(core: CorePlayed) -> None:
    """Rows are caused until the window is full, as far as the kit was told how."""
    ahead = len(filled(core))
    must(
        ahead <= core.pace.window, f"{ahead} rows were sent beyond the acknowledgement, {core.pace.window} are allowed"
    )


def filled(core: CorePlayed) -> set[int]:
    """Acknowledges nothing any more, and has the lane write more rows than it may send; the numbers of those sent.

    Raises:
        Unseen: they are too few.
    """
    row = _held_back(core)
    try:
        for _ in range(core.pace.window + 5):
            core.poke_once()
    except Unseen as unseen:
        raise Unseen(f"the window was not filled: {unseen}") from unseen
    core.wait(lambda: len(_ahead(core, row)) >= core.pace.window)
    core.next_nonce()
    ahead = _ahead(core, row)
    if len(ahead) < core.pace.window:
        raise Unseen(f"only {len(ahead)} rows were under way at once; the window was not filled")
    return ahead


def _ahead(core: CorePlayed, row: EventMessage) -> set[int]:
    """The numbers of the rows sent from this one on."""
    return {one.seq for one in core.all_of(EventMessage) if one.seq >= row.seq and one.journal == row.journal}
