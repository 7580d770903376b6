"""What is on record of the truck: rows 9 to 18."""

# ruff: noqa: D103 -- each scenario's words are its documentation

from __future__ import annotations

from lane_agent.model import Contact
from simulation.scenarios.registry import at_officer, examined, released, scenario
from simulation.stage import Passing


@scenario(17, "laden, one consignment, release")
async def laden(p: Passing) -> None:
    await p.bundle_by_people()
    await p.arrive()
    await p.immigration()
    await released(p, 17)


@scenario(17, "laden, several CCRNs under one UBR, and two bundles")
async def several(p: Passing) -> None:
    await p.bundle("release", "release", "release")
    await p.bundle("release")
    await p.arrive()
    await p.immigration()
    await released(p, 17)


@scenario(18, "transhipment under ITFS: the core has decided, the lane shows nothing special")
async def itfs(p: Passing) -> None:
    await p.bundle("release", scheme="ITFS")
    p.facts |= {"schemes": "ITFS"}
    await p.arrive()
    await p.immigration()
    await released(p, 17)


@scenario(10, "unladen, approved vehicle, button pressed")
async def unladen(p: Passing) -> None:
    await p.approve()
    await p.arrive()
    await p.immigration()
    await p.press_unladen()
    await released(p, 10)


@scenario(12, "no bundle; the driver is reminded and presses Unladen Vehicle")
async def reminded(p: Passing) -> None:
    await p.approve()
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await p.press_unladen()
    await released(p, 10)


@scenario(12, "no bundle, silent driver")
async def unbundled(p: Passing) -> None:
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await at_officer(p, "NOBUNDLE")


@scenario(10, "unladen, but not on the list of approved vehicles")
async def unladen_unknown(p: Passing) -> None:
    await p.arrive()
    await p.immigration()
    await p.press_unladen()
    await at_officer(p, "OFFICER")


@scenario(11, "unladen pressed against a live bundle")
async def contradiction(p: Passing) -> None:
    await p.approve()
    await p.bundle()
    await p.arrive()
    await p.press_unladen()
    await p.immigration()
    await p.see_both("OFFICER")
    await p.do("inspect")
    await p.see_both("EXAMINE")
    p.facts |= {"outcome": "examine", "doubt": "contradiction"}
    await p.leave(Contact.COMPOUND_LOOP)


@scenario(9, "laden, one CCRN of three to be inspected")
async def inspect(p: Passing) -> None:
    await p.bundle("release", "inspect", "release")
    await p.arrive()
    await p.immigration()
    await examined(p)


@scenario(9, "an action code the lane does not know stops")
async def unknown_code(p: Passing) -> None:
    await p.bundle("release-if-sealed")
    await p.arrive()
    await p.immigration()
    await examined(p)


@scenario(9, "unladen, but the vehicle itself is held")
async def held_unladen(p: Passing) -> None:
    await p.approve()
    await p.stage.counter.hold(p.vrn, reason="Demonstration")
    await p.arrive()
    await p.press_unladen()
    await p.immigration()
    await examined(p)


@scenario(9, "a hold arrives while the truck stands at the drop-in box")
async def hold_while_standing(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    await p.stage.counter.hold(p.vrn, reason="Demonstration")
    await examined(p)


@scenario(9, "a hold arrives while 3 is on show: it is taken back")
async def hold_after_done(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    p.allow()
    await p.drop_manifest()
    await p.see_both("DONE")
    p.forbid(within_ms=3_000)
    await p.stage.counter.hold(p.vrn, reason="Demonstration")
    await p.see_both("EXAMINE")
    p.facts |= {"outcome": "examine"}
    await p.leave(Contact.COMPOUND_LOOP)


@scenario(13, "the bundle was used by an earlier crossing")
async def used(p: Passing) -> None:
    await laden(p)
    p.begin_again()
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await at_officer(p, "NOBUNDLE")


@scenario(13, "the bundle has expired")
async def expired(p: Passing) -> None:
    await p.bundle(early_min=-3_000, valid_h=-1)
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await at_officer(p, "NOBUNDLE")


@scenario(13, "debundled while the truck stands in the lane")
async def debundled(p: Passing) -> None:
    ubr = await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    await p.stage.counter.debundle(ubr)
    await p.see_both("UNLADEN")
    await p.drop_manifest()
    await at_officer(p, "NOBUNDLE")


@scenario(14, "twenty minutes early")
async def early(p: Passing) -> None:
    await p.bundle(early_min=20)
    await p.arrive()
    await p.immigration()
    await at_officer(p, "EARLY")


@scenario(15, "bundled for another control point")
async def other_point(p: Passing) -> None:
    await p.bundle(point="MKT")
    await p.arrive()
    await p.immigration()
    await p.see_both("WAIT")
    await at_officer(p, "WRONGPOINT")


@scenario(16, "bundled for the other direction")
async def other_direction(p: Passing) -> None:
    await p.bundle(direction="outbound" if p.stage.direction == "inbound" else "inbound")
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await at_officer(p, "NOBUNDLE")
