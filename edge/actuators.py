"""`lane_agent.ports.ActuatorsPort`: each effect handed to the device that carries it out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from devices.identifier import Identifier
from devices.intercom import Intercom
from devices.reader import ReaderProcess
from devices.voice.line import VoiceLine
from lane_agent.effects import Alarm, Effect, LookAgain, Record, Ring, Show, TellDriver
from lane_agent.events import Event
from lane_agent.model import Moment
from lane_agent.state import Lane

log = logging.getLogger("rocars.lane")


class ShowsScenes(Protocol):
    """Whatever carries an order to both screens."""

    def show(self, order: Show, /) -> None:
        """Paint both."""


Watcher = Callable[[Event, Moment, tuple[Effect, ...], Lane], None]


class Actuators:
    """The devices of one lane, as its shell moves them.

    Args:
        screens, reader, identifier, intercom: the devices.
        tell: puts a line below the panel's message.
        watchers: told of each durable step: the page, the link.
        voice: None where the lane has none.
    """

    def __init__(
        self,
        *,
        screens: ShowsScenes,
        reader: ReaderProcess,
        identifier: Identifier,
        intercom: Intercom,
        tell: Callable[[TellDriver], None],
        watchers: list[Watcher],
        voice: VoiceLine | None = None,
    ) -> None:
        self._screens = screens
        self._reader = reader
        self._identifier = identifier
        self._intercom = intercom
        self._voice = voice
        self._tell = tell
        self._watchers = watchers

    def show(self, order: Show) -> None:
        """Paint both screens, and say what belongs to them."""
        self._screens.show(order)
        if self._voice is not None:
            self._voice.show(order)

    def read_plate(self, visit: int) -> None:
        """Begin to settle a read for this visit; whoever else names it is heard anew."""
        self._identifier.vehicle_came()
        self._reader.begin_visit(visit)

    def stop_reading(self, visit: int) -> None:
        """Its read is no longer wanted."""
        self._identifier.vehicle_left()
        self._reader.end_visit(visit)

    def look_again(self, order: LookAgain) -> None:
        """Is the plate still in view?"""
        self._reader.look_again(order.visit, order.look, order.vrn)

    def ring(self, order: Ring) -> None:
        """The intercom: its bell and lamp, and its voice where there is one."""
        self._intercom.ring(order.call)
        if self._voice is not None:
            self._voice.ring(order.call)

    def tell_driver(self, order: TellDriver) -> None:
        """A line below the panel's message."""
        self._tell(order)

    def raise_alarm(self, alarm: Alarm) -> None:
        """Watchers make of it what people see and hear (`edge.alarm_desk`); the core reads it in the journal."""
        log.debug("alarm %s, visit %d: %s", alarm.kind, alarm.visit, alarm.detail)

    def keep(self, record: Record) -> None:
        """The journal has it already."""
        log.debug("record %s of visit %d", record.kind, record.visit)

    def stepped(self, event: Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable."""
        for watcher in self._watchers:
            watcher(event, at, effects, lane)
