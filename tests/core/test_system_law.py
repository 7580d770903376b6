"""The system's law: lanes, core, a broker that lies and stores that are put back, against what must hold of them together.

`tests.rigs.system` plays it and looks; here is what may happen, in any order (hypothesis), and, as directed stories, what the
rig has to notice: each guard of the shipped code is taken away in turn, and a story that holds with it must fail without.

ROCARS_SYSTEM_STORIES=3000 plays so many stories at random instead of the fixed ones; ROCARS_SYSTEM_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from core.link.claims import ClaimBook
from core.link.wholeness import Wholeness
from lane_agent import guards
from lane_agent.model import Contact
from lane_agent.wording import Scene
from sync import overlays
from sync.codelog import CodeLog
from sync.journal import Journal, Receipt
from sync.link.machine import LinkMachine
from tests.rigs.copies import copied
from tests.rigs.system import Lie, SystemWorld
from wire.envelope import KeyRing, Signer

STORIES = int(os.environ.get("ROCARS_SYSTEM_STORIES", "0"))
SEED = int(os.environ.get("ROCARS_SYSTEM_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)

lanes = st.integers(0, 1)
marks = st.sampled_from(["AB1234", "CD5678", "GH29"])
waits = st.sampled_from([0.0, 0.3, 0.3, 1.0, 4.0])
kept = st.sampled_from(["event", "event", "event", "claim", "nonce", "ack", "log", "heartbeat"])
answers = st.sampled_from(["one", "one", "forged", "ack", "claim", "heartbeat", "log"])


class SystemMachine(RuleBasedStateMachine):
    """Anything in any order, then a broker that heals."""

    make: ClassVar[Callable[[Path], SystemWorld]]
    tried: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="system-")
        self.world = type(self).make(Path(self._folder.name))
        self.tried["stories"] += 1

    def _then(self, name: str, seconds: float = 0.0) -> None:
        self.tried[name] += 1
        self.world.steps(seconds)

    @initialize(vrns=st.sets(marks))
    def begins(self, vrns: set[str]) -> None:
        """Some have a bundle; of everything there is a copy."""
        for vrn in sorted(vrns):
            self.world.lodges(vrn)
        self.world.steps(0.5)
        for lane in self.world.lanes:
            lane.backs_up()
        copied(self.world.folder / "core.db", self.world.folder / "copy.db")

    @rule(first=lanes, vrn=marks, lodged=st.booleans(), then=st.sampled_from(["", "", "same", "other"]))
    def crosses(self, first: int, vrn: str, lodged: bool, then: str) -> None:  # noqa: FBT001 - drawn
        """A whole crossing, perhaps on a new bundle; perhaps the same vehicle comes again, here or there."""
        if lodged:
            self.world.lodges(vrn)
            self.world.steps(0.4)
        again = {"": [], "same": [first], "other": [1 - first]}[then]
        for number in [first, *again]:
            self.world.lanes[number].drives_off()
            self.world.lanes[number].passes(vrn)
        self._then(f"crosses {then}".strip())

    @rule(lane=lanes, vrn=marks, what=st.sampled_from(["comes", "cleared", "cleared", "released", "off"]), wait=waits)
    def kiosk(self, lane: int, vrn: str, what: str, wait: float) -> None:
        """A vehicle comes, is cleared, is let go by an officer, drives off; in any order and at any time."""
        here = self.world.lanes[lane]
        match what:
            case "comes":
                here.comes(vrn)
            case "cleared":
                here.is_cleared()
            case "released":
                here.is_released()
            case _:
                here.drives_off()
        self._then(what, wait)

    @rule(vrn=marks, what=st.sampled_from(["lodges", "holds", "lifts"]), wait=waits)
    def centre(self, vrn: str, what: str, wait: float) -> None:
        """A bundle, a hold, a hold lifted."""
        {"lodges": self.world.lodges, "holds": self.world.holds, "lifts": self.world.lifts}[what](vrn)
        self._then(what, wait)

    @rule(seconds=st.sampled_from([0.5, 2.0, 6.0]))
    def time_passes(self, seconds: float) -> None:
        """Nothing happens."""
        self._then("time passes", seconds)

    @rule(lane=lanes, kind=kept, up=st.booleans())
    def swallows(self, lane: int, kind: str, up: bool) -> None:  # noqa: FBT001 - drawn
        """The broker keeps a kind of message of one lane to itself."""
        way = "up" if kind in {"event", "nonce"} or (kind == "claim" and up) else "down"
        self.world.broker.swallowed.add((f"{self.world.lanes[lane].name} {way}", kind))
        self._then(f"swallows {kind} {way}")

    @rule(what=st.sampled_from(["heals", "heals", *Lie]), wait=waits)
    def lies(self, what: str, wait: float) -> None:
        """It begins another lie, or is honest again."""
        if what == "heals":
            self.world.broker.heals()
        else:
            self.world.broker.lies.add(Lie(what))
        self._then(f"broker {what}", wait)

    @rule(lane=lanes, kind=answers, number=st.integers(0, 400))
    def says_again(self, lane: int, kind: str, number: int) -> None:
        """It sends an old message again, or all of a kind, or acknowledges rows in the core's name."""
        if kind == "one":
            self.world.says_again(number)
        elif kind == "forged":
            self.world.forges_ack(self.world.lanes[lane])
        else:
            self.world.says_all_again(f"{self.world.lanes[lane].name} down", kind)
        self._then(f"says again {kind}", 0.2)

    @rule(lane=lanes, what=st.sampled_from(["copied", "put back", "put back", "restarts", "line"]), wait=waits)
    def box(self, lane: int, what: str, wait: float) -> None:
        """A lane's store is copied or put back, its agent starts again, its line is cut or mended."""
        here = self.world.lanes[lane]
        match what:
            case "copied":
                here.backs_up()
            case "put back":
                here.is_put_back()
            case "restarts":
                here.restarts()
            case _:
                here.goes(up=not here.up)
        self._then(f"lane {what}", wait)

    @rule(what=st.sampled_from(["copied", "restarts", "put back", "put back anew"]))
    def core(self, what: str) -> None:
        """The core's store is copied, or put back once in a story; it starts again."""
        match what:
            case "copied":
                copied(self.world.folder / "core.db", self.world.folder / "copy.db")
            case "restarts":
                self.world.core_restarts()
            case _:
                self.world.core_is_put_back(anew=what.endswith("anew"))
        self._then(f"core {what}", 0.3)

    def teardown(self) -> None:
        """Everything must arrive."""
        try:
            self.world.ends_well()
        finally:
            self.tried.update(seconds=self.world.now // 1_000, threes=self.world.threes, steps=self.world.steps_done)
            self.world.closes()
            self._folder.cleanup()


@pytest.fixture
def make(core_class: Any, core_signer: Signer) -> Callable[[Path], SystemWorld]:
    """Makes worlds, each in a folder of its own."""

    def new(folder: Path) -> SystemWorld:
        clock = type("Clock", (), {"now": 1_795_000_000_000, "__call__": lambda self: self.now})()
        return SystemWorld(core_class, core_signer, clock, folder)

    return new


def test_whatever_the_broker_says_and_whatever_is_put_back(make: Callable[[Path], SystemWorld], capsys: Any) -> None:
    """Fixed stories; or many at random, counted."""
    tried: Counter[str] = Counter()
    machine = type("Machine", (SystemMachine,), {"make": staticmethod(make), "tried": tried})
    if STORIES:
        seeded(SEED)(machine)
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=STORIES or 40,
                stateful_step_count=40,
                derandomize=not STORIES,
                database=None,
                deadline=None,
                suppress_health_check=quiet,
            ),
        )
    finally:
        if STORIES:
            with capsys.disabled():
                print(f"\nseed {SEED}: {dict(sorted(tried.items()))}")
    assert tried["threes"] > 20, f"hardly anything was released: {tried}"
