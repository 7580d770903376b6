"""A core's clauses: its commands."""

from __future__ import annotations

from tools.conformance.clauses import Chapter, must
from tools.conformance.fake_lane import LanePlayed
from tools.conformance.peer import PeerSaid
from wire.messages import Command, Reply

chapter: Chapter[LanePlayed] = Chapter("Commands")

_HOUR = 3_600_000


def _ordered(lane: LanePlayed) -> PeerSaid:
    """A command that the core sent because it was told to; it is answered."""
    start = lane.mark()
    lane.order()
    lane.until_alive(lambda: lane.all_of(Command, start), "the core was told to send a command, and none comes")
    said = next(one for one in lane.said[start:] if isinstance(one.body, Command))
    reply = Reply(lane=lane.lane, command=said.body.command, outcome="refused", detail="conformance kit")
    lane.say(lane.topics.reply, reply)
    return said


@chapter("C50", "A command is signed for this lane, expires within the hour by the core's time, and is not retained.")
def good(lane: LanePlayed) -> None:
    """One, between two proofs."""
    before = lane.proof().core_ms
    said = _ordered(lane)
    after, command = lane.proof().core_ms, said.body
    must(not said.heard.retained and said.heard.qos == 1, "a command is retained, or has another QoS than 1")
    must(before <= command.issued_ms <= after, "a command's time of issue is not the core's time")
    must(0 < command.expires_ms - command.issued_ms <= _HOUR, "a command does not expire within the hour")


@chapter("C51", "No two commands have the same identifier.")
def unique(lane: LanePlayed) -> None:
    """All that were sent in this run."""
    _ordered(lane)
    _ordered(lane)
    found = [one.command for one in lane.all_of(Command)]
    must(len(set(found)) == len(found), "two commands have the same identifier")
