"""Check of the second identifier: it is listened to, as the lane would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

from devices.identifier import MarkOf, mark_itself
from devices.settings import IdentifierKind
from edge import identifiers, wiring
from edge.checks.findings import Finding, Surroundings, fault, ok, warning
from edge.checks.probe import lane_runs
from edge.settings.load import Settings
from runtime.clocks import utc_ms
from runtime.mqtt import Connection, Incoming

AREA = "identifier"
_OPENING_S = 3.0
"""Beyond the identifier's own limit: opening a port, or being let in by the broker."""


def identifier(settings: Settings, _: Surroundings) -> Iterator[Finding]:
    """Whether it is there and speaks. Where no release depends on it, that it does not is a warning."""
    chosen = settings.identifier
    if chosen.kind is IdentifierKind.NONE:
        yield ok(AREA, "none")
        return
    if lane_runs(settings):
        yield warning(
            AREA, "not tried: the running lane has it", "see the lane's page, or stop the lane and look again"
        )
        return
    try:
        yield ok(AREA, _listen(settings))
    except OSError as problem:
        bad = fault if chosen.required else warning
        wrong, _colon, remedy = str(problem).rpartition(": ")
        yield bad(AREA, wrong or "does not answer", remedy)


def _listen(settings: Settings) -> str:
    seconds = settings.identifier.silent_s + _OPENING_S
    if settings.identifier.kind is IdentifierKind.SERIAL:
        labels = settings.identifier.labels
        marks: MarkOf = mark_itself if labels is None else identifiers.LabelTable(labels)
        return identifiers.listen_once(identifiers.serial_labels(settings), marks, seconds)
    feed = identifiers.plate_feed(settings, utc_ms) or identifiers.metadata_feed(settings, utc_ms)
    assert feed is not None
    return identifiers.listen_once(_AtTheBroker(settings, feed), mark_itself, seconds)


class _AtTheBroker:
    """A `LabelSource`: the lane's own user at its broker, on Immigration's topic, for as long as it runs."""

    def __init__(self, settings: Settings, feed: identifiers.Feed) -> None:
        self._settings, self._topic = settings, identifiers.topic(settings)
        self._options = replace(wiring.link_options(settings), subscriptions=((self._topic, 1),))
        self._feed = feed

    async def run(self, seen: Callable[[str, int], None], alive: Callable[[], None]) -> None:
        """Connects and listens (see `LabelSource.run`)."""
        connection = Connection(
            self._options,
            will=lambda: None,
            on_up=lambda: None,
            on_down=lambda _: None,
            on_message=self._take,
        )
        connection.start()
        try:
            await self._feed.run(seen, alive)
        except TimeoutError as problem:
            if connection.last is not None and not connection.connected:
                raise OSError(f"no broker lets this lane in ({connection.last.detail}): see the brokers") from problem
            raise
        finally:
            await asyncio.shield(connection.stop())

    def _take(self, incoming: Incoming) -> None:
        identifiers.extra_topics(self._settings, self._feed)[self._topic](incoming)
        incoming.acknowledge()
