"""The system's law: lanes, core, a broker that lies and stores that are put back, against what must hold of them together.

`tests.rigs.system` plays it and looks; here is what may happen, in any order (hypothesis), and, as directed stories, what the
rig has to notice: each guard of the shipped code is taken away in turn, and a story that holds with it must fail without.

ROCARS_SYSTEM_STORIES=3000 plays so many stories at random instead of the fixed ones; ROCARS_SYSTEM_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import sys
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
from core.link.wholeness import ListWholeness
from lane_agent import guards
from lane_agent.model import Link
from lane_agent.wording import Scene
from simulation.ledgers import copy_database, put_back_database
from sync import overlays
from sync.codelog import CodeLog
from sync.journal import Journal, Receipt
from tests.rigs.copies import LANES
from tests.rigs.system import Lie, SystemWorld
from wire.envelope import Signer

STORIES = int(os.environ.get("ROCARS_SYSTEM_STORIES", "0"))
SEED = int(os.environ.get("ROCARS_SYSTEM_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where the stores are, for nothing here is about a disk: thousands of commits, none of which waits for one."""

lanes = st.integers(0, 1)
marks = st.sampled_from(["AB1234", "CD5678", "GH29"])
waits = st.sampled_from([0.0, 0.3, 0.3, 1.0, 4.0])
kept = st.sampled_from(["event", "event", "event", "claim", "nonce", "ack", "log", "heartbeat"])
answers = st.sampled_from(["one", "one", "forged", "ack", "claim", "heartbeat", "log"])
Hidden = tuple[str, str]
hiding = st.sets(
    st.sampled_from(
        [
            (f"{name} {way}", kind)
            for name in LANES
            for way, kind in [("up", "event"), ("up", "claim"), ("down", "claim")]
        ]
    ),
    max_size=4,
)


class SystemMachine(RuleBasedStateMachine):
    """Anything in any order, then a broker that heals."""

    make: ClassVar[Callable[[Path], SystemWorld]]
    tried: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="system-", dir=MEMORY)
        self.world = type(self).make(Path(self._folder.name))
        self.tried["stories"] += 1

    def _then(self, name: str, seconds: float = 0.0) -> None:
        self.tried[name] += 1
        self.world.steps(seconds)

    @initialize(vrns=st.dictionaries(marks, st.sampled_from([0, 1, 0, 1, None]), min_size=1))
    def begins(self, vrns: dict[str, int | None]) -> None:
        """Some have a bundle; of everything there is a copy, and then most of them have crossed, at this lane or that."""
        for vrn in sorted(vrns):
            self.world.lodges(vrn)
        self.world.steps(0.5)
        for here in self.world.lanes:
            here.backs_up()
        copy_database(self.world.folder / "core.db", self.world.folder / "copy.db")
        for vrn, lane in sorted(vrns.items()):
            if lane is not None:
                assert self.world.lanes[lane].passes(vrn) is Scene.DONE

    @rule(first=lanes, vrn=marks, lodged=st.booleans(), then=st.sampled_from(["", "", "same", "other"]))
    def crosses(self, first: int, vrn: str, lodged: bool, then: str) -> None:
        """A whole crossing, perhaps on a new bundle; perhaps the same vehicle comes again, here or there."""
        if lodged:
            self.world.lodges(vrn)
            self.world.steps(0.4)
        again = {"": [], "same": [first], "other": [1 - first]}[then]
        for number in [first, *again]:
            self.world.lanes[number].drives_off()
            self.tried[f"shown {self.world.lanes[number].passes(vrn).name}"] += 1
        self._then(f"crosses {then}".strip())

    @rule(places=st.tuples(lanes, lanes), vrn=marks, hidden=hiding, later=hiding, officer=st.booleans())
    def bundle_is_tried_twice(
        self, places: tuple[int, int], vrn: str, hidden: set[Hidden], later: set[Hidden], officer: bool
    ) -> None:
        """All is well, a bundle is lodged, and its vehicle comes twice: whatever the broker hides, before and between."""
        self.world.broker.heals()
        self.world.lifts(vrn)
        for here in self.world.lanes:
            here.goes(up=True)
            here.drives_off()
        self.world.steps(5.0)
        self.world.lodges(vrn)
        self.world.steps(0.4)
        self.world.broker.swallowed |= hidden
        here = self.world.lanes[places[0]]
        if officer:
            here.comes(vrn)
            here.is_cleared()
            here.is_released()
            here.drives_off()
            self.world.steps(0.3)
        else:
            here.passes(vrn)
        self.world.broker.swallowed.clear()
        self.world.broker.swallowed |= later
        self.world.lanes[places[1]].passes(vrn)
        self._then("bundle tried twice")

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
    def swallows(self, lane: int, kind: str, up: bool) -> None:
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

    @rule(what=st.sampled_from(["put back", "put back anew", "restarts", "copied"]))
    def core(self, what: str) -> None:
        """The core's store is copied, or put back once in a story; it starts again."""
        match what:
            case "copied":
                copy_database(self.world.folder / "core.db", self.world.folder / "copy.db")
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
    """Stories that stay the same while the source does (hypothesis draws on its constants); or many at random, counted."""
    tried: Counter[str] = Counter()
    machine = type("Machine", (SystemMachine,), {"make": staticmethod(make), "tried": tried})
    if STORIES:
        seeded(SEED)(machine)
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=STORIES or 3,
                stateful_step_count=40 if STORIES else 30,
                derandomize=not STORIES,
                database=None,
                deadline=None,
                suppress_health_check=quiet,
            ),
        )
    finally:
        if STORIES:
            with capsys.disabled():
                sys.stdout.write(f"\nseed {SEED}: {dict(sorted(tried.items()))}\n")
    assert tried["threes"] >= 10, f"hardly anything was released: {tried}"


