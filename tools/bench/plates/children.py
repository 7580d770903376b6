"""The side of the bench: contenders as children, asked one picture at a time."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from tools.bench.plates.labels import LabelledPicture
from tools.bench.plates.wire import ContenderHello, ContenderReply, ReadRequest, reply

_ROOT = Path(__file__).parents[3]
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class NoContenderError(Exception):
    """A contender is not there, or ended while it was asked; the message says why."""


class ContenderChild:
    """A contender's process; use it as a context.

    Args:
        name: for messages.
        command: what to start: an interpreter and its arguments, run with this repository's packages.

    Raises:
        NoContenderError: on entering, where it cannot be started or says that it is not installed.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._command = list(command)

    def __enter__(self) -> Self:
        paths = {"PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"}
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=pipe,
                stdout=pipe,
                text=True,
                encoding="utf-8",
                env=os.environ | _ONE_THREAD | paths,
            )
        except OSError as error:
            raise NoContenderError(f"{self.name}: {self._command[0]}: {error.strerror}") from error
        with contextlib.ExitStack() as undo:
            undo.callback(self.__exit__)
            said = self._heard("as it started")
            if "absent" in said:
                raise NoContenderError(f"{self.name}: {said['absent']}")
            self.hello = ContenderHello(**said)
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def ask(self, shown: LabelledPicture, *, crop: bool = False) -> ContenderReply:
        """What it says of one picture.

        Raises:
            NoContenderError: it ended instead.
        """
        plates = [label.corners for label in shown.labels if label.corners]
        line = json.dumps(asdict(ReadRequest(str(shown.file), plates, crop)))
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # what ended it is told by `_heard`
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        return reply(self._heard(f"at {shown.file.name}"))

    def _heard(self, when: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NoContenderError(f"{self.name}: ended {when}, exit status {self._process.wait()}; see above")
        said: dict[str, Any] = json.loads(line)
        return said


def module(name: str, *arguments: str, python: str = "") -> list[str]:
    """The command of a contender: one of the modules beside this one, with this interpreter unless another is named."""
    return [python or sys.executable, "-m", f"tools.bench.plates.{name}", *arguments]


@contextlib.contextmanager
def one_core(core: int | None) -> Iterator[int]:
    """This process and the children it starts on one core: the one named, or the first that is allowed."""
    before = os.sched_getaffinity(0)
    chosen = min(before) if core is None else core
    os.sched_setaffinity(0, {chosen})
    try:
        yield chosen
    finally:
        os.sched_setaffinity(0, before)
