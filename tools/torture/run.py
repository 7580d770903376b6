"""One run: the site comes up, trucks pass, faults come and go, it becomes quiet, and what was promised is checked."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.clocks import monotonic_ms, utc_ms
from tools.torture.checker import check
from tools.torture.faults import KINDS, FaultKind
from tools.torture.forger import Liar
from tools.torture.history import read_history
from tools.torture.plan import Deal, Deck
from tools.torture.report import made_report
from tools.torture.scene import FaultSite
from tools.torture.site import LaneUnderTest, TortureSite
from tools.torture.tap import Ledger
from tools.torture.traffic import FarMarks, Traffic
from tools.torture.verdict import Bounds

QUIET_S = 120.0
"""How long the lanes may take to be level again after the last fault."""

CALM_LANE = (1.0, 4.0)
CALM_ALL = (2.0, 10.0)
"""Seconds without a fault between two; of those that all lanes feel fewer, but some also in a short run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TortureOptions:
    """What is wanted of a run.

    Attributes:
        seconds: how long faults come.
        kinds: names of the faults wanted; all if empty.
        crowd: light lanes that storm the broker.
    """

    folder: Path
    seconds: float
    seed: int
    lanes: int = 4
    kinds: tuple[str, ...] = ()
    crowd: int = 0
    bounds: Bounds = field(default_factory=Bounds)


class TortureRun:
    """One run, from its start to its report.

    Attributes:
        faults: how many of each kind came.
        over: set it, and the run ends with what it has so far.
    """

    def __init__(self, wishes: TortureOptions) -> None:
        self.wishes = wishes
        self.faults: Counter[str] = Counter()
        self.over = asyncio.Event()
        self._rng = random.Random(wishes.seed)
        self._marks = FarMarks(self._rng, [])
        lures = [self._marks.next() for _ in range(wishes.lanes)]
        self._marks = FarMarks(self._rng, lures)
        self._ledger = Ledger(wishes.folder / "faults.jsonl")
        crowd = [f"crowd-{number}" for number in range(1, wishes.crowd + 1)]
        self.site = TortureSite(wishes.folder, lures, crowd, self._ledger, standby=bool(self._kinds("centre")))
        self.traffic: list[Traffic] = []
        self._trucks = Ledger(wishes.folder / "trucks.jsonl")
        self._began = time.monotonic()
        self.level = False
        self._liars: dict[str, Liar] = {}

    async def run(self, tell: Callable[[TortureRun], None]) -> dict[str, Any]:
        """Runs it; `tell` is called once a second. Returns the report."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self.over.set)
        try:
            await self.site.start()
            await self._storm_of_faults(tell)
            self.level = await self._quiet(tell)
        finally:
            await self.site.stop()
            self._note_clocks()
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        try:
            return await asyncio.to_thread(self._judge)
        finally:
            self.site.dismount()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def _kinds(self, scope: str) -> tuple[FaultKind, ...]:
        wanted = self.wishes.kinds or tuple(name for name, kind in KINDS.items() if kind.scope != "centre")
        found = (KINDS[name] for name in wanted)
        return tuple(kind for kind in found if kind.scope == scope and (kind.name != "storm" or self.wishes.crowd))

    async def _storm_of_faults(self, tell: Callable[[TortureRun], None]) -> None:
        posts = list(self.site.posts.values())
        self._liars = {post.lane: self._liar(post) for post in posts}
        self.traffic = [
            Traffic(post, self.site.office, self._marks, random.Random(f"{self.wishes.seed} {post.lane}"), self._trucks)
            for post in posts
        ]
        trucks = [asyncio.create_task(one.run(), name="traffic") for one in self.traffic]
        faults = [asyncio.create_task(self._fault_lane(post, f"{self.wishes.seed} {post.lane}")) for post in posts]
        faults.append(asyncio.create_task(self._fault_all(posts[0])))
        try:
            await self._until_over(tell, self.wishes.seconds, (*trucks, *faults))
        finally:
            for task in faults:
                task.cancel()
            await asyncio.gather(*faults, return_exceptions=True)
            for one in self.traffic:
                one.over.set()
            await asyncio.gather(*trucks)

    async def _until_over(
        self, tell: Callable[[TortureRun], None], seconds: float, tasks: tuple[asyncio.Task[None], ...] = ()
    ) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.over.is_set():
            tell(self)
            self.site.look_after_children()
            for task in tasks:
                if task.done():
                    task.result()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.over.wait()

    async def _fault_lane(self, post: LaneUnderTest, seed: str) -> None:
        kinds = self._kinds("lane")
        for deal in Deck(kinds, seed, CALM_LANE) if kinds else ():
            async with self.site.gate.among_others():
                await self._act(deal, post, post.lane)

    async def _fault_all(self, first: LaneUnderTest) -> None:
        kinds = (*self._kinds("all"), *self._kinds("centre"))
        for deal in (
            Deck(kinds, f"{self.wishes.seed} all", (CALM_ALL[0], max(2.5, min(CALM_ALL[1], self.wishes.seconds / 10))))
            if kinds
            else ()
        ):
            await self._act(deal, first, "")

    async def _act(self, deal: Deal, post: LaneUnderTest, lane: str) -> None:
        rng = random.Random(deal.seed)
        liar = self._liars[post.lane]
        liar.remember()
        await asyncio.sleep(deal.calm)
        self._ledger.write(fault=deal.kind.name, lane=lane, seconds=round(deal.seconds, 2))
        self.faults[deal.kind.name] += 1
        await deal.kind.act(FaultSite(self.site, post, liar, rng, deal.seconds))
        self._ledger.write(ended=deal.kind.name, lane=lane)

    def _liar(self, post: LaneUnderTest) -> Liar:
        rng = random.Random(f"{self.wishes.seed} liar {post.lane}")
        return Liar(post, self.site.core.signer, self.site.core.store, rng)

    async def _quiet(self, tell: Callable[[TortureRun], None]) -> bool:
        """No fault any more: every lane becomes fresh and level, and has sent everything. Whether they did."""
        for cable in (self.site.core_cable, *(post.cable for post in self.site.posts.values())):
            cable.mend()
        end = time.monotonic() + QUIET_S
        rounds = 0
        while time.monotonic() < end and rounds < 3:
            tell(self)
            self.site.look_after_children()
            version = await self.site.office.version()
            level = version is not None and all(post.is_level(version) for post in self.site.posts.values())
            rounds = rounds + 1 if level else 0
            await asyncio.sleep(0.4)
        return rounds >= 3

    def _note_clocks(self) -> None:
        facts = {"mono_ms": monotonic_ms(), "utc_ms": utc_ms(), "lanes": self.site.names, "seed": self.wishes.seed}
        (self.wishes.folder / "run.json").write_text(json.dumps(facts), encoding="utf-8")
        self._ledger.close()
        self._trucks.close()

    def _judge(self) -> dict[str, Any]:
        history = read_history(self.wishes.folder)
        shown = sum((one.seen for one in self.traffic), Counter[str]())
        return made_report(
            check(history, self.wishes.bounds),
            faults=self.faults,
            shown=shown,
            crashed=self.site.children.crashed,
            storms=self.site.storms,
            level=self.level,
            facts={
                "seconds": round(self.seconds, 1),
                "seed": self.wishes.seed,
                "lanes": self.wishes.lanes,
                "crowd": self.wishes.crowd,
                "ended": "interrupted" if self.over.is_set() else "in full",
                "disk_full_by": "tmpfs" if all(p.medium.own for p in self.site.posts.values()) else "RLIMIT_FSIZE",
                "fsync_fails_by": "seccomp",
            },
        )
