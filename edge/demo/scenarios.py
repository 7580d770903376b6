"""The trucks of the demonstration: each scenario is one row of the decision table, or one nasty moment, acted out.

Rules of this file: a scenario knows what must be seen and what must not; it never looks into the lane. `row` is the row
of domain §4 it is about. A scenario that needs two vehicles or a broken link puts everything back before it ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from edge.demo.officer import PageRefusedError
from edge.demo.stage import Passing
from lane_agent.model import Contact

Act = Callable[[Passing], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of truck.

    Attributes:
        key: its name in reports and on the page.
        row: the row of the decision table it shows.
        words: what it is, for people.
        plate: "" for an ordinary truck; "none" carries no mark.
    """

    key: str
    row: int
    words: str
    act: Act
    plate: str = ""


SCENARIOS: dict[str, Scenario] = {}


def scenario(row: int, words: str, *, plate: str = "") -> Callable[[Act], Act]:
    """Registers a scenario under its function's name."""

    def register(act: Act) -> Act:
        name = act.__name__
        SCENARIOS[name] = Scenario(name, row, words, act, plate)
        return act

    return register


async def _released(p: Passing, row: int) -> None:
    """Drop the manifest when asked, be cleared, drive off."""
    await p.see_both("MANIFEST")
    p.allow()
    await p.drop_manifest()
    await p.see_both("DONE")
    p.facts |= {"outcome": "released", "row": str(row)}
    await p.leave()


async def _examined(p: Passing) -> None:
    await p.see_both("EXAMINE")
    p.facts |= {"outcome": "examine", "row": "9"}
    await p.leave(Contact.COMPOUND_LOOP)


async def _at_officer(p: Passing, scene: str) -> None:
    """The screens hand over to the officer, who looks into it and releases."""
    await p.see_both(scene)
    await p.officer_releases()
    await p.leave()


