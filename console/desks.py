"""Who is deciding what at this moment, and who acted last: what two officers at two pages must know of each other.

Rules of this file: it only tells. Nobody is kept from acting because another has a dialog open: the lane takes the first act
and refuses the second (`lane_agent.acceptance`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

HELD_MS = 5_000
"""A page says every two seconds that its dialog is still open; one that says nothing for so long has closed it."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """An officer has the dialog of `act` open, about this visit. `told_ms` are ticks."""

    officer: str
    act: str
    visit: int
    told_ms: int


@dataclass(frozen=True, slots=True)
class Acted:
    """What an officer did last about a visit, that the lane took. `at_ms` is UTC ms."""

    officer: str
    act: str
    visit: int
    at_ms: int


@dataclass(slots=True)
class Desks:
    """The pages of this lane that have a session, by its token."""

    last: Acted | None = None
    _open: dict[str, Deciding] = field(default_factory=dict)

    def decides(self, session: str, deciding: Deciding | None) -> None:
        """A page opened its dialog, or has it open still; None when it closed it."""
        if deciding is None:
            self._open.pop(session, None)
        else:
            self._open[session] = deciding

    def others(self, session: str, now_ms: int) -> list[Deciding]:
        """What is being decided at the other pages."""
        self._open = {of: one for of, one in self._open.items() if now_ms - one.told_ms < HELD_MS}
        return [one for of, one in self._open.items() if of != session]
