"""What Immigration, the driver and the officer do: rows 1, 5, 6 and 7."""

# ruff: noqa: D103 -- each scenario's words are its documentation

from __future__ import annotations

from lane_agent.model import Contact
from simulation.scenarios.registry import at_officer, released, scenario
from simulation.stage import Passing


@scenario(5, "Immigration refers the driver")
async def referred(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration(refer=True)
    await p.see(xdb="IMMIGRATION_TURN", aiop="OFFICER")
    await p.do("take_over")
    p.facts |= {"outcome": "undecided", "doubt": "referred"}
    await p.leave()


@scenario(6, "the driver asks for help")
async def help_wanted(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    await p.pulse(Contact.HELP)
    await p.see(aiop="HELP", xdb="MANIFEST")
    await p.stage.officer.act("answer")
    await p.see(aiop="OFFICER")  # the demonstration has no voice: the panel promises none
    await p.stage.pause(0.5)
    await p.stage.officer.act("end_call", reason="Asked where the box is")
    await released(p, 17)


@scenario(6, "help while 3 is on show: it is taken back")
async def help_after_done(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    p.allow()
    await p.drop_manifest()
    await p.see_both("DONE")
    p.forbid()
    await p.pulse(Contact.HELP)
    await p.see(aiop="HELP", xdb="OFFICER")
    await p.officer_releases()
    await p.leave()


@scenario(7, "manual mode by order")
async def manual(p: Passing) -> None:
    await p.bundle()
    await p.stage.officer.act("order_manual", reason="Exercise")
    await p.arrive()
    await p.stage.officer.act("end_manual")
    await p.immigration()
    await at_officer(p, "MANUAL")


@scenario(1, "the lane is closed, and opened with a truck in it")
async def closed(p: Passing) -> None:
    await p.stage.officer.act("close", reason="Exercise")
    await p.bundle()
    await p.arrive(reads=False)
    await p.page(lambda officer: officer.visit > 0)
    await p.see_both("CLOSED")
    await p.stage.officer.act("open")
    await p.page(lambda officer: bool(officer.vrn))
    await at_officer(p, "OFFICER")