# -- each guard taken away -------------------------------------------------------------------------------------------------


def swallowed_use(world: SystemWorld) -> None:
    """One lane releases, its rows are swallowed; the vehicle comes to the other."""
    world.lodges("AB1234")
    world.steps(0.5)
    world.broker.swallowed.add((f"{LANES[0]} up", "event"))
    assert world.lanes[0].passes("AB1234") is Scene.DONE
    assert world.lanes[1].passes("AB1234") is not Scene.DONE
    world.ends_well()


def unanswered_claim(world: SystemWorld) -> None:
    """As before, and the other lane's claim is not answered either."""
    world.broker.swallowed.add((f"{LANES[1]} down", "claim"))
    swallowed_use(world)


def officers_release(world: SystemWorld) -> None:
    """An officer releases, without a claim and unknown to the core; the vehicle comes to the same lane again."""
    world.lodges("AB1234")
    world.steps(0.5)
    lane = world.lanes[0]
    world.broker.swallowed |= {(f"{LANES[0]} up", "event"), (f"{LANES[0]} up", "claim")}
    lane.comes("AB1234")
    lane.is_cleared()
    lane.is_released()
    assert lane.shown is Scene.DONE
    lane.drives_off()
    world.steps(0.3)
    world.broker.swallowed.discard((f"{LANES[0]} up", "claim"))
    assert lane.passes("AB1234") is not Scene.DONE
    world.ends_well()


def forgotten_hold(world: SystemWorld) -> None:
    """The core is put back to before a hold that the lanes know, and goes on."""
    world.lodges("AB1234")
    world.steps(0.5)
    copy_database(world.folder / "core.db", world.folder / "copy.db")
    world.holds("AB1234")
    world.steps(4.0)
    world.core_is_put_back(anew=False)
    assert world.lanes[0].passes("AB1234") is not Scene.DONE
    world.ends_well()


