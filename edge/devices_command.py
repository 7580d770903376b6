"""`rocars-lane devices`: what every contact, output, terminal and reader of this lane says, live.

Beside a running lane it asks the lane's own health page (`health.metrics_port`), for a board has one master; else it opens the
devices itself. It switches nothing.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from typing import Any, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from edge.checks.probe import lane_runs
from edge.open_devices import OpenDevices
from edge.settings.load import Settings
from runtime.clocks import monotonic_ms

EVERY_S = 0.5
Rows = list[dict[str, Any]]


class DevicesUnknown(OSError):  # noqa: N818 - what it is, not that it is an error
    """Nobody can say; the text says what to do."""


async def devices_command(settings: Settings, *, seconds: float, as_json: bool, out: TextIO) -> None:
    """Shows the rows until the time is over (0: until interrupted); `as_json`: once, as a list.

    Raises:
        DevicesUnknown: the lane runs and its health page does not answer.
    """
    end = time.monotonic() + seconds if seconds else float("inf")
    if as_json:
        end = time.monotonic() + (seconds or 2.0)
    console, rows = Console(file=out), Rows()
    show = _Shown(console, settings.lane.id)
    with show:
        async for rows in _looks(settings, lambda: time.monotonic() < end):
            if not as_json:
                show.rows(rows)
    if as_json:
        out.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


def rows_of_the_lane(settings: Settings) -> Rows:
    """What the running lane's health page says of its devices.

    Raises:
        DevicesUnknown: it has none, or it does not answer.
    """
    return _of_the_lane(settings.health.metrics_port)


async def _looks(settings: Settings, goes_on: Callable[[], bool]) -> AsyncIterator[Rows]:
    if lane_runs(settings):
        while goes_on():
            yield await asyncio.to_thread(rows_of_the_lane, settings)
            await asyncio.sleep(EVERY_S)
        return
    async with OpenDevices(settings) as devices:
        while goes_on():
            await asyncio.sleep(EVERY_S)
            yield [row.plain() for row in devices.table.rows(monotonic_ms())]


def _of_the_lane(port: int) -> Rows:
    if not port:
        raise DevicesUnknown("the lane runs and has no health page: set health.metrics_port, or stop the lane")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=3) as answer:
            return list(json.load(answer)["devices"])
    except urllib.error.HTTPError as answer:  # a lane that is not well says so by its status, and tells all the same
        return list(json.load(answer)["devices"])
    except (OSError, ValueError, KeyError) as problem:
        raise DevicesUnknown(
            f"the lane runs and port {port} does not answer ({problem}): see health.metrics_port"
        ) from problem


class _Shown:
    """The rows as a live table, or line by line where nobody looks at a terminal: only what has changed."""

    def __init__(self, console: Console, title: str) -> None:
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._console, self._title = console, title
        self._last: dict[str, tuple[str, str]] = {}

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def rows(self, rows: Rows) -> None:
        """Shows them."""
        if self._live is not None:
            self._live.update(_table(self._title, rows), refresh=True)
            return
        for row in rows:
            said = (row["state"], row["trouble"])
            if self._last.get(row["name"]) != said:
                self._last[row["name"]] = said
                trouble = f"  FAULT: {row['trouble']}" if row["trouble"] else ""
                self._console.file.write(f"{row['name']}: {row['state']}{trouble}\n")


def _table(title: str, rows: Rows) -> Table:
    table = Table("device", "where", "says", "since", "times", "wrong with it", title=title)
    for row in rows:
        since = "" if row["seconds"] is None else f"{row['seconds']:.1f} s"
        wrong = f"[bold red]{escape(row['trouble'])}[/]" if row["trouble"] else ""
        state = f"[bold green]{row['state']}[/]" if row["state"] == "on" else escape(row["state"])
        table.add_row(row["name"], row["place"], state, since, str(row["times"]), wrong)
    return table
