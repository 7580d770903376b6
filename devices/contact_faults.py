"""Why contacts and signals cannot be trusted: one fault of the lane for all that carries them, with every cause by its name."""

from __future__ import annotations

from collections.abc import Callable

from lane_agent.events import FaultCleared, FaultRaised
from lane_agent.model import Fault


class ContactFaults:
    """The causes of `Fault.CONTACTS` that stand now. The board and Immigration's terminal share one of these.

    One fault event per change of causes: the same cause is not repeated (a repeated alarm floods the centre), and the fault
    is over with the last of them.
    """

    def __init__(self) -> None:
        self._causes: dict[str, str] = {}
        self._tell: Callable[[FaultRaised | FaultCleared], None] = lambda _: None

    @property
    def causes(self) -> dict[str, str]:
        """What is wrong, by its name."""
        return dict(self._causes)

    def told_to(self, tell: Callable[[FaultRaised | FaultCleared], None]) -> None:
        """From now on changes are told to `tell`."""
        self._tell = tell

    def blame(self, who: str, why: str) -> None:
        """`who` is at fault, for this reason."""
        if self._causes.get(who) != why:
            self._causes[who] = why
            self._tell(FaultRaised(fault=Fault.CONTACTS, detail="; ".join(self._causes.values())))

    def forgive(self, who: str) -> None:
        """`who` works again."""
        if self._causes.pop(who, None) is not None and not self._causes:
            self._tell(FaultCleared(fault=Fault.CONTACTS))
