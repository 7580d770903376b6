"""Many lanes on one Mosquitto: at rest, and after the broker was killed and came back. `rocars-bench storm`.

The lanes are light (`tools.torture.crowd`: link machine and connection, a list in memory), all in this process; the core is a
process of its own, and so is the broker. Processor time is each process's own from /proc; that of the lanes is this
process's. First one control point's lanes come, and are watched at rest; then all the others.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from runtime.clocks import monotonic_ms
from tools.bench.link.site import BenchSite
from tools.torture.crowd import CrowdSettings, LightLane

POINT = 70
"""Lanes of one control point."""

_TURN = 20  # lanes ticked before messages are handled
_PAUSE_S = 0.1
_SETTLE_S = 3.0


class Crowd:
    """The lanes, and the task that lets time pass for them."""

    def __init__(self, site: BenchSite, patience_s: float) -> None:
        self._site, self._patience_s = site, patience_s
        self._settings = CrowdSettings(
            port=site.broker.port,
            passwords={lane: site.broker.password(lane) for lane in site.lanes},
            key="",
            core_key="",
            patience_s=patience_s,
        )
        self.lanes: list[LightLane] = []
        self._late: set[LightLane] = set()
        self._began = 0
        self._came: list[int] = []
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, names: Sequence[str]) -> None:
        """These lanes begin to connect."""
        new = [LightLane(name, self._settings, self._site.signer(name), self._site.core.ring) for name in names]
        self.lanes += new
        self._tasks += [asyncio.create_task(lane.client.run(), name="light lane") for lane in new]
        if self._began == 0:
            self._tasks.append(asyncio.create_task(self._tick(), name="time"))
        self.expect(new)

    def expect(self, lanes: Sequence[LightLane]) -> None:
        """From now on it counts when these are fresh, by proofs asked for from now on."""
        self._began, self._came, self._late = monotonic_ms(), [], set(lanes)

    async def _tick(self) -> None:
        while True:
            for place, lane in enumerate(self.lanes):
                lane.tick()
                if lane in self._late and lane.fresh(self._began):
                    self._late.discard(lane)
                    self._came.append(monotonic_ms() - self._began)
                if place % _TURN == _TURN - 1:
                    await asyncio.sleep(0)
            await asyncio.sleep(_PAUSE_S)

    async def all_fresh(self) -> dict[str, Any]:
        """When half, 99 in 100 and the last of those expected were fresh; and how many never were."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                while self._late:  # noqa: ASYNC110 - lanes come to be fresh in their own time
                    await asyncio.sleep(_PAUSE_S)
        came = self._came
        places = {"p50_ms": len(came) // 2, "p99_ms": len(came) * 99 // 100, "last_ms": len(came) - 1}
        return {name: came[place] if came else None for name, place in places.items()} | {
            "fresh": len(came),
            "late": len(self._late),
        }

    def fresh(self) -> int:
        """How many are fresh now."""
        return sum(lane.fresh(0) for lane in self.lanes)

    async def stop(self) -> None:
        """All leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Meter:
    """Processor seconds of broker, core and lanes since it was made."""

    def __init__(self, site: BenchSite) -> None:
        self._site, self._began = site, time.monotonic()
        self._before = self._spent()

    def _spent(self) -> dict[str, float]:
        return self._site.spent() | {"lanes": time.process_time()}

    def read(self, lanes: int) -> dict[str, float]:
        """Milliseconds a second, of each in all and for one lane."""
        taken, now = time.monotonic() - self._began, self._spent()
        a_second = {name: 1_000 * (now[name] - self._before[name]) / taken for name in now}
        found = {f"{name}_ms_a_second": round(spent, 1) for name, spent in a_second.items()}
        return found | {f"{name}_ms_a_second_a_lane": round(spent / lanes, 3) for name, spent in a_second.items()}


async def _rest(site: BenchSite, crowd: Crowd, seconds: float) -> dict[str, Any]:
    await asyncio.sleep(min(_SETTLE_S, seconds))
    meter = Meter(site)
    await asyncio.sleep(seconds)
    return {"lanes": len(crowd.lanes), "fresh": crowd.fresh(), "seconds": seconds, **meter.read(len(crowd.lanes))}


async def _return(site: BenchSite, crowd: Crowd) -> dict[str, Any]:
    """The broker is killed, and started again a second later; the time runs from its start."""
    site.broker.kill()
    await asyncio.sleep(1.0)
    site.broker.start()
    meter = Meter(site)
    crowd.expect(crowd.lanes)
    return await crowd.all_fresh() | {"cpu": meter.read(len(crowd.lanes))}


async def measure(folder: Path, *, lanes: int, point: int, seconds: float, patience_s: float) -> dict[str, Any]:
    """Come, rest, all come, rest, killed, all come back."""
    names, found = [f"lane-{number}" for number in range(lanes)], dict[str, Any]()
    async with BenchSite(folder, names) as site:
        crowd = Crowd(site, patience_s)
        try:
            crowd.add(names[:point])
            found["point_connects"] = await crowd.all_fresh()
            found["point_at_rest"] = await _rest(site, crowd, seconds)
            crowd.add(names[point:])
            found["others_connect"] = await crowd.all_fresh()
            found["all_at_rest"] = await _rest(site, crowd, seconds)
            found["all_come_back"] = await _return(site, crowd)
        finally:
            await crowd.stop()
    return found


def run(*, lanes: int, seconds: float, patience_s: float, json_file: Path | None) -> None:
    """The command."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bench-") as made, console.status(f"{lanes} lanes"):
        found = asyncio.run(
            measure(Path(made), lanes=lanes, point=min(POINT, lanes), seconds=seconds, patience_s=patience_s)
        )
    found["machine"] = {"cores": os.cpu_count(), "load_1min": round(os.getloadavg()[0], 2)}
    drawn = Table("", "", title=f"{lanes} lanes on one broker", title_justify="left")
    for name, facts in found.items():
        drawn.add_section()
        for fact, value in (facts | facts.pop("cpu", {})).items():
            drawn.add_row(name.replace("_", " "), f"{fact.replace('_', ' ')}: {value}")
    console.print(drawn)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
