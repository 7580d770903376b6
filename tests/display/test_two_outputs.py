"""Both screens under the real compositor on two outputs, by their unit files, each part killed and stopped in turn.

What is asserted is what stood in the display's memory, sampled every few milliseconds by a thread of the test.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lane_agent.model import Screen
from lane_agent.wording import Scene
from simulation.outputs.monitors import NOTHING
from simulation.outputs.site import MONITORS, HandAgentProcess, ScreenSite, until, usual_settings

KILL, STOP = signal.SIGKILL, signal.SIGSTOP
SERIAL = 7
A_CHANGE_S = 0.1  # samples taken while one sign replaces another are of neither


@contextmanager
def new_site(settings: Callable[[Path], str] = usual_settings, *, watched: bool = True) -> Iterator[ScreenSite]:
    """A site with nothing started. A machine without its two programs fails here, and says what to install."""
    with tempfile.TemporaryDirectory(prefix="lane-") as name:
        site = ScreenSite(Path(name), settings=settings(Path(name)), compositor_watched=watched)
        try:
            yield site
        finally:
            site.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[ScreenSite]:
    """A site that many tests break, one after the other; only the screens can find its compositor hung."""
    with new_site(watched=False) as site:
        site.start_compositor()
        site.start_screens()
        site.both_show(Scene.WAIT)
        until(lambda: all(site.units[each.value].ready for each in Screen), "both screens are loaded")
        yield site


@pytest.fixture
def site(running: ScreenSite) -> Iterator[ScreenSite]:
    """The site with an agent, and 3 on both screens."""
    agent = running.start_agent()
    agent.both_painted(Scene.DONE, SERIAL)
    running.both_show(Scene.DONE)
    yield running
    agent.end()
    running.both_show(Scene.WAIT)


def agent_of(site: ScreenSite) -> HandAgentProcess:
    """The one that runs."""
    assert site.agent is not None
    return site.agent


def test_the_screens_come_up_with_neither_agent_nor_settings() -> None:
    """The file is no TOML and nothing is remembered: both say please wait, each on an output of its own, in 3 s."""
    with new_site(lambda _: "[screens\n") as site:
        began = time.monotonic()
        site.start_compositor()
        site.start_screens()
        for screen in Screen:
            output = MONITORS[screen].name
            until(lambda output=output: site.monitors.now(output) not in (NOTHING, "other"), f"a face on {output}")
        assert time.monotonic() - began < 3
        assert {each.what for each in site.monitors.seen} <= {NOTHING, "other", "WAIT"}
        agent = site.start_agent()
        agent.show(Scene.DONE, SERIAL)
        site.settings.write_text(usual_settings(site.folder))  # corrected: no more is needed
        for screen in Screen:
            until(lambda screen=screen: agent.painted(screen, Scene.DONE, SERIAL), f"{screen.value} obeys")
        assert {"lost", "trouble"} & {key for each in agent.told for key in each} == set()


def test_a_screen_takes_less_than_sixty_megabytes(site: ScreenSite) -> None:
    """Its share of what it has in memory; with a graphics library it was three times that."""
    for screen in Screen:
        rollup = Path(f"/proc/{site.units[screen.value].pid}/smaps_rollup").read_text()
        pss_kb = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        assert pss_kb < 60_000


def test_a_killed_agent_takes_3_with_it_and_no_screen_is_ever_dark(site: ScreenSite) -> None:
    """The screens are nobody's children: they stay, with the safe face."""
    pids = {screen: site.units[screen.value].pid for screen in Screen}
    at = time.monotonic()
    agent_of(site).send(KILL)
    site.both_show(Scene.WAIT)
    for screen in Screen:
        assert site.stood_s(screen, at) < 1
        assert site.dark_s(screen, at) < A_CHANGE_S
        assert site.units[screen.value].pid == pids[screen]


