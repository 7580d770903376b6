"""Two real lanes, the real core and a lying broker: one bundle releases one vehicle (design §3, attack A5)."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.office.service import ImportedBundle
from domain.crossing import Direction
from lane_agent import events as e
from lane_agent.model import Contact, Doubt, Outcome
from simulation.cable import Cable, Tamper, Way
from simulation.hardwareless_lane import LaneWithoutHardware
from simulation.waiting import until
from tools.bench.link.site import BenchSite
from tools.torture.tampers import Withhold

PATIENCE = 30.0
LIMITS = (("claim", 2_000), ("read", 60_000), ("immigration", 120_000), ("immigration_start", 120_000))
ROWS = Withhold(lambda topic: topic.endswith("/up/event"), Way.UP)


class Lane(LaneWithoutHardware):
    """One lane behind a cable, and short words for what drives through it."""

    def __init__(self, site: BenchSite, name: str, folder: Path, cable: Cable, boot: str = "boot") -> None:
        self.cable = cable
        super().__init__(
            folder / f"{name}.db",
            site.broker.options(name, port=cable.near),
            signer=site.signer(name),
            ring=site.core.ring,
            boot=boot,
            policy={"point": "SZB", "limits": LIMITS},
        )

    async def ready(self) -> None:
        """Open, automatic, nobody there."""
        await self.happens(e.LaneOpened("chan"), *(self.switch(contact, False) for contact in Contact))
        await until(lambda: not self.agent.lane.manual, PATIENCE)

    async def arrives(self, vrn: str) -> None:
        """A truck of this mark, and Immigration begins with it."""
        self.comes_into_view(vrn)
        await self.happens(self.switch(Contact.STOP_LOOP, True))
        await self.pulse(Contact.IMMIGRATION_STARTED)
        await until(lambda: self.visit is not None and self.visit.codes is not None, PATIENCE)

    async def pulse(self, contact: Contact) -> None:
        """A contact closes and opens."""
        await self.happens(self.switch(contact, True), self.switch(contact, False))

    async def leaves(self) -> None:
        """Over the way out."""
        self.comes_into_view("")
        await self.happens(self.switch(Contact.STOP_LOOP, False))
        await self.pulse(Contact.EXIT_LOOP)

    async def passes(self, vrn: str) -> tuple[Outcome, Doubt | None]:
        """A truck of this mark comes and is cleared by Immigration; what Customs told it, and what was in the way."""
        await self.arrives(vrn)
        await self.pulse(Contact.IMMIGRATION_CLEARED)
        await until(lambda: self.visit.outcome is not Outcome.UNDECIDED or self.visit.doubt is not None, PATIENCE)
        return self.visit.outcome, self.visit.doubt

    @property
    def visit(self) -> Any:
        """The open visit."""
        return self.agent.lane.visit


class Territory:
    """A core and two lanes."""

    def __init__(self, site: BenchSite, core: Any, lanes: list[Lane], folder: Path) -> None:
        self.site, self.core, self.folder = site, core, folder
        self.first, self.second = lanes

    async def bundles(self, *vrns: str) -> list[str]:
        """A live bundle for each of these vehicles, known at both lanes; the UBRs."""
        now = time.time_ns() // 1_000_000
        cargo = [((str(3_000_000_000 + number + now % 1_000_000), "release", ""),) for number in range(len(vrns))]
        made = [
            ImportedBundle(
                vrn=vrn,
                direction=Direction.INBOUND,
                earliest_ms=now - 60_000,
                valid_until_ms=now + 86_400_000,
                cargo=each,
            )
            for vrn, each in zip(vrns, cargo, strict=True)
        ]
        ubrs = await self.core.take_over(made)
        for lane in (self.first, self.second):
            await until(lambda lane=lane: all(lane.link.look_up(vrn).bundles for vrn in vrns), PATIENCE)  # type: ignore[misc]
        return list(ubrs)

    def used_by(self, vrn: str) -> str:
        """The visit that used this vehicle's bundle, as the core has told the second lane."""
        return self.second.link.look_up(vrn).bundles[0].used_by


@asynccontextmanager
async def territory(folder: Path) -> AsyncIterator[Territory]:
    """Everything runs, and both lanes are in automatic mode."""
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(BenchSite(folder, ["lane-1", "lane-2"]))
        core = await stack.enter_async_context(site.core.admin())
        lanes = []
        for name in site.lanes:
            cable = Cable(site.broker.port)
            await cable.start()
            stack.push_async_callback(cable.stop)
            lanes.append(await stack.enter_async_context(Lane(site, name, folder, cable)))
        for lane in lanes:
            await lane.ready()
        yield Territory(site, core, lanes, folder)


