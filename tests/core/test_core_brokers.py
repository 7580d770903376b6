"""Core and lane over two shipped brokers: each may be killed, half open or refusing; and a lane that is revoked."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from edge.wiring import core_ring
from lane_agent.model import Link
from runtime.mqtt import Broker, Options, Tls
from simulation.broker import BrokerTls, PrivateBroker
from simulation.cable import Cable
from simulation.hardwareless_lane import LaneEnd
from simulation.private_core import PrivateCore
from simulation.waiting import until
from sync.client import LinkClient
from wire.envelope import Signer

LANE = "szb-in-01"
COMMAND = Path(sys.executable).with_name("rocars-core")


class TwoBrokers:
    """Two brokers, a core on both, and one enrolled lane whose cable to each can be cut."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.brokers = [PrivateBroker(folder / name, tls=BrokerTls.in_folder(folder / name)) for name in "ab"]
        self.core = PrivateCore(folder, *self.brokers)
        self.core.enrol(LANE, folder / "lane")
        self.cables = [Cable(one.port, encrypted=True) for one in self.brokers]

    @contextlib.asynccontextmanager
    async def lane(self) -> AsyncIterator[LinkClient]:
        """The lane's link through its two cables."""
        home = self.folder / "lane"
        for cable in self.cables:
            await cable.start()
        options = Options(
            brokers=tuple(Broker("localhost", cable.near) for cable in self.cables),
            client_id=LANE,
            subscriptions=(),
            tls=Tls(home / "authority.pem", home / "lane.pem", home / "lane.pem"),
        )
        signer = Signer.of(LANE, (home / "signing.pem").read_bytes())
        store, boot = self.folder / "lane.db", secrets.token_hex(4)
        try:
            async with LaneEnd(store, options, signer=signer, ring=core_ring(home / "core"), boot=boot) as end:
                yield end.link
        finally:
            for cable in self.cables:
                await cable.stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TwoBrokers]:
    """Everything running but the lane."""
    made = TwoBrokers(tmp_path)
    with contextlib.ExitStack() as stack:
        for one in made.brokers:
            stack.enter_context(one)
        made.core.start()
        stack.callback(made.core.kill)
        yield made


def fresh_on(link: LinkClient, cable: Cable) -> bool:
    """Whether the lane is fresh through this cable."""
    status = link.status()
    return status.link is Link.FRESH and status.broker == f"localhost:{cable.near}"


def test_whichever_broker_fails_and_however_the_lane_is_fresh_on_the_other(site: TwoBrokers) -> None:
    """Killed, half open, refusing; each comes back and serves when the other fails in its turn."""

    async def story() -> None:
        (a, b), (broker_a, _) = site.cables, site.brokers
        async with site.core.serving(), site.lane() as link:
            await until(lambda: fresh_on(link, a))
            broker_a.kill()
            taken = {"killed": await until(lambda: fresh_on(link, b))}
            broker_a.start()
            b.hold()
            taken["half open, left"] = await until(lambda: link.status().broker != f"localhost:{b.near}")
            taken["half open, fresh"] = await until(lambda: fresh_on(link, a))
            b.mend()
            broker_a.stop()
            taken["refusing"] = await until(lambda: fresh_on(link, b))
            broker_a.start()
            site.brokers[1].pause()
            taken["hanging"] = await until(lambda: fresh_on(link, a))
            assert taken["half open, left"] < 15.0, taken

    asyncio.run(story())


def test_with_every_broker_gone_the_lane_comes_back_with_the_first(site: TwoBrokers) -> None:
    """Nobody restarts anything."""

    async def story() -> None:
        a, _ = site.cables
        async with site.core.serving(), site.lane() as link:
            await until(lambda: fresh_on(link, a))
            for one in site.brokers:
                one.kill()
            await until(lambda: link.status().link is Link.OFFLINE)
            site.brokers[1].start()
            await until(lambda: link.status().link is Link.FRESH)

    asyncio.run(story())


def test_a_revoked_lane_is_refused_by_the_running_core_at_once_and_by_a_broker_with_the_list(
    site: TwoBrokers,
) -> None:
    """No restart of the core; enrolled anew it is a lane again."""

    async def story() -> None:
        async with site.core.serving() as core:
            async with site.lane() as link:
                await until(lambda: link.status().link is Link.FRESH)
                await asyncio.to_thread(site.core.command, "revoke", LANE)
                await until(lambda: link.status().link is not Link.FRESH)
                assert [one.kind for one in await core.alarms()] == ["MessageRefused"]
                assert await core.lanes() == []
                for one in site.brokers:
                    revoked = (site.folder / "authority/revoked.crl").read_bytes()
                    (one.directory / "revoked.crl").write_bytes(revoked)
                    one.restart()
                await until(lambda: "revoked" in link.status().trouble)
            site.cables = [Cable(one.port, encrypted=True) for one in site.brokers]
            await asyncio.to_thread(site.core.enrol, LANE, site.folder / "lane")
            async with site.lane() as link:
                await until(lambda: link.status().link is Link.FRESH)

    asyncio.run(story())


def test_a_lane_enrolled_while_the_core_runs_is_served_without_a_restart(site: TwoBrokers) -> None:
    """The register is read while it runs."""

    async def story() -> None:
        async with site.core.serving() as core:
            await asyncio.to_thread(site.core.enrol, "mkt-in-02", site.folder / "two")
            async with asyncio.timeout(60.0):
                while [one.lane for one in await core.lanes()] != ["mkt-in-02", LANE]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    asyncio.run(story())
