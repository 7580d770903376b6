"""The lane's second identifier from its settings: which driver, whose words, required or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from devices.camera_metadata import MetadataFeed
from devices.errors import IdentifierMissing
from devices.identifier import Identifier, LabelSource, LabelTable, MarkOf, NoIdentifier, WatchedIdentifier, mark_itself
from devices.identifier_serial import SerialLabels
from devices.settings import IdentifierKind, IdentifierSettings
from edge.settings.load import Settings
from runtime.clocks import monotonic_ms
from runtime.mqtt import Incoming
from runtime.sections import milliseconds
from sync.plate_feed import PlateFeed
from wire.topics import LaneTopics

RFID = "rfid"
IMMIGRATION = "immigration"
CAMERA = "camera"
"""Who names the vehicle, in records and on the page."""

Feed = PlateFeed | MetadataFeed
ExtraTopics = Mapping[str, Callable[[Incoming], None]]


def plate_feed(settings: Settings, utc_ms: Callable[[], int]) -> PlateFeed | None:
    """What Immigration's reader says at the lane's broker, or None where the lane has no such reader."""
    chosen = settings.identifier
    if chosen.kind is not IdentifierKind.MQTT:
        return None
    return PlateFeed(
        lane=settings.lane.id,
        now_ms=monotonic_ms,
        utc_ms=utc_ms,
        silent_ms=milliseconds(chosen.silent_s),
        fresh_ms=milliseconds(chosen.fresh_s),
    )


def metadata_feed(settings: Settings, utc_ms: Callable[[], int]) -> MetadataFeed | None:
    """What a camera that reads plates itself says at the lane's broker, or None where there is no such camera."""
    chosen = settings.identifier
    if chosen.kind is not IdentifierKind.CAMERA:
        return None
    return MetadataFeed(
        now_ms=monotonic_ms,
        utc_ms=utc_ms,
        silent_ms=milliseconds(chosen.silent_s),
        fresh_ms=milliseconds(chosen.fresh_s),
    )


def topic(settings: Settings) -> str:
    """The topic on which Immigration's reader speaks to this lane."""
    return settings.identifier.topic or LaneTopics(settings.lane.id).plate


def extra_topics(settings: Settings, feed: Feed | None) -> ExtraTopics:
    """The topics that others write to this lane, and who takes them."""
    match feed:
        case PlateFeed():
            return {topic(settings): feed.on_message}
        case MetadataFeed():
            return {topic(settings): lambda incoming: feed.on_message(incoming.payload, retained=incoming.retained)}
        case _:
            return {}


def identifier(settings: Settings, feed: Feed | None) -> Identifier:
    """The configured identifier, not yet started.

    Raises:
        LabelsWrong: the table of labels cannot be used.
    """
    chosen = settings.identifier
    match chosen.kind:
        case IdentifierKind.NONE:
            return NoIdentifier()
        case IdentifierKind.SERIAL:
            marks: MarkOf = mark_itself if chosen.labels is None else LabelTable(chosen.labels)
            return _watched(RFID, serial_labels(settings), marks, chosen)
        case IdentifierKind.MQTT:
            assert feed is not None
            return _watched(IMMIGRATION, feed, mark_itself, chosen)
        case IdentifierKind.CAMERA:
            assert feed is not None
            return _watched(CAMERA, feed, mark_itself, chosen)


def serial_labels(settings: Settings) -> SerialLabels:
    """The label reader on its cable."""
    chosen = settings.identifier
    return SerialLabels(
        port=chosen.port or "", baud=chosen.baud, clock=monotonic_ms, silent_ms=milliseconds(chosen.silent_s)
    )


def _watched(name: str, source: LabelSource, marks: MarkOf, chosen: IdentifierSettings) -> Identifier:
    return WatchedIdentifier(
        name=name,
        source=source,
        mark_of=marks,
        required=chosen.required,
        vouched=chosen.vouched,
        clock=monotonic_ms,
    )


def listen_once(source: LabelSource, mark_of: MarkOf, seconds: float) -> str:
    """Listens to a source until it has shown that it lives, and a little longer for a label; says what was heard.

    Raises:
        OSError: it is missing or silent; says what to do.
    """
    return asyncio.run(_listen(source, mark_of, seconds))


async def _listen(source: LabelSource, mark_of: MarkOf, seconds: float) -> str:
    alive, labels = asyncio.Event(), dict[str, str]()

    def seen(label: str, _: int) -> None:
        alive.set()
        labels[label] = mark_of(label) or "no mark"

    running = asyncio.ensure_future(source.run(seen, alive.set))
    waiting = asyncio.ensure_future(alive.wait())
    try:
        await asyncio.wait({running, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not running.done() and alive.is_set():
            await asyncio.wait({running}, timeout=1.0)
        if running.done():
            running.result()
        if not alive.is_set():
            raise IdentifierMissing(f"nothing heard within {seconds:g} s: check its power, its cable and its settings")
    finally:
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
    return "answers; " + (", ".join(f"{label}: {mark}" for label, mark in labels.items()) or "no label in its field")


__all__ = [
    "LabelTable",
    "extra_topics",
    "identifier",
    "listen_once",
    "metadata_feed",
    "plate_feed",
    "serial_labels",
    "topic",
]
