"""A lane's clauses: which command from afar is obeyed, and how often."""

from __future__ import annotations

from typing import Any

from tools.conformance.clauses import Chapter, must
from tools.conformance.fake_core import CorePlayed
from wire.codec import encode
from wire.messages import Command

chapter: Chapter[CorePlayed] = Chapter("Commands")

NAME = "message"
"""Words for whoever is at the lane: the one command that every lane can obey at any time, and that changes nothing."""

_MINUTE = 60_000


def _order(core: CorePlayed, **changes: Any) -> Command:
    return core.command(**({"name": NAME, "text": "conformance kit: no action is needed"} | changes))


def _outcomes(core: CorePlayed, command: Command) -> list[str]:
    return [reply.outcome for reply in core.replies(command)]


def _probe(core: CorePlayed) -> None:
    """An honest command, answered: what was sent before it has been judged."""
    probe = _order(core)
    core.say(core.topics.command, probe)
    core.until(lambda: core.replies(probe), "an honest command is not answered")
    core.pump(core.pace.quiet)


def _refused(core: CorePlayed, command: Command, what: str) -> None:
    core.next_nonce()  # the lane knows the core's time from a proof
    core.say(core.topics.command, command)
    core.until(lambda: core.replies(command), f"{what}: no answer")
    _probe(core)
    must(_outcomes(core, command) == ["refused"], f"{what}: answered {_outcomes(core, command)}")
    must(core.replies(command)[0].detail, f"{what}: refused without a reason")


def _not_done(core: CorePlayed, command: Command, what: str) -> None:
    _probe(core)
    must("done" not in _outcomes(core, command), f"{what} was obeyed")


@chapter("L70", "A good command is obeyed and answered `done`, once.")
def good(core: CorePlayed) -> None:
    """Words for the lane."""
    core.next_nonce()
    command = _order(core)
    core.say(core.topics.command, command)
    core.until(lambda: core.replies(command), "a command is not answered")
    core.pump(core.pace.quiet)
    must(
        _outcomes(core, command) == ["done"], f"answered {_outcomes(core, command)}: {core.replies(command)[0].detail}"
    )


@chapter("L71", "A command that comes again is not obeyed again, and not answered again.")
def replayed(core: CorePlayed) -> None:
    """The very same bytes, twice at once, and again when they were answered."""
    core.next_nonce()
    command = _order(core)
    payload = core.signer.seal(core.topics.command, encode(command))
    core.send(core.topics.command, payload)
    core.send(core.topics.command, payload)
    core.until(lambda: core.replies(command), "a command is not answered")
    core.send(core.topics.command, payload)
    _probe(core)
    must(_outcomes(core, command) == ["done"], f"three times the same command was answered {_outcomes(core, command)}")


@chapter("L72", "An expired command is refused, and answered so.")
def expired(core: CorePlayed) -> None:
    """By the core's time as of the last proof."""
    now = core.clock()
    _refused(core, _order(core, issued_ms=now - _MINUTE, expires_ms=now - 1), "an expired command")


@chapter("L73", "A command from the future is refused, and answered so.")
def early(core: CorePlayed) -> None:
    """Issued a minute ahead of the core's time."""
    now = core.clock()
    command = _order(core, issued_ms=now + _MINUTE, expires_ms=now + 2 * _MINUTE)
    _refused(core, command, "a command from the future")


@chapter("L74", "A command issued before the lane's first proof is refused: it may have been obeyed before a restart.")
def before_start(core: CorePlayed) -> None:
    """Issued before this kit came; the lane under test is to be started for the test."""
    now = core.clock()
    command = _order(core, issued_ms=now - 50 * _MINUTE, expires_ms=now + _MINUTE)
    _refused(
        core, command, "a command from 50 minutes ago, before the lane's first proof (was it started for this test?)"
    )


@chapter("L75", "A command that the lane does not know is refused, and answered so.")
def unknown(core: CorePlayed) -> None:
    """A name from the future."""
    _refused(core, _order(core, name="x-open-the-gate"), "an unknown command")


@chapter("L76", "A retained command is not obeyed.")
def retained(core: CorePlayed) -> None:
    """Right in all but the flag."""
    core.next_nonce()
    command = _order(core)
    core.say(core.topics.command, command, retain=True)
    try:
        _not_done(core, command, "a retained command")
    finally:
        core.send(core.topics.command, b"", retain=True)


@chapter("L77", "A command that names another lane is not obeyed, though it is signed for this one.")
def foreign(core: CorePlayed) -> None:
    """Somebody at the core has mixed up two lanes."""
    core.next_nonce()
    command = _order(core, lane="kit-other-lane")
    core.say(core.topics.command, command)
    _not_done(core, command, "a command that names another lane")


@chapter("L78", "A command by another key under the core's name is not obeyed.")
def forged(core: CorePlayed) -> None:
    """Right in all but the key."""
    core.next_nonce()
    command, topic = _order(core), core.topics.command
    core.send(topic, core.stranger.seal(topic, encode(command)))
    _not_done(core, command, "a forged command")


@chapter("L79", "A command that would be good for more than an hour is refused, and answered so.")
def long_lived(core: CorePlayed) -> None:
    """Two hours."""
    _refused(core, _order(core, expires_ms=core.clock() + 120 * _MINUTE), "a command that is good for two hours")


@chapter("L80", "A command with an argument that it does not take is refused, and answered so.")
def strange_argument(core: CorePlayed) -> None:
    """Words for the lane that would revert after a minute."""
    _refused(core, _order(core, revert_ms=_MINUTE), "words with a time to revert")
