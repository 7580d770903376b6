"""A lane's clauses: the claim of bundles before a release."""

from __future__ import annotations

import secrets
from typing import Any

from tools.conformance.clauses import Chapter, Unseen, must
from tools.conformance.fake_core import CorePlayed
from wire.codec import encode
from wire.messages import ClaimAnswer, ClaimWanted

chapter: Chapter[CorePlayed] = Chapter("Claims")

_AGAIN = 3
"""So many repetitions show that a claim is still asked for."""


def _made(core: CorePlayed) -> ClaimWanted:
    """A claim that the lane makes and that is not answered.

    Raises:
        Unseen: it makes none.
    """
    core.granting = False
    start = core.mark()
    core.poke_once()
    if not core.wait(lambda: core.all_of(ClaimWanted, start), core.pace.patience / 3):
        raise Unseen("needs a claim; let the command of --poke bring a vehicle with a released bundle into the lane")
    return core.all_of(ClaimWanted, start)[-1]


def _repeated(core: CorePlayed, claim: ClaimWanted, otherwise: str) -> None:
    """The lane asks for it again and again."""
    start = core.mark()
    core.until(lambda: core.all_of(ClaimWanted, start).count(claim) >= _AGAIN, otherwise, core.pace.patience / 2)


@chapter("L61", "A claim is repeated, unchanged, within a second, until the core has answered it; then no more.")
def repeated(core: CorePlayed) -> None:
    """First silence, then "granted"."""
    claim = _made(core)
    _repeated(core, claim, "a claim that is not answered is not repeated")
    gap = core.pace.claim * (_AGAIN + 2)
    core.answer_claim(claim)
    core.heard_out()
    start = core.mark()
    core.pump(gap)
    must(claim not in core.all_of(ClaimWanted, start), "a claim that is answered is made again")


@chapter("L62", 'Only the core\'s answer to this very claim, in the epoch of the list, ends it; "wait" does not.')
def others(core: CorePlayed) -> None:
    """Another key, lane, journal, visit, claim, bundle and epoch; and "wait"."""
    claim, topic = _made(core), core.topics.claim_answer
    good = core.claim_answer(claim)
    core.send(topic, core.stranger.seal(topic, encode(good)))
    for changes in _SPOILT:
        core.say(topic, _changed(good, **changes))
    core.heard_out()
    _repeated(core, claim, "an answer that is not the core's to this claim ended it")
    core.answer_claim(claim)


_SPOILT: tuple[dict[str, Any], ...] = (
    {"lane": "kit-other-lane"},
    {"journal": secrets.token_hex(8)},
    {"visit": 2**40},
    {"claim": 2**40},
    {"ubrs": ("K-another",)},
    {"epoch": secrets.token_hex(8)},
    {"state": "wait", "detail": "conformance kit"},
)


def _changed(answer: ClaimAnswer, **fields: Any) -> ClaimAnswer:
    return ClaimAnswer(**({name: getattr(answer, name) for name in answer.__struct_fields__} | fields))
