"""The camera's stream from the process that receives it, over its own Unix socket (`runtime.live_tap` is the other end)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from console.errors import LiveUnavailableError
from runtime.live_packets import LONGEST_LIVE, LivePicture, NoLive, live_news_of
from runtime.packets import read_packet

_ROOM = 4096
"""Bytes of a packet besides the picture."""


async def live_pictures(place: Path) -> AsyncGenerator[LivePicture, None]:
    """Pictures from the last key frame on, until the reader or its camera ends.

    Raises:
        OSError: nobody offers any there.
        ValueError: what is offered there is something else.
        LiveUnavailableError: the camera's stream cannot be passed on.
    """
    reader, writer = await asyncio.open_unix_connection(place)
    try:
        while (body := await read_packet(reader, most=LONGEST_LIVE + _ROOM)) is not None:
            try:
                news = live_news_of(body)
            except msgspec.DecodeError as error:
                raise ValueError(f"the reader speaks another version than the page ({error})") from error
            if isinstance(news, NoLive):
                raise LiveUnavailableError(CANNOT)
            yield news
    finally:
        writer.transport.abort()


CANNOT = "This camera's stream cannot be shown live: pictures are shown instead."
