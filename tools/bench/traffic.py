"""What one lane costs a broker: `rocars-bench traffic`.

A real core in its own process, the shipped broker, and one lane's real link with its real journal, on loopback. Between
lane and broker a cable counts packets and bytes. From the measured lane follow the figures for many: docs/scale.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.office.admin import AdminClient
from core.office.service import ImportedBundle
from domain.crossing import Direction
from lane_agent.effects import Claim, GiveBack
from lane_agent.events import ClaimAnswered, Event
from lane_agent.model import Codes, Link
from simulation.cable import Cable
from simulation.hardwareless_lane import LaneEnd
from simulation.waiting import until
from sync.client import LinkClient
from sync.journal import Journal
from tools.bench.handshakes import measure_handshakes
from tools.bench.link.site import BenchSite
from tools.bench.packet_count import PacketCount
from tools.bench.shell import BenchLane
from wire.envelope import Signer

LANE = "bench"
CROSSINGS_A_DAY = 16_701
DAY_S = 86_400
_PATIENCE = 300.0


class BusyLane(BenchLane):
    """The benchmark's lane, whose bundle is one that the core has."""

    def __init__(self, journal: Journal, link: LinkClient) -> None:
        super().__init__(journal)
        self._link = link
        self.ubr = ""

    def look_up(self, vrn: str) -> Codes:
        """As the benchmark's, under the core's reference."""
        codes = super().look_up(vrn)
        (bundle,) = codes.bundles
        return replace(codes, epoch=self._link.status().epoch, bundles=(replace(bundle, ubr=self.ubr),))

    def claim(self, order: Claim) -> None:
        """The core's receipt is part of a crossing's traffic."""
        self._link.claim(order)

    def give_back(self, order: GiveBack) -> None:
        """As a lane does."""
        self._link.give_back(order)

    def stepped(self, *_: Any) -> None:
        """The link sends what was journaled."""
        self._link.on_journal_grew()


@dataclass(frozen=True, slots=True)
class Look:
    """Packets and bytes, and processor seconds of the broker and of the core."""

    count: PacketCount
    broker_s: float
    core_s: float

    def since(self, before: Look) -> Look:
        """What came after `before`."""
        count = self.count.since(before.count)
        return Look(count, self.broker_s - before.broker_s, self.core_s - before.core_s)

    def plain(self, by: float) -> dict[str, Any]:
        """Each divided by `by`: CPU, packets and bytes in all, and by direction and kind."""
        cpu = {"broker_cpu_ms": self.broker_s, "core_cpu_ms": self.core_s}
        return {name: round(1_000 * spent / by, 2) for name, spent in cpu.items()} | _plain(self.count, by)


class TrafficSite(BenchSite):
    """A broker, a core's process and one lane's link through a cable that counts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, [LANE])
        self.count = PacketCount()
        self.cable = Cable(self.broker.port, arrives=self.count.add)
        self.hear: Callable[[Event], None] = lambda _: None

    def look(self) -> Look:
        """What has passed, and what broker and core have spent, until now."""
        spent = self.spent()
        return Look(self.count.copy(), spent["broker"], spent["core"])

    def _heard(self, event: Event) -> None:
        self.hear(event)

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[LaneEnd]:
        """The lane's link on its own store."""
        await self.cable.start()
        try:
            async with LaneEnd(
                self.folder / "lane.db",
                self.broker.options(LANE, port=self.cable.near),
                signer=Signer.from_pem(LANE, self.signer(LANE).to_pem()),  # a short key id, as in docs/scale.md
                ring=self.core.ring,
                software="bench",
                on_event=self._heard,
            ) as lane:
                yield lane
        finally:
            await self.cable.stop()


def _bundle(number: int) -> ImportedBundle:
    now = time.time_ns() // 1_000_000
    return ImportedBundle(
        vrn=f"A{number % 9_000 + 1}",
        direction=Direction.INBOUND,
        earliest_ms=now - 60_000,
        valid_until_ms=now + 86_400_000,
        cargo=((str(3 * 10**9 + number), "release", ""),),
    )


async def measure(folder: Path, *, codes: int, seconds: float, trucks: int, console: Console) -> dict[str, Any]:
    """Snapshot, a quiet lane, a busy lane."""
    async with TrafficSite(folder) as site, site.core.admin() as core:
        with console.status(f"{codes:,} codes into the core"):
            await core.take_over([_bundle(number) for number in range(codes)])
        before, began = site.look(), time.perf_counter()
        async with site.lane() as end:
            await until(lambda: end.link.status().link is Link.FRESH, _PATIENCE)
            snapshot = site.look().since(before)
            taken = time.perf_counter() - began
            with console.status(f"a quiet lane, {seconds:g} s"):
                quiet = await _quiet(site, seconds)
            with console.status(f"{trucks} trucks"):
                busy, rows, entry_bytes = await _busy(site, core, end, trucks)
    return {
        "codes": codes,
        "snapshot": {"seconds": round(taken, 2), **snapshot.plain(1)},
        "quiet_a_second": quiet.plain(seconds),
        "busy_a_truck": {"journal_rows": rows / trucks, "entry_bytes": entry_bytes / trucks, **busy.plain(trucks)},
    }


