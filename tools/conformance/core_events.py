"""A core's clauses: taking in a lane's journal."""

from __future__ import annotations

import secrets

from tools.conformance.clauses import Chapter, must
from tools.conformance.fake_lane import FakeJournal, LanePlayed, spoilt, with_field
from wire.codec import encode
from wire.messages import EventMessage

chapter: Chapter[LanePlayed] = Chapter("Events")


@chapter("C30", "Rows in their order are acknowledged up to the last one, with its hash.")
def in_order(lane: LanePlayed) -> None:
    """Two hundred."""
    rows = lane.write(200)
    lane.send_rows(rows)
    lane.acknowledged(rows)


@chapter("C31", "Over a gap nothing is acknowledged; the missing rows are asked for, and then all is acknowledged.")
def gap(lane: LanePlayed) -> None:
    """Rows 3 and 4 of five are missing at first."""
    rows, start = lane.write(5), lane.mark()
    lane.send_rows([rows[0], rows[1], rows[4]])
    lane.until(lambda: lane.wanted(start), "after a gap the core does not ask for the missing rows")
    asked = {seq for one in lane.wanted(start) for seq in range(one.first, one.last + 1)}
    must({3, 4} <= asked, f"rows 3 and 4 are missing, rows {sorted(asked)[:10]} are asked for")
    lane.not_beyond(2, "over a gap")
    lane.send_rows(rows[2:])  # as a lane does after a while: a core may have dropped the early one
    lane.acknowledged(rows)


@chapter("C32", "A row that is committed already is acknowledged again and counts for nothing.")
def repeated(lane: LanePlayed) -> None:
    """As after a lost acknowledgement."""
    rows = lane.write(3)
    lane.send_rows(rows)
    lane.acknowledged(rows)
    start = lane.mark()
    lane.send_rows(rows[:1])
    lane.until(lambda: lane.acks(start), "a row that came again is not acknowledged again")
    must({ack.seq for ack in lane.acks(start)} == {3}, "after a row came again the acknowledgement is not where it was")


@chapter("C33", "A row by a key that is not this lane's is not acknowledged.")
def forged(lane: LanePlayed) -> None:
    """Under the lane's key's name."""
    (row,), topic = lane.write(), lane.topics.event
    lane.send(topic, lane.stranger.seal(topic, encode(row)))
    lane.not_beyond(0, "a forged row")
    lane.send_rows([row])
    lane.acknowledged([row])


@chapter("C34", "A row signed for another topic, or that names another lane, is not acknowledged.")
def foreign(lane: LanePlayed) -> None:
    """Both."""
    (row,) = lane.write()
    lane.send(lane.topics.event, lane.signer.seal(lane.topics.reply, encode(row)))
    lane.send_rows([spoilt(row, lane="kit-other-lane")])
    lane.not_beyond(0, "a foreign row")


@chapter("C35", "A row that does not follow the row before it, or has not the hash it names, is not acknowledged.")
def unchained(lane: LanePlayed) -> None:
    """Another previous hash; another body; another boot."""
    first, second = lane.write(2)
    lane.send_rows([first])
    lane.acknowledged([first])
    lane.send_rows(
        [
            spoilt(second, previous=secrets.token_bytes(32)),
            spoilt(second, body=second.body + b" "),
            spoilt(second, boot="another"),
        ]
    )
    lane.not_beyond(1, "a row that does not fit")
    lane.send_rows([second])
    lane.acknowledged([first, second])


@chapter("C36", "Another row under a number that is committed does not replace it.")
def replaced(lane: LanePlayed) -> None:
    """Chained as well as the first, and too late."""
    rows = lane.write(2)
    lane.send_rows(rows)
    lane.acknowledged(rows)
    start = lane.mark()
    lane.send_rows([_twin(lane, rows[0])])
    lane.quiet()
    lane.send_rows(rows[1:])
    lane.acknowledged(rows, start)


def _twin(lane: LanePlayed, row: EventMessage) -> EventMessage:
    """A row of the same number, rightly chained, with another body."""
    simulated = FakeJournal(lane.lane)
    simulated.name = row.journal
    return simulated.write(b"another story")


@chapter("C37", "A retained row is refused.")
def retained(lane: LanePlayed) -> None:
    """Right in all but the flag."""
    (row,) = lane.write()
    lane.send_rows([row], retain=True)
    try:
        lane.not_beyond(0, "a retained row")
    finally:
        lane.send(lane.topics.event, b"", retain=True)


@chapter("C38", "A row with a field that the contract does not know is refused.")
def unknown_field(lane: LanePlayed) -> None:
    """From a newer lane than this core understands."""
    (row,), topic = lane.write(), lane.topics.event
    lane.send(topic, lane.signer.seal(topic, with_field(row)))
    lane.not_beyond(0, "a row with an unknown field")


@chapter("C39", "A row whose body the core does not understand is stored and acknowledged all the same.")
def opaque(lane: LanePlayed) -> None:
    """The chain is what counts."""
    rows = [lane.journal.write(body) for body in (b"", b"not JSON", b"[1]", secrets.token_bytes(300))]
    lane.send_rows(rows)
    lane.acknowledged(rows)


@chapter("C40", "Journals are told apart: each begins at row 1 and has its own acknowledgement.")
def two_journals(lane: LanePlayed) -> None:
    """As after a box got a new store."""
    rows = lane.write(3)
    lane.send_rows(rows)
    lane.acknowledged(rows)
    old, lane.journal = lane.journal, FakeJournal(lane.lane)
    fewer = lane.write(2)
    lane.send_rows(fewer)
    lane.acknowledged(fewer)
    start = lane.mark()
    lane.send_rows(old.rows[:1])
    lane.journal = old
    lane.until(lambda: lane.acks(start), "the older journal is no longer acknowledged")
    must({ack.seq for ack in lane.acks(start)} == {3}, "a newer journal moved the older one's acknowledgement")


@chapter("C41", "A core that has fewer rows than it acknowledged (restored from a backup) asks the lane for them.")
def restored(lane: LanePlayed) -> None:
    """The lane's nonce names rows that this core never saw."""
    rows, start = lane.write(3), lane.mark()
    lane.proof(acknowledged=3)
    lane.until(lambda: lane.wanted(start), "rows that a nonce says were acknowledged are missing, and not asked for")
    must(lane.wanted(start)[0].first == 1, f"row 1 is missing, row {lane.wanted(start)[0].first} is asked for first")
    lane.send_rows(rows)
    lane.acknowledged(rows)
