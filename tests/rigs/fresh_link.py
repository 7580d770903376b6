"""A lane's link that is up."""

from __future__ import annotations

from lane_agent.model import Link
from sync.simulated.link import SimulatedLink
from wire.records import HoldRecord


def connected() -> SimulatedLink:
    """A lane that has its codes and is fresh."""
    world = SimulatedLink()
    world.core.change(HoldRecord("AB1"))
    world.connect()
    world.run(2_000)
    assert world.verdict() is Link.FRESH
    world.told.clear()
    return world
