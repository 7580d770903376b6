"""The agent's side: who is connected, what each screen is told, what is reported."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from display.errors import SocketUnusableError
from display.feed import ScreenFeed
from lane_agent.effects import Show
from lane_agent.model import Screen
from lane_agent.wording import Scene

PATIENCE_S = 20.0


async def eventually(condition: Callable[[], bool]) -> None:
    """Waits for something to become true."""
    for _ in range(int(PATIENCE_S / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"waited {PATIENCE_S} s in vain")


class Story:
    """What the feed reported, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def feed(self, path: Path, *, simulated: bool = False, silence_s: float = 2.0) -> ScreenFeed:
        """A feed that reports to this story."""
        return ScreenFeed(
            path,
            simulated=simulated,
            on_painted=lambda screen, scene, serial: self.told.append(("painted", screen, scene, serial)),
            on_trouble=lambda screen, why: self.told.append(("trouble", screen, why)),
            on_lost=lambda screen: self.told.append(("lost", screen)),
            on_found=lambda screen: self.told.append(("found", screen)),
            silence_s=silence_s,
        )

    async def has(self, *event: Any) -> None:
        """Waits until that was reported."""
        await eventually(lambda: event in self.told)


class HandScreen:
    """A screen driven by the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def dial(cls, path: Path, screen: str | None = "xdb") -> HandScreen:
        """Connects and says hello."""
        hand = cls(*await asyncio.open_unix_connection(str(path)))
        if screen:
            hand.say({"type": "hello", "screen": screen})
        return hand

    def say(self, message: dict[str, Any] | bytes) -> None:
        """Sends one line."""
        self._writer.write((message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n")

    def painted(self, scene: str, serial: int, *, safe: bool = False) -> None:
        """Reports a painting."""
        self.say({"type": "painted", "screen": "xdb", "scene": scene, "serial": serial, "safe": safe})

    async def read(self, kind: str) -> dict[str, Any]:
        """The next line of that type."""
        async with asyncio.timeout(PATIENCE_S):
            while (line := await self._reader.readline()) and (message := json.loads(line))["type"] != kind:
                pass
        assert line, "the feed hung up"
        return message

    async def ended(self) -> None:
        """Waits until the feed hangs up."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                while await self._reader.readline():
                    pass
            except ConnectionError:
                pass

    def hang_up(self) -> None:
        """The screen is gone."""
        self._writer.transport.abort()


Scenario = Callable[[ScreenFeed, Story, Path], Awaitable[None]]


def play(folder: Path, scenario: Scenario, **options: Any) -> Story:
    """Runs a scenario against a started feed."""
    story, path = Story(), folder / "screens.sock"

    async def run() -> None:
        feed = story.feed(path, **options)
        await feed.start()
        try:
            await scenario(feed, story, path)
        finally:
            await feed.stop()
            await asyncio.sleep(0)

    asyncio.run(run())
    return story


def test_each_screen_is_told_its_own_scene(folder: Path) -> None:
    """One effect, two scenes: the XDB gets its own, the AIOP its own, under one serial."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        xdb, aiop = await HandScreen.dial(path, "xdb"), await HandScreen.dial(path, "aiop")
        await story.has("found", Screen.XDB)
        await story.has("found", Screen.AIOP)
        assert feed.connected == {Screen.XDB, Screen.AIOP}
        feed.show(Show(3, Scene.IMMIGRATION_TURN, Scene.IMMIGRATION, "14:30"))
        told = {
            "type": "show",
            "serial": 3,
            "parameter": "14:30",
            "simulated": True,
            "notice": None,
            "listening": False,
        }
        assert await xdb.read("show") == told | {"scene": "IMMIGRATION_TURN"}
        assert await aiop.read("show") == told | {"scene": "IMMIGRATION"}
        xdb.hang_up()
        aiop.hang_up()

    play(folder, scenario, simulated=True)


def test_what_a_screen_painted_is_reported(folder: Path) -> None:
    """Scene and serial come from the screen, not from what was ordered."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        xdb = await HandScreen.dial(path)
        feed.show(Show(3, Scene.DONE, Scene.DONE))
        xdb.painted("STOP", 2)
        await story.has("painted", Screen.XDB, Scene.STOP, 2)
        xdb.hang_up()

    play(folder, scenario)


def test_a_screen_that_connects_again_is_told_again(folder: Path) -> None:
    """A screen that was away learns what the lane says now, without waiting for the next change."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        feed.show(Show(5, Scene.STOP, Scene.STOP))
        first = await HandScreen.dial(path)
        assert (await first.read("show"))["serial"] == 5
        first.hang_up()
        await story.has("lost", Screen.XDB)
        assert feed.connected == frozenset()
        feed.show(Show(6, Scene.WATCH, Scene.WATCH))
        second = await HandScreen.dial(path)
        assert (await second.read("show"))["serial"] == 6
        second.hang_up()

    play(folder, scenario)


def test_a_screen_that_fell_back_by_itself_is_told_again(folder: Path) -> None:
    """The safe face is reported as what it is, and the present scene is sent once more."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        feed.show(Show(5, Scene.STOP, Scene.STOP))
        xdb = await HandScreen.dial(path)
        await xdb.read("show")
        xdb.painted("WAIT", 0, safe=True)
        await story.has("painted", Screen.XDB, Scene.WAIT, 0)
        assert (await xdb.read("show"))["serial"] == 5
        xdb.hang_up()

    play(folder, scenario)


