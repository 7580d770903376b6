"""From a cut to manual mode, and from its end to verified automatic: real lanes, broker and core, each cut timed.

Rules of this file:
- A lane is its journal, its shell and its link, and reaches the broker through a cable of its own. Manual mode counts
  from when the step that entered it is durable.
- Cuts of one lane's cable come to every lane at its own time; cuts of the broker or of the core come to all at once.
- Each cut lasts until the lane is in manual mode. Before the next it is automatic again, and waits some part of a second,
  so that cuts come at any time between two proofs.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lane_agent import events as e
from lane_agent.effects import Effect
from lane_agent.model import Link, Moment
from lane_agent.state import Lane
from runtime.clocks import monotonic_ms
from simulation.cable import Cable, Tamper
from simulation.hardwareless_lane import LaneWithoutHardware
from sync.link import Limits
from tools.bench.link.site import BenchSite
from tools.bench.shell import SOFTWARE

KINDS = {
    "reset": "connection reset, and refused",
    "hole": "both ways swallowed, connections stay",
    "broker": "broker kill -9",
    "core": "core frozen, broker well",
}
SLACK_MS = 200
"""`LinkMachine.tick` comes at least so often; the bound is `Limits.offline_ms` and this."""

_PATIENCE_S = 120.0
_LAG_S = 0.02


@dataclass(frozen=True, slots=True)
class MeasuredCut:
    """Milliseconds: from the cut until no longer fresh, until manual; from its end until automatic and verified."""

    stale: int
    manual: int
    back: int


class CutLane(LaneWithoutHardware):
    """One lane with a real link, through a cable."""

    def __init__(self, name: str, site: BenchSite, store: Path, cable: Cable, limits: Limits) -> None:
        self.cable = cable
        self._manual, self._since = True, monotonic_ms()
        self.not_fresh = 0
        self._changed = asyncio.Event()
        super().__init__(
            store,
            site.broker.options(name, port=cable.near),
            signer=site.signer(name),
            ring=site.core.ring,
            software=SOFTWARE,
            limits=limits,
            on_event=self._told,
            on_alarm=lambda _kind, _detail: None,
        )

    def _told(self, event: e.Event) -> None:
        if isinstance(event, e.LinkChanged) and event.link is not Link.FRESH and not self.not_fresh:
            self.not_fresh = monotonic_ms()
        self.tell(event)

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """A step is durable."""
        super().stepped(event, at, effects, lane)
        if bool(lane.manual) is not self._manual:
            self._manual, self._since = bool(lane.manual), monotonic_ms()
            self._changed.set()

    async def until(self, *, manual: bool) -> int:
        """When the lane came into this mode; waits for it."""
        async with asyncio.timeout(_PATIENCE_S):
            while self._manual is not manual:
                self._changed.clear()
                await self._changed.wait()
        return self._since

    def heal(self) -> None:
        """Bytes pass again, on the connections that are still there too."""
        self.cable.tamper = Tamper()

    def forget(self) -> None:
        """The next loss of freshness counts."""
        self.not_fresh = 0


async def cut(boxes: Sequence[CutLane], begin: Callable[[], None], end: Callable[[], None]) -> list[MeasuredCut]:
    """One cut, felt by these lanes; it ends when the last of them is in manual mode."""
    for box in boxes:
        box.forget()
    began = monotonic_ms()
    begin()
    manual = await asyncio.gather(*(box.until(manual=True) for box in boxes))
    healed = monotonic_ms()
    end()
    back = await asyncio.gather(*(box.until(manual=False) for box in boxes))
    return [
        MeasuredCut(box.not_fresh - began, entered - began, again - healed)
        for box, entered, again in zip(boxes, manual, back, strict=True)
    ]


@asynccontextmanager
async def _boxes(site: BenchSite, folder: Path, limits: Limits) -> AsyncIterator[list[CutLane]]:
    async with AsyncExitStack() as opened:
        boxes = []
        for name in site.lanes:
            cable = Cable(site.broker.port)
            await cable.start()
            opened.push_async_callback(cable.stop)
            box = await opened.enter_async_context(CutLane(name, site, folder / f"{name}.db", cable, limits))
            box.tell(e.LaneOpened("bench"))
            boxes.append(box)
        for box in boxes:
            await box.until(manual=False)
        yield boxes


async def _lag(worst: list[int]) -> None:
    """How late this process's loop runs: the lanes share it, and their times are late by as much."""
    while True:
        due = monotonic_ms() + int(1_000 * _LAG_S)
        await asyncio.sleep(_LAG_S)
        worst[0] = max(worst[0], monotonic_ms() - due)


Found = dict[str, list[MeasuredCut]]


async def _alone(box: CutLane, rounds: int, pause: Callable[[], float], found: Found) -> None:
    """Cuts of one lane's cable."""
    for kind, begin in tuple({"reset": box.cable.cut, "hole": box.cable.hold}.items()) * rounds:
        await asyncio.sleep(pause())
        found[kind] += await cut([box], begin, box.heal)


async def _together(
    site: BenchSite, boxes: Sequence[CutLane], rounds: int, pause: Callable[[], float], found: Found
) -> None:
    """Cuts of all lanes at once."""
    for _ in range(rounds):
        await asyncio.sleep(pause())
        found["broker"] += await cut(boxes, site.broker.kill, site.broker.start)
        await asyncio.sleep(pause())
        found["core"] += await cut(boxes, lambda: site.core.freeze(frozen=True), lambda: site.core.freeze(frozen=False))


async def _measure(folder: Path, near: Path, lanes: int, rounds: int, limits: Limits) -> tuple[Found, int]:
    found: Found = {kind: [] for kind in KINDS}
    worst, rng = [0], random.Random(1)
    pause = partial(rng.uniform, 0, limits.nonce_ms / 1_000)
    names = [f"lane-{number}" for number in range(lanes)]
    async with BenchSite(near, names) as site, _boxes(site, folder, limits) as boxes:
        watch = asyncio.create_task(_lag(worst))
        await asyncio.gather(*(_alone(box, rounds, pause, found) for box in boxes))
        await _together(site, boxes, rounds, pause, found)
        watch.cancel()
    return found, worst[0]


def _spread(values: Sequence[int]) -> dict[str, int]:
    ordered = sorted(values)
    count = len(ordered)
    return {
        "min": ordered[0],
        "p50": ordered[count // 2],
        "p99": ordered[count * 99 // 100],
        "max": ordered[-1],
    }


def measure_cuts(folder: Path, *, cuts: int, lanes: int, limits: Limits | None = None) -> dict[str, Any]:
    """At least so many cuts of each kind; milliseconds. Without other limits those of a lane."""
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="bench-") as near:  # the core's socket needs a short name
        found, lag = asyncio.run(_measure(folder, Path(near), lanes, -(-cuts // lanes), limits))
    bound = limits.offline_ms + SLACK_MS
    kinds = {
        kind: {
            "what": KINDS[kind],
            "cuts": len(these),
            "not_fresh_ms": _spread([one.stale for one in these]),
            "manual_ms": _spread([one.manual for one in these]),
            "above_bound": sum(one.manual > bound for one in these),
            "back_ms": _spread([one.back for one in these]),
        }
        for kind, these in found.items()
    }
    return {"bound_ms": bound, "fresh_ms": limits.fresh_ms, "lanes": lanes, "loop_late_ms": lag, "kinds": kinds}
