"""A core's clauses: the log."""

from __future__ import annotations

import secrets

from tools.conformance.clauses import Chapter, ClauseBroken, Unseen, must
from tools.conformance.fake_lane import LanePlayed
from wire.codec import encode
from wire.messages import Delta, Deltas, DeltasAsked, DeltasShown, SnapshotPart, SnapshotWanted
from wire.topics import LOG

chapter: Chapter[LanePlayed] = Chapter("The list")


@chapter("C20", "A snapshot comes in parts numbered through, all of one head, and its rows have the signed state hash.")
def snapshot(lane: LanePlayed) -> None:
    """Loaded as a lane would."""
    lane.follow()


@chapter("C21", "The head in the proofs is the head of the log.")
def heads_agree(lane: LanePlayed) -> None:
    """A snapshot between two equal proofs is of that head."""
    for _ in range(5):
        before = lane.proof()
        lane.follow()
        after = lane.proof()
        if (before.epoch, before.version) == (after.epoch, after.version):
            head = (lane.held.epoch, lane.held.version, lane.held.state_hash)
            must(head == (after.epoch, after.version, after.state_hash), "snapshot and proof name different heads")
            return
    raise Unseen("the list changes with every proof; try again on a core that is at rest")


@chapter(
    "C22",
    "A change is published as the next delta: contiguous, chained, with the state hash of all rows; then proved. A row leaves "
    "by a delta that forgets it, and none does that could still stop somebody.",
)
def published(lane: LanePlayed) -> None:
    """The list is made to grow, and followed."""
    lane.follow()
    newest = lane.grow()
    lane.pump(lane.pace.quiet)
    newest = max([newest, *(version for epoch, version in lane.bodies if epoch == lane.held.epoch)])
    while lane.held.version < newest:
        body = lane.bodies.get((lane.held.epoch, lane.held.version + 1))
        if body is None:
            raise ClauseBroken(f"version {newest} was published, and {lane.held.version + 1} was not")
        lane.held.take(body)
    said = [one for one in lane.said if isinstance(one.body, Delta)]
    must(all(one.heard.qos == 1 for one in said), "a delta has another QoS than 1")
    must(lane.proof().version >= newest, "a delta was published that the proofs do not yet know")


@chapter(
    "C23", "Who asks from a version of the log gets the deltas that follow, contiguous and chained, or a snapshot."
)
def from_a_version(lane: LanePlayed) -> None:
    """Three changes behind."""
    lane.follow()
    held = lane.held.version
    for _ in range(3):
        lane.grow()
    lane.proof()
    answers = lane.ask(lane.deltas_wanted())
    _taken(lane, answers)
    must(lane.held.version >= held + 3, f"asked from version {held}, and got only to {lane.held.version}")
    head = lane.proof()
    must(
        (lane.held.version, lane.held.state_hash) == (head.version, head.state_hash), "the deltas do not reach the head"
    )


def _taken(lane: LanePlayed, answers: list[Deltas | SnapshotPart]) -> None:
    parts = [one for one in answers if isinstance(one, SnapshotPart)]
    if parts:
        lane.held.load(parts)
    for one in answers:
        for payload in one.payloads if isinstance(one, Deltas) else ():
            lane.held.take(lane.trusted(LOG, payload))


@chapter("C24", "Who is at the head and asks is answered: with no deltas, or with a snapshot of that head.")
def at_the_head(lane: LanePlayed) -> None:
    """Nothing follows."""
    lane.follow()
    lane.proof()
    _taken(lane, lane.ask(lane.deltas_wanted()))


def _whole(lane: LanePlayed, what: str, **changes: object) -> None:
    answers = lane.ask(lane.deltas_wanted(**changes))
    must(all(isinstance(one, SnapshotPart) for one in answers), f"{what} is answered with deltas")
    lane.held.load([one for one in answers if isinstance(one, SnapshotPart)])


@chapter("C25", "Who asks from another epoch, another chain value or a version to come gets a snapshot, never deltas.")
def other_history(lane: LanePlayed) -> None:
    """Each of the three."""
    lane.follow()
    _whole(lane, "another epoch", epoch=secrets.token_hex(8))
    _whole(lane, "another chain value", log_hash=secrets.token_bytes(32))
    _whole(lane, "a version to come", version=lane.held.version + 1_000)


@chapter("C26", "A request by another key is not answered.")
def forged(lane: LanePlayed) -> None:
    """Under the lane's key's name."""
    request, topic = SnapshotWanted(lane=lane.lane, request=secrets.token_hex(8), reason="forged"), lane.topics.request
    start = lane.mark()
    lane.send(topic, lane.stranger.seal(topic, encode(request)))
    lane.quiet()
    answers = [one for one in lane.all_of(SnapshotPart, start) if one.request == request.request]
    must(not answers, "a forged request was answered")


@chapter(
    "C27",
    "A lane that names a later version than is here is proved nothing and asked to show the signed deltas; shown none, it "
    "stays so, and a lane at the head is proved as ever.",
)
def claimed(lane: LanePlayed) -> None:
    """What a lane claims proves nothing, neither to it nor against the core."""
    lane.follow()
    start = lane.mark()
    nonce = lane.nonce(version=lane.held.version + 1_000)
    lane.send_nonce(nonce)
    lane.until(lambda: lane.all_of(DeltasAsked, start), "a lane that names a later version is not asked for it")
    asked = lane.all_of(DeltasAsked, start)[-1]
    must(asked.epoch == lane.held.epoch, "the core asks for deltas of another epoch")
    must(asked.version >= lane.held.version, "the core asks for deltas that it has")
    must(lane.answer_to(nonce) is None, "a lane that names a later version is proved something")
    body = DeltasShown(lane=lane.lane, request=asked.request, epoch=asked.epoch, payloads=())
    lane.say(lane.topics.shown, body)
    again = lane.nonce(version=lane.held.version + 1_000)
    lane.send_nonce(again)
    lane.quiet()
    must(lane.answer_to(again) is None, "a claim was believed without a delta")