def test_a_screen_that_cannot_show_what_it_is_told_is_reported_and_not_lost(folder: Path) -> None:
    """A pulled monitor: the lane hears why, and when it is over; the connection stays."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        xdb = await HandScreen.dial(path)
        for why in ("no monitor on HDMI-A-1", ""):
            xdb.say({"type": "trouble", "screen": "xdb", "text": why})
            await story.has("trouble", Screen.XDB, why)
        assert feed.connected == {Screen.XDB}
        xdb.hang_up()

    play(folder, scenario)


def test_the_socket_is_shared_with_the_group_of_its_folder_where_that_is_given_on(folder: Path) -> None:
    """The screens of a lane run as a user of their own; anywhere else nobody but the agent's user may connect."""

    async def mode() -> int:
        feed = Story().feed(folder / "screens.sock")
        await feed.start()
        try:
            return (folder / "screens.sock").stat().st_mode & 0o777
        finally:
            await feed.stop()

    assert asyncio.run(mode()) == 0o600
    folder.chmod(0o2750)
    assert asyncio.run(mode()) == 0o660


def test_a_screen_is_told_nothing_before_the_lane_has_said_anything(folder: Path) -> None:
    """A new agent only beats until its first effect: the screens keep the safe face."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        xdb = await HandScreen.dial(path)
        async with asyncio.timeout(PATIENCE_S):
            assert json.loads(await xdb._reader.readline()) == {"type": "beat"}
        xdb.hang_up()

    play(folder, scenario)


def test_a_screen_that_does_not_answer_is_cut_off(folder: Path) -> None:
    """Connected is not alive: without pongs the screen is lost, and its connection with it."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        xdb = await HandScreen.dial(path)
        await story.has("found", Screen.XDB)
        await xdb.ended()
        await story.has("lost", Screen.XDB)
        xdb.hang_up()

    play(folder, scenario, silence_s=0.3)


def test_pongs_keep_a_screen(folder: Path) -> None:
    """A screen that answers every beat is never lost."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        xdb = await HandScreen.dial(path)
        for _ in range(4):
            await xdb.read("beat")
            xdb.say({"type": "pong"})
        assert ("lost", Screen.XDB) not in story.told
        xdb.hang_up()

    play(folder, scenario, silence_s=5.0)


def test_a_second_connection_of_a_screen_replaces_the_first(folder: Path) -> None:
    """A screen whose old connection still hangs about is served on its new one; what the old one says is dropped."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        old = await HandScreen.dial(path)
        await story.has("found", Screen.XDB)
        new = await HandScreen.dial(path)
        await old.ended()
        await eventually(lambda: story.told.count(("found", Screen.XDB)) == 2)
        feed.show(Show(9, Scene.STOP, Scene.STOP))
        assert (await new.read("show"))["serial"] == 9
        new.hang_up()
        old.hang_up()

    story = play(folder, scenario)
    assert story.told[:3] == [("found", Screen.XDB), ("lost", Screen.XDB), ("found", Screen.XDB)]


@pytest.mark.parametrize(
    "line", [b"hello", b'{"type":"hello","screen":"tv"}', b'{"type":"pong"}', b"x" * 5000, b'{"type":"beat"}']
)
def test_whoever_is_no_screen_is_sent_away(folder: Path, line: bytes) -> None:
    """The first line must be a hello of a known screen; the feed goes on for the others."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        stranger = await HandScreen.dial(path, None)
        stranger.say(line)
        await stranger.ended()
        stranger.hang_up()
        assert story.told == []
        xdb = await HandScreen.dial(path)
        await story.has("found", Screen.XDB)
        xdb.hang_up()

    play(folder, scenario)


def test_a_screen_that_talks_nonsense_is_lost(folder: Path) -> None:
    """After a good hello a malformed line ends the connection, and the lane hears of it."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        xdb = await HandScreen.dial(path)
        await story.has("found", Screen.XDB)
        xdb.say(b'{"type":"painted","screen":"xdb","scene":"GO","serial":1}')
        await story.has("lost", Screen.XDB)
        xdb.hang_up()

    play(folder, scenario)


def test_only_this_user_may_connect_and_nothing_is_left_behind(folder: Path) -> None:
    """The socket has mode 0600 while the feed runs and is gone afterwards; stopping reports nobody as lost."""
    path = folder / "screens.sock"

    async def scenario(feed: ScreenFeed, story: Story, _path: Path) -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        xdb = await HandScreen.dial(path)
        await story.has("found", Screen.XDB)
        await feed.stop()
        await xdb.ended()
        xdb.hang_up()

    story = play(folder, scenario)
    assert not path.exists()
    assert story.told == [("found", Screen.XDB)]


