"""The wall's middle: what the lanes say moves the point, the point moves the queue, both move the browsers and the history.

Rules of this file: what a person does with a need is durable before anybody sees it. What the lanes say is not lost by a
disk that refuses: the queue goes on in memory, and the page says that it is not written down.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from console.officers import OfficerBook
from console.tongues import Both
from runtime.store_errors import StoreError
from wall.feed import WallFeed
from wall.history import WallHistory, WallLook
from wall.needs import Deed, Need, NeedBook
from wall.point import Heard, LaneSeen, Point
from wall.present import Plain, need_plain, tile
from wall.settings import WallSettings
from wall.shifts import ShiftDesk

log = logging.getLogger("rocars.wall")

_UNHEARD_MS = 10_000
"""A lane of which nothing was heard for so long since a broker was found is one that is not heard."""


class WallDesk:
    """One control point.

    Args:
        settings: of the wall.
        history: where it is written down.
        officers: who is called how.
        now_ms: UTC ms.
    """

    def __init__(
        self, settings: WallSettings, *, history: WallHistory, officers: OfficerBook, now_ms: Callable[[], int]
    ) -> None:
        self.settings = settings
        self.history = history
        self.officers = officers
        self.now_ms = now_ms
        self.lanes = {lane.id: lane for lane in settings.lanes}
        self.point = Point(self.lanes)
        self.book = NeedBook(settings.queue.limit_ms, history.takers())
        self.shifts = ShiftDesk(history, self.book, shown=officers.shown, now_ms=now_ms)
        self.feed = WallFeed(self.view)
        self.brokers: Callable[[], dict[str, bool]] = dict
        self.core_away: Callable[[], str] = str
        self.trouble = ""
        self._cameras: dict[str, list[Plain]] = {}
        for camera in settings.cameras:
            for lane in camera.lanes:
                self._cameras.setdefault(lane, []).append({"name": camera.name, "says": camera.shown})
        self._connected_ms = 0
        self._tiles: dict[str, Plain] = {}
        self._needs: dict[str, tuple[Need, Plain]] = {}
        self._shown: dict[str, str] = {}
        self._about: Plain = {}

    # --- what the lanes say --------------------------------------------------------------------------------------------

    def lane_moved(self, lane: str) -> None:
        """Something of a lane has changed."""
        self._tiles.pop(lane, None)
        self._follow(self.point.lanes[lane])
        self.feed.moved()

    def brokers_moved(self) -> None:
        """A broker was found or lost."""
        self._connected_ms = self.now_ms() if any(self.brokers().values()) else 0
        self.feed.moved()

    def tick(self) -> None:
        """Once a second: what only the passing of time changes."""
        now = self.now_ms()
        if self._connected_ms and now - self._connected_ms >= _UNHEARD_MS:
            for seen in self.point.lanes.values():
                if seen.heard is Heard.UNKNOWN:
                    self._follow(seen)
        self._shown.clear()  # the officers' file may have changed
        if deeds := self.book.escalate(now):
            self._write(deeds)
        self.feed.moved()

    def _follow(self, seen: LaneSeen) -> None:
        deeds = self.book.follow(seen, self.now_ms())
        if deeds:
            self._write(deeds)

    def _write(self, deeds: list[Deed]) -> None:
        try:
            self.history.write_deeds(deeds)
            self.trouble = ""
        except StoreError as error:
            if not self.trouble:
                log.error("the wall cannot write down what happens: %s", error)  # noqa: TRY400
            self.trouble = str(error)

    # --- what people do --------------------------------------------------------------------------------------------------

    def take(self, key: str, who: str, *, had: str) -> Need:
        """An officer takes a need.

        Raises:
            NeedRefusedError: it is over, or somebody has taken it meanwhile.
            StoreError: it could not be written down; nothing has changed.
        """
        return self._do(key, lambda: self.book.take(key, who, had=had, now_ms=self.now_ms()))

    def hand(self, key: str, who: str, to: str) -> Need:
        """An officer hands a need over, or back to the queue with `to` "".

        Raises:
            NeedRefusedError: it is over, or not theirs.
            StoreError: it could not be written down; nothing has changed.
        """
        return self._do(key, lambda: self.book.hand(key, who, to, now_ms=self.now_ms()))

    def _do(self, key: str, deed: Callable[[], list[Deed]]) -> Need:
        before = self.book.open.get(key)
        deeds = deed()
        try:
            self.history.write_deeds(deeds)
        except StoreError:
            if before is not None:
                self.book.open[key] = before
            raise
        self.feed.moved()
        return self.book.open[key]

    def look(self, who: str, what: str, lane: str = "", detail: str = "") -> None:
        """Writes down that somebody looked at something (domain §8).

        Raises:
            StoreError: it is not written down: then nothing is to be shown.
        """
        self.history.write_look(WallLook(self.now_ms(), who, what, lane, detail))

    # --- what is shown -----------------------------------------------------------------------------------------------------

    def view(self) -> dict[str, dict[str, Plain]]:
        """Everything, as plain data; what has not changed is the same object as before."""
        for name, seen in self.point.lanes.items():
            if name not in self._tiles:
                place = self.lanes[name]
                group = Both(place.group, place.group_chinese or place.group)
                self._tiles[name] = tile(seen, group) | {
                    "page": self._page_of(name),
                    "cameras": self._cameras.get(name, []),
                }
        return {
            "tiles": dict(self._tiles),
            "needs": self._queue(),
            "point": {"point": self._point()},
        }

    def _page_of(self, name: str) -> str:
        """Where a browser goes to see the lane's own page: through a ticket where this wall has a key."""
        page = self.lanes[name].page or ""
        return f"/lanes/{name}/enter" if page and self.settings.wall.page_key else page

    def _queue(self) -> dict[str, Plain]:
        names = self._names()
        fresh: dict[str, tuple[Need, Plain]] = {}
        for key, need in self.book.open.items():
            known = self._needs.get(key)
            fresh[key] = known if known is not None and known[0] is need else (need, need_plain(need, names))
        self._needs = fresh
        return {key: plain for key, (_, plain) in fresh.items()}

    def _names(self) -> dict[str, str]:
        who = {need.taken_by for need in self.book.open.values() if need.taken_by}
        for name in who - self._shown.keys():
            self._shown[name] = self.officers.shown(name)
        return self._shown

    def _point(self) -> Plain:
        found: Plain = {"brokers": self.brokers(), "trouble": self.trouble, "core": self.core_away()}
        found["shift"] = self.shifts.view()
        if found != self._about:
            self._about = found
        return self._about
