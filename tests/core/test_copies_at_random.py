"""Two lanes and a core put back to copies of the past in any order (design §2.16).

What must hold after every step:

- A lane that is fresh holds every vehicle whose hold was signed over three seconds ago and never lifted.
- Every body that a lane wrote, and still has, arrives at the core in the end, and counts there once.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lane_agent.model import Link
from simulation.ledgers import copy_database
from sync.journal import Chain
from tests.rigs.copies import World
from wire.envelope import Signer


def does_anything(world: World, rng: random.Random) -> None:
    """One thing of many."""
    lane = rng.choice(world.lanes)
    vrn = f"AB{rng.randrange(6)}"
    match rng.choice(
        ["row", "row", "hold", "hold", "lift", "line", "copy", "copy core", "back", "core back", "restart"]
    ):
        case "row":
            lane.writes()
        case "hold":
            world.holds(vrn)
        case "lift":
            world.lifts(vrn)
        case "line":
            lane.goes(up=not lane.up)
        case "copy":
            lane.backs_up()
        case "copy core":
            copy_database(world.folder / "core.db", world.folder / "copy.db")
        case "back":
            lane.is_put_back()
        case "core back":
            world.core_is_put_back(anew=rng.random() < 0.4)
        case "restart":
            lane.store.close()
            lane.start()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))])
def test_whatever_is_put_back_no_fresh_lane_forgets_a_hold_and_no_row_is_lost(
    core_class: Any, core_signer: Signer, clock: Any, tmp_path: Path, seed: int
) -> None:
    """Thirty things in any order; then quiet."""
    rng = random.Random(seed)
    world = World(core_class, core_signer, clock, tmp_path)
    world.steps(6.0)
    for _ in range(30):
        does_anything(world, rng)
        world.steps(rng.choice([0.2, 1.0, 4.0]))
    world.becomes_quiet()
    for lane in world.lanes:
        assert lane.link._machine.verdict(world.now) is Link.FRESH, (seed, lane.name, lane.link._machine.follower.doubt)
        assert Chain(lane.store).verify() is None
        there = Counter(
            bytes(body)
            for (body,) in world.core.store.connection.execute("SELECT body FROM events WHERE lane=%s", (lane.name,))
        )
        assert not [row.seq for row in lane.journal.rows() if row.body not in there], (seed, lane.name)
        lane.store.close()
    world.core.store.close()
