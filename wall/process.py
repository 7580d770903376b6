"""The running wall: MQTT, the page and the clock around the parts that decide."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable

from console.access import Access
from console.officers import OfficerBook, is_login
from console.server import ConsoleServer
from display.sign_renderer import SignRenderer
from runtime.clocks import monotonic_ms
from runtime.sd_notify import Systemd
from runtime.store_errors import StoreError
from wall.app import WallParts, WallRoutes
from wall.desk import WallDesk
from wall.errors import WallSettingsError
from wall.lane_pages import LanePages
from wall.listening import WallEars, lane_rings
from wall.oidc import OidcClient
from wall.orders import CoreLine
from wall.past import PastDesk
from wall.pictures import PictureBoard
from wall.settings import WallSettings
from wall.store import WallStore
from wire.envelope import Signer

log = logging.getLogger("rocars.wall")

_TICK_S = 1.0
_CORE_S = 5.0
_PAST_S = 60.0
"""How long the core may search: it proves signatures of years."""


class WallProcess:
    """One wall.

    Args:
        settings: of it.
        now_ms: UTC ms.

    Raises:
        WallSettingsError: a lane has no key.
        StoreError: the store cannot be used.
    """

    def __init__(self, settings: WallSettings, *, now_ms: Callable[[], int]) -> None:
        rings = lane_rings(settings.wall.lane_keys, [lane.id for lane in settings.lanes])
        self.store = WallStore(settings.wall.store)
        officers = OfficerBook(settings.page.officers)
        self.desk = WallDesk(settings, history=self.store, officers=officers, now_ms=now_ms)
        self.ears = WallEars(
            settings.brokers,
            name=settings.wall.name,
            rings=rings,
            point=self.desk.point,
            now_ms=now_ms,
            moved=self.desk.lane_moved,
            brokers_moved=self.desk.brokers_moved,
        )
        self.desk.brokers = lambda: self.ears.brokers
        self.core = CoreLine(settings.core)
        self.desk.core_away = lambda: self.core.away
        self.painter = SignRenderer(simulated=False)
        self.pictures = PictureBoard()
        access = Access(settings=settings.page, officers=officers, ticks=monotonic_ms, lane=settings.wall.name)
        self.past = PastDesk(CoreLine(settings.core, answer_s=_PAST_S))
        pages = self._pages(settings, now_ms)
        oidc = None if settings.oidc is None else OidcClient(settings.oidc, now_ms=now_ms, is_login=is_login)
        parts = WallParts(
            self.desk, access, self.pictures, self.painter, monotonic_ms, self.core, pages, oidc, self.past
        )
        self.routes = WallRoutes(parts)
        self.server = ConsoleServer(self.routes.app(), self.routes, settings.page)

    def _pages(self, settings: WallSettings, now_ms: Callable[[], int]) -> LanePages | None:
        key = settings.wall.page_key
        if key is None:
            return None
        try:
            signer = Signer.from_pem(settings.wall.name, key.read_bytes())
        except (OSError, ValueError) as error:
            raise WallSettingsError(f"wall.page_key: {key}: {error}") from error
        pages = {lane.id: lane.page for lane in settings.lanes if lane.page}
        authority = settings.wall.pages_authority
        return LanePages(pages, signer=signer, authority=authority, board=self.pictures, now_ms=now_ms)

    async def run(self, ready: Callable[[str], None] = lambda _: None) -> None:
        """Runs until SIGTERM or SIGINT; `ready` is told the page's address.

        Raises:
            ConsoleSettingsError: the page cannot listen.
        """
        over = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        await self.serve(over, ready)

    async def serve(self, over: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Runs until `over` is set."""
        systemd = Systemd.from_environment()
        with contextlib.ExitStack() as stack:
            stack.callback(self.store.close)
            stack.callback(self.painter.close)
            address = self.server.bind()
            stack.callback(self.server.close)
            self.ears.start()
            serving = asyncio.create_task(self.server.serve(), name="page")
            beside = [asyncio.create_task(self._ask_core(), name="core")]
            if self.routes.parts.pages is not None:
                beside.append(asyncio.create_task(self.routes.parts.pages.run(), name="pictures"))
            for task in beside:
                stack.callback(task.cancel)
            await self.server.ready()
            systemd.ready(f"{address}, {len(self.desk.lanes)} lanes")
            ready(address)
            await self._until(over, serving, beside, systemd)

    async def _ask_core(self) -> None:
        """Whether the core answers is known before somebody needs it; and it learns who is on shift."""
        while True:
            await self.core.ask_status()
            with contextlib.suppress(StoreError):  # the head says that the wall cannot write
                await self.desk.shifts.tell(self.core)
            await asyncio.sleep(_CORE_S)

    async def _until(
        self, over: asyncio.Event, serving: asyncio.Task[None], beside: list[asyncio.Task[None]], systemd: Systemd
    ) -> None:
        try:
            while not over.is_set() and not serving.done():
                self.ears.check()
                self.desk.tick()
                systemd.feed()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_TICK_S):
                        await over.wait()
        finally:
            systemd.stopping()
            self.server.stop()
            for task in beside:
                task.cancel()
            self.past.line.close()  # a page that waits for a long search does not hold up the end
            await asyncio.gather(serving, self.ears.stop(), *beside, return_exceptions=True)
            await asyncio.gather(self.core.hang_up(), self.past.line.hang_up())  # when nobody asks any more
