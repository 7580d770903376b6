"""An LED board over a pty and over TCP: what the LEDs are driven with is read back, and no green outlives whoever speaks to it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import select
import socket
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from display.easel import SignEasel
from display.failsafe import Showing
from display.feed import ScreenFeed
from display.led.frames import (
    LONGEST,
    BoardInfo,
    BoardState,
    FrameReader,
    Kind,
    LedLineError,
    LineFrame,
    PictureChunk,
    received_of,
)
from display.led.settings import LedSettings
from display.led.surface import BEAT_S, LedSurface
from display.led.wire import LedWire
from display.simulated.led_board import DARK, BoardOnLine, LedBoard
from lane_agent.effects import Show
from lane_agent.model import Screen
from lane_agent.wording import Scene

SIZE = (96, 96)


def showing(scene: Scene, *, safe: bool = False) -> Showing:
    """One sign."""
    return Showing(scene, 0 if safe else 7, "", simulated=False, safe=safe)


@cache
def picture(scene: Scene) -> bytes:
    """What the board calls a sign: of its pixels as red, green, blue."""
    drawn = SignEasel(Screen.XDB).draw(showing(scene), SIZE)
    rgb = bytearray(len(drawn) // 4 * 3)
    rgb[0::3], rgb[1::3], rgb[2::3] = drawn[2::4], drawn[1::4], drawn[0::4]
    return hashlib.sha256(rgb).digest()[:8]


@contextmanager
def over_a_pty(board: LedBoard) -> Iterator[LedSettings]:
    """The board on the far side of a pty."""
    near, far = os.openpty()
    tty.setraw(near)
    tty.setraw(far)

    def read() -> bytes:
        return os.read(near, 4_096) if select.select([near], [], [], 0.005)[0] else b""

    try:
        with BoardOnLine(board, read, lambda data: os.write(near, data)):
            yield LedSettings(device=os.ttyname(far))
    finally:
        os.close(near)
        os.close(far)


@contextmanager
def over_tcp(board: LedBoard) -> Iterator[LedSettings]:
    """The board behind a TCP port of its own; it takes one connection after the other."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.02)
    held: list[socket.socket] = []

    def read() -> bytes:
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            connection.settimeout(0.02)
            held[:] = [connection]
        if not held:
            return b""
        try:
            return held[0].recv(4_096)
        except TimeoutError:
            return b""

    try:
        with BoardOnLine(board, read, lambda data: held[0].sendall(data)):  # noqa: PLW0108 -- it is another one later
            yield LedSettings(host="127.0.0.1", port=listener.getsockname()[1])
    finally:
        for each in (*held, listener):
            each.close()


@pytest.fixture(params=[over_a_pty, over_tcp], ids=["pty", "tcp"])
def line(request: pytest.FixtureRequest) -> Callable[[LedBoard], contextlib.AbstractContextManager[LedSettings]]:
    """Both lines."""
    found: Callable[[LedBoard], contextlib.AbstractContextManager[LedSettings]] = request.param
    return found


def until(surface: LedSurface, ready: Callable[[], bool], within_s: float = 20) -> None:
    """The surface is looked after until something is so."""
    end = time.monotonic() + within_s
    while not ready():
        assert time.monotonic() < end, surface.trouble
        surface.attend()
        time.sleep(0.005)


@contextmanager
def surface_on(settings: LedSettings) -> Iterator[LedSurface]:
    """The board's surface, ready to paint."""
    surface = LedSurface(SIZE, lambda: LedWire(settings), mono_s=time.monotonic)
    surface.easel = SignEasel(Screen.XDB)
    try:
        until(surface, lambda: not surface.trouble)
        yield surface
    finally:
        surface.close()


def test_painted_is_what_the_board_reads_back(
    line: Callable[..., contextlib.AbstractContextManager[LedSettings]],
) -> None:
    """Every scene; the board is driven with exactly the pixels that the easel drew."""
    board = LedBoard(SIZE)
    with line(board) as settings, surface_on(settings) as surface:
        for scene in (Scene.WELCOME, Scene.STOP, Scene.DONE):
            assert surface.paint(showing(scene))
            assert board.now == picture(scene)


