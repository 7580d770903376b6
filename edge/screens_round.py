"""`rocars-lane screens`: every scene on the real outputs in turn, for a technician who stands before them.

Rules of this file:
- It speaks to the screens as the agent does, over the agent's own socket: what is seen is what a driver would see, by the
  same units, fonts, cables and monitors. While an agent runs it has that socket, and this command refuses.
- It refuses unless the lane's own records say that the lane is closed and that no vehicle is in it. With the agent stopped nobody
  watches the loops, so that every sign carries a ribbon: no driver can take one for his own.
- Whatever ends it, the screens hear nobody any more, and show their safe face at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from display.feed import ScreenFeed
from display.settings import ScreensSettings
from display.supervisor import ScreenProcesses
from edge.past_visits import newest_first
from edge.settings.load import Settings
from lane_agent.effects import Show
from lane_agent.model import Screen
from lane_agent.replay import restore
from lane_agent.wording import WORDING, Scene
from sync.journal import Chain
from sync.store import LaneStore

EXAMPLE_TIME = "12-01 04:30"
FOUND_S = 15.0
"""Units are there already; children load their libraries first."""


class ScreensRefusedError(RuntimeError):
    """The scenes may not be shown now, or could not be; the text says what to do."""


def refusal(store: Path) -> str:
    """Why the lane's records forbid it, "" if they do not. A lane that never ran has none.

    Raises:
        StoreError: the records cannot be read.
    """
    if not store.exists():
        return ""
    records = LaneStore(store, read_only=True)
    try:
        lane = restore(newest_first(Chain(records)))
    finally:
        records.close()
    if lane.visit is not None:
        return f"vehicle {lane.visit.number} is in the lane: let it leave, or clear it by hand at the page, then close the lane"
    return (
        "the lane is open: close it at the page first, then stop it (systemctl stop rocars-lane)" if lane.opened else ""
    )


class _Answers:
    """What the screens say: who is there, what each painted, and when."""

    def __init__(self) -> None:
        self.there: set[Screen] = set()
        self.trouble: dict[Screen, str] = {}
        self.painted: dict[tuple[Screen, int], float] = {}
        self._news = asyncio.Event()

    def found(self, screen: Screen) -> None:
        self.there.add(screen)
        self._news.set()

    def lost(self, screen: Screen) -> None:
        self.there.discard(screen)

    def troubled(self, screen: Screen, why: str) -> None:
        self.trouble[screen] = why
        self._news.set()

    def shown(self, screen: Screen, _scene: Scene, serial: int) -> None:
        self.painted[screen, serial] = asyncio.get_running_loop().time()
        self._news.set()

    async def until(self, ready: Callable[[], bool], within_s: float) -> bool:
        """Whether it came true in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not ready():
                    self._news.clear()
                    await self._news.wait()
        return ready()


async def show_all(
    settings: Settings, say: Callable[[str], None], *, seconds: float, scenes: Iterable[Scene] = tuple(Scene)
) -> bool:
    """Shows each scene for so long on both screens, and says how long each took; whether both painted all of them in time.

    Raises:
        ScreensRefusedError: the lane's records forbid it, or a screen is missing.
        SocketUnusableError: an agent has the screens.
        StoreError: the lane's records cannot be read.
    """
    if why := refusal(settings.lane.store):
        raise ScreensRefusedError(why)
    answers, well = _Answers(), True
    async with _feeding(settings.screens, answers) as feed:
        if not await answers.until(lambda: len(answers.there) == len(Screen), FOUND_S):
            missing = ", ".join(screen.value for screen in Screen if screen not in answers.there)
            raise ScreensRefusedError(f"no answer from {missing}: systemctl status 'rocars-lane-screen@*'")
        for serial, scene in enumerate(scenes, 1):
            painted, told = await _show(feed, answers, _order(scene, serial), settings.policy.paint_s)
            say(told)
            well &= painted
            await asyncio.sleep(seconds)
    return well


@asynccontextmanager
async def _feeding(screens: ScreensSettings, answers: _Answers) -> AsyncIterator[ScreenFeed]:
    feed = ScreenFeed(
        screens.socket,
        simulated=True,  # the ribbon
        on_painted=answers.shown,
        on_trouble=answers.troubled,
        on_lost=answers.lost,
        on_found=answers.found,
        silence_s=screens.silent_s,
    )
    children = None if screens.in_units else ScreenProcesses(screens, simulated=True)
    await feed.start()
    try:
        if children is not None:
            await children.start()
        yield feed
    finally:
        if children is not None:
            await children.stop()
        await feed.stop()


async def _show(feed: ScreenFeed, answers: _Answers, order: Show, within_s: float) -> tuple[bool, str]:
    """Whether both screens painted it in time, and what to say of it."""
    began, serial = asyncio.get_running_loop().time(), order.serial
    feed.show(order)
    well = await answers.until(lambda: all((screen, serial) in answers.painted for screen in Screen), within_s)
    times = " ".join(_told(answers, screen, serial, began) for screen in Screen)
    return well, f"{order.xdb.value:18} {WORDING[order.xdb].traditional:24} {times}"


def _order(scene: Scene, serial: int) -> Show:
    """As the lane orders it: Immigration's turn is the board's alone."""
    aiop = Scene.IMMIGRATION if scene is Scene.IMMIGRATION_TURN else scene
    return Show(serial, scene, aiop, EXAMPLE_TIME if scene is Scene.EARLY else "")


def _told(answers: _Answers, screen: Screen, serial: int, began: float) -> str:
    at = answers.painted.get((screen, serial))
    if at is None:
        return f"{screen.value} NOT PAINTED ({answers.trouble.get(screen) or 'no answer'})"
    return f"{screen.value} {(at - began) * 1000:.0f} ms"
