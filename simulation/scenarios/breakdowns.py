"""What fails: the link, the camera, rows 9 and 19 to 21."""

# ruff: noqa: D103 -- each scenario's words are its documentation

from __future__ import annotations

from simulation.scenarios.registry import at_officer, examined, scenario
from simulation.stage import Passing


@scenario(19, "the link breaks while the last proof still holds")
async def link_just_cut(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    await p.stage.codes_at_lane()
    p.allow()
    p.stage.cable.hold()
    await p.drop_manifest()
    await p.see_both("DONE")
    p.facts |= {"outcome": "released", "row": "17"}
    await p.leave()
    p.stage.cable.mend()


@scenario(20, "the link is lost with a truck in the lane: absence is unknown")
async def link_lost(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    p.stage.cable.hold()
    await p.page(lambda officer: officer.link == "offline")
    await p.immigration()
    await p.see_both("WAIT")
    await p.see_both("OFFICER")
    await p.officer_releases()
    await p.leave()
    p.stage.cable.mend()


@scenario(9, "the link is lost, and inspect is honoured all the same")
async def inspect_offline(p: Passing) -> None:
    await p.bundle("inspect")
    await p.stage.codes_at_lane()
    p.stage.cable.hold()
    await p.page(lambda officer: officer.link == "offline")
    await p.arrive(fresh=False)
    await p.immigration()
    await examined(p)
    p.stage.cable.mend()


@scenario(21, "the camera stops while a truck stands there")
async def camera_fault(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    p.stage.camera.freeze(frozen=True)
    await p.see_both("OFFICER")
    p.stage.camera.freeze(frozen=False)
    await p.page(lambda officer: "amera" not in str(officer.view["headline"]))
    await p.immigration()
    await at_officer(p, "OFFICER")