def test_a_sign_stored_ahead_is_shown_by_a_few_bytes() -> None:
    """On a slow line only what is stored ahead can be shown in half a second: 3 is the first to be."""
    board = LedBoard(SIZE)
    with over_a_pty(board) as settings, surface_on(settings) as surface:
        until(surface, lambda: picture(Scene.DONE) in surface._stored and picture(Scene.CLOSED) in surface._stored)
        sent: list[bytes] = []
        real = surface._line
        assert real is not None
        surface._line = _Counted(real, sent)
        assert surface.paint(showing(Scene.DONE))
        assert sum(map(len, sent)) < 40


class _Counted:
    """A line that counts what is written."""

    def __init__(self, line: LedWire, sent: list[bytes]) -> None:
        self._line, self._sent = line, sent

    def write(self, data: bytes) -> None:
        self._sent.append(data)
        self._line.write(data)

    def read(self) -> bytes:
        return self._line.read()

    def close(self) -> None:
        self._line.close()


def test_no_green_is_left_standing_when_whoever_speaks_to_it_dies() -> None:
    """Kill -9 with 3 on the board: its own clock puts its own face, please wait, there within a second."""
    board = LedBoard(SIZE, silent_ms=1_000)
    script = (
        "import sys, time\nfrom tests.display.test_led_board import *\n"
        "with surface_on(LedSettings(device=sys.argv[1])) as s:\n"
        "    until(s, lambda: picture(Scene.WAIT) in s._stored)\n"
        "    s.paint(showing(Scene.DONE)); print('3', flush=True)\n"
        "    while True: s.attend(); time.sleep(0.05)\n"
    )
    with over_a_pty(board) as settings:
        speaker = subprocess.Popen(
            [sys.executable, "-c", script, str(settings.device)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        try:
            assert speaker.stdout is not None
            assert speaker.stdout.readline().strip() == b"3"
            time.sleep(1.5)  # longer than the board's clock: it is asked all the time
            assert board.now == picture(Scene.DONE)
        finally:
            speaker.kill()
            speaker.communicate()
        died = time.monotonic()
        while board.now == picture(Scene.DONE):
            assert time.monotonic() - died < 1.3
            time.sleep(0.01)
        assert board.now == board.own == picture(Scene.WAIT)


def test_a_board_that_shows_something_else_is_noticed_within_a_beat() -> None:
    """Somebody presses a key at the board, or it has started anew: the painting stands no more."""
    board = LedBoard(SIZE)
    with over_a_pty(board) as settings, surface_on(settings) as surface:
        assert surface.paint(showing(Scene.DONE))
        board.shown.append((time.monotonic(), DARK))
        began = time.monotonic()
        while surface.attend():
            assert time.monotonic() - began < BEAT_S + 0.5
            time.sleep(0.01)
        assert not surface.trouble  # the screen's loop paints its safe face there, and goes on
        assert surface.paint(showing(Scene.WAIT, safe=True))


def test_a_stuck_board_confirms_nothing() -> None:
    """It answers, and shows what it showed: that is read back, and 3 is not confirmed."""
    board = LedBoard(SIZE)
    with over_a_pty(board) as settings, surface_on(settings) as surface:
        assert surface.paint(showing(Scene.STOP))
        board.stuck = True
        assert not surface.paint(showing(Scene.DONE))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda board: setattr(board, "deaf", True), "did not answer"),
        (lambda board: setattr(board, "faults", 4), "reports fault 0x04"),
    ],
)
def test_a_board_that_is_ill_is_a_trouble_and_its_end_too(spoil: Callable[[LedBoard], None], said: str) -> None:
    """The agent is told which; nothing is painted meanwhile; it comes back by itself."""
    board = LedBoard(SIZE)
    with over_a_pty(board) as settings, surface_on(settings) as surface:
        assert surface.paint(showing(Scene.DONE))
        spoil(board)
        until(surface, lambda: said in surface.trouble)
        assert not surface.paint(showing(Scene.DONE))
        board.deaf, board.faults = False, 0
        until(surface, lambda: not surface.trouble)
        assert surface.paint(showing(Scene.WAIT, safe=True))