@scenario(17, "laden, one consignment, release")
async def laden(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration()
    await _released(p, 17)


@scenario(17, "laden, several CCRNs under one UBR, and two bundles")
async def several(p: Passing) -> None:
    await p.bundle("release", "release", "release")
    await p.bundle("release")
    await p.arrive()
    await p.immigration()
    await _released(p, 17)


@scenario(18, "transhipment under ITFS: the core has decided, the lane shows nothing special")
async def itfs(p: Passing) -> None:
    await p.bundle("release", scheme="ITFS")
    p.facts |= {"schemes": "ITFS"}
    await p.arrive()
    await p.immigration()
    await _released(p, 17)


@scenario(10, "unladen, approved vehicle, button pressed")
async def unladen(p: Passing) -> None:
    await p.approve()
    await p.arrive()
    await p.immigration()
    await p.press_unladen()
    await _released(p, 10)


@scenario(12, "no bundle; the driver is reminded and presses Unladen Vehicle")
async def reminded(p: Passing) -> None:
    await p.approve()
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await p.press_unladen()
    await _released(p, 10)


@scenario(12, "no bundle, silent driver")
async def unbundled(p: Passing) -> None:
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await _at_officer(p, "NOBUNDLE")


@scenario(10, "unladen, but not on the list of approved vehicles")
async def unladen_unknown(p: Passing) -> None:
    await p.arrive()
    await p.immigration()
    await p.press_unladen()
    await _at_officer(p, "OFFICER")


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
    await _examined(p)


@scenario(9, "an action code the lane does not know stops")
async def unknown_code(p: Passing) -> None:
    await p.bundle("release-if-sealed")
    await p.arrive()
    await p.immigration()
    await _examined(p)


@scenario(9, "unladen, but the vehicle itself is held")
async def held_unladen(p: Passing) -> None:
    await p.approve()
    await p.stage.counter.ask("hold", vrn=p.vrn, reason="Demonstration")
    await p.arrive()
    await p.press_unladen()
    await p.immigration()
    await _examined(p)


@scenario(9, "a hold arrives while the truck stands at the drop-in box")
async def hold_while_standing(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    await p.stage.counter.ask("hold", vrn=p.vrn, reason="Demonstration")
    await _examined(p)


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
    await p.stage.counter.ask("hold", vrn=p.vrn, reason="Demonstration")
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
    await _at_officer(p, "NOBUNDLE")


@scenario(13, "the bundle has expired")
async def expired(p: Passing) -> None:
    await p.bundle(early_min=-3_000, valid_h=-1)
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await _at_officer(p, "NOBUNDLE")


@scenario(13, "debundled while the truck stands in the lane")
async def debundled(p: Passing) -> None:
    ubr = await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    await p.stage.counter.ask("debundle", ubr=ubr)
    await p.see_both("UNLADEN")
    await p.drop_manifest()
    await _at_officer(p, "NOBUNDLE")


@scenario(14, "twenty minutes early")
async def early(p: Passing) -> None:
    await p.bundle(early_min=20)
    await p.arrive()
    await p.immigration()
    await _at_officer(p, "EARLY")


@scenario(15, "bundled for another control point")
async def other_point(p: Passing) -> None:
    await p.bundle(point="MKT")
    await p.arrive()
    await p.immigration()
    await p.see_both("WAIT")
    await _at_officer(p, "WRONGPOINT")


@scenario(16, "bundled for the other direction")
async def other_direction(p: Passing) -> None:
    await p.bundle(direction="outbound" if p.stage.direction == "inbound" else "inbound")
    await p.arrive()
    await p.immigration()
    await p.see_both("UNLADEN")
    await _at_officer(p, "NOBUNDLE")


@scenario(8, "no plate can be read; the officer types it", plate="none")
async def unread(p: Passing) -> None:
    await p.bundle()
    await p.arrive(reads=False)
    await p.immigration()
    await p.see_both("NOPLATE")
    p.facts |= {"source": "officer"}
    await p.do("correct", vrn=p.vrn)
    await _released(p, 17)


@scenario(8, "the plate neighbours that of a held vehicle")
async def near_held(p: Passing) -> None:
    await p.bundle()
    await p.stage.counter.ask("hold", vrn=neighbour(p.vrn), reason="Demonstration")
    await p.arrive()
    await p.immigration()
    await p.see_both("WAIT")
    await p.do("correct", vrn=p.vrn)
    await _released(p, 17)


def neighbour(vrn: str) -> str:
    """A mark that is easily taken for this one: a digit fewer."""
    return vrn[:-1]


@scenario(8, "the Mainland plate is not the one on record")
async def witness(p: Passing) -> None:
    await p.bundle()
    await p.stage.counter.ask("approve", vrn=p.vrn, mainland="粤Z8H87港")
    await p.arrive()
    await p.immigration()
    await _at_officer(p, "WAIT")


@scenario(8, "a second vehicle follows closely")
async def tailgating(p: Passing) -> None:
    await p.bundle()
    second = replace(p.truck, vrn="TG8888", mainland="", seed=p.truck.seed + 1)
    await p.arrive(second=second)
    await p.immigration()
    await _at_officer(p, "OFFICER")


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
    await p.see(aiop="TALK")
    await p.stage.pause(0.5)
    await p.stage.officer.act("end_call", reason="Asked where the box is")
    await _released(p, 17)


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
    await _at_officer(p, "MANUAL")


@scenario(1, "the lane is closed, and opened with a truck in it")
async def closed(p: Passing) -> None:
    await p.stage.officer.act("close", reason="Exercise")
    await p.bundle()
    await p.arrive(reads=False)
    await p.page(lambda officer: officer.visit > 0)
    await p.see_both("CLOSED")
    await p.stage.officer.act("open")
    await p.page(lambda officer: bool(officer.vrn))
    await _at_officer(p, "OFFICER")


@scenario(19, "the link breaks while the last proof still holds")
async def link_just_cut(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    await p.immigration()
    await p.see_both("MANIFEST")
    await p.stage.codes_at_lane()
    p.allow()
    p.stage.cable.cut()
    await p.drop_manifest()
    await p.see_both("DONE")
    p.facts |= {"outcome": "released", "row": "17"}
    await p.leave()
    await p.stage.cable.mend()


@scenario(20, "the link is lost with a truck in the lane: absence is unknown")
async def link_lost(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    p.stage.cable.cut()
    await p.page(lambda officer: officer.link == "offline")
    await p.immigration()
    await p.see_both("WAIT")
    await p.see_both("OFFICER")
    await p.officer_releases()
    await p.leave()
    await p.stage.cable.mend()


@scenario(9, "the link is lost, and inspect is honoured all the same")
async def inspect_offline(p: Passing) -> None:
    await p.bundle("inspect")
    await p.stage.codes_at_lane()
    p.stage.cable.cut()
    await p.page(lambda officer: officer.link == "offline")
    await p.arrive(fresh=False)
    await p.immigration()
    await _examined(p)
    await p.stage.cable.mend()


@scenario(21, "the camera stops while a truck stands there")
async def camera_fault(p: Passing) -> None:
    await p.bundle()
    await p.arrive()
    p.stage.camera.freeze(frozen=True)
    await p.see_both("OFFICER")
    p.stage.camera.freeze(frozen=False)
    await p.page(lambda officer: "amera" not in str(officer.view["headline"]))
    await p.immigration()
    await _at_officer(p, "OFFICER")


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
    await _released(p, 17)


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


async def _foreign(p: Passing) -> None:
    """The camera shows pictures of its own: nothing is known of the plate, and the officer ends the visit by hand."""
    p.truck = p.camera_truck = replace(p.truck, vrn="", mainland="")
    await p.arrive(reads=False)
    await p.immigration()
    await p.stage.pause(2.0)
    await p.do("take_over")
    await p.leave()


FOREIGN = "foreign"
ALL: dict[str, Scenario] = SCENARIOS | {FOREIGN: Scenario(FOREIGN, 8, "whatever the given camera shows", _foreign)}
"""Also the one scenario that a plan never has: with `--camera` the world does not know what the reader sees."""
