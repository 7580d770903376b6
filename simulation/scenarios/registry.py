"""What a scenario is, how one is registered, and the moves that many share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lane_agent.model import Contact
from simulation.stage import Passing

Act = Callable[[Passing], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class DemoScenario:
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


REGISTERED: dict[str, DemoScenario] = {}
"""As the chapters register them; their order is the package's."""


def scenario(row: int, words: str, *, plate: str = "") -> Callable[[Act], Act]:
    """Registers a scenario under its function's name."""

    def register(act: Act) -> Act:
        name = act.__name__
        REGISTERED[name] = DemoScenario(name, row, words, act, plate)
        return act

    return register


async def released(p: Passing, row: int) -> None:
    """Drop the manifest when asked, be cleared, drive off."""
    await p.see_both("MANIFEST")
    p.allow()
    await p.drop_manifest()
    await p.see_both("DONE")
    p.facts |= {"outcome": "released", "row": str(row)}
    await p.leave()


async def examined(p: Passing) -> None:
    """Both screens send it to the compound, and it goes there."""
    await p.see_both("EXAMINE")
    p.facts |= {"outcome": "examine", "row": "9"}
    await p.leave(Contact.COMPOUND_LOOP)


async def at_officer(p: Passing, scene: str) -> None:
    """The screens hand over to the officer, who looks into it and releases."""
    await p.see_both(scene)
    await p.officer_releases()
    await p.leave()
