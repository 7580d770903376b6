"""A control point with a past: a core whose lanes have seen some trucks, and a wall that may look back at it.

The trucks are dealt with by the shipped agent in memory, and its journal is what the core has; pictures lie where lanes would have
sent them. The core runs as a process of its own.
"""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from core.parts import CoreParts
from core.settings import load
from domain.times import start_of
from lane_agent import events as e
from lane_agent.model import Contact, Link, Moment, TimeQuality
from runtime.clocks import utc_ms
from simulation.broker import PrivateBroker
from simulation.children import free_port
from simulation.page_lane import POLICY, PageLane
from simulation.point import no_paint
from simulation.private_core import PrivateCore
from simulation.private_wall import PrivatePoint
from tests.core.conftest import JournalledLane
from tests.rigs.papers import Papers
from wire.envelope import Signer

DAY = date(2026, 11, 22)
MORNING = start_of(DAY) + 8 * 3_600_000
"""08:00 in Hong Kong, when the first truck comes."""

LANES = ("SZB-IN-01", "SZB-IN-02")


class SteppingClock:
    """Both clocks of a box; each look at them is 10 ms later."""

    def __init__(self, utc_ms: int) -> None:
        self.mono_ms, self.utc_ms = 1_000, utc_ms

    def now(self) -> Moment:
        """The present moment."""
        self.passes(10)
        return Moment(self.mono_ms, self.utc_ms, TimeQuality.PROVEN)

    def passes(self, ms: int) -> None:
        """Time goes by."""
        self.mono_ms += ms
        self.utc_ms += ms


class PastPoint:
    """The point in a folder, with its core stopped.

    Attributes:
        core, point: the parts; `line` is where the wall reaches the core.
        keys: of the visits, in the order in which they began: released, to the compound, decided by an officer, not read.
    """

    def __init__(self, folder: Path, broker: PrivateBroker, *, wall_port: int = 0) -> None:
        self.point = PrivatePoint(folder / "point", broker, LANES, port=wall_port or free_port())
        papers = Papers(_made(folder / "papers"), clock=utc_ms)
        port = free_port()
        listed = ", ".join(f'"{lane}"' for lane in LANES)
        sections = f'[pictures]\nfolder = "pictures"\n[walls]\nport = {port}\nlanes.wall = [{listed}]\n'
        for name, file in (("authority", "authority.crt"), ("certificate", "core.crt"), ("key", "core.key")):
            sections += f'{name} = "{papers.folder / file}"\n'
        (papers.folder / "core.key").chmod(0o600)
        (papers.folder / "wall.key").chmod(0o600)
        self._signers = {
            lane: Signer.from_pem(lane, (folder / "point" / "keys" / f"{lane}.key").read_bytes()) for lane in LANES
        }
        public = {lane: signer.public for lane, signer in self._signers.items()}
        self.core = PrivateCore(folder / "c", broker, lanes=public, sections=sections)
        self.line = papers.line(port)
        core = f'[core]\nhost = "localhost"\nport = {port}\nauthority = "{self.line.authority}"\n'
        core += f'certificate = "{self.line.certificate}"\nkey = "{self.line.key}"\n'
        self.point.config.write_text(f"{self.point.config.read_text()}\n{core}", encoding="utf-8")
        self.keys = asyncio.run(self._fill())

    async def _fill(self) -> list[str]:
        """Two lanes and their trucks; what they wrote is the core's."""
        clock = SteppingClock(MORNING)
        parts = CoreParts(load(self.core.config), lambda: clock.utc_ms)
        keys = []
        while parts.exchange.whole.listening():  # noqa: ASYNC110 - a core that has just started takes no rows; it ends by time
            await asyncio.sleep(0.05)
        for name in LANES:
            lane = PageLane(clock=clock, paint=no_paint, policy=POLICY.__class__(lane=name, point="SZB"))
            agent = asyncio.create_task(lane.agent.run())
            await lane.start()
            keys += await (_trucks(lane, clock) if name == LANES[0] else _one_more(lane, clock))
            agent.cancel()
            await asyncio.gather(agent, return_exceptions=True)
            written = JournalledLane(name, journal=lane.visit_key().split("/")[1])
            written.signer = self._signers[name]
            for entry in lane.journal.entries:
                parts.exchange.hear(written.sends(written.write_body(entry)))
            self._keep(name, lane)
        parts.store.close()
        return keys

    def _keep(self, name: str, lane: PageLane) -> None:
        folder = _made(self.core.folder / "pictures" / name / "stops")
        for picture, jpeg in lane._pictures.items():
            (folder / picture).write_bytes(jpeg)


async def _trucks(lane: PageLane, clock: SteppingClock) -> list[str]:
    keys = []
    for vrn, code in (("RT5093", "release"), ("HB6685", "inspect")):
        await lane.arrives()
        lane.add_bundle(vrn, code)
        await lane.reads(vrn, "粤Z7K83港")
        clock.passes(6_000)
        await lane.immigration_clears()
        clock.passes(4_000)
        await lane.leaves(Contact.EXIT_LOOP if code == "release" else Contact.COMPOUND_LOOP)
        keys.append(lane.visit_key())
        clock.passes(70 * 60_000)
    visit = await lane.arrives()
    await lane.reads("RT50931", confidence=0.91)
    await lane.immigration_clears()
    await lane.limit_expires()
    clock.passes(40_000)
    await lane.happens(e.OfficerReleased(visit, "chan@wall", "papers in order 文件齊備"))
    await lane.leaves()
    return [*keys, lane.visit_key()]


async def _one_more(lane: PageLane, clock: SteppingClock) -> list[str]:
    clock.passes(8 * 3_600_000)
    await lane.happens(e.LinkChanged(Link.OFFLINE))
    clock.passes(150_000)
    await lane.happens(e.LinkChanged(Link.FRESH))
    visit = await lane.arrives()
    await lane.gives_up("KV70", "KV708")
    await lane.immigration_clears()
    clock.passes(55_000)
    await lane.happens(
        e.OfficerCorrected(visit, "wong", "KV708", "seen"), e.OfficerReleased(visit, "wong", "papers in order")
    )
    await lane.leaves()
    return [lane.visit_key()]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
