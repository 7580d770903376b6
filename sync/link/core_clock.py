"""Whether the core's time can be believed: compared with this box's monotonic clock, and its UTC where that is kept.

Rules of this file:
- A proof's time was read after its nonce was sent and before the proof came. That bounds how far the core's clock is
  ahead of the monotonic one; the slower the proof, the wider, so that no slow line looks like a wrong clock.
- The next proof must lie, within `clock_ms`, where the proofs before it allow, widened by what two crystals drift.
  Bounds are kept over all proofs, not from one to the next: a clock that runs away slowly is found too.
- Where a time source keeps this box's UTC, that is the second witness, and what it says is expected, also of the very
  first proof. It ends a doubt when it agrees, and begins one when it does not.
- What is doubted moves nothing: the core's time is carried on from the last proof believed, and so is what is expected.
- What is expected is made durable before a lane acts on its first believed proof, and again now and then: an agent that
  restarts while the machine, and so its monotonic clock, runs on still expects it.
- Without that witness the first proof since the machine's start is believed: there is nothing to compare it with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sync.link.freshness import Proof
from sync.link.limits import Limits

_NS = 1_000_000  # a millisecond; and one millisecond at one millionth is one nanosecond
_KEEP_MS = 600_000  # what is kept is renewed this often: ten minutes more of drift are 120 ms
_MOVED_MS = 1_000  # and when what is expected has moved so far away from it


@dataclass(frozen=True, slots=True)
class CoreTime:
    """The core's time: not before `ms`, not after `ms + slack_ms`."""

    ms: int
    slack_ms: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far a clock is ahead of this box's monotonic one: between `low` and `high` ns, as of `at_ms` by the latter."""

    low: int
    high: int
    at_ms: int

    @classmethod
    def of(cls, proof: Proof) -> Self:
        """By a proof."""
        core = proof.heartbeat.core_ms
        return cls((core - proof.received_ms) * _NS, (core - proof.sent_ms) * _NS, proof.received_ms)

    def later(self, now: int, ppm: int) -> Ahead:
        """The same, drifted apart since."""
        drift = (now - self.at_ms) * ppm
        return Ahead(self.low - drift, self.high + drift, now)

    def beyond(self, other: Ahead) -> int:
        """Milliseconds from the other to this: 0 where they meet, less than 0 where this is behind."""
        return (max(0, self.low - other.high) + min(0, self.high - other.low)) // _NS

    def nearest(self, other: Ahead) -> Ahead:
        """What both allow; where they do not meet, the edge of this one that is next to the other."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        if low <= high:
            return Ahead(low, high, self.at_ms)
        edge = self.high if other.low > self.high else self.low
        return Ahead(edge, edge, self.at_ms)


class CoreClock:
    """The core's time, as far as it can be believed.

    Args:
        limits: `clock_ms` and `drift_ppm`.
        kept: what was made durable since this machine's start, by an earlier run of the agent.

    Attributes:
        doubt: why what the core says is not believed, for a technician; "" if it is.
    """

    def __init__(self, limits: Limits, kept: Ahead | None = None) -> None:
        self._limits = limits
        self._utc_ahead: int | None = None
        self._expected = self._kept = kept
        self._believed: Proof | None = None
        self.doubt = ""

    def set_utc(self, utc_ms: int | None, now: int) -> None:
        """This box's own UTC, None unless a time source keeps it; good until said again."""
        self._utc_ahead = None if utc_ms is None else utc_ms - now

    def on_proof(self, proof: Proof) -> str:
        """A proof came. Returns what people should know of a step of the core's clock that the witness confirms."""
        said, now = Ahead.of(proof), proof.received_ms
        held = self._held(now)
        witness = None if self._utc_ahead is None else Ahead(self._utc_ahead * _NS, self._utc_ahead * _NS, now)
        against = witness or held
        off = 0 if against is None else said.beyond(against)
        if abs(off) > self._limits.clock_ms:
            self._expected = witness or self._expected
            self.doubt = _words(off, witnessed=witness is not None)
            return ""
        self.doubt, self._believed = "", proof
        self._expected = witness or (said if held is None else held.nearest(said))
        step = 0 if held is None else said.beyond(held)
        return _step(step) if abs(step) > self._limits.clock_ms else ""

    def _held(self, now: int) -> Ahead | None:
        return None if self._expected is None else self._drifted(self._expected, now)

    def _drifted(self, ahead: Ahead, now: int) -> Ahead:
        return ahead.later(now, 2 * self._limits.drift_ppm)

    def due(self, now: int) -> Ahead | None:
        """What is expected, if that should be made durable now; then call `on_kept`."""
        held, kept = self._held(now), self._kept
        if held is None or kept is None:
            return held
        moved = abs(held.beyond(self._drifted(kept, now))) > _MOVED_MS  # by a witness, or slowly by time services
        return held if moved or now - kept.at_ms >= _KEEP_MS else None

    def on_kept(self, ahead: Ahead) -> None:
        """This is durable."""
        self._kept = ahead

    def time(self, now: int) -> CoreTime | None:
        """The core's time by the last proof believed, plus monotonic (design §2.12); None if there never was one."""
        proof = self._believed
        if proof is None:
            return None
        since = now - proof.received_ms
        drift = since * self._limits.drift_ppm // 1_000_000
        return CoreTime(proof.heartbeat.core_ms + since - drift, proof.received_ms - proof.sent_ms + 2 * drift)


def _words(off_ms: int, *, witnessed: bool) -> str:
    where = f"the core's clock is {_span(off_ms)} {'ahead of' if off_ms > 0 else 'behind'}"
    if witnessed:
        return f"{where} this box's, which a time source keeps: look at both (chronyc tracking, timedatectl)"
    return (
        f"{where} what its earlier proofs and the time since give: look at its time service (chronyc tracking); "
        "if the core is right now and was wrong before, restart this machine"
    )


def _step(off_ms: int) -> str:
    how = "forward" if off_ms > 0 else "back"
    return f"the core's clock went {_span(off_ms)} {how}, and this box's own, which a time source keeps, agrees with it"


def _span(ms: int) -> str:
    seconds = (abs(ms) + 500) // 1_000
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7_200 else f"{seconds // 3_600} h {seconds // 60 % 60} min"
