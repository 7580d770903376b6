"""The launcher that opens the graphics card for the compositor, in the compositor's own words."""

from __future__ import annotations

import os
import re
import socket
import struct
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from display import card

COMPOSITOR = """
    import os, socket, struct, sys
    asked = socket.socket(fileno=int(os.environ["WESTON_LAUNCHER_SOCK"]))
    for path in sys.argv[1:]:
        asked.send(struct.pack("=ii", 0, os.O_RDWR) + path.encode() + b"\\0")
        print(path, struct.unpack("=ii", asked.recv(8)), flush=True)
    print(os.getpid())
"""


def asked(path: str, opcode: int = 0) -> tuple[bytes, list[int]]:
    """What the launcher answers to one request, and the files beside it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    thread = threading.Thread(target=card.serve, args=(its,))
    thread.start()
    ours.send(struct.pack("=ii", opcode, os.O_RDONLY) + path.encode() + b"\0")
    reply, files, _, _ = socket.recv_fds(ours, 64, 1)
    ours.close()
    thread.join(10)
    its.close()
    assert not thread.is_alive(), "it ends with the compositor"
    return reply, files


def test_a_card_is_opened_and_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply is an opcode and 0, the open file beside it."""
    (tmp_path / "card0").write_text("pictures")
    monkeypatch.setattr(card, "_CARD", re.compile(r".*/card\d+"))
    reply, (file,) = asked(str(tmp_path / "card0"))
    assert reply == struct.pack("=ii", 3, 0)
    assert os.read(file, 20) == b"pictures"
    os.close(file)


@pytest.mark.parametrize(
    "path", ["/dev/input/event0", "/dev/dri/card0/../../null", "/etc/passwd", "/dev/dri/card77777", ""]
)
def test_anything_else_and_a_missing_card_are_refused(path: str) -> None:
    """The compositor goes on without: it obeys no keyboard, and no path that only begins like a card's."""
    assert asked(path) == (struct.pack("=ii", 3, -1), [])


def test_a_request_of_another_kind_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one kind."""
    (tmp_path / "card0").touch()
    monkeypatch.setattr(card, "_CARD", re.compile(r".*/card\d+"))
    assert asked(str(tmp_path / "card0"), opcode=9) == (struct.pack("=ii", 3, -1), [])


def test_the_compositor_takes_the_process_that_the_unit_watches(tmp_path: Path) -> None:
    """Its process id is the one that was started; the launcher ends with it, and nothing is left behind."""
    program = tmp_path / "compositor.py"
    program.write_text(textwrap.dedent(COMPOSITOR))
    command = [sys.executable, "-m", "display.card", sys.executable, program, "/dev/null", "/dev/dri/card77777"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        lines = started.stdout.read().splitlines()  # ends when the launcher has ended, too
        assert lines == ["/dev/null (3, -1)", "/dev/dri/card77777 (3, -1)", str(started.pid)]
    assert started.returncode == 0


@pytest.mark.parametrize(
    ("command", "says"), [([], "name the compositor"), (["/nowhere/weston"], "cannot be started: No such")]
)
def test_what_cannot_be_started_is_told(command: list[str], says: str) -> None:
    """In one line."""
    done = subprocess.run([sys.executable, "-m", "display.card", *command], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
