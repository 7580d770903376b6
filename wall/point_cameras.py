"""The point's further cameras: overview, rear, and whatever a site has; each live for all who watch it here.

Rules of this file:
- A camera is opened when somebody begins to look, and let go with the last who does; one connection to it, whatever the number of
  browsers and of lanes that it shows. Beyond that it is as a lane's own camera: the same hub, the same form (`console.live`).
- `MOST_OPEN` cameras at once: each is a process (`wall.camera_child`).
- A camera that refuses the login is left alone for `LOGIN_MS`: asked again and again it would lock the account.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

from console.errors import LiveUnavailableError
from console.live import MANY_WATCH, NO_LIVE, LiveHub
from console.live_line import CANNOT, live_pictures
from console.ports import Ticks
from console.tongues import Both
from runtime.clocks import monotonic_ms
from runtime.live_packets import LivePicture
from wall.camera_words import OPEN, REFUSED
from wall.settings import CameraSection

log = logging.getLogger("rocars.wall")

MOST_OPEN: Final = 6
LOGIN_MS: Final = 60_000
_MOST_WATCHING: Final = 48
_BEATS: Final = 10
"""Seconds for the first picture: a process is started, a camera opened, and its next key frame may be seconds away."""
_OPENS_S: Final = 8.0
_ENDS_S: Final = 3.0

NO_CAMERA: Final = Both("There is no such camera of this lane.", "此通道沒有該鏡頭。")
NOTHING: Final = Both("No picture from this camera: call the technician.", "此鏡頭沒有影像：請通知技術員。")
LOGIN: Final = Both(
    "This camera refuses the wall's login: call the technician.", "此鏡頭拒絕總覽系統登入：請通知技術員。"
)
CODING: Final = Both(
    "This camera's video is not H.264, which browsers need: call the technician.",
    "此鏡頭的影像並非瀏覽器所需的 H.264：請通知技術員。",
)
CROWDED: Final = Both("Too many watch this camera now.", "即時觀看此鏡頭的人數過多。")
TOO_MANY: Final = Both(
    "As many further cameras are open as this wall takes at once: close another first.",
    "已開啟的附加鏡頭達到上限：請先關閉其他鏡頭。",
)


class PointCameras:
    """The further cameras of a point.

    Args:
        cameras: of the settings.
        ticks: monotonic ms, by which a camera's process dates its pictures.
    """

    def __init__(self, cameras: Sequence[CameraSection], *, ticks: Ticks = monotonic_ms) -> None:
        self._cameras, self._ticks = tuple(cameras), ticks
        self._hubs: dict[int, LiveHub] = {}
        self._refused_ms: dict[int, int] = {}
        self._open = 0

    async def stream(self, lane: str, name: str, goes_on: Callable[[], bool]) -> AsyncIterator[bytes]:
        """The camera of that name of a lane, as `console.live.LiveHub.stream`.

        Raises:
            LiveUnavailableError: there is none, and why.
        """
        number = next((at for at, one in enumerate(self._cameras) if one.name == name and lane in one.lanes), None)
        if number is None:
            raise LiveUnavailableError(NO_CAMERA)
        if number not in self._hubs:
            self._hubs[number] = LiveHub(
                lambda: self._pictures(number), ticks=self._ticks, most=_MOST_WATCHING, beats=_BEATS
            )
        try:
            return await self._hubs[number].stream(goes_on)
        except LiveUnavailableError as error:
            raise LiveUnavailableError(_HERE.get(error.words, error.words)) from error

    async def _pictures(self, number: int) -> AsyncGenerator[LivePicture, None]:
        """What the camera sends, from a process of its own.

        Raises:
            LiveUnavailableError: it refuses the login, its stream cannot be passed on, or too many are open.
            OSError: it does not open, or the stream broke.
        """
        if self._refused_ms.get(number, -LOGIN_MS) + LOGIN_MS > self._ticks():
            raise LiveUnavailableError(LOGIN)
        if self._open >= MOST_OPEN:
            raise LiveUnavailableError(TOO_MANY)
        self._open += 1
        try:
            with tempfile.TemporaryDirectory(prefix="rocars-camera-") as folder:
                place = Path(folder) / "camera.live"
                async with _child(self._cameras[number], place) as child:
                    if not await _opened(child):
                        raise self._why_not(number, child)
                    async for picture in live_pictures(place):
                        yield picture
        finally:
            self._open -= 1

    def _why_not(self, number: int, child: asyncio.subprocess.Process) -> Exception:
        """What a camera did not open for; one that refuses the login is left alone from now on."""
        if child.returncode == REFUSED:
            self._refused_ms[number] = self._ticks()
            return LiveUnavailableError(LOGIN)
        return ConnectionError(f"{self._cameras[number].url}: it did not open")


_HERE: Final[dict[str, str]] = {NO_LIVE: NOTHING, CANNOT: CODING, MANY_WATCH: CROWDED}
"""What a hub says of a lane's camera promises single pictures, which a further camera has none of."""


@contextlib.asynccontextmanager
async def _child(camera: CameraSection, place: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    command = ["--url", camera.url, "--socket", str(place), "--end-with", str(os.getpid())]
    if camera.login_file is not None:
        command += ["--login-file", str(camera.login_file)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wall.camera_child", *command, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield child
    finally:
        await _ended(child)


async def _opened(child: asyncio.subprocess.Process) -> bool:
    """Whether it has said so; where it has ended instead, its status is known."""
    assert child.stdout is not None
    try:
        async with asyncio.timeout(_OPENS_S):
            if (await child.stdout.readline()).decode().strip() == OPEN:
                return True
            await child.wait()
    except TimeoutError:
        pass
    return False


async def _ended(child: asyncio.subprocess.Process) -> None:
    """Ends it, also where whoever waits for that is ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        child.terminate()  # it takes its leave of the camera
    with contextlib.suppress(TimeoutError):
        try:
            async with asyncio.timeout(_ENDS_S):
                await child.wait()
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