Story = Callable[[Territory], Awaitable[None]]


@pytest.fixture
def play() -> Callable[[Story], None]:
    """Plays a story in a new territory."""

    async def played(story: Story) -> None:
        with tempfile.TemporaryDirectory(prefix="claims-") as folder:  # the core's socket needs a short name
            async with territory(Path(folder)) as made:
                await story(made)

    def run(story: Story) -> None:
        work: Coroutine[Any, Any, None] = played(story)
        asyncio.run(work)

    return run


def test_a_broker_that_swallows_a_lanes_rows_makes_no_bundle_serve_twice(play: Callable[[Story], None]) -> None:
    """The first lane releases, its use never reaches the core, and the same vehicle comes to the second lane."""

    async def story(here: Territory) -> None:
        ubr, _ = await here.bundles("AB1234", "CD5678")
        here.first.cable.tamper = ROWS
        assert await here.first.passes("AB1234") == (Outcome.RELEASED, None)
        await here.first.leaves()
        assert here.used_by("AB1234") == "", "the core knows nothing of the release"
        assert await here.second.passes("AB1234") == (Outcome.UNDECIDED, Doubt.CLAIM_REFUSED)
        answers = here.second.journaled("ClaimAnswered")
        assert f"UBR {ubr} is claimed by visit lane-1/" in answers[-1]["refusal"]

        assert await here.first.passes("CD5678") == (Outcome.UNDECIDED, Doubt.UNCLAIMED), "not a second release"
        assert here.used_by("CD5678") == ""

        here.first.cable.tamper = Tamper()
        await until(lambda: here.first.link.status().waiting == 0, PATIENCE)
        await until(lambda: here.used_by("AB1234").startswith("lane-1/"), PATIENCE)
        assert await here.core.claims() == [], "one used, the other given back"

    play(story)


@pytest.mark.parametrize("topic", ["/up/claim", "/down/claim"])
def test_a_broker_that_keeps_claims_to_itself_stops_releases_and_nothing_else(
    play: Callable[[Story], None], topic: str
) -> None:
    """The lane has its limit, then the vehicle is the officer's; the other lane releases as ever."""

    async def story(here: Territory) -> None:
        await here.bundles("AB1234", "CD5678")
        way = Way.UP if topic.startswith("/up") else Way.DOWN
        here.first.cable.tamper = Withhold(lambda name: name.endswith(topic), way)
        assert await here.first.passes("AB1234") == (Outcome.UNDECIDED, Doubt.UNCLAIMED)
        assert await here.second.passes("CD5678") == (Outcome.RELEASED, None)

    play(story)


def test_a_vehicle_that_is_turned_away_is_released_at_the_next_lane(play: Callable[[Story], None]) -> None:
    """Its claim was given back: by the officer who took it over, through the journal."""

    async def story(here: Territory) -> None:
        await here.bundles("AB1234")
        await here.first.arrives("AB1234")
        await until(lambda: here.first.visit.receipt != "", PATIENCE)
        await here.first.happens(e.OfficerTookOver(here.first.visit.number, "chan", "turned away"))
        await here.first.leaves()
        await until(lambda: here.first.link.status().waiting == 0, PATIENCE)
        assert await here.second.passes("AB1234") == (Outcome.RELEASED, None)

    play(story)


def test_a_claim_outlasts_a_power_cut_of_the_core(play: Callable[[Story], None]) -> None:
    """The core is killed after its receipt; it knows the claim when it is back, and the other lane is refused."""

    async def story(here: Territory) -> None:
        await here.bundles("AB1234")
        await here.first.arrives("AB1234")
        await until(lambda: here.first.visit.receipt != "", PATIENCE)
        here.site.core.kill()
        await here.site.core.start_ready()
        await here.second.ready()
        assert await here.second.passes("AB1234") == (Outcome.UNDECIDED, Doubt.CLAIM_REFUSED)

    play(story)


def test_a_lane_that_restarts_with_a_claim_gives_it_back(play: Callable[[Story], None]) -> None:
    """The agent ends with the receipt in its hands; the next start makes the vehicle the officer's, and the bundle free."""

    async def story(here: Territory) -> None:
        await here.bundles("AB1234")
        await here.first.arrives("AB1234")
        await until(lambda: here.first.visit.receipt != "", PATIENCE)
        await here.first.__aexit__()
        async with Lane(here.site, "lane-1", here.folder, here.first.cable, "again") as again:
            await again.happens(again.switch(Contact.STOP_LOOP, True))
            await until(lambda: again.link.status().waiting == 0 and again.link.status().last > 0, PATIENCE)
            assert await here.core.claims() == []
            assert await here.second.passes("AB1234") == (Outcome.RELEASED, None)

    play(story)
