"""Who drives off, and what came too late: row 22, and acts meant for the truck before."""

# ruff: noqa: D103 -- each scenario's words are its documentation

from __future__ import annotations

from dataclasses import replace

from lane_agent.model import Contact
from simulation.officer import PageRefusedError
from simulation.scenarios.records import laden, unbundled
from simulation.scenarios.registry import released, scenario
from simulation.stage import Passing


@scenario(22, "drives off before a result")
async def runs(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration_starts()
    p.facts |= {"outcome": "undecided"}
    await p.leave()


@scenario(22, "takes the way out against 4")
async def runs_from_inspection(p: Passing) -> None:
    await p.bundle("inspect")
    await p.arrive()
    await p.immigration()
    await p.see_both("EXAMINE")
    p.facts |= {"outcome": "examine", "row": "9"}
    await p.leave()


@scenario(12, "a click meant for the truck before declares nothing for this one")
async def late_click(p: Passing) -> None:
    await p.approve()
    await p.stage.codes_at_lane()
    await p.press_unladen()
    await unbundled(p)


@scenario(17, "Immigration's signal for the truck before clears nothing for this one")
async def late_clear(p: Passing) -> None:
    await p.bundle()
    await p.stage.codes_at_lane()
    await p.pulse(Contact.IMMIGRATION_CLEARED)
    await p.arrive()
    await p.drop_manifest()
    await p.see_both("STOP")
    await p.immigration(last=True)
    await p.see_both("DONE")
    p.facts |= {"outcome": "released", "row": "17"}
    await p.leave()


@scenario(17, "an officer's click meant for the truck before does not release this one")
async def late_officer(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    before = p.stage.officer.visit - 1
    try:
        await p.do("release", visit=before)
        p.facts |= {"outcome": "the page accepted a release for another visit"}
    except PageRefusedError:
        p.note("refused")
    await p.immigration()
    await released(p, 17)


@scenario(17, "two trucks bumper to bumper: a late read of the first is not taken for the second")
async def quick_follower(p: Passing) -> None:
    await p.bundle()
    first = replace(p.truck, vrn="QF7321", mainland="", seed=p.truck.seed + 7)
    p.stage.camera.show(first)
    await p.stage.codes_at_lane()
    p.note("arrived")
    await p.stage.hand.set(Contact.STOP_LOOP, True)
    await p.stage.pause(0.25)
    p.note("left")
    lost = p.truth()
    await p.stage.hand.set(Contact.EXIT_LOOP, True)
    await p.stage.hand.set(Contact.STOP_LOOP, False)
    await p.stage.pause(0.1)
    await p.stage.hand.set(Contact.EXIT_LOOP, False)
    p.begin_again(replace(lost, vrn=first.vrn, row=22, scenario="quick_leader"))
    await laden(p)
