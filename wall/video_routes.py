"""The way into the site's own video system: whoever goes there is written down first, and then sent on.

Rules of this file: the link of a page leads here, and not there, so that no look goes unwritten; where it leads is the settings' alone,
filled with names of this point and times (`wall.video_link`).
- From a page that has locked itself nobody goes to the past, as in `look_pages`.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.access import Access
from console.errors import RequestRefusedError
from console.sessions import Session
from console.tongues import Both
from domain.times import LAST_MS
from wall.desk import WallDesk
from wall.endpoints import Endpoint
from wall.people import May
from wall.video_link import BACK_MS, LANE_CAMERA, video_link


class VideoRoutes:
    """The routes there: of a lane now, and of a past visit."""

    def __init__(self, desk: WallDesk, access: Access) -> None:
        self._desk, self._access = desk, access

    def endpoints(self) -> list[Endpoint]:
        """Both."""
        return [
            Endpoint("/lanes/{lane}/video", May.WATCH, self._lane, page=True),
            Endpoint("/look/video", May.SEARCH, self._visit, page=True),
        ]

    async def _lane(self, request: Request, session: Session) -> Response:
        """The lane's last minute, of the camera that the page shows."""
        now, camera = self._desk.now_ms(), request.query_params.get("camera", "")
        return self._sent(session, request.path_params["lane"], camera=camera, span=(now - BACK_MS, now), about=camera)

    async def _visit(self, request: Request, session: Session) -> Response:
        """A visit, from and to the times that its story gave, UTC ms."""
        if self._access.sessions.locked(session):
            raise RequestRefusedError(423, Both("The page has locked itself.", "頁面已鎖定。"))
        asked = request.query_params
        visit, times = asked.get("visit", ""), [asked.get(name, "") for name in ("from", "to")]
        span = (int(times[0]), int(times[1])) if all(one.isdecimal() and len(one) < 16 for one in times) else None
        return self._sent(session, visit.partition("/")[0], span=span, about=f"{visit} {'/'.join(times)}"[:200])

    def _sent(
        self, session: Session, lane: str, *, span: tuple[int, int] | None, about: str, camera: str = ""
    ) -> Response:
        self._desk.look(session.officer, "video", lane, about)
        where = self._desk.settings.wall
        if not where.video_link:
            said = Both("This wall knows no video system of the site.", "此系統未設定場地錄影系統。")
            raise RequestRefusedError(404, said)
        shows = {one.name for one in self._desk.settings.cameras if lane in one.lanes} | {""}
        if lane not in self._desk.lanes or camera not in shows or span is None or not span[0] <= span[1] <= LAST_MS:
            raise RequestRefusedError(404, Both("There is no such lane, camera or time.", "沒有此通道、鏡頭或時間。"))
        link = video_link(
            where.video_link,
            lane=lane,
            point=where.point,
            camera=camera or LANE_CAMERA,
            from_ms=max(0, span[0]),
            to_ms=span[1],
        )
        return RedirectResponse(link, status_code=303)
