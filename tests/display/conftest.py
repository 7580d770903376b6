"""Real screen processes and a hand-driven agent, for the tests of the screens."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 20.0  # a busy machine is slow; nothing is judged by this time


def until(condition: Callable[[], Any], what: str) -> Any:
    """Waits until `condition` gives something true, and returns it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {PATIENCE_S} s in vain: {what}")


class HandAgent:
    """An agent driven by the test: listens, speaks lines, reads answers."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(2)
        self._listener.settimeout(PATIENCE_S)
        self._line: socket.socket | None = None
        self._held = b""

    def answer(self) -> dict[str, Any]:
        """Takes the screen's connection and returns its first line."""
        self.hang_up()
        self._line, _ = self._listener.accept()
        self._line.settimeout(PATIENCE_S)
        return self.read()

    def say(self, *messages: dict[str, Any] | bytes) -> None:
        """Sends the lines in one piece."""
        lines = [m if isinstance(m, bytes) else json.dumps(m).encode() for m in messages]
        self.send(b"".join(line + b"\n" for line in lines))

    def send(self, some: bytes) -> None:
        """Sends bytes as they are."""
        assert self._line is not None
        self._line.sendall(some)

    def show(self, scene: str, serial: int, **more: Any) -> None:
        """Orders a scene."""
        self.say({"type": "show", "scene": scene, "serial": serial, **more})

    def read(self) -> dict[str, Any]:
        """The next line of the screen."""
        assert self._line is not None
        while b"\n" not in self._held:
            chunk = self._line.recv(65536)
            assert chunk, "the screen hung up"
            self._held += chunk
        line, _, self._held = self._held.partition(b"\n")
        return json.loads(line)

    def painted(self) -> dict[str, Any]:
        """The next painting the screen reports; pongs are passed over."""
        while (message := self.read())["type"] != "painted":
            pass
        return message

    def hang_up(self) -> None:
        """Closes the connection, goes on listening."""
        if self._line is not None:
            self._line.close()
            self._line, self._held = None, b""

    def close(self) -> None:
        """The agent is gone."""
        self.hang_up()
        self._listener.close()


class RunningScreen:
    """A screen process and what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, errors: Path) -> None:
        self.process = process
        self._log = log
        self._errors = errors

    @property
    def paintings(self) -> list[dict[str, Any]]:
        """The paint log so far."""
        text = self._log.read_text(encoding="utf-8") if self._log.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    @property
    def complaints(self) -> str:
        """What it wrote to standard error."""
        return self._errors.read_text(encoding="utf-8")

    def last(self, scene: str) -> dict[str, Any]:
        """Waits until the newest painting is of that scene."""
        return until(
            lambda: next((p for p in self.paintings[-1:] if p["scene"] == scene), None), f"{scene} as the last painting"
        )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name is short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="lane-") as name:
        yield Path(name)


@pytest.fixture
def start_agent(folder: Path) -> Iterator[Callable[[], HandAgent]]:
    """Starts an agent that listens at `folder/screens.sock`."""
    with contextlib.ExitStack() as stack:

        def start() -> HandAgent:
            hand = HandAgent(folder / "screens.sock")
            stack.callback(hand.close)
            return hand

        yield start


@pytest.fixture
def agent(start_agent: Callable[[], HandAgent]) -> HandAgent:
    """An agent that listens already."""
    return start_agent()


@pytest.fixture
def start_screen(folder: Path) -> Iterator[Callable[..., RunningScreen]]:
    """Starts `python -m display` (96 x 96 XDB unless said otherwise); what is left is killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*more: str, screen: str = "xdb", command: tuple[str, ...] = ("-m", "display")) -> RunningScreen:
        log, errors = folder / f"{screen}-{len(started)}.jsonl", folder / f"{screen}-{len(started)}.txt"
        arguments = [*command, "--screen", screen, "--socket", str(folder / "screens.sock"), "--paint-log", str(log)]
        arguments += [] if "--size" in more or screen != "xdb" else ["--size", "96x96"]
        with errors.open("wb") as file:
            started.append(subprocess.Popen([sys.executable, *arguments, *more], stderr=file, stdout=file))
        return RunningScreen(started[-1], log, errors)

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
