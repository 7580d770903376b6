"""The core's part in claims, for a lane that has its codes in memory: it grants every claim at once (design §3)."""

from __future__ import annotations

from collections.abc import Callable

from lane_agent.effects import Claim, GiveBack
from lane_agent.events import ClaimAnswered, Event


def granted(order: Claim, *, epoch: str, version: int = 1) -> ClaimAnswered:
    """What a core answers that knows of no other claim."""
    return ClaimAnswered(order.visit, order.claim, order.ubrs, epoch, version)


class GrantingCore:
    """Half of `lane_agent.ports.CodeBook`, for a code book in memory to build on.

    Attributes:
        tell: takes the answers, once there is a lane to take them.
        epoch: of the core's log, which the answers of the code book name too.
    """

    tell: Callable[[Event], object] | None = None
    epoch = "epoch"

    def claim(self, order: Claim) -> None:
        """Granted."""
        if self.tell is not None:
            self.tell(granted(order, epoch=self.epoch))

    def give_back(self, order: GiveBack) -> None:
        """Nothing to be done: nobody else asks here."""
