"""What officers at the wall order of lanes: through the core, which signs it, and back what became of it.

Rules of this file:
- The wall signs nothing that a lane obeys: the core does, after it has checked by certificate which wall asks and for which lane.
  The person is in the request, and the lane's journal has both.
- Without an answer it is not known whether an order was carried out, and that is what is said. A lane refuses in its own words.
- A core that does not answer is said to be away; the lanes' own pages go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import msgspec

from runtime.tls import in_words
from wall.people import May
from wall.settings import CoreLineSection

NEEDS: Final[dict[str, May]] = {
    "open": May.LANE,
    "close": May.LANE,
    "manual": May.LANE,
    "automatic": May.LANE,
    "answered": May.DECIDE,
    "inspect_visit": May.DECIDE,
    "message": May.LANE,
    "notice": May.LANE,
    "restart_reader": May.REPAIR,
}
"""The orders that a person can give, and what each lets them do; more than one lane at a time needs `May.MANY` besides."""

WITH_REASON: Final = frozenset({"close", "manual", "inspect_visit", "message", "restart_reader"})
OF_VISIT: Final = frozenset({"inspect_visit"})
MAY_BE_OF_VISIT: Final = frozenset({"notice"})
_GOOD_S = 10
_ANSWER_S = 5.0
_POLL_S = 0.15
_LONGEST = 64 << 20
"""Bytes of an answer: an exported story has its pictures in it."""


class Became(Enum):
    """What became of an order."""

    DONE = "done"
    REFUSED = "refused"  # by the lane or by the core; the detail says why
    UNKNOWN = "unknown"  # the lane has not answered: it may have been done
    AWAY = "away"  # the core was not reached: it was not sent


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What became of one order to one lane."""

    lane: str
    became: Became
    detail: str = ""


class CoreAnswer(msgspec.Struct, frozen=True):
    """The core's answer to one request: a result, as JSON, or the problems for which it was refused."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    problems: tuple[str, ...] = ()


class CoreAwayError(ConnectionError):
    """No core answers; the text says what was tried."""


class CoreLine:
    """The line to the core, made when it is wanted and again after it broke.

    Args:
        section: where the core listens for walls; None where this wall orders nothing.
        answer_s: how long an answer may take.
    """

    def __init__(self, section: CoreLineSection | None, *, answer_s: float = _ANSWER_S) -> None:
        self._section, self._answer_s = section, answer_s
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.away = "" if section is not None else "this wall has no section [core]"

    async def order(
        self, lane: str, name: str, *, who: str, text: str = "", visit: str = "", seconds: int = 0
    ) -> OrderOutcome:
        """Sends one command and waits for the lane's reply; `seconds` is how long what it sets may stand."""
        asked: dict[str, Any] = {"do": "command", "who": who, "lane": lane, "name": name, "text": text, "visit": visit}
        asked |= {"revert_seconds": seconds} if seconds else {}
        try:
            sent = await self.ask({**asked, "good_seconds": _GOOD_S})
            if sent.problems:
                return OrderOutcome(lane, Became.REFUSED, "; ".join(sent.problems))
            return await self._reply(lane, msgspec.json.decode(sent.result, type=str))
        except CoreAwayError as error:
            return OrderOutcome(lane, Became.AWAY, str(error))

    async def _reply(self, lane: str, command: str) -> OrderOutcome:
        end = asyncio.get_running_loop().time() + _GOOD_S
        while asyncio.get_running_loop().time() < end:
            try:
                told = await self.ask({"do": "commands", "id": command})
            except CoreAwayError:
                break
            found: list[dict[str, Any]] = msgspec.json.decode(told.result) or []
            if found and found[0]["outcome"]:
                return OrderOutcome(lane, Became(found[0]["outcome"]), found[0]["detail"])
            await asyncio.sleep(_POLL_S)
        return OrderOutcome(lane, Became.UNKNOWN, "the lane has not answered: look at it before you order again")

    async def ask(self, request: dict[str, Any]) -> CoreAnswer:
        """Asks the core one thing; requests of one line are answered in turn.

        Raises:
            CoreAwayError: it is not known what became of it.

        Whoever is cancelled hangs up: the answer would be taken for that of the next request.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(self._answer_s):
                    reader, writer = self._streams or await self._connect()
                    writer.write(msgspec.json.encode(request) + b"\n")
                    await writer.drain()
                    line = await reader.readline()
            except asyncio.CancelledError:
                self.close()
                raise
            except (OSError, TimeoutError, ValueError) as error:
                self.close()
                self.away = in_words(str(error)) or "it does not answer in time"
                raise CoreAwayError(self.away) from error
            if not line:
                self.close()
                self.away = "it hung up: is this wall under walls.lanes there?"
                raise CoreAwayError(self.away)
            self.away = ""
            return msgspec.json.decode(line, type=CoreAnswer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        section = self._section
        if section is None:
            raise ConnectionError(self.away)
        context = ssl.create_default_context(cafile=section.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(section.certificate, section.key)
        self._streams = await asyncio.open_connection(section.host, section.port, ssl=context, limit=_LONGEST)
        return self._streams

    async def ask_status(self) -> None:
        """Asks the core for a sign of life; `away` says what became of it."""
        if self._section is not None:
            try:
                await self.ask({"do": "status"})
            except CoreAwayError:
                return

    async def hang_up(self) -> None:
        """Hangs up, and waits until the core has heard it, a second at most."""
        streams = self._streams
        self.close()
        if streams is not None:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await streams[1].wait_closed()

    def close(self) -> None:
        """Hangs up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
