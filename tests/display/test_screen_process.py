"""The screen as a real process over a real socket, with SDL's dummy driver."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygame
import pytest

from display.drawing import blank, paint
from lane_agent.model import Screen
from lane_agent.wording import Scene

PATIENCE_S = 20.0
HandAgent = Any  # the classes of conftest.py
Start = Callable[..., Any]


def test_it_paints_what_it_is_told_and_names_what_it_painted(agent: HandAgent, start_screen: Start) -> None:
    """Each order is answered with the scene and serial that now stand, and noted with the hash of the very pixels."""
    screen = start_screen()
    assert agent.answer() == {"type": "hello", "screen": "xdb"}
    for serial, scene in enumerate(("WELCOME", "STOP", "EARLY", "DONE"), 1):
        agent.show(scene, serial, parameter="14:30" if scene == "EARLY" else "")
        answer = {"type": "painted", "screen": "xdb", "scene": scene, "serial": serial, "safe": False}
        assert agent.painted() == answer | {"listening": False}
    noted = [(p["scene"], p["serial"], p["parameter"], p["safe"]) for p in screen.paintings]
    assert noted == [
        ("WAIT", 0, "", True),
        ("WELCOME", 1, "", False),
        ("STOP", 2, "", False),
        ("EARLY", 3, "14:30", False),
        ("DONE", 4, "", False),
    ]
    assert screen.paintings[-1]["sha256"] == _pixels(Screen.XDB, Scene.DONE, (96, 96))


def _pixels(screen: Screen, scene: Scene, size: tuple[int, int]) -> str:
    surface = blank(size)
    paint(surface, screen, scene)
    return hashlib.sha256(pygame.image.tobytes(surface, "RGB")).hexdigest()


def test_both_kinds_of_screen_run(agent: HandAgent, start_screen: Start) -> None:
    """The AIOP is the same program with another size and layout."""
    screen = start_screen("--size", "320x240", screen="aiop")
    assert agent.answer()["screen"] == "aiop"
    agent.show("HELP", 1)
    assert agent.painted()["screen"] == "aiop"
    assert screen.paintings[-1]["sha256"] == _pixels(Screen.AIOP, Scene.HELP, (320, 240))


def test_the_log_carries_both_clocks(agent: HandAgent, start_screen: Start) -> None:
    """UTC and monotonic milliseconds of the painting, so that it can be laid beside the journal."""
    screen = start_screen()
    agent.answer()
    before = (time.time_ns() // 1_000_000, round(time.monotonic() * 1000))
    agent.show("STOP", 1)
    agent.painted()
    noted = screen.paintings[-1]
    assert before[0] <= noted["utc_ms"] <= time.time_ns() // 1_000_000
    assert before[1] - 1 <= noted["mono_ms"] <= round(time.monotonic() * 1000) + 1


def test_every_beat_is_answered(agent: HandAgent, start_screen: Start) -> None:
    """The pong comes from the paint loop itself, after whatever was painted."""
    start_screen()
    agent.answer()
    agent.say({"type": "beat"})
    assert agent.read() == {"type": "pong"}
    agent.say({"type": "show", "scene": "STOP", "serial": 1}, {"type": "beat"}, {"type": "beat"})
    assert [agent.read()["type"] for _ in range(3)] == ["painted", "pong", "pong"]


def test_a_silent_agent_does_not_keep_clearance_completed(agent: HandAgent, start_screen: Start) -> None:
    """The socket stays open, nothing comes: the screen shows the safe face by itself, and says so."""
    screen = start_screen("--silence-limit", "1.2")
    agent.answer()
    agent.show("DONE", 7)
    assert agent.painted()["scene"] == "DONE"
    answer = {"type": "painted", "screen": "xdb", "scene": "WAIT", "serial": 0, "safe": True, "listening": False}
    assert agent.painted() == answer
    done, safe = screen.paintings[-2:]
    assert safe["safe"]
    assert safe["mono_ms"] - done["mono_ms"] >= 1190  # not before the limit; how soon after is measured elsewhere
    agent.say({"type": "beat"})
    agent.show("STOP", 8)
    assert agent.painted()["scene"] == "STOP"


def test_beats_keep_what_was_ordered(agent: HandAgent, start_screen: Start) -> None:
    """While beats come nothing is repainted, however long it takes."""
    screen = start_screen("--silence-limit", "2")
    agent.answer()
    agent.show("DONE", 7)
    agent.painted()
    for _ in range(12):
        agent.say({"type": "beat"})
        assert agent.read() == {"type": "pong"}
        time.sleep(0.2)
    assert screen.paintings[-1]["serial"] == 7


def test_a_lost_agent_is_replaced_by_the_safe_face_and_found_again(agent: HandAgent, start_screen: Start) -> None:
    """The connection breaks: safe face at once; the screen dials again and waits for the next order."""
    screen = start_screen()
    agent.answer()
    agent.show("DONE", 7)
    agent.painted()
    agent.hang_up()
    assert screen.last("WAIT")["safe"]
    assert agent.answer() == {"type": "hello", "screen": "xdb"}
    agent.say({"type": "beat"})
    assert agent.read() == {"type": "pong"}
    assert screen.paintings[-1]["scene"] == "WAIT"
    agent.show("STOP", 8)
    assert agent.painted()["serial"] == 8


def test_it_waits_for_an_agent_that_is_not_there_yet(start_agent: Callable[[], HandAgent], start_screen: Start) -> None:
    """Started before the agent, the screen shows the safe face and connects when there is something to connect to."""
    screen = start_screen()
    assert screen.last("WAIT")["safe"]
    assert start_agent().answer()["type"] == "hello"


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b'{"type":"show","scene":"GO","serial":9}',
        b'{"type":"show","scene":"DONE"}',
        b"\xff\x00",
        b"[" * 3000,
    ],
)
def test_a_malformed_line_brings_the_safe_face(agent: HandAgent, start_screen: Start, line: bytes) -> None:
    """What is not understood is a fault: safe face, a complaint for the technician, and the next order is obeyed."""
    screen = start_screen()
    agent.answer()
    agent.show("DONE", 7)
    agent.painted()
    agent.say(line)
    assert agent.painted()["safe"]
    agent.say(line)
    agent.show("STOP", 8)
    assert agent.painted()["serial"] == 8
    assert "does not know" in screen.complaints


def test_bytes_without_an_end_bring_the_safe_face(agent: HandAgent, start_screen: Start) -> None:
    """An endless line is no line: the screen hangs up, shows the safe face and dials again."""
    screen = start_screen()
    agent.answer()
    agent.show("DONE", 7)
    agent.painted()
    agent.send(b"y" * 9000)
    assert screen.last("WAIT")["safe"]
    assert agent.answer()["type"] == "hello"


def test_of_orders_that_wait_together_only_the_last_is_painted(agent: HandAgent, start_screen: Start) -> None:
    """An order that is already withdrawn never lights up."""
    screen = start_screen()
    agent.answer()
    done = {"type": "show", "scene": "DONE", "serial": 7}
    agent.say(done, {"type": "show", "scene": "OFFICER", "serial": 8})
    assert agent.painted()["serial"] == 8
    assert "DONE" not in [p["scene"] for p in screen.paintings]


def test_told_to_end_it_shows_the_safe_face_last(agent: HandAgent, start_screen: Start) -> None:
    """SIGTERM: the last painting is the safe face and the status is 0."""
    screen = start_screen()
    agent.answer()
    agent.show("DONE", 7)
    agent.painted()
    screen.process.send_signal(signal.SIGTERM)
    assert screen.process.wait(PATIENCE_S) == 0
    assert screen.paintings[-1]["safe"]


HANGING = """
    import sys, time
    import display.board, display.__main__

    class HangingBoard(display.board.PaintedSurface):
        def paint(self, showing):
            if showing.serial == 8:
                time.sleep(600)  # as a graphics library would
            return super().paint(showing)

    display.__main__.PaintedSurface = HangingBoard
    sys.exit(display.__main__.main())
