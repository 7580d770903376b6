"""Who is on shift at the wall: it begins and ends by that person's own click, and both are written down, here and by the core.

Rules of this file:
- A shift is told, not asked for: nobody's rights depend on it, so no forgotten click keeps an officer from a vehicle.
- Whoever goes leaves nothing in their name: what they have taken is handed over or given back before.
- It is durable here before anybody sees it. The core is told after that, in the order in which it happened, and again until it has
  answered: with the core away shifts begin and end as ever. A row that it did not confirm may stand there twice, with the same time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from wall.errors import ShiftRefusedError
from wall.history import WallHistory, WorkedShift
from wall.needs import NeedBook
from wall.orders import CoreAwayError, CoreLine
from wall.present import Plain

log = logging.getLogger("rocars.wall")

_COUNTS_MS = 1_800_000
"""Whoever worked this long of a shift of the day, or half of their own time, was on it."""


class ShiftDesk:
    """The shifts of one wall.

    Args:
        history: where they are written down; those that last there go on.
        book: the queue, which says what somebody still has.
        shown: how others see a login.
        now_ms: UTC ms.
    """

    def __init__(
        self, history: WallHistory, book: NeedBook, *, shown: Callable[[str], str], now_ms: Callable[[], int]
    ) -> None:
        self._history, self._book, self._shown, self._now_ms = history, book, shown, now_ms
        self.on = {one.who: one for one in history.shifts_on()}
        self._refused = ""

    def begin(self, who: str) -> WorkedShift:
        """Somebody begins their shift.

        Raises:
            ShiftRefusedError: they are on shift.
            StoreError: it could not be written down; nothing has changed.
        """
        if who in self.on:
            raise ShiftRefusedError("You are on shift already.")
        self.on[who] = found = self._history.begin_shift(who, self._shown(who), self._now_ms())
        return found

    def end(self, who: str, note: str) -> None:
        """Somebody ends their shift, with a note for whoever comes next.

        Raises:
            ShiftRefusedError: they are not on shift, or have still taken something.
            StoreError: it could not be written down; nothing has changed.
        """
        if who not in self.on:
            raise ShiftRefusedError("You are not on shift.")
        if mine := sum(need.taken_by == who for need in self._book.open.values()):
            raise ShiftRefusedError(f"You still have {mine} taken: hand over or give back each of them first.")
        self._history.end_shift(self.on[who].number, self._now_ms(), note.strip())
        del self.on[who]

    def handover(self) -> list[WorkedShift]:
        """The shifts that ended last, with what they left to be known, the last first."""
        return self._history.last_shifts()

    def worked(self, since_ms: int, until_ms: int) -> list[WorkedShift]:
        """Who was on shift at some moment of that time; one that lasts ends now, for whoever counts."""
        return self._history.shifts(since_ms, until_ms)

    def view(self) -> list[Plain]:
        """Who is on shift, as plain data, in the order in which they began."""
        return [{"who": one.who, "shown": one.shown, "since_ms": one.began_ms} for one in self.on.values()]

    async def tell(self, core: CoreLine) -> None:
        """Tells the core what it does not know yet; what it refuses is said in the log once, and asked again later."""
        for shift in self._history.untold_shifts():
            ended = bool(shift.ended_ms)
            about = {"act": "ended", "at_ms": shift.ended_ms, "note": shift.note} if ended else {"act": "begun"}
            told: Plain = {"do": "tell_shift", "who": shift.who, "shown": shift.shown, "at_ms": shift.began_ms, **about}
            try:
                answer = await core.ask(told)
            except CoreAwayError:
                return
            if not answer.problems:
                self._history.shift_told(shift)
            elif self._refused != (why := "; ".join(answer.problems)):
                self._refused = why
                log.warning("the core does not write down the shift of %s: %s", shift.who, why)


def names_between(shifts: Iterable[WorkedShift], since_ms: int, until_ms: int, now_ms: int) -> list[str]:
    """Who was on shift between two moments, each once: for half an hour of it, or for half of their own time (pure)."""
    found: dict[str, str] = {}
    for one in shifts:
        ended = one.ended_ms or now_ms
        there = min(ended, until_ms) - max(one.began_ms, since_ms)
        if there > 0 and (there >= _COUNTS_MS or 2 * there >= ended - one.began_ms):
            found[one.who] = one.shown
    return list(found.values())
