"""The trucks of the demonstration: each scenario is one row of the decision table, or one nasty moment, acted out.

Rules of this file: a scenario knows what must be seen and what must not; it never looks into the lane. `row` is the row
of domain §4 it is about. A scenario that needs two vehicles or a broken link puts everything back before it ends.
"""

from __future__ import annotations

from dataclasses import replace

from simulation.scenarios import breakdowns, drivers, people, plates, records
from simulation.scenarios.registry import REGISTERED, DemoScenario
from simulation.stage import Passing

__all__ = ["ALL", "FOREIGN", "SCENARIOS", "Scenario"]

_CHAPTERS = (records, plates, people, breakdowns, drivers)

SCENARIOS: dict[str, DemoScenario] = {
    key: one for chapter in _CHAPTERS for key, one in REGISTERED.items() if one.act.__module__ == chapter.__name__
}
"""Every scenario, in the order in which a short demonstration shows them."""


async def _foreign(p: Passing) -> None:
    """The camera shows pictures of its own: nothing is known of the plate, and the officer ends the visit by hand."""
    p.truck = p.camera_truck = replace(p.truck, vrn="", mainland="")
    await p.arrive(reads=False)
    await p.immigration()
    await p.stage.pause(2.0)
    await p.do("take_over")
    await p.leave()


FOREIGN = "foreign"
ALL: dict[str, DemoScenario] = SCENARIOS | {
    FOREIGN: DemoScenario(FOREIGN, 8, "whatever the given camera shows", _foreign)
}
"""Also the one scenario that a plan never has: with `--camera` the world does not know what the reader sees."""