@pytest.mark.parametrize(
    ("board", "said"), [(LedBoard((128, 128)), "128x128"), (LedBoard(SIZE, silent_ms=60_000), "60000 ms")]
)
def test_a_board_of_another_size_or_without_a_clock_of_its_own_is_refused(board: LedBoard, said: str) -> None:
    """A minute of green after we are gone is what NTCIP 1203's time-out in minutes would be."""
    with over_a_pty(board) as settings:
        surface = LedSurface(SIZE, lambda: LedWire(settings), mono_s=time.monotonic)
        until(surface, lambda: said in surface.trouble)
        surface.close()


def test_frames_come_out_of_any_bytes() -> None:
    """Noise between them, a byte at a time, a wrong sum: each good frame comes out, once, and nothing else."""
    one, two = LineFrame(Kind.ASK, 7), LineFrame(Kind.SHOW, 8, b"\xa5\x5a" * 4)
    spoilt = bytearray(two.encode())
    spoilt[9] ^= 1
    stream = b"\xa5\xa5noise" + one.encode() + bytes(spoilt) + b"\xa5" + two.encode()
    reader = FrameReader()
    assert [frame for byte in stream for frame in reader.feed(bytes((byte,)))] == [one, two]


def test_a_million_spoilt_frames_crash_neither_side_and_fill_no_memory() -> None:
    """A short run here; the million is `rocars-bench fuzz --led`. Every answer of the board is a frame, and every one is short."""
    from tools.bench.led_fuzz import fuzz

    found = fuzz(messages=3_000, seed=int(os.environ.get("ROCARS_LED_SEED", "1")))
    assert found["crashes"] == 0
    assert found["held_bytes_most"] < 2 * LONGEST


@pytest.mark.parametrize(
    "decode",
    [BoardInfo.decode, BoardState.decode, PictureChunk.decode, received_of],
    ids=["info", "state", "chunk", "stored"],
)
def test_a_payload_of_another_length_is_an_error_of_the_line(decode: Callable[[bytes], object]) -> None:
    """Never anything else."""
    for length in range(40):
        with contextlib.suppress(LedLineError):
            decode(random.Random(length).randbytes(length))


def test_the_boards_own_unit_paints_over_the_line_and_its_safe_face_when_the_agent_is_gone(tmp_path: Path) -> None:
    """`display.unit` as it is installed, by the lane's settings: 3 is confirmed to the agent only when the board has read it back."""
    board, painted = LedBoard(SIZE), []
    with over_a_pty(board) as line_settings:
        settings = tmp_path / "lane.toml"
        settings.write_text(
            f'[screens]\nsocket = "{tmp_path}/agent.sock"\nmode = "fullscreen"\n'
            f'xdb = {{ width = 96, height = 96, led = {{ device = "{line_settings.device}" }} }}\n'
            'aiop = { width = 800, height = 600, output = "HDMI-A-2" }\n'
        )
        command = [sys.executable, "-m", "display.unit", "--screen", "xdb", "--settings", str(settings)]
        command += ["--compositor", str(tmp_path / "none")]
        unit = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        try:
            asyncio.run(_both_see(tmp_path, board, painted))
        finally:
            unit.kill()
            unit.wait()
        assert painted[-1] is Scene.DONE


async def _both_see(folder: Path, board: LedBoard, painted: list[Scene]) -> None:
    feed = ScreenFeed(
        folder / "agent.sock",
        simulated=False,
        on_painted=lambda _screen, scene, serial: painted.append(scene) if serial else None,
        on_trouble=lambda _screen, _why: None,
        on_lost=lambda _screen: None,
        on_found=lambda _screen: None,
    )
    await feed.start()
    try:
        feed.show(Show(7, Scene.DONE, Scene.DONE))
        async with asyncio.timeout(90):
            while not painted:  # noqa: ASYNC110 -- what the board shows is another thread's
                await asyncio.sleep(0.02)
        assert board.now == picture(Scene.DONE)
    finally:
        await feed.stop()
    async with asyncio.timeout(20):
        while board.now != picture(Scene.WAIT):  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.02)
