"""The trucks of one lane, one after the other, each with a truth: released, held, to be inspected, early, ended, unknown.

Rules of this file:
- Faults send vehicles of five truths more: "again", one that was released comes once more, with a bundle that is used;
  "unanswered", Immigration begins and says nothing; "late_clear", its answer for that one comes before this one's own;
  "turned_off", one to be inspected that no loop sees go to the compound; "followed", the next one drives up so closely that the stop loop does not fall between them, and has no plate to be seen.
- A driver waits a little and no longer; whatever happens, he drives on and the next one comes.
- The truth that a vehicle is judged by afterwards is the core's signed log, not what is hoped for here.
- Vehicles are bundled while others are still before them, and a hold comes late: a lane that is cut off holds a bundle
  that would release, and does not know of the hold. Otherwise it could not even be tempted.
- Two vehicles that are about at the same time never have marks that neighbour each other.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from dataclasses import dataclass

from lane_agent.model import Contact
from simulation.marks import LETTERS
from tools.torture.core_client import CoreDesk
from tools.torture.site import LaneUnderTest
from tools.torture.tap import Ledger

TRUTHS = {
    "released": 40,
    "unladen": 10,
    "held": 12,
    "inspect": 10,
    "unknown": 14,
    "hold_race": 14,
    "early": 6,
    "ended": 2,
}
"""How often each comes."""

_MINUTE_MS = 60_000
TIMES = {
    "early": {"begins_ms": 30 * _MINUTE_MS},
    "ended": {"begins_ms": -1_440 * _MINUTE_MS, "ends_ms": -10 * _MINUTE_MS},
}
"""Bundles that are not good now: just made, for they count from half an hour later; and of yesterday."""

DECIDED = {"DONE", "EXAMINE"}
WITH_OFFICER = {"OFFICER", "NOBUNDLE", "NOPLATE", "MANUAL", "EARLY", "WRONGPOINT", "CLOSED"}


FOLLOWER_S = 5.0
"""A close follower stands at the line: longer than a check allows 3 to stand on (`Bounds`)."""

QUEUE = 2
"""Trucks that wait behind the one in the lane."""


@dataclass(frozen=True, slots=True)
class TortureTruck:
    """One truck; `ubr` is "" where it has no bundle, or nobody knows."""

    truth: str
    vrn: str
    ubr: str


class FarMarks:
    """Marks that differ from each of the last `apart` given in three places at least.

    Args:
        rng: chance.
        never: marks that stay in use.
    """

    def __init__(self, rng: random.Random, never: list[str], apart: int = 200) -> None:
        self._rng, self._never = rng, never
        self._last: deque[str] = deque(maxlen=apart)

    def next(self) -> str:
        """A new one."""
        while True:
            mark = "".join(self._rng.choices(LETTERS, k=2)) + str(self._rng.randrange(1_000, 10_000))
            others = (*self._never, *self._last)
            if not mark.startswith("VV") and all(_differ(mark, other) >= 3 for other in others):
                self._last.append(mark)
                return mark


def _differ(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


class Traffic:
    """Sends trucks through one lane until `over` is set.

    Args:
        post: the lane.
        office: the core's counter.
        marks, rng: what stands on their plates; chance.
        ledger: what was true of each.

    Attributes:
        seen: how often which scene was the last word.
    """

    def __init__(
        self, post: LaneUnderTest, office: CoreDesk, marks: FarMarks, rng: random.Random, ledger: Ledger
    ) -> None:
        self._post, self._office, self._marks, self._rng, self._ledger = post, office, marks, rng, ledger
        self._twin = post.simulated
        self.over = asyncio.Event()
        self.seen: Counter[str] = Counter()

    async def run(self) -> None:
        """One truck after the other."""
        queue: deque[TortureTruck] = deque()
        while not self.over.is_set():
            while len(queue) <= QUEUE:
                queue.append(await self._bundled())
            if self._post.tempts:
                truth = self._post.tempts.popleft()
                queue.insert(int(truth == "held"), await self._bundled(truth))  # a hold comes before its vehicle does
            if self._post.again:
                queue.appendleft(TortureTruck("again", *self._post.again.popleft()))
            if queue[1].truth == "held":
                self._post.held = queue[1].vrn
                await self._office.hold(queue[1].vrn)
            await self._one(queue.popleft())

    async def _bundled(self, truth: str = "") -> TortureTruck:
        truth = truth or self._rng.choices(list(TRUTHS), list(TRUTHS.values()))[0]
        vrn = self._post.lure if truth == "unknown" else self._marks.next()
        return TortureTruck(truth, vrn, await self._prepare(truth, vrn))

    async def _one(self, truck: TortureTruck) -> None:
        truth, vrn, ubr = truck.truth, truck.vrn, truck.ubr
        await self._twin.until(lambda status: not status["visit"], 2.0)
        self._ledger.write(lane=self._post.lane, truth=truth, vrn=vrn, ubr=ubr, did="arrives")
        lied_to = self._post.wrong_clock
        self._twin.sees(vrn)
        self._twin.switch(Contact.STOP_LOOP, True)
        if truth in TIMES:
            self._post.tempted.set()
        await self._twin.until_shown({"STOP"}, 1.0)
        await self._immigration(truth, vrn)
        racing = asyncio.create_task(self._race(vrn)) if truth == "hold_race" else None
        patience_s = 1.0 if truth == "unanswered" else 5.0
        shown = await self._twin.until_shown(DECIDED | WITH_OFFICER, patience_s)
        self.seen[shown or "nothing"] += 1
        if shown == "DONE" and ubr:
            self._post.used.append((vrn, ubr))
        if racing is not None:
            await racing
        if shown not in DECIDED:
            await self._officer()
        lied_to = lied_to or self._post.wrong_clock
        if truth == "followed" and shown == "DONE":
            await self._leave_followed(vrn)
        await (self._turn_off() if truth == "turned_off" else self._leave())
        self._ledger.write(
            lane=self._post.lane, truth=truth, vrn=vrn, ubr=ubr, shown=shown, wrong_clock=lied_to, did="left"
        )
        await self._tidy(truth, vrn, ubr)

    async def _prepare(self, truth: str, vrn: str) -> str:
        office = self._office
        if truth == "unladen":
            await office.approve(vrn)
        if truth in {"unladen", "unknown"}:
            return ""
        codes = ("release", "inspect") if truth in {"inspect", "turned_off"} else ("release",)
        return await office.bundle(vrn, *codes, **TIMES.get(truth, {}))

    async def _immigration(self, truth: str, vrn: str) -> None:
        await self._twin.pulse(Contact.IMMIGRATION_STARTED)
        if truth == "unanswered":
            return
        if truth == "late_clear":
            await asyncio.sleep(0.2)
            self._ledger.write(lane=self._post.lane, vrn=vrn, did="late")
            await self._twin.pulse(Contact.IMMIGRATION_CLEARED)
            await asyncio.sleep(1.2)
            self._ledger.write(lane=self._post.lane, vrn=vrn, did="own")
        if truth == "unladen":
            await self._twin.pulse(Contact.UNLADEN)
        await asyncio.sleep(0.1 + 0.2 * self._rng.random())
        await self._twin.pulse(Contact.IMMIGRATION_CLEARED)

    async def _race(self, vrn: str) -> None:
        """A hold that may come before the release, with it, or after it."""
        await asyncio.sleep(0.8 * self._rng.random())
        await self._office.hold(vrn)
        await asyncio.sleep(0.4 + 1.2 * self._rng.random())

    async def _officer(self) -> None:
        visit = self._twin.status.get("visit", 0)
        if visit:
            self._twin.say(officer="take_over", visit=visit)

    async def _leave_followed(self, vrn: str) -> None:
        """It passes the way-out loop; the one behind stands where it stood, for longer than 3 may stand on."""
        self._twin.sees("")
        self._ledger.write(lane=self._post.lane, vrn=vrn, did="passed")
        self._twin.switch(Contact.EXIT_LOOP, True)
        await asyncio.sleep(0.05)
        self._twin.switch(Contact.EXIT_LOOP, False)
        await asyncio.sleep(FOLLOWER_S)

    async def _turn_off(self) -> None:
        """To the compound, where this site has no loop: for a while the lane does not know whether it has gone."""
        self._twin.sees("")
        self._twin.switch(Contact.STOP_LOOP, False)
        await asyncio.sleep(0.3)

    async def _leave(self) -> None:
        self._twin.switch(Contact.EXIT_LOOP, True)
        self._twin.sees("")
        self._twin.switch(Contact.STOP_LOOP, False)
        await asyncio.sleep(0.05)
        self._twin.switch(Contact.EXIT_LOOP, False)
        await self._twin.until(lambda status: not status["visit"], 1.0)

    async def _tidy(self, truth: str, vrn: str, ubr: str) -> None:
        """What no later truck should meet."""
        if truth in {"held", "hold_race"}:
            self._post.held = ""
            await self._office.lift(vrn)
        if truth in {"held", "inspect", "turned_off", *TIMES} and ubr:
            await self._office.debundle(ubr)
