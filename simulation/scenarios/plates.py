"""What names the truck: plates and second identifiers, row 8."""

# ruff: noqa: D103 -- each scenario's words are its documentation

from __future__ import annotations

from dataclasses import replace

from simulation.scenarios.registry import at_officer, released, scenario
from simulation.stage import Passing


@scenario(8, "no plate can be read; the officer types it", plate="none")
async def unread(p: Passing) -> None:
    await p.bundle()
    await p.arrive(reads=False)
    await p.immigration()
    await p.see_both("NOPLATE")
    p.facts |= {"source": "officer"}
    await p.do("correct", vrn=p.vrn)
    await released(p, 17)


@scenario(8, "the plate neighbours that of a held vehicle")
async def near_held(p: Passing) -> None:
    await p.bundle()
    await p.stage.counter.hold(neighbour(p.vrn), reason="Demonstration")
    await p.arrive()
    await p.immigration()
    await p.see_both("WAIT")
    await p.do("correct", vrn=p.vrn)
    await released(p, 17)


def neighbour(vrn: str) -> str:
    """A mark that is easily taken for this one: a digit fewer."""
    return vrn[:-1]


@scenario(8, "the Mainland plate is not the one on record")
async def witness(p: Passing) -> None:
    await p.bundle()
    await p.stage.counter.approve(p.vrn, "粤Z8H87港")
    await p.arrive()
    await p.immigration()
    await at_officer(p, "WAIT")


@scenario(8, "a second vehicle follows closely")
async def tailgating(p: Passing) -> None:
    await p.bundle()
    second = replace(p.truck, vrn="TG8888", mainland="", seed=p.truck.seed + 1)
    await p.arrive(second=second)
    await p.immigration()
    await at_officer(p, "OFFICER")


@scenario(17, "the vehicle's label names the same mark as its plate")
async def label_agrees(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.page(lambda officer: "agrees" in officer.identifiers)
    p.facts |= {"identifiers": f"rfid={p.vrn}", "identified": "agrees"}
    await p.immigration()
    await released(p, 17)


@scenario(8, "the label is that of another vehicle")
async def label_differs(p: Passing) -> None:
    await p.bundle()
    p.labels = ("LD4711",)
    await p.arrive()
    await p.immigration()
    p.facts |= {"identifiers": "rfid=LD4711", "identified": "differs"}
    await at_officer(p, "OFFICER")


@scenario(8, "the label reader is stuck on the label of the vehicle before; the officer types the mark")
async def label_stuck(p: Passing) -> None:
    await p.bundle()
    p.stage.labels.show("ST4711")
    p.stage.labels.stuck = True
    await p.arrive()
    await p.immigration()
    await p.see_both("OFFICER")
    p.facts |= {"identifiers": "rfid=ST4711", "identified": "differs", "source": "officer"}
    p.stage.labels.stuck = False
    await p.do("correct", vrn=p.vrn)
    await released(p, 17)


@scenario(17, "the label reader says nothing; this lane does not require it")
async def label_silent(p: Passing) -> None:
    await p.bundle()
    p.stage.labels.silent = True
    await p.arrive()
    await p.immigration()
    p.facts |= {"identifiers": "", "identified": ""}
    await released(p, 17)
    p.stage.labels.silent = False