def test_a_stopped_agent_takes_3_with_it_after_its_silence(site: ScreenSite) -> None:
    """The socket stays open; the screens' own clocks count the silence."""
    at = time.monotonic()
    agent_of(site).send(STOP)
    site.both_show(Scene.WAIT)
    for screen in Screen:
        assert site.stood_s(screen, at) < 3
        assert site.dark_s(screen, at) < A_CHANGE_S


def broken(site: ScreenSite, screen: Screen, number: signal.Signals) -> tuple[float, float]:
    """Sends the screen's process a signal while 3 stands on it; seconds for which 3 went on standing, and of no sign."""
    site.shows(screen, Scene.DONE)
    until(lambda: site.units[screen.value].ready, "it is loaded")
    at = time.monotonic()
    site.units[screen.value].send(number)
    until(lambda: site.units[screen.value].starts_since(at) == 1, "it is started again")
    site.shows(screen, Scene.WAIT, since_s=at)
    site.shows(screen, Scene.DONE)
    assert site.dark_s(screen, at) > 0, "what a dead process showed is gone before the next one paints"
    return site.stood_s(screen, at), site.dark_s(screen, at)


@pytest.mark.parametrize("screen", Screen)
def test_a_killed_screen_has_its_face_back_in_half_a_second(site: ScreenSite, screen: Screen) -> None:
    """Its window goes with it; the next process shows the face before it can draw. The other screen sees none of it.

    Of five times the best counts: other tests take the processor away meanwhile.
    """
    other = next(each for each in Screen if each is not screen)
    at = time.monotonic()
    stood_s, dark_s = zip(*(broken(site, screen, KILL) for _ in range(5)), strict=True)
    assert max(stood_s) < 1
    assert min(dark_s) < 0.5
    assert site.dark_s(other, at) < A_CHANGE_S


def test_a_stopped_screen_is_killed_within_a_second_and_has_its_face_back(site: ScreenSite) -> None:
    """It cannot paint another order: for as long as its unit's watchdog takes, 3 may stand on it. Not longer."""
    stood_s, dark_s = zip(*(broken(site, Screen.XDB, STOP) for _ in range(3)), strict=True)
    assert max(stood_s) < 2.5
    assert min(stood_s) < 1.2
    assert min(dark_s) < 0.5
    assert {"lost": "xdb"} in agent_of(site).told


def test_the_black_behind_the_screens_comes_back_when_its_program_is_killed(site: ScreenSite) -> None:
    """Without it nothing would cover the last picture of a screen that died: 3 would stand.

    A young compositor ends with it, an older one starts another.
    """
    (black,) = black_of(site)
    os.kill(black, KILL)
    until(lambda: black_of(site) not in ([], [black]), "there is another")
    site.both_show(Scene.DONE)
    broken(site, Screen.XDB, KILL)


def black_of(site: ScreenSite) -> list[int]:
    """Processes of the compositor's shell; none while it starts."""
    try:
        pid = site.units["compositor"].pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(each) for each in children if "weston-desktop" in Path(f"/proc/{each}/comm").read_text()]
    except (LookupError, OSError):
        return []


def test_a_killed_compositor_is_dark_for_less_than_three_seconds(site: ScreenSite) -> None:
    """The screens stay and find the next one by themselves; the agent hears of it, and has its order painted anew."""
    pids = {screen: site.units[screen.value].pid for screen in Screen}
    at = time.monotonic()
    site.units["compositor"].send(KILL)
    until(lambda: site.units["compositor"].starts_since(at) == 1, "it is started again")
    for screen in Screen:
        site.shows(screen, Scene.WAIT, since_s=at)
        site.shows(screen, Scene.DONE)
        assert site.dark_s(screen, at) < 3
        assert site.units[screen.value].pid == pids[screen]
        assert any(each.get("trouble") == screen.value and each["why"] for each in agent_of(site).told)


