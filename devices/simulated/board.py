"""The simulated board: the same port as the real ones, driven from the hardware's side over a Unix socket.

The demonstration world connects and writes JSON lines; each is answered in turn.

    {"contact": "unladen", "active": true}                    press
    {"contact": "unladen", "active": true, "bounce": 3}       press with three bounces before it rests
    {"board": "unplugged"}   {"board": "plugged"}             pull the cable, put it back

    {"ok": true, "at_ms": 81234}                              done, with the monotonic time of the first raw edge
    {"ok": false, "error": "..."}                             refused; nothing was done
    {"output": "bell", "on": true}                            not an answer: the lane switched an output

Simulation is chosen by configuration only (`simulation = true`), never as a fallback.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from devices.contacts import Tell
from devices.errors import BoardMissing
from devices.settings import InputSettings, Output, OutputSettings
from lane_agent.model import Contact

BOUNCE_S = 0.002
"""Between two bounces: that of a worn push button."""


class SimulatedBoard:
    """A `Board` whose levels come from a socket.

    Levels belong to the board, not to the lane: they outlive the lane's stop and start, as a parked truck does.

    Args:
        socket: where to listen; a stale socket file is removed, any other file is refused.
        inputs: the contacts it has; every one is inactive at first.
        outputs: the outputs it has.
        clock: monotonic milliseconds.
    """

    def __init__(
        self,
        *,
        socket: Path,
        inputs: Mapping[Contact, InputSettings],
        outputs: Mapping[Output, OutputSettings] = MappingProxyType({}),
        clock: Callable[[], int],
    ) -> None:
        self._socket, self._clock = socket, clock
        self._inputs = dict(inputs)
        self._outputs = {each.line: (output, each) for output, each in outputs.items()}
        self._levels = {each.line: each.active_low for each in inputs.values()}
        self._lit: dict[str, bool] = {}
        self._worlds: set[asyncio.StreamWriter] = set()
        self._tell: Tell | None = None
        self._unplugged = asyncio.Event()
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._server: asyncio.Server | None = None

    async def run(self, tell: Tell) -> None:
        """Tells every level, then what the world does, until the world unplugs the board (see `Board.run`)."""
        await self._listen()
        try:
            await self._plugged.wait()
            self._tell = tell
            for line, high in self._levels.items():
                tell(line, high, self._clock())
            await self._unplugged.wait()
        except asyncio.CancelledError:
            await self.close()
            raise
        finally:
            self._tell = None
        raise BoardMissing(
            "the simulated board was unplugged by the demonstration: it is put back by the demonstration"
        )

    def write(self, line: int, high: bool) -> None:
        """Tells the world that an output was switched (see `Board.write`)."""
        if self._tell is None:
            raise BoardMissing("the simulated board is unplugged")
        output, wired = self._outputs[line]
        name, on = output.value, high != wired.active_low
        self._lit[name] = on
        for world in self._worlds:
            _send(world, {"output": name, "on": on})

    def unanswered(self) -> tuple[int, ...]:
        """See `Board.unanswered`: the world confirms nothing."""
        return ()

    async def close(self) -> None:
        """Stops listening and disconnects every world; done by itself when `run` is cancelled."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for world in tuple(self._worlds):
            world.close()
        await server.wait_closed()
        self._socket.unlink(missing_ok=True)

    async def _listen(self) -> None:
        if self._server is not None:
            return
        if self._socket.is_socket():
            self._socket.unlink()
        try:
            self._server = await asyncio.start_unix_server(self._serve, path=self._socket)
        except OSError as problem:
            raise BoardMissing(
                f"cannot listen at {self._socket} ({problem}): remove that file, or make its folder"
            ) from problem

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._worlds.add(writer)
        for name, on in self._lit.items():
            _send(writer, {"output": name, "on": on})
        try:
            with suppress(ConnectionError, asyncio.LimitOverrunError):
                async for line in reader:
                    _send(writer, await self._answer(line))
                    await writer.drain()
        finally:
            self._worlds.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            at_ms = await self._do(json.loads(line))
        except ValueError as problem:
            return {"ok": False, "error": str(problem)}
        return {"ok": True, "at_ms": at_ms}

    async def _do(self, wish: object) -> int:
        at_ms = self._clock()
        match wish:
            case {"board": "unplugged"}:
                self._plugged.clear()
                self._unplugged.set()
            case {"board": "plugged"}:
                self._unplugged.clear()
                self._plugged.set()
            case {"contact": str(name), "active": bool(active), "bounce": int(bounces)}:
                await self._press(self._wire(name), active, bounces, at_ms)
            case {"contact": str(name), "active": bool(active)}:
                self._set(self._wire(name), active, at_ms)
            case _:
                raise ValueError('expected {"contact": name, "active": true or false} or {"board": "unplugged"}')
        return at_ms

    def _wire(self, name: str) -> InputSettings:
        try:
            return self._inputs[Contact(name)]
        except (KeyError, ValueError) as problem:
            known = ", ".join(sorted(contact.value for contact in self._inputs))
            raise ValueError(f"no contact {name!r} is wired; these are: {known}") from problem

    async def _press(self, wire: InputSettings, active: bool, bounces: int, at_ms: int) -> None:
        self._set(wire, active, at_ms)
        for _ in range(bounces):
            for level in (not active, active):
                await asyncio.sleep(BOUNCE_S)
                self._set(wire, level, self._clock())

    def _set(self, wire: InputSettings, active: bool, at_ms: int) -> None:
        high = active != wire.active_low
        if self._levels[wire.line] == high:
            return
        self._levels[wire.line] = high
        if self._tell is not None:
            self._tell(wire.line, high, at_ms)


class HardwareSide:
    """The hardware's side of a `SimulatedBoard`: presses buttons, drives loops, pulls the cable.

    Use as ``async with HardwareSide(path) as hardware: await hardware.set(Contact.UNLADEN, True)``.

    Attributes:
        outputs: what the lane has switched so far, by output name.

    Raises:
        OSError: nobody listens at the socket.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.outputs: dict[str, bool] = {}
        self._answers: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_unix_connection(self._socket)
        self._listener = asyncio.create_task(self._listen(reader), name="hardware-side")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait({self._listener})

    async def set(self, contact: Contact, active: bool, *, bounce: int = 0) -> int:
        """Makes or breaks a contact; returns the monotonic ms of the first raw edge."""
        return await self._ask({"contact": contact.value, "active": active, "bounce": bounce})

    async def unplug(self) -> int:
        """Pulls the board's cable; returns when, in monotonic ms."""
        return await self._ask({"board": "unplugged"})

    async def plug(self) -> int:
        """Puts the cable back; returns when, in monotonic ms."""
        return await self._ask({"board": "plugged"})

    async def _ask(self, wish: dict[str, Any]) -> int:
        """One request at a time.

        Raises:
            ValueError: the board refused it; the message says why.
            ConnectionError: the board has gone.
        """
        async with self._turn:
            if self._writer is None:
                raise ConnectionError("not connected: use `async with`")
            _send(self._writer, wish)
            answer = await self._answers.get()
        if answer is None:
            raise ConnectionError("the simulated board has gone")
        if not answer["ok"]:
            raise ValueError(answer["error"])
        return int(answer["at_ms"])

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            async for line in reader:
                said = json.loads(line)
                if "output" in said:
                    self.outputs[said["output"]] = said["on"]
                else:
                    await self._answers.put(said)
        await self._answers.put(None)


def _send(writer: asyncio.StreamWriter, value: dict[str, Any]) -> None:
    writer.write(json.dumps(value).encode() + b"\n")
