"""A lane's contacts, terminal and second identifier without its lane: for a technician who looks and tries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self

from devices.contact_faults import ContactFaults
from devices.identifier import NoIdentifier
from devices.settings import IdentifierKind, Output
from edge import identifiers, wiring
from edge.settings.load import Settings
from lane_agent.events import ContactChanged, Event
from lane_agent.model import Contact
from runtime.clocks import monotonic_ms


class OpenDevices:
    """Use as ``async with OpenDevices(settings) as devices``; the lane itself must not run, for a board has one master.

    Attributes:
        table: what each of them last said.
        active: contacts that are on now.
        heard: every event so far, in order.
    """

    def __init__(self, settings: Settings) -> None:
        faults = ContactFaults()
        self._contacts = wiring.contacts(settings, faults)
        self._terminal = wiring.terminal(settings, faults)
        serial = settings.identifier.kind is IdentifierKind.SERIAL
        second = identifiers.identifier(settings, None) if serial else None
        self._identifier = second or NoIdentifier()
        self.table = wiring.device_table(settings, self._contacts, faults, self._identifier)
        self.active: set[Contact] = set()
        self.heard: list[Event] = []
        self._news = asyncio.Event()
        self._faults = faults

    @property
    def trouble(self) -> str:
        """What is wrong with board and terminal now, "" for nothing."""
        return "; ".join(self._faults.causes.values())

    async def __aenter__(self) -> Self:
        await self._contacts.start(self._hear)
        if self._terminal is not None:
            await self._terminal.start(self._hear)
        await self._identifier.start(self._hear)
        self._identifier.vehicle_came()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._identifier.stop()
        if self._terminal is not None:
            await self._terminal.stop()
        await self._contacts.stop()

    def switch(self, output: Output, *, on: bool) -> None:
        """Switches an output."""
        self._contacts.switch(output, on)

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Waits until something holds that an event may bring about; whether it came in time."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return holds()
        return True

    def _hear(self, event: Event) -> None:
        self.heard.append(event)
        self.table.stepped(event, monotonic_ms())
        if isinstance(event, ContactChanged):
            (self.active.add if event.active else self.active.discard)(event.contact)
        self._news.set()
