"""The lanes' own pages: pictures for the tiles, one lane's camera live, and tickets by which an officer's browser opens one signed in.

Rules of this file:
- Each ticket answers a challenge that the lane made up, for that lane alone, once (`console.wall_visits`). The wall asks for it when it
  is needed, and gives it to nobody but the browser of the officer who asked.
- One connection a lane, whatever the number of browsers, and one more while somebody watches its camera live. A lane that does not
  answer is asked again, less and less often.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path

import httpx
import msgspec

from console.errors import LiveUnavailableError
from console.live import NO_LIVE, FramedPictures, LiveHub
from console.officers import OfficerRole
from console.ports import Ticks
from console.wall_visits import WallTicket, ticket_topic
from runtime.backoff import Backoff
from runtime.clocks import monotonic_ms
from runtime.live_packets import LivePicture
from wall.errors import LanePageError
from wall.pictures import PictureBoard
from wire.codec import encode
from wire.envelope import Signer

log = logging.getLogger("rocars.wall")

_HEAD = struct.Struct(">II")
_LARGEST = 1 << 20
_TIMEOUT = httpx.Timeout(5.0)
_AGAIN_S = (1.0, 30.0)
_MOST_LIVE = 48
"""Browsers that may watch one lane live."""


class LaneRefusal(msgspec.Struct, frozen=True):
    """What a lane's page says when it refuses."""

    words: str


class LanePages:
    """The pages of the lanes of a point.

    Args:
        pages: of each lane that has one, its address.
        signer: the wall's own key, whose public half is on the boxes.
        authority: who signed the pages' certificates; None for the system's authorities.
        board: where the pictures go.
        now_ms: UTC ms.
        ticks: monotonic ms, for the live pictures.
    """

    def __init__(
        self,
        pages: dict[str, str],
        *,
        signer: Signer,
        authority: Path | None,
        board: PictureBoard,
        now_ms: Callable[[], int],
        ticks: Ticks = monotonic_ms,
    ) -> None:
        self._pages = {lane: page.rstrip("/") for lane, page in pages.items()}
        self._signer, self._board, self._now = signer, board, now_ms
        self._ticks = ticks
        self._hubs: dict[str, LiveHub] = {}
        self._trust = ssl.create_default_context(cafile=authority)

    async def ticket(self, lane: str, person: str, role: OfficerRole) -> tuple[str, str]:
        """Where a browser goes, and the ticket it brings.

        Raises:
            LanePageError: the lane has no page, or it does not answer.
        """
        async with self._client(lane) as client:
            return f"{self._pages[lane]}/wall/enter", await self._ticket(client, lane, person, role)

    async def _ticket(self, client: httpx.AsyncClient, lane: str, person: str, role: OfficerRole) -> str:
        try:
            answer = (await client.get("/wall/challenge")).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise LanePageError(f"{lane}: its page does not let this wall in ({error})") from error
        ticket = WallTicket(lane=lane, challenge=str(answer["challenge"]), person=person, role=role)
        return base64.urlsafe_b64encode(self._signer.seal(ticket_topic(lane), encode(ticket))).decode()

    def _client(self, lane: str) -> httpx.AsyncClient:
        if lane not in self._pages:
            raise LanePageError(f"{lane}: no page of it is named in the wall's settings")
        return httpx.AsyncClient(base_url=self._pages[lane], verify=self._trust, timeout=_TIMEOUT, trust_env=False)

    def live(self, lane: str) -> LiveHub:
        """The lane's camera live, for all who watch here."""
        if lane not in self._hubs:
            self._hubs[lane] = LiveHub(lambda: self._live(lane), ticks=self._ticks, most=_MOST_LIVE)
        return self._hubs[lane]

    async def _live(self, lane: str) -> AsyncGenerator[LivePicture, None]:
        """The lane's stream, its times by our clock.

        Raises:
            LiveUnavailableError: the lane gives none.
            OSError: it does not answer, or no more.
        """
        try:
            async with self._entered(lane) as client, client.stream("GET", "/picture/lane/live") as answer:
                if answer.status_code != httpx.codes.OK:
                    raise LiveUnavailableError(_why(await answer.aread()))
                reading = FramedPictures()
                async for chunk in answer.aiter_raw():
                    for picture in reading.came(chunk, self._ticks()):
                        yield picture
        except LanePageError as error:
            raise LiveUnavailableError(NO_LIVE) from error
        except httpx.HTTPError as error:
            raise ConnectionError(f"{lane}: {str(error) or type(error).__name__}") from error

    async def run(self) -> None:
        """Fetches the pictures of all lanes until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self._pages:
                tasks.create_task(self._follow(lane), name=f"pictures of {lane}")

    async def _follow(self, lane: str) -> None:
        backoff, told = Backoff(*_AGAIN_S), ""
        while True:
            try:
                async for at_ms, jpeg in self._watch(lane):
                    self._board.put(lane, jpeg, at_ms)
                    backoff.reset()
                    told = ""
                why = "its page ended the stream"
            except (LanePageError, httpx.HTTPError) as error:
                why = str(error) or type(error).__name__
            if why != told:
                log.warning("lane %s: no pictures: %s", lane, why)
                told = why
            await asyncio.sleep(backoff.next_s())

    @contextlib.asynccontextmanager
    async def _entered(self, lane: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client that the lane has let in, as a viewer."""
        async with self._client(lane) as client:
            form = {"ticket": await self._ticket(client, lane, "", OfficerRole.VIEWER)}
            (await client.post("/wall/enter", data=form)).raise_for_status()
            yield client

    async def _watch(self, lane: str) -> AsyncIterator[tuple[int, bytes]]:
        async with self._entered(lane) as client, client.stream("GET", "/picture/lane/stream") as answer:
            answer.raise_for_status()
            held = b""
            async for chunk in answer.aiter_raw():
                held += chunk
                while len(held) >= _HEAD.size:
                    age_ms, length = _HEAD.unpack_from(held)
                    if length > _LARGEST:
                        raise LanePageError(f"{lane}: a picture of {length} bytes is none")
                    if len(held) < _HEAD.size + length:
                        break
                    yield self._now() - age_ms, held[_HEAD.size : _HEAD.size + length]
                    held = held[_HEAD.size + length :]


def _why(body: bytes) -> str:
    """A lane's own words for why it gives no live picture; a lane of an older version has none."""
    try:
        return msgspec.json.decode(body, type=LaneRefusal).words
    except msgspec.DecodeError:
        return NO_LIVE