def test_a_stopped_compositor_paints_nothing_and_is_killed_within_two_seconds(site: ScreenSite) -> None:
    """Its last picture stands for as long as it lives. The order that comes meanwhile is confirmed by nobody."""
    at = time.monotonic()
    site.units["compositor"].send(STOP)
    agent_of(site).show(Scene.STOP, SERIAL + 1)
    until(lambda: site.units["compositor"].starts_since(at) == 1, "it is killed and started again")
    assert not any(agent_of(site).painted(screen, Scene.STOP, SERIAL + 1) for screen in Screen)
    for screen in Screen:
        assert site.stood_s(screen, at) < 2.5
        site.shows(screen, Scene.STOP)
        assert site.dark_s(screen, at) < 3
    assert site.units["compositor"].watchdog_kills == 0  # the screens found it


def test_settings_that_break_change_nothing_even_for_a_screen_that_starts(site: ScreenSite) -> None:
    """What was read last is remembered: the right output, and the agent is obeyed."""
    whole = site.settings.read_text()
    site.settings.write_text(whole.replace("height = 512", "height = tall"))
    try:
        at = time.monotonic()
        site.units["xdb"].send(KILL)
        until(lambda: site.units["xdb"].starts_since(at) == 1, "it is started again")
        site.shows(Screen.XDB, Scene.WAIT, since_s=at)
        site.shows(Screen.XDB, Scene.DONE)
        assert "the settings of before count" in site.said("xdb")
        assert site.dark_s(Screen.AIOP, at) < A_CHANGE_S
    finally:
        site.settings.write_text(whole)


def test_the_unit_watchdog_alone_ends_a_stopped_compositor() -> None:
    """With no screen to notice it: systemd's own timer, by the compositor's own loop."""
    with new_site() as site:
        site.start_compositor()
        until(lambda: site.units["compositor"].ready, "the compositor is ready")
        at = time.monotonic()
        site.units["compositor"].send(STOP)
        until(lambda: site.units["compositor"].watchdog_kills == 1, "it is killed")
        assert 1 < time.monotonic() - at < 4


def test_a_pulled_monitor_is_told_and_its_message_does_not_move_to_the_other(site: ScreenSite) -> None:
    """The compositor offers the window another output; the board's message on the panel would be worse than none."""
    at = time.monotonic()
    site.monitors.pull(MONITORS[Screen.AIOP].name)
    until(lambda: any(each.get("trouble") == "aiop" for each in agent_of(site).told), "the agent hears of it")
    told = next(each["why"] for each in agent_of(site).told if each.get("trouble") == "aiop")
    assert told == "no monitor on X2; there is X1 'weston-X11 none' 640x640"
    agent_of(site).both_painted_but(Screen.AIOP, Scene.STOP, SERIAL + 1)
    seen = {each.what for each in site.monitors.seen if each.output == "X1" and each.at_s > at}
    assert seen <= {"STOP", "other"}
    assert site.monitors.stood("X1", "other", at) < A_CHANGE_S
    site.units["compositor"].send(KILL)  # the cable is back
    until(lambda: agent_of(site).painted(Screen.AIOP, Scene.STOP, SERIAL + 1), "the panel obeys again")


def test_a_monitor_that_is_not_the_one_expected_gets_the_safe_face_only() -> None:
    """Swapped cables: the board's connector has another monitor on it. The agent is told, and no order is painted."""
    with new_site(lambda folder: usual_settings(folder, xdb=', monitor = "LED 98"')) as site:
        site.start_compositor()
        site.start_screens()
        agent = site.start_agent()
        agent.both_painted_but(Screen.XDB, Scene.DONE, SERIAL)
        until(lambda: any(each.get("trouble") == "xdb" for each in agent.told), "the agent hears of it")
        told = next(each["why"] for each in agent.told if each.get("trouble") == "xdb")
        assert told == "X1 has the monitor 'weston-X11 none', not 'LED 98'"
        site.shows(Screen.XDB, Scene.WAIT)
        time.sleep(0.5)
        assert {each.what for each in site.monitors.seen if each.output == "X1"} <= {NOTHING, "other", "WAIT"}