async def _quiet(site: TrafficSite, seconds: float) -> Look:
    before = site.look()
    await asyncio.sleep(seconds)
    return site.look().since(before)


async def _busy(site: TrafficSite, core: AdminClient, end: LaneEnd, trucks: int) -> tuple[Look, int, int]:
    """Each truck is bundled at the core, passes, and its bundle is used: two deltas, and the lane's rows."""
    link, journal, lane = end.link, end.journal, BusyLane(end.journal, end.link)
    site.hear = lambda event: lane.agent.tell(event) if isinstance(event, ClaimAnswered) else None
    work = asyncio.create_task(lane.agent.run(), name="lane")
    try:
        await lane.start()
        await until(lambda: link.status().waiting == 0, _PATIENCE)
        before, first = site.look(), journal.head()[0]
        for number in range(trucks):
            (lane.ubr,) = await core.take_over([_bundle(5_000_000 + number)])
            await lane.passage()
        await until(lambda: link.status().waiting == 0, _PATIENCE)
        after, last = site.look().since(before), journal.head()[0]
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    return after, last - first, sum(len(row.body) for row in journal.rows(first + 1, last))


def _plain(count: PacketCount, by: float) -> dict[str, Any]:
    """Packets and bytes, each divided: in all, and by direction and kind."""
    kinds = {
        f"{way} {kind}": {"packets": round(count.packets[way, kind] / by, 3), "bytes": round(size / by, 1)}
        for (way, kind), size in sorted(count.volume.items())
    }
    totals = {
        way: {name: round(value / by, 2) for name, value in zip(("packets", "bytes"), count.total(way), strict=True)}
        for way in ("up", "down")
    }
    return totals | {"kinds": kinds}


def derived(found: dict[str, Any], lanes: int) -> dict[str, float]:
    """What a broker carries for a number of lanes, quiet and at the day's volume."""
    quiet, busy = found["quiet_a_second"], found["busy_a_truck"]
    deltas = busy["kinds"].get("down deltas", {"packets": 0.0, "bytes": 0.0})
    a_second = CROSSINGS_A_DAY / DAY_S
    return {
        "lanes": lanes,
        "quiet_packets_a_second": round(lanes * (quiet["up"]["packets"] + quiet["down"]["packets"]), 1),
        "quiet_kilobytes_a_second": round(lanes * (quiet["up"]["bytes"] + quiet["down"]["bytes"]) / 1_000, 1),
        "events_a_second_at_the_days_volume": round(a_second * busy["journal_rows"], 1),
        "delta_packets_a_second_fanned_out": round(lanes * a_second * deltas["packets"], 1),
        "delta_megabytes_a_day_a_lane": round(CROSSINGS_A_DAY * deltas["bytes"] / 1e6, 2),
        "delta_megabytes_a_day_fanned_out": round(lanes * CROSSINGS_A_DAY * deltas["bytes"] / 1e6, 1),
        "snapshots_of_all_lanes_megabytes": round(lanes * found["snapshot"]["down"]["bytes"] / 1e6, 1),
    }


def show(found: dict[str, Any], console: Console) -> None:
    """For people."""
    for part in ("snapshot", "quiet_a_second", "busy_a_truck"):
        table = Table("", "packets", "bytes", title=part.replace("_", " "), title_justify="left")
        for way in ("up", "down"):
            for kind, each in found[part]["kinds"].items():
                if kind.startswith(f"{way} "):
                    table.add_row(kind, f"{each['packets']:,.2f}", f"{each['bytes']:,.0f}")
            table.add_row(f"all {way}", *(f"{value:,.1f}" for value in found[part][way].values()), style="bold")
        console.print(table)
        console.print(f"CPU: broker {found[part]['broker_cpu_ms']:,} ms, core {found[part]['core_cpu_ms']:,} ms\n")
    for each in (found["handshakes"], *found["derived"]):
        console.print("  ".join(f"{name} {value:,}" for name, value in each.items()))


def run(*, json_file: Path | None, codes: int, seconds: float, trucks: int, connects: int) -> None:
    """The command."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        found = asyncio.run(measure(Path(made), codes=codes, seconds=seconds, trucks=trucks, console=console))
    with tempfile.TemporaryDirectory(prefix="bench-") as made, console.status(f"{connects} connections"):
        found["handshakes"] = measure_handshakes(Path(made), connects)
    found["derived"] = [derived(found, lanes) for lanes in (1, 70, 500)]
    found["machine"] = {"cores": os.cpu_count(), "load_1min": round(os.getloadavg()[0], 2)}
    show(found, console)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
