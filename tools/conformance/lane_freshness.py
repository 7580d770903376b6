"""A lane's clauses: without a proof of now, or with one of a wrong time, it is not fresh, whatever a broker hands it.

Seen by the fact `manual` of up/state, one word for each reason for which the lane is in manual mode; a core's time that
is not believed may be told by a word under `faults` as well.
"""

from __future__ import annotations

from collections.abc import Callable

from tools.conformance.clauses import Chapter, Unseen, must
from tools.conformance.fake_core import CorePlayed
from wire.codec import encode
from wire.messages import Nonce

chapter: Chapter[CorePlayed] = Chapter("Freshness")

_JUMP_MS = 10 * 60_000


def _manual(core: CorePlayed) -> frozenset[str]:
    facts = core.facts()
    return frozenset(facts.manual if facts is not None else ())


def _goes_manual(core: CorePlayed, meanwhile: Callable[[], None], why: str) -> None:
    """Honest proofs stop; `meanwhile` is done four times a nonce; a new reason for manual mode must come in time."""
    if core.facts() is None:
        raise Unseen("the lane has published no state; its mode cannot be seen")
    core.pump(2 * core.pace.nonce)
    before = _manual(core)
    core.proving = False
    step, limit = core.pace.nonce / 4, core.pace.offline + 2 * core.pace.nonce + core.pace.quiet
    waited = 0.0
    while waited < limit and _manual(core) <= before:
        meanwhile()
        core.pump(step)
        waited += step
    seen = _manual(core) - before
    must(
        seen, f"{why}: no new reason for manual mode within {limit:g} s (it has: {', '.join(sorted(before)) or 'none'})"
    )
    core.proving = True
    core.until(lambda: not _manual(core) & seen, "with proofs again, the lane does not end manual mode by itself")


@chapter("L40", "Without any proof for 5 s the lane is in manual mode, and leaves it by itself when proofs come again.")
def silence(core: CorePlayed) -> None:
    """No proofs; the connection is as good as ever."""
    _goes_manual(core, lambda: None, "no proof came")


@chapter("L41", "A proof of an earlier nonce is worthless, though it is signed: it keeps nothing fresh.")
def replayed(core: CorePlayed) -> None:
    """The last proofs again and again."""
    core.next_nonce(2)
    old = core.proofs[-3:]

    def replay() -> None:
        for beat in old:
            core.say(core.topics.heartbeat, beat, qos=0)

    _goes_manual(core, replay, "old proofs were replayed")


@chapter("L42", "A proof by another key under the core's name keeps nothing fresh.")
def forged(core: CorePlayed) -> None:
    """Each nonce is answered at once, by a stranger."""
    answered: set[bytes] = set()

    def forge() -> None:
        for nonce in _new(core, answered):
            topic = core.topics.heartbeat
            core.send(topic, core.stranger.seal(topic, encode(core.beat(nonce))), qos=0)

    _goes_manual(core, forge, "proofs were forged")


@chapter("L43", "A proof is as old as the nonce it answers: one that comes 5 s late keeps nothing fresh.")
def late(core: CorePlayed) -> None:
    """Every nonce is answered, honestly signed, and handed over late, as a lying broker would."""
    waiting: list[tuple[int, Nonce]] = []
    answered: set[bytes] = set()
    turns = 0

    def hold_back() -> None:
        nonlocal turns
        turns += 1
        waiting.extend((turns, nonce) for nonce in _new(core, answered))
        late_by = int(core.pace.offline / (core.pace.nonce / 4)) + 1
        for turn, nonce in list(waiting):
            if turns - turn >= late_by:
                waiting.remove((turn, nonce))
                core.say(core.topics.heartbeat, core.beat(nonce), qos=0)

    _goes_manual(core, hold_back, "proofs came late")


@chapter(
    "L44", "A core whose time jumps is not believed: the state says so, until the time in its proofs is right again."
)
def jumped(core: CorePlayed) -> None:
    """Every nonce is answered at once, for the rows held; the time in the answers is ten minutes ahead, then right."""
    if core.facts() is None:
        raise Unseen("the lane has published no state; what it makes of a wrong time cannot be seen")
    core.next_nonce(2)
    before = _words(core)
    core.ahead_ms = _JUMP_MS
    core.until(
        lambda: _words(core) - before,
        "proofs were ten minutes ahead: no new word under `manual` or `faults`",
        core.pace.offline + 2 * core.pace.nonce + core.pace.quiet,
    )
    seen = _words(core) - before
    core.ahead_ms = 0
    core.until(lambda: not _words(core) & seen, "with the right time again, the lane does not end it by itself")


def _words(core: CorePlayed) -> frozenset[str]:
    facts = core.facts()
    return _manual(core) | frozenset(facts.faults if facts is not None else ())


def _new(core: CorePlayed, answered: set[bytes]) -> list[Nonce]:
    """Nonces that were not answered yet."""
    found = [nonce for nonce in core.nonces()[-20:] if nonce.nonce not in answered and not _proved(core, nonce)]
    answered.update(nonce.nonce for nonce in found)
    return found


def _proved(core: CorePlayed, nonce: Nonce) -> bool:
    return any(beat.nonce == nonce.nonce for beat in core.proofs[-30:])