def unheard_lanes(world: SystemWorld) -> None:
    """As before, with no lane on the line while it listens, a new epoch, and nothing of what lanes show coming through."""
    world.lodges("AB1234")
    world.steps(0.5)
    copy_database(world.folder / "core.db", world.folder / "copy.db")
    world.holds("AB1234")
    world.steps(4.0)
    for lane in world.lanes:
        lane.goes(up=False)
    world.core.store.close()
    put_back_database(world.folder / "copy.db", world.folder / "core.db")
    world.open_core()
    world.begins_anew()
    world.steps(5.0)
    world.broker.swallowed |= {(f"{name} up", "shown") for name in LANES}
    for lane in world.lanes:
        lane.goes(up=True)
    world.steps(15.0)
    assert world.lanes[0].passes("AB1234") is not Scene.DONE
    world.ends_well()


def old_acknowledgements(world: SystemWorld) -> None:
    """A lane's store is put back, and the broker sends acknowledgements of the rows that were there, and no proof."""
    lane = world.lanes[0]
    world.lodges("AB1234")
    world.steps(1.0)
    lane.backs_up()
    lane.passes("AB1234")
    world.steps(1.0)
    world.broker.swallowed |= {(f"{LANES[0]} down", "heartbeat"), (f"{LANES[0]} down", "ack")}
    lane.is_put_back()
    lane.passes("CD5678")
    world.says_all_again(f"{LANES[0]} down", "ack")
    world.steps(0.5)
    world.ends_well()


Patch = Callable[[pytest.MonkeyPatch], None]


def _acknowledges_whatever(patch: pytest.MonkeyPatch) -> None:
    shipped: Callable[[Journal, int, bytes, bytes], Receipt] = Journal.acknowledge
    patch.setattr(
        Journal,
        "acknowledge",
        lambda journal, seq, digest, payload=b"": shipped(journal, seq, journal.hash_at(seq) or digest, payload),
    )


MUTANTS: dict[str, tuple[Callable[[SystemWorld], None], Patch]] = {
    "the lane releases without a receipt": (unanswered_claim, lambda patch: _always(patch, guards.claimed)),
    "the core grants whatever is claimed": (
        swallowed_use,
        lambda patch: patch.setattr(ClaimBook, "take", lambda book, wanted, **_now: book._answer(wanted, "granted")),
    ),
    "the lane forgets what was used at it": (
        officers_release,
        lambda patch: patch.setattr(overlays, "used_by", lambda _connection, _ubrs: {}),
    ),
    "the core does not listen to its lanes": (
        forgotten_hold,
        lambda patch: patch.setattr(ListWholeness, "on_nonce", lambda _whole, _nonce: iter(())),
    ),
    "a new list may leave a hold out": (
        unheard_lanes,
        lambda patch: patch.setattr(CodeLog, "_lost_hold", lambda _log, _connection, _shadow: ""),
    ),
    "any row is taken for the acknowledged one": (old_acknowledgements, _acknowledges_whatever),
}


def _always(patch: pytest.MonkeyPatch, guard: guards.Guard) -> None:
    """Guards are frozen, and the table holds them: this one says yes until the test is over."""
    shipped = guard.holds
    patch.setattr(guards, "claimed", guard)
    object.__setattr__(guard, "holds", lambda _lane: True)
    UNDO.append(lambda: object.__setattr__(guard, "holds", shipped))


BREACHES = {
    "the lane releases without a receipt": "released {",
    "the core grants whatever is claimed": "released {",
    "the lane forgets what was used at it": "for another before",
    "the core does not listen to its lanes": "the core proves a version this lane had left behind",
    "a new list may leave a hold out": "'AB1234'",
    "any row is taken for the acknowledged one": "never arrive",
}
"""What the rig says of each."""

UNDO: list[Callable[[], None]] = []


@pytest.fixture
def world(make: Callable[[Path], SystemWorld], tmp_path: Path) -> Iterator[SystemWorld]:
    """One world; whatever a mutant changed is as it was afterwards."""
    made = make(tmp_path)
    yield made
    made.closes()
    while UNDO:
        UNDO.pop()()


