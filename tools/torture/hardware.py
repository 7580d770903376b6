"""The other side of one lane's hardware: contacts, camera, officer, and the two screens with their paint logs.

Rules of this file:
- Screens outlive the lane's process, as real ones do: one that hears nothing for `SILENCE_S` shows its safe face by
  itself. What they paint is written down here, not by the lane.
- Contacts keep their levels over the lane's restart; a lane that has started is told all of them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from lane_agent.model import Contact
from tools.torture.tap import Ledger

SILENCE_S = 2.0
SCREENS = ("xdb", "aiop")
SAFE = "WAIT"
OLDEST_S = 1.5


class LaneTwin:
    """The hardware of one lane.

    Args:
        lane: its name.
        socket: where the lane's process connects.
        paint: the screens' log.

    Attributes:
        status: what the lane last said of itself.
        scenes: what each screen shows.
        connected: whether a lane's process is there.
    """

    def __init__(self, lane: str, socket: Path, paint: Ledger) -> None:
        self.lane = lane
        self._socket, self._paint = socket, paint
        self._levels = dict.fromkeys(Contact, False)
        self._sees = ""
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._watch: asyncio.Task[None] | None = None
        self._heard = time.monotonic()
        self.status: dict[str, Any] = {}
        self.scenes = dict.fromkeys(SCREENS, "")

    async def start(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_unix_server(self._serve, self._socket)
        self._watch = asyncio.create_task(self._look_after_screens(), name=f"screens of {self.lane}")

    async def stop(self) -> None:
        """Stops listening; a lane that is still there ends."""
        if self._watch is not None:
            self._watch.cancel()
        if self._server is not None:
            self._server.close()
        if self._writer is not None:
            self._writer.close()
        self._paint.close()

    @property
    def connected(self) -> bool:
        """Whether a lane's process is there."""
        return self._writer is not None

    def said_lately(self) -> bool:
        """Whether `status` is of now."""
        return self.connected and time.monotonic() - self._heard < OLDEST_S

    def say(self, **what: Any) -> None:
        """One line to the lane; nobody hears it where no lane runs."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(json.dumps(what).encode() + b"\n")

    def switch(self, contact: Contact, active: bool) -> None:
        """A contact closes or opens."""
        self._levels[contact] = active
        self.say(contact=contact.value, active=active)

    async def pulse(self, contact: Contact) -> None:
        """A press."""
        self.switch(contact, True)
        await asyncio.sleep(0.03)
        self.switch(contact, False)

    def sees(self, vrn: str) -> None:
        """What stands before the camera."""
        self._sees = vrn
        self.say(sees=vrn)

    async def until(self, holds: Callable[[dict[str, Any]], bool], seconds: float) -> bool:
        """Waits until the lane's own words fit; False where they do not come to."""
        end = time.monotonic() + seconds
        while not (self.said_lately() and self.status and holds(self.status)):
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.02)
        return True

    async def until_shown(self, scenes: set[str], seconds: float) -> str:
        """Waits until the board shows one of `scenes`; "" where none comes."""
        end = time.monotonic() + seconds
        while self.scenes["xdb"] not in scenes:
            if time.monotonic() > end:
                return ""
            await asyncio.sleep(0.02)
        return self.scenes["xdb"]

    # -- the lane's process -------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer, self._heard, self.status = writer, time.monotonic(), {}  # what the process before said is over
        for contact, active in self._levels.items():
            self.say(contact=contact.value, active=active)
        self.say(sees=self._sees)
        with suppress(ConnectionError, ValueError):  # a lane that was killed may leave half a line
            while line := await reader.readline():
                self._hear(json.loads(line))
        if self._writer is writer:
            self._writer = None
        writer.close()

    def _hear(self, said: dict[str, Any]) -> None:
        self._heard = time.monotonic()
        if "status" in said:
            self.status = said["status"]
        if "show" in said:
            order = said["show"]
            for screen in SCREENS:
                self._put_on(screen, order[screen], order["serial"])
                self.say(painted=screen, scene=order[screen], serial=order["serial"])

    def _put_on(self, screen: str, scene: str, serial: int) -> None:
        if self.scenes[screen] != scene or not serial:
            self._paint.write(screen=screen, scene=scene, serial=serial)
        self.scenes[screen] = scene

    async def _look_after_screens(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            if time.monotonic() - self._heard < SILENCE_S:
                continue
            for screen in SCREENS:
                if self.scenes[screen] != SAFE:
                    self._put_on(screen, SAFE, 0)
                    self.say(painted=screen, scene=SAFE, serial=0)
