"""What the shell needs from the world, named for the need. Adapters are named for the means and live elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lane_agent.effects import Alarm, Claim, Effect, GiveBack, LookAgain, Record, Ring, Show, TellDriver
from lane_agent.events import Event
from lane_agent.model import Codes, Moment
from lane_agent.state import Lane


class Clock(Protocol):
    """The two clocks of a box. Chosen in composition roots only."""

    def now(self) -> Moment:
        """The present moment."""


class CodeBook(Protocol):
    """The lane's copy of the core's records, and the way to the core for what no copy can say."""

    def look_up(self, vrn: str) -> Codes:
        """Everything known of `vrn` (normalised), with near-misses, link verdict and version.

        Raises:
            OSError: the copy cannot be read.
        """

    def claim(self, order: Claim) -> None:
        """Asks the core, again and again until it answers, whether these bundles are this visit's alone.

        The answer comes as the event `ClaimAnswered`. A newer claim takes the place of an older one.
        """

    def give_back(self, order: GiveBack) -> None:
        """Claim number `order.claim` of this visit is not to be asked for any more; the core learns it from the journal."""


class JournalPort(Protocol):
    """Where every step is made durable before its effects run."""

    def append(self, entry: bytes, *, uses: Sequence[tuple[str, str]] = ()) -> int:
        """Commits one entry (canonical JSON) with the bundles it uses as (UBR, visit key); returns its number.

        Raises:
            OSError: the entry is not durable; the shell must not run its effects.
        """


class ActuatorsPort(Protocol):
    """Everything outside that the lane acts on. No method may block: each passes the order on and returns."""

    def show(self, order: Show) -> None:
        """Paint both screens."""

    def read_plate(self, visit: int) -> None:
        """Begin to settle a read for this visit."""

    def stop_reading(self, visit: int) -> None:
        """Its read is no longer wanted."""

    def look_again(self, order: LookAgain) -> None:
        """Is its plate still in view? The answer comes as the event `PlateSeenAgain`; silence means no."""

    def ring(self, order: Ring) -> None:
        """The intercom."""

    def tell_driver(self, order: TellDriver) -> None:
        """A line on the panel below its message."""

    def raise_alarm(self, alarm: Alarm) -> None:
        """Tell people at the lane; the core learns it from the journal."""

    def keep(self, record: Record) -> None:
        """A record was made; the core learns it from the journal."""

    def stepped(self, event: Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable: pages refresh, the link sends the journal on."""
