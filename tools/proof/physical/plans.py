"""The stated sites of the physical model: which vehicles come, what is on record of them, and what may go wrong.

A site is small on purpose: what may go wrong together is named, and the search ends or says how far it came.
"""

from __future__ import annotations

from dataclasses import dataclass

from lane_agent.model import Policy
from tools.proof.search import ORDINARY_LANE

MARKS = ("AB1234", "XY77", "CD5678")
"""The marks of the vehicles, none a near-miss of another."""


@dataclass(frozen=True, slots=True)
class PhysicalPlan:
    """One site.

    Attributes:
        lengths: of the vehicles in the order they come, in cells; one of three cells covers both loops at once.
        marks: for each vehicle, the number of its mark; a number that comes twice is a vehicle that comes back.
        records: for each mark, what is on record: "live", "none", "hold", "approved" or "opposite".
        may: what people, devices and the core may do beside the ordinary course (`deeds`).
    """

    name: str
    may: tuple[str, ...]
    lengths: tuple[int, ...] = (1, 1, 1)
    marks: tuple[int, ...] = (0, 1, 2)
    records: tuple[str, ...] = ("live", "live", "live")
    policy: Policy = ORDINARY_LANE


COMPOUND = Policy(compound_loop=True, unseen_limit=2)
PATIENT = Policy(held_up_ms=60_000, unseen_limit=2)
NAMED = Policy(identifier_required=True, unseen_limit=2)

PLANS: tuple[PhysicalPlan, ...] = (
    PhysicalPlan("Immigration answers late", ("late", "referral", "take over", "runs"), (1, 1, 1), (0, 1, 2)),
    PhysicalPlan("Immigration answers late, officer releases", ("late", "stray", "release"), (1, 1), (0, 1)),
    PhysicalPlan(
        "a debt written off", ("late", "take over", "write off"), (1, 1, 1), (0, 1, 2), ("none", "live", "live")
    ),
    PhysicalPlan("Immigration begins again", ("late", "again", "take over"), (1, 1), (0, 1), ("none", "live")),
    PhysicalPlan("close followers", (), (1, 1, 1), (0, 1, 2), ("hold", "live", "none")),
    PhysicalPlan("close followers, compound loop", (), (1, 2, 1), (0, 1, 2), ("hold", "live", "none"), COMPOUND),
    PhysicalPlan("close followers run", ("runs",), (1, 1, 1), (0, 1, 2), ("none", "live", "none")),
    PhysicalPlan("a long vehicle, and one behind", ("runs", "late"), (3, 1, 1), (0, 1, 2), ("live", "none", "live")),
    PhysicalPlan("a loop bypassed", ("bypass",), (1, 1, 1), (0, 1, 2), ("live", "none", "live")),
    PhysicalPlan("a loop bypassed, officer releases", ("bypass", "release"), (1, 1), (0, 1), ("live", "none")),
    PhysicalPlan("a loop fails", ("exit dead", "exit stuck"), (1, 1, 1), (0, 1, 2), ("live", "none", "live")),
    PhysicalPlan("the stop loop fails", ("stop dead", "stop stuck", "take over"), (1, 1), (0, 1), ("live", "none")),
    PhysicalPlan("the officer is late", ("release", "inspect", "take over", "runs"), (1, 1), (0, 1), ("none", "none")),
    PhysicalPlan("the officer types a mark late", ("typing", "unread", "runs"), (1, 1), (0, 1), ("live", "none")),
    PhysicalPlan(
        "the reader sees the neighbour",
        ("neighbour", "identifier", "runs", "again"),
        (1, 1),
        (0, 1),
        ("none", "live"),
        NAMED,
    ),
    PhysicalPlan("bundles come and go", ("elsewhere", "withdrawn", "come", "hold"), (1, 1), (0, 1), ("live", "none")),
    PhysicalPlan("a vehicle comes back", ("runs",), (1, 1, 1), (0, 1, 0), ("live", "live")),
    PhysicalPlan(
        "the queue holds 3 up", ("exit dead", "take over"), (1, 1, 1), (0, 1, 2), ("live", "live", "none"), PATIENT
    ),
    PhysicalPlan("empty vehicles", ("unladen", "come"), (1, 1), (0, 1), ("approved", "none")),
    PhysicalPlan("restarts", ("restart", "release"), (1, 1), (0, 1), ("live", "none")),
)
"""Every site that is searched breadth first; the walks take all of this together, and time."""
