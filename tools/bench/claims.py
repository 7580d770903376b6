"""What claim before release costs: the time to screen 3 with and without it, and the trucks that a core bears.

Rules of this file:
- A lane with its real agent, store and link, behind a cable that delays each way by half the round trip, at a broker and a
  core of their own. "Without" is the same lane whose claims are granted in its own process: the bytes, rows and lookups
  are the same, the round trip is not there.
- Two drivers: the ordinary one, whom Immigration clears a while after the read, and the worst case, whose mark is read last.
- At the core's limit: the messages of many lanes, made and signed beforehand, go through the core's own gateway into a store
  on the disk, as fast as it takes them; no broker, no lane takes part of the time.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.office.service import ImportedBundle
from domain.crossing import Direction
from lane_agent import events as e
from lane_agent.effects import Claim, GiveBack, Show
from lane_agent.model import Codes, Contact
from lane_agent.ports import CodeBook
from lane_agent.wording import Scene
from simulation.cable import Cable, Piece, Tamper, Way
from simulation.granting_core import granted
from simulation.hardwareless_lane import LaneWithoutHardware
from simulation.waiting import until
from sync.client import LinkClient
from tools.bench.claims_core import measure_core
from tools.bench.figures import timing
from tools.bench.link.site import BenchSite

_PATIENCE = 60.0
_FIRST = 3_100_000_000
PAUSE_S = 0.4
"""From the ordinary driver's read to Immigration's answer: in truth seconds, and longer than any round trip."""


class LateBy(Tamper):
    """Everything comes so much later, each way, in order."""

    def __init__(self, each_way_s: float) -> None:
        self._each_way_s = each_way_s

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """The packet, late."""
        del way
        return (Piece(data=packet, after_s=self._each_way_s),)


class GrantingLink:
    """The link's code book, and claims that are granted without asking anybody."""

    def __init__(self, link: LinkClient, tell: Callable[[e.Event], None]) -> None:
        self._link, self._tell = link, tell

    def look_up(self, vrn: str) -> Codes:
        """As the link finds it."""
        return self._link.look_up(vrn)

    def claim(self, order: Claim) -> None:
        """Granted."""
        self._tell(granted(order, epoch=self._link.status().epoch))

    def give_back(self, order: GiveBack) -> None:
        """Nobody was asked."""


class ReleasingLane(LaneWithoutHardware):
    """A lane that notes when 3 is ordered.

    Args:
        asks: the core is asked for its receipt; if not, every claim is granted here.
    """

    def __init__(self, site: BenchSite, name: str, folder: Path, *, port: int, asks: bool) -> None:
        self._shown: asyncio.Future[int] | None = None
        self._asks = asks
        super().__init__(
            folder / f"{name}.db",
            site.broker.options(name, port=port),
            signer=site.signer(name),
            ring=site.core.ring,
            software="bench",
            policy={"point": "SZB"},
        )

    def code_book(self) -> CodeBook:
        """The link, or one that grants by itself."""
        return self.link if self._asks else GrantingLink(self.link, self.tell)

    def show(self, order: Show) -> None:
        """Both screens paint at once; 3 is what is waited for."""
        if order.xdb is Scene.DONE and self._shown is not None and not self._shown.done():
            self._shown.set_result(time.perf_counter_ns())
        super().show(order)

    async def ready(self) -> None:
        """Open, automatic, nobody there."""
        await self.happens(e.LaneOpened("bench"), *(self.switch(contact, False) for contact in Contact))
        await until(lambda: not self.agent.lane.manual, _PATIENCE)

    async def pulse(self, contact: Contact) -> None:
        """A contact closes and opens."""
        await self.happens(self.switch(contact, True), self.switch(contact, False))

    async def passes(self, vrn: str, *, read_last: bool) -> int:
        """A truck comes, is released and leaves; nanoseconds from what was missing last to the order to show 3."""
        await self.happens(self.switch(Contact.STOP_LOOP, True))
        await self.pulse(Contact.IMMIGRATION_STARTED)
        self._shown = asyncio.get_running_loop().create_future()
        if read_last:
            await self.pulse(Contact.IMMIGRATION_CLEARED)
            began = time.perf_counter_ns()
            self._settled(self.agent.lane.visits, vrn)
        else:
            self._settled(self.agent.lane.visits, vrn)
            await asyncio.sleep(PAUSE_S)
            began = time.perf_counter_ns()
            self.tell(self.switch(Contact.IMMIGRATION_CLEARED, True))
        ended = await asyncio.wait_for(self._shown, _PATIENCE)
        if not read_last:
            await self.happens(self.switch(Contact.IMMIGRATION_CLEARED, False))
        await self.happens(self.switch(Contact.STOP_LOOP, False))
        await self.pulse(Contact.EXIT_LOOP)
        await until(lambda: self.link.status().waiting == 0, _PATIENCE)
        return ended - began


