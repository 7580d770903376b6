"""A lane's clauses: the core's key is replaced, in three steps, without a pause."""

from __future__ import annotations

import secrets
import time

from tools.conformance.clauses import Chapter, ClauseBroken, must
from tools.conformance.fake_core import CorePlayed
from tools.conformance.fake_log import bundle
from tools.conformance.lane_signatures import told
from wire.codec import encode
from wire.envelope import Signer
from wire.messages import SnapshotWanted
from wire.topics import LOG

chapter: Chapter[CorePlayed] = Chapter("Keys that are replaced")


def _believed(core: CorePlayed, signer: Signer, what: str) -> None:
    """Everything that this core says by a key counts: proofs, deltas, answers."""
    core.signer = signer
    core.grow(bundle(core.number()))
    core.level(f"{what}: the lane does not follow")
    core.stays(what)


def _heeds(core: CorePlayed, signer: Signer) -> bool:
    """Whether the lane believes a proof by that key: another epoch in it makes it ask for a snapshot."""
    core.proving, start = False, core.mark()
    nonce = core.next_nonce(0)
    topic = core.topics.heartbeat
    core.send(topic, signer.seal(topic, encode(core.beat(nonce, epoch="kit-other-epoch"))), qos=0)
    core.heard_out()
    core.next_nonce()
    heeded = bool(core.all_of(SnapshotWanted, start))
    core.proving = True
    core.level()
    return heeded


@chapter("L85", "A further key of the core's, once the lane has it, counts like the first, and the first still counts.")
def added(core: CorePlayed) -> None:
    """The signer changes, and changes back."""
    first, further = core.signer, core.further.signer
    must(not _heeds(core, further), "a key that the lane was not given yet is believed")
    try:
        core.further.have(1)
        _believed(core, further, "signed by the further key")
        _believed(core, first, "signed by the first key, while both count")
    finally:
        core.signer = first
        core.further.have(3)


@chapter("L86", "A key that was taken away from the lane counts no more.")
def taken_away(core: CorePlayed) -> None:
    """The first key, after the further one has taken its place; the command may take a while to have its effect."""
    first, further = core.signer, core.further.signer
    try:
        core.further.have(1)
        core.further.have(2)
        _believed(core, further, "signed by the key that has taken the first one's place")
        end = time.monotonic() + core.pace.patience
        while _heeds(core, first):
            if time.monotonic() > end:
                raise ClauseBroken("a proof signed by a key that was taken away is believed")
        delta = core.log.next(bundle(core.number()))
        core.send(LOG, first.seal(LOG, encode(delta)))
        core.stays("a delta signed by a key that was taken away was applied")
    finally:
        core.signer = first
        core.further.have(1)
        core.further.have(3)


@chapter("L87", "A message by a key whose name the lane does not know is told to people: an alarm in its journal.")
def unknown_name(core: CorePlayed) -> None:
    """A name that nobody has; forged until an alarm comes, as in clause L38."""
    told(core, Signer.generate(f"kit-{secrets.token_hex(4)}"))
