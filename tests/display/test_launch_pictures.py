"""The screens as children of the agent, end to end with the feed; and the pictures."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import msgspec
import pygame
import pytest

from display import pictures
from display.feed import ScreenFeed
from display.settings import DEFAULT_SIZE, Mode, ScreenSettings, ScreensSettings
from display.supervisor import ScreenProcesses
from lane_agent.effects import Show
from lane_agent.model import Screen
from lane_agent.wording import Scene
from tests.rigs.places import ROOT

PATIENCE_S = 20.0
SIZES = {Screen.XDB: (96, 96), Screen.AIOP: (320, 240)}


async def eventually(condition: Callable[[], bool]) -> None:
    """Waits for something to become true."""
    for _ in range(int(PATIENCE_S / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"waited {PATIENCE_S} s in vain")


def settings(folder: Path) -> ScreensSettings:
    """Both screens, unseen, as small as they come."""
    return ScreensSettings(
        socket=folder / "screens.sock",
        mode=Mode.HEADLESS,
        xdb=ScreenSettings(width=96, height=96),
        aiop=ScreenSettings(width=320, height=240),
        paint_log=folder,
    )


def paintings(folder: Path, screen: Screen) -> list[str]:
    """The lines of a screen's paint log."""
    return (folder / f"{screen.value}.jsonl").read_text().splitlines()


class Lane:
    """A feed and two real screens."""

    def __init__(self, folder: Path) -> None:
        self.painted: list[tuple[Screen, Scene, int]] = []
        self.lost: list[Screen] = []
        self.feed = ScreenFeed(
            folder / "screens.sock",
            simulated=False,
            on_painted=lambda *painting: self.painted.append(painting),
            on_trouble=lambda _screen, _why: None,
            on_lost=self.lost.append,
            on_found=lambda _screen: None,
        )
        self.processes = ScreenProcesses(settings(folder), simulated=False, chance=lambda: 0.0)

    async def shows(self, serial: int, scene: Scene) -> None:
        """Orders a scene and waits until both screens confirm it."""
        self.feed.show(Show(serial, scene, scene))
        await eventually(lambda: {(screen, scene, serial) for screen in Screen} <= set(self.painted))


def test_both_screens_paint_what_the_lane_says_and_come_back_when_killed(folder: Path) -> None:
    """Two children, one feed: both confirm; a killed one is started again and told the present scene; all end."""

    async def run() -> dict[Screen, int]:
        lane = Lane(folder)
        await lane.feed.start()
        await lane.processes.start()
        try:
            await eventually(lambda: lane.feed.connected == set(Screen))
            await lane.shows(1, Scene.STOP)
            pids = dict(lane.processes.pids)
            lane.painted.clear()
            lane.processes.restart(Screen.XDB)
            await eventually(lambda: (Screen.XDB, Scene.STOP, 1) in lane.painted)
            assert lane.lost == [Screen.XDB]
            assert lane.processes.pids[Screen.XDB] != pids[Screen.XDB]
            assert lane.processes.pids[Screen.AIOP] == pids[Screen.AIOP]
            await lane.shows(2, Scene.DONE)
            return dict(lane.processes.pids)
        finally:
            await lane.processes.stop()
            await lane.feed.stop()

    pids = asyncio.run(run())
    assert not any(_runs(pid) for pid in pids.values())
    assert all('"safe": true' in paintings(folder, screen)[-1] for screen in Screen)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


AGENT = """
    import asyncio, pathlib, sys, display
    sys.path.insert(0, {here!r})
    from test_launch_pictures import Lane, eventually
    from lane_agent.model import Screen
    from lane_agent.wording import Scene

    async def run():
        lane = Lane(pathlib.Path({folder!r}))
        await lane.feed.start()
        await lane.processes.start()
        await eventually(lambda: lane.feed.connected == set(Screen))
        await lane.shows(7, Scene.DONE)
        print("done", *lane.processes.pids.values(), flush=True)
        await asyncio.sleep(60)

    asyncio.run(run())
"""


def test_a_killed_agent_takes_clearance_completed_with_it(folder: Path) -> None:
    """After kill -9 of the agent while DONE stands: both screens paint the safe face last, and end."""
    program = textwrap.dedent(AGENT).format(here=str(Path(__file__).parent), folder=str(folder))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        word, *pids = agent.stdout.readline().split()
        assert word == "done"
        agent.send_signal(signal.SIGKILL)
    asyncio.run(eventually(lambda: not any(_runs(int(pid)) for pid in pids)))
    for screen in Screen:
        *_, done, safe = paintings(folder, screen)
        assert '"scene": "DONE"' in done
        assert '"safe": true' in safe


def test_a_screen_that_cannot_start_is_tried_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A child that ends at once is started again after a growing wait, and each end is logged with its status."""

    async def run() -> None:
        processes = ScreenProcesses(settings(folder), simulated=False, python="/bin/false", chance=lambda: 0.0)
        await processes.start()
        await eventually(lambda: caplog.text.count("xdb ended with status 1") >= 2)
        await processes.stop()

    asyncio.run(run())
    assert "again in 0.1 s" in caplog.text
    assert "again in 0.2 s" in caplog.text


def test_a_screen_that_does_not_exist_is_refused_in_the_settings(folder: Path) -> None:
    """The box's settings are checked before a process is started."""
    long = msgspec.structs.replace(settings(folder), xdb=ScreenSettings(width=100, height=200))
    (problem,) = long.contradictions()
    assert str(problem) == "xdb: there is no XDB 100x200; the board is square, from 96x96 to 1024x1024 pixels"


@pytest.mark.parametrize("screen", Screen)
def test_a_picture_is_the_sign_as_png(screen: Screen) -> None:
    """The officers' page gets a PNG of the size asked for, the same bytes each time, with the ribbon if simulated."""
    png = pictures.render(screen, Scene.EARLY, "14:30", size=SIZES[screen])
    assert png.startswith(b"\x89PNG")
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == SIZES[screen]
    assert pictures.render(screen, Scene.EARLY, "14:30", size=SIZES[screen]) == png
    assert pictures.render(screen, Scene.EARLY, "14:30", True, SIZES[screen]) != png
    assert pictures.render(screen, Scene.EARLY, "15:00", size=SIZES[screen]) != png


def test_the_pictures_in_the_documents_are_complete() -> None:
    """docs/screens holds a picture of each scene on each screen, in that screen's default size."""
    folder = ROOT / "docs" / "screens"
    for screen in Screen:
        for scene in Scene:
            picture = pygame.image.load(folder / f"{screen.value}-{scene.value}.png")
            assert picture.get_size() == DEFAULT_SIZE[screen]


def test_all_pictures_are_written_by_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m display.pictures OUTDIR` writes every scene of both screens and the contact sheets."""
    assert pictures.main([str(tmp_path / "new")]) == 0
    written = {path.name for path in (tmp_path / "new").iterdir()}
    assert {f"{screen.value}-{scene.value}.png" for screen in Screen for scene in Scene} < written
    assert {"sheet-xdb.png", "sheet-xdb-96.png", "sheet-aiop.png"} < written
    (tmp_path / "file").write_text("")
    assert pictures.main([str(tmp_path / "file")]) == 2
    assert "file" in capsys.readouterr().err