"""


def test_a_hung_painter_ends_its_process(agent: HandAgent, start_screen: Start, folder: Path) -> None:
    """The painter hangs while DONE stands: the kernel ends the process, and the window with it."""
    program = folder / "hanging.py"
    program.write_text(textwrap.dedent(HANGING), encoding="utf-8")
    screen = start_screen("--silence-limit", "1.5", command=(str(program),))
    agent.answer()
    agent.show("DONE", 7)
    agent.painted()
    agent.show("STOP", 8)
    assert screen.process.wait(PATIENCE_S) == -signal.SIGALRM


def test_a_stopped_process_ends_when_it_wakes(agent: HandAgent, start_screen: Start) -> None:
    """A process that slept past the limit does not go on where it was."""
    screen = start_screen("--silence-limit", "1.2")
    agent.answer()
    agent.show("DONE", 7)
    agent.painted()
    screen.process.send_signal(signal.SIGSTOP)
    time.sleep(1.8)
    screen.process.send_signal(signal.SIGCONT)
    assert screen.process.wait(PATIENCE_S) == -signal.SIGALRM


def test_a_full_disk_does_not_stop_the_screen(agent: HandAgent, folder: Path) -> None:
    """The paint log cannot be written: a complaint, and the sign is painted and confirmed all the same."""
    arguments = ["--screen", "xdb", "--socket", str(folder / "screens.sock"), "--size", "96x96"]
    command = [sys.executable, "-m", "display", *arguments, "--paint-log", "/dev/full"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        agent.answer()
        agent.show("STOP", 1)
        assert agent.painted()["serial"] == 1
        process.terminate()
        assert process.stderr is not None
        assert b"paint log cannot be written" in process.stderr.read()


def test_a_paint_log_that_cannot_be_opened_does_not_stop_the_screen(agent: HandAgent, folder: Path) -> None:
    """No folder, no permission: a complaint, and the sign is painted and confirmed all the same."""
    arguments = ["--screen", "xdb", "--socket", str(folder / "screens.sock"), "--size", "96x96"]
    command = [sys.executable, "-m", "display", *arguments, "--paint-log", str(folder / "nowhere" / "xdb.jsonl")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        agent.answer()
        agent.show("STOP", 1)
        assert agent.painted()["serial"] == 1
        process.terminate()
        assert process.stderr is not None
        assert b"paint log cannot be opened" in process.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--screen", "tv"], "'tv' is not a screen: xdb or aiop"),
        (["--screen", "xdb", "--size", "100x90"], "the board is square, from 96x96 to 1024x1024"),
        (["--screen", "xdb", "--size", "big"], "write it like 256x256"),
        (["--screen", "xdb", "--silence-limit", "soon"], "0.2 to 10 seconds"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(arguments: list[str], complaint: str) -> None:
    """A wrong option ends with status 2 and says what to write instead."""
    command = [sys.executable, "-m", "display", "--socket", "/nowhere", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_without_a_display_a_window_is_refused_with_the_remedy() -> None:
    """A box without a display says so, and does not fall back to painting where nobody looks."""
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"}}
    command = [sys.executable, "-m", "display", "--screen", "xdb", "--socket", "/nowhere", "--window"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "or run the screen headless" in done.stderr


def test_an_agent_that_reads_nothing_is_left(agent: HandAgent, start_screen: Start) -> None:
    """Answers pile up unread: the screen gives that agent up instead of waiting for it."""
    screen = start_screen()
    agent.answer()
    agent.show("DONE", 7)
    agent.painted()
    beats = b"\n".join([b'{"type":"beat"}'] * 4000)
    with pytest.raises((BrokenPipeError, ConnectionResetError, socket.timeout)):  # noqa: PT012
        for _ in range(200):
            agent.say(beats)
    assert screen.last("WAIT")["safe"]
    assert "reads nothing" in screen.complaints
