"""Requests that come at the same moment, served together: one commit keeps them all.

Rules of this file: who comes alone waits for nobody. While several come at once, the first of them waits for as many as were answered
last or have come since, and at most `GATHERS_S`: what a commit costs is then shared by all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from core.office.door import Caller
from core.office.requests import Request

GATHERS_S = 0.001
"""A third of what a commit of one request takes."""


class SharedCommit:
    """Collects them.

    Args:
        serve: carries out requests, each with the connection it came over, in one transaction; an answer or a refusal for each.
    """

    def __init__(self, serve: Callable[[Sequence[tuple[Request, Caller]]], Sequence[Any]]) -> None:
        self._serve = serve
        self._waiting: list[tuple[Request, Caller]] = []
        self._answers: list[asyncio.Future[Any]] = []
        self._expected = 1
        self._due: asyncio.Handle | None = None

    def soon(self, request: Request, caller: Caller) -> asyncio.Future[Any]:
        """The answer of a request, once it is kept."""
        loop = asyncio.get_running_loop()
        if self._due is None:
            self._due = self._begin(loop)
        self._waiting.append((request, caller))
        self._answers.append(loop.create_future())
        if len(self._waiting) == self._expected > 1:
            self._due.cancel()
            self._due = loop.call_soon(self._serve_waiting)
        return self._answers[-1]

    def _begin(self, loop: asyncio.AbstractEventLoop) -> asyncio.Handle:
        if self._expected > 1:
            return loop.call_later(GATHERS_S, self._serve_waiting)
        return loop.call_soon(self._serve_waiting)

    def _serve_waiting(self) -> None:
        self._due = None
        waiting, self._waiting = self._waiting, []
        answers, self._answers = self._answers, []
        try:
            came = self._serve(waiting)
        except Exception as error:  # noqa: BLE001 -- each of those who wait raises it
            came = [error] * len(answers)
        for answer, result in zip(answers, came, strict=True):
            if answer.done():
                continue  # its client is gone
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
        self._expected = len(waiting)