STORIES_TOLD = [swallowed_use, unanswered_claim, officers_release, forgotten_hold, unheard_lanes, old_acknowledgements]


@pytest.mark.parametrize("story", STORIES_TOLD, ids=lambda story: story.__name__)
def test_a_directed_story_keeps_the_law(world: SystemWorld, story: Callable[[SystemWorld], None]) -> None:
    """As shipped."""
    story(world)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_story_notices_that_a_guard_is_gone(world: SystemWorld, monkeypatch: pytest.MonkeyPatch, mutant: str) -> None:
    """The story that holds as shipped breaks the law without it."""
    story, take_away = MUTANTS[mutant]
    take_away(monkeypatch)
    with pytest.raises(AssertionError) as broken:
        story(world)
    assert BREACHES[mutant] in str(broken.value)


def release_unheard(world: SystemWorld) -> None:
    """A lane releases, its rows are swallowed, and its store is put back to before it."""
    lane = world.lanes[0]
    world.lodges("AB1234")
    world.steps(0.5)
    lane.backs_up()
    world.broker.swallowed.add((f"{LANES[0]} up", "event"))
    assert lane.passes("AB1234") is Scene.DONE
    lane.is_put_back_unheard()
    world.steps(2.0)


def test_a_lane_put_back_to_before_an_unheard_release_does_not_release_again(world: SystemWorld) -> None:
    """The same vehicle comes to the same lane."""
    release_unheard(world)
    assert world.lanes[0].passes("AB1234") is not Scene.DONE


def test_a_lane_put_back_to_before_an_unheard_release_frees_its_bundle_for_no_other(world: SystemWorld) -> None:
    """Another vehicle passes there, whose rows come through; then the first one comes to the other lane."""
    release_unheard(world)
    world.broker.heals()
    world.lodges("CD5678")
    world.steps(1.0)
    world.lanes[0].passes("CD5678")
    world.steps(2.0)
    assert world.lanes[1].passes("AB1234") is not Scene.DONE


def test_a_core_that_forgets_a_hold_is_followed_by_no_lane(world: SystemWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed or not: no lane is fresh again in that epoch, and the vehicle is released by none."""
    world.lodges("AB1234")
    world.steps(0.5)
    world.holds("AB1234")
    world.steps(1.0)
    monkeypatch.setattr("core.ledger.log.why_kept", lambda *_: "")
    with world.core.store.transaction():
        world.core.log.forget([("hold", "AB1234")], at_ms=world.clock())
    world._tell(world.exchange.news())
    world.steps(20.0)
    world.lodges("CD5678")
    world.steps(20.0)
    for lane in world.lanes:
        assert lane.link._machine.verdict(world.now) is not Link.FRESH
        assert lane.passes("AB1234") is not Scene.DONE
    world.held.clear()


def test_a_bundle_that_was_used_and_forgotten_releases_nobody_again(world: SystemWorld) -> None:
    """Its row has left core and lanes; the same vehicle comes to both, also after the core was put back to before it all."""
    world.lodges("AB1234")
    world.steps(0.5)
    copy_database(world.folder / "core.db", world.folder / "copy.db")
    assert world.lanes[0].passes("AB1234") is Scene.DONE
    world.steps(4.0)
    assert [lane.codes.store.connection.execute("SELECT count(*) FROM codes").fetchone() for lane in world.lanes] == [
        (0,)
    ] * 2
    assert world.core.log.rows("bundle") == []
    for lane in world.lanes:
        lane.drives_off()
        assert lane.passes("AB1234") is not Scene.DONE
    world.core_is_put_back(anew=False)
    for lane in world.lanes:
        lane.drives_off()
        assert lane.passes("AB1234") is not Scene.DONE
    world.ends_well()
    assert world.core.log.rows("bundle") == []
