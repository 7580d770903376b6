"""Requests that come in the same turn of the loop, served together: one commit keeps them all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from core.office.door import Caller
from core.office.requests import Request


class SharedCommit:
    """Collects them.

    Args:
        serve: carries out requests, each with the connection it came over, in one transaction; an answer or a refusal for each.
    """

    def __init__(self, serve: Callable[[Sequence[tuple[Request, Caller]]], Sequence[Any]]) -> None:
        self._serve = serve
        self._waiting: list[tuple[Request, Caller]] = []
        self._answers: list[asyncio.Future[Any]] = []

    def soon(self, request: Request, caller: Caller) -> asyncio.Future[Any]:
        """The answer of a request, once it is kept."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._serve_waiting)
        self._waiting.append((request, caller))
        self._answers.append(loop.create_future())
        return self._answers[-1]

    def _serve_waiting(self) -> None:
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
