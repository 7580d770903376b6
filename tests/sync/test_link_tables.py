"""The tables of handlers are complete: nothing that the link can ask for or hear is without one."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from runtime.mqtt import Broker, Options
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.link import Effect
from sync.simulated.link import CORE, LANE, LANE_KEY, SimulatedLink
from sync.store import LaneStore
from wire.channels import from_core
from wire.messages import Command, Delta

EFFECTS = set(get_args(Effect))


def test_the_lane_carries_out_every_effect(tmp_path: Path) -> None:
    """An effect that is added to the machine is added to whoever runs it."""
    with LaneStore(tmp_path / "lane.db") as store:
        client = LinkClient(
            LANE,
            options=Options(brokers=(Broker("127.0.0.1", 1),), client_id=LANE, subscriptions=()),
            signer=LANE_KEY,
            ring=CORE.ring(),
            journal=Journal(store, boot="b1", software="test"),
            codes=CodeLog(store),
            now_ms=lambda: 0,
            on_event=lambda _: None,
            on_alarm=lambda _kind, _detail: None,
        )
        assert client._runner._do.keys() == EFFECTS


def test_the_simulated_lane_carries_out_every_effect() -> None:
    """What tests see is what the lane would do."""
    assert SimulatedLink()._do.keys() == EFFECTS


def test_the_machine_handles_every_body_of_the_core() -> None:
    """Two need more than the body: a delta its signed bytes, a command the retain flag."""
    machine = SimulatedLink().machine
    bodies = {body for channel in from_core(machine.topics).values() for body in channel.bodies}
    assert machine._handlers.keys() | {Command, Delta} == bodies
