"""The line below the panel's message, as officers at the centre ordered it: which one stands, for whom, until when.

Rules of this file:
- One at a time; a newer one takes its place. It ends with its time, with the visit it is for, and with this process.
- It decides nothing. Below which messages it may stand is `lane_agent.wording.CARRIES_NOTICE`, which the feed and the panel both
  keep: no order of this file paints 3 or 4 anew, or adds anything to them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from console.ports import NoticeView
from domain.notices import NO_NOTICE, DriverNotice
from lane_agent.effects import TellDriver
from lane_agent.model import Moment
from lane_agent.state import Lane


class NoticeLine:
    """The line of one lane.

    Args:
        show: has the panel show this notice, "" for none.
        now: both clocks.
        moved: something that is shown has changed.
    """

    def __init__(
        self, show: Callable[[str], None], *, now: Callable[[], Moment], moved: Callable[[], None] = lambda: None
    ) -> None:
        self._show, self._now = show, now
        self.moved = moved
        self._end: asyncio.TimerHandle | None = None
        self._visit = 0
        self.shown: NoticeView | None = None

    def order(self, order: TellDriver) -> None:
        """An order of the lane, which has checked it."""
        self._stop()
        if order.notice == NO_NOTICE:
            self._change(None)
            return
        self._visit = order.visit
        until_ms = self._now().utc_ms + order.ms
        self._end = asyncio.get_running_loop().call_later(order.ms / 1_000, self._over)
        self._change(NoticeView(DriverNotice(order.notice), order.issuer, until_ms))

    def stepped(self, lane: Lane) -> None:
        """The lane has stepped: its vehicle may be gone."""
        if self.shown is not None and self._visit and (lane.visit is None or lane.visit.number != self._visit):
            self._over()

    def _over(self) -> None:
        self._stop()
        self._change(None)

    def _stop(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
        self._visit = 0

    def _change(self, shown: NoticeView | None) -> None:
        self.shown = shown
        self._show("" if shown is None else shown.notice.value)
        self.moved()

    def facts(self) -> dict[str, Any]:
        """For the wall of lanes; empty where none stands."""
        shown = self.shown
        return (
            {} if shown is None else {"notice": shown.notice.value, "issuer": shown.issuer, "until_ms": shown.until_ms}
        )