@dataclass(frozen=True, slots=True)
class ClaimsPlan:
    """How much is measured.

    Attributes:
        trucks: of each kind, at each round trip, with and without.
        round_trips_ms: between lane and broker.
        core_trucks: through the core at its limit, with and without.
        core_lanes: side by side there.
    """

    trucks: int = 100
    round_trips_ms: tuple[int, ...] = (0, 50)
    core_trucks: int = 2_000
    core_lanes: int = 100


@asynccontextmanager
async def _lane(site: BenchSite, name: str, round_trip_ms: int, *, asks: bool) -> AsyncIterator[ReleasingLane]:
    async with AsyncExitStack() as stack:
        cable = Cable(site.broker.port)
        await cable.start()
        stack.push_async_callback(cable.stop)
        if round_trip_ms:
            cable.tamper = LateBy(round_trip_ms / 2_000)
        lane = ReleasingLane(site, name, site.folder, port=cable.near, asks=asks)
        await stack.enter_async_context(lane)
        await lane.ready()
        yield lane


def _bundles(first: int, count: int) -> list[ImportedBundle]:
    now = time.time_ns() // 1_000_000
    return [
        ImportedBundle(
            vrn=f"B{number % 9_000 + 1}",
            direction=Direction.INBOUND,
            earliest_ms=now - 60_000,
            valid_until_ms=now + 86_400_000,
            cargo=((str(_FIRST + number), "release", ""),),
        )
        for number in range(first, first + count)
    ]


async def _releases(folder: Path, plan: ClaimsPlan, console: Console) -> list[dict[str, Any]]:
    """Time to 3, for each driver and round trip, with and without the claim."""
    cases = [(rtt, asks) for rtt in plan.round_trips_ms for asks in (False, True)]
    names = [f"lane-{number}" for number in range(len(cases))]
    found: list[dict[str, Any]] = []
    made = 0
    async with BenchSite(folder, names) as site, site.core.admin() as core:
        for name, (rtt, asks) in zip(names, cases, strict=True):
            bundles = _bundles(made, 2 * plan.trucks)
            made += len(bundles)
            await core.take_over(bundles)
            async with _lane(site, name, rtt, asks=asks) as lane:
                await until(lambda lane=lane, last=bundles[-1].vrn: lane.link.look_up(last).bundles, _PATIENCE)  # type: ignore[misc]
                for read_last in (False, True):
                    what = f"{'read last' if read_last else 'cleared last'}, {rtt} ms, {'with' if asks else 'without'}"
                    with console.status(what):
                        half = bundles[plan.trucks :] if read_last else bundles[: plan.trucks]
                        spent = [await lane.passes(one.vrn, read_last=read_last) for one in half]
                    one = timing(what, spent)
                    found.append(
                        {
                            "last": "read" if read_last else "cleared",
                            "round_trip_ms": rtt,
                            "claim": asks,
                            "trucks": one.samples,
                            "p50_ms": round(one.p50_us / 1_000, 2),
                            "p99_ms": round(one.p99_us / 1_000, 2),
                        }
                    )
    return found


def _show(found: dict[str, Any], console: Console) -> None:
    drawn = Table("missing last", "round trip", "claim", "trucks", "p50", "p99", title="To screen 3")
    for one in found["releases"]:
        claim = "with" if one["claim"] else "without"
        drawn.add_row(
            one["last"],
            f"{one['round_trip_ms']} ms",
            claim,
            str(one["trucks"]),
            f"{one['p50_ms']:,.2f} ms",
            f"{one['p99_ms']:,.2f} ms",
        )
    console.print(drawn)
    for one in found["core"]:
        claim = "with" if one["claim"] else "without"
        console.print(
            f"core at its limit, {claim} the claim: {one['trucks_a_minute']:,} trucks a minute "
            f"({one['trucks']:,} trucks, {one['lanes']} lanes, {one['messages_a_truck']:.1f} messages each)"
        )


def run(*, json_file: Path | None, folder: Path, plan: ClaimsPlan) -> None:
    """The command."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bench-") as near:  # the core's socket needs a short name
        releases = asyncio.run(_releases(Path(near), plan, console))
    with tempfile.TemporaryDirectory(prefix="bench-", dir=folder) as made, console.status("the core at its limit"):
        core = measure_core(Path(made), trucks=plan.core_trucks, lanes=plan.core_lanes)
    found = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "releases": releases, "core": core}
    _show(found, console)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=1), encoding="utf-8")