def test_the_socket_of_a_killed_agent_is_taken_over(folder: Path) -> None:
    """A stale socket file is no reason not to start."""
    path = folder / "screens.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    async def scenario(feed: ScreenFeed, story: Story, _path: Path) -> None:
        xdb = await HandScreen.dial(path)
        await story.has("found", Screen.XDB)
        xdb.hang_up()

    play(folder, scenario)


def _refused(path: Path, pattern: str) -> None:
    async def run() -> None:
        with pytest.raises(SocketUnusableError, match=pattern):
            await Story().feed(path).start()

    asyncio.run(run())


def test_a_socket_that_cannot_be_made_says_what_to_do(folder: Path) -> None:
    """Another agent, a file in the way, a missing folder, a path too long: each says what to change."""
    (folder / "file").write_text("mine", encoding="utf-8")
    _refused(folder / "file", "choose another path")
    assert (folder / "file").read_text(encoding="utf-8") == "mine"
    _refused(folder / "no" / "where.sock", "folder must exist")
    _refused(folder / ("x" * 120), "at most 107 bytes")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(folder / "taken.sock"))
        other.listen()
        _refused(folder / "taken.sock", "stop it first")


def test_a_notice_is_the_panels_and_no_order_of_it_paints_screen_3_anew(folder: Path) -> None:
    """It comes with the scene that may carry it, under that scene's serial, and goes with the next one that may not."""

    async def scenario(feed: ScreenFeed, story: Story, path: Path) -> None:
        xdb, aiop = await HandScreen.dial(path, "xdb"), await HandScreen.dial(path, "aiop")
        await story.has("found", Screen.XDB)
        await story.has("found", Screen.AIOP)

        async def told() -> tuple[str, int, str | None]:
            message = await aiop.read("show")
            return message["scene"], message["serial"], message["notice"]

        feed.show(Show(3, Scene.OFFICER, Scene.OFFICER))
        assert await told() == ("OFFICER", 3, None)
        feed.notice("delay")
        assert await told() == ("OFFICER", 3, "delay")
        feed.show(Show(4, Scene.DONE, Scene.DONE))
        assert await told() == ("DONE", 4, None)
        feed.notice("")
        feed.notice("queue")  # neither is an order to paint 3 anew
        feed.show(Show(5, Scene.STOP, Scene.STOP))
        assert await told() == ("STOP", 5, "queue")
        seen = [await xdb.read("show") for _ in range(3)]
        assert [(one["scene"], one["notice"]) for one in seen] == [("OFFICER", None), ("DONE", None), ("STOP", None)]
        xdb.hang_up()
        aiop.hang_up()

    play(folder, scenario)


def test_that_somebody_listens_is_only_what_the_panel_has_painted(folder: Path) -> None:
    """Not while it is only ordered; no longer from the order on that takes it away, on a safe face, or on a panel that is gone."""

    async def scenario(path: Path, story: Story) -> None:
        said: list[bool] = []
        feed = ScreenFeed(
            path,
            simulated=False,
            on_painted=lambda screen, scene, serial: story.told.append(("painted", screen, scene, serial)),
            on_trouble=lambda _screen, _why: None,
            on_lost=lambda screen: story.told.append(("lost", screen)),
            on_found=lambda screen: story.told.append(("found", screen)),
            on_listening=said.append,
        )
        await feed.start()
        feed.listening(True)
        assert said == [False]  # nobody there to be told
        aiop = await HandScreen.dial(path, "aiop")
        await story.has("found", Screen.AIOP)

        def paints(serial: int, **more: bool) -> None:
            aiop.say({"type": "painted", "screen": "aiop", "scene": "STOP", "serial": serial, **more})

        feed.show(Show(1, Scene.STOP, Scene.STOP))
        assert (await aiop.read("show"))["listening"]
        assert said == [False]
        paints(1, listening=True)
        await eventually(lambda: said == [False, True])
        feed.show(Show(2, Scene.HELP, Scene.HELP))  # it goes on below the next message that carries it
        assert (await aiop.read("show"))["listening"]
        feed.show(Show(3, Scene.DONE, Scene.DONE))
        assert said == [False, True, False]
        assert not (await aiop.read("show"))["listening"]
        paints(2, listening=True)  # an older order's
        await story.has("painted", Screen.AIOP, Scene.STOP, 2)
        assert said == [False, True, False]
        feed.listening(True)
        assert said == [False, True, False, False]
        feed.show(Show(4, Scene.STOP, Scene.STOP))
        paints(4, listening=True)
        await eventually(lambda: said[-1])
        paints(0, safe=True)
        await eventually(lambda: not said[-1])
        paints(4, listening=True)
        await eventually(lambda: said[-1])
        aiop.hang_up()
        await eventually(lambda: not said[-1])
        await feed.stop()

    asyncio.run(scenario(folder / "a.sock", Story()))
