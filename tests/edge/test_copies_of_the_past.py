"""A lane's store, and the core's, put back from a copy: real agent, link and store, real core and broker (design §2.16).

What the held or used-up vehicle is shown is written down scene by scene.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.office.service import ImportedBundle
from domain.crossing import Direction
from lane_agent.effects import Show
from lane_agent.model import Link, Outcome
from lane_agent.wording import Scene
from runtime.clocks import utc_ms
from simulation.broker import PrivateBroker
from simulation.ledgers import copy_database, database_at, put_back_database
from simulation.private_core import PrivateCore
from sync.journal import Chain, JournalRow
from sync.store import LaneStore
from tests.rigs.mqtt import until
from tests.rigs.remote_orders import LANE, LANE_KEY, Box, at_work
from wire.codec import decode_record
from wire.hashes import StateHash
from wire.records import VehicleRecord

WAITS_S = 14.0
"""Longer than the seconds after which a lane was seen to heal by itself from a list that lacked a hold."""


class SeenBox(Box):
    """A box whose board is written down."""

    def __init__(self, folder: Path, core: PrivateCore, broker: PrivateBroker, boot: str) -> None:
        self.scenes: list[Scene] = []
        super().__init__(folder, broker.options(LANE), boot=boot, ring=core.ring)

    def show(self, order: Show) -> None:
        """Painted at once, and noted."""
        self.scenes.append(order.xdb)
        super().show(order)

    async def tries(self, vrn: str, within: float = WAITS_S) -> list[Scene]:
        """What a vehicle is shown, cleared by Immigration: it comes when the lane is automatic, at the latest `within`."""
        await self._lasts(within, lambda: not (self.link.status().link is Link.FRESH and not self.agent.lane.manual))
        self.scenes.clear()
        await self.arrives(vrn)
        await self._lasts(2.0, lambda: Scene.DONE not in self.scenes)
        await self.leaves()
        return self.scenes

    async def _lasts(self, seconds: float, holds: Callable[[], bool]) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end and holds():  # noqa: ASYNC110 - by time
            await asyncio.sleep(0.05)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker."""
    with PrivateBroker(tmp_path / "broker", lanes=[LANE]) as started:
        yield started


@contextlib.asynccontextmanager
async def serving(tmp_path: Path, broker: PrivateBroker) -> AsyncIterator[PrivateCore]:
    """A core that runs, with bundles of two vehicles."""
    core = PrivateCore(tmp_path / "core", broker, lanes={LANE: LANE_KEY.public})
    await core.start_ready()
    try:
        async with core.admin() as admin:
            now = utc_ms()
            await admin.take_over(
                [
                    ImportedBundle(
                        vrn=vrn,
                        direction=Direction.INBOUND,
                        earliest_ms=now - 60_000,
                        valid_until_ms=now + 3_600_000,
                        cargo=((f"200000010{number}", "release", ""),),
                        point="SZB",
                        ubr=f"100000010{number}",
                    )
                    for number, vrn in enumerate(("AB1234", "CD5678"))
                ]
            )
        yield core
    finally:
        core.kill()


def copied(store: Path, to: Path) -> None:
    """Copies a store as a backup does: whole, and as of one moment."""
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def put_back(backup: Path, store: Path) -> None:
    """The copy takes the place of the store."""
    for end in ("", "-wal", "-shm"):
        store.with_name(store.name + end).unlink(missing_ok=True)
    shutil.copy(backup, store)


async def crosses(box: SeenBox, vrn: str) -> None:
    """A vehicle is released by its bundle and leaves."""
    await box.arrives(vrn)
    await until(lambda: box.agent.lane.visit and box.agent.lane.visit.outcome is Outcome.RELEASED)
    await box.leaves()
    await until(lambda: box.link.status().waiting == 0)


async def alarms(core: PrivateCore) -> list[str]:
    """The kinds of the core's standing alarms."""
    async with core.admin() as admin:
        return [one.kind for one in await admin.alarms()]


def test_a_lane_whose_store_was_put_back_releases_nobody_on_a_bundle_it_had_used(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    """Row A4. Its journal goes on under another name, no row is lost, and it is automatic again with the core's list."""

    async def story() -> None:
        async with serving(tmp_path, broker) as core:
            store = tmp_path / "lane.db"
            async with at_work(SeenBox(tmp_path, core, broker, "b1")) as box:
                await until(lambda: box.link.status().version >= 1)
                old = box.journal.journal_id
                await until(lambda: box.link.status().waiting == 0)
                copied(store, tmp_path / "copy.db")
                await crosses(box, "AB1234")
                acknowledged = box.journal.acknowledged
            put_back(tmp_path / "copy.db", store)

            box = SeenBox(tmp_path, core, broker, "b2")
            async with box:
                await box.starts()
                assert Scene.DONE not in await box.tries("AB1234", within=4.0)
                with pytest.raises(RuntimeError, match="begins anew"):
                    box.link.check()
            before = [row.body for row in box_rows(store)]
            assert len(before) != acknowledged

            async with at_work(SeenBox(tmp_path, core, broker, "b3")) as box:
                journal = box.journal.journal_id
                assert journal != old
                assert Scene.DONE not in await box.tries("AB1234")
                await crosses(box, "CD5678")
                names = [event["kind"] for event in box.journaled("TroubleReported")]
                assert "StoreWentBack" in names
                await until(lambda: box.link.status().waiting == 0)
                bodies = [row.body for row in box.journal.rows()]
                assert bodies[: len(before)] == before
                sent = len(list(box.journal.outgoing(1, 10_000)))
            async with core.admin() as admin:
                (lane,) = await admin.lanes()
                assert {one.journal: one.seq for one in lane.journals} == {old: acknowledged, journal: sent}
                visits = [one.key for one in await admin.crossings()]
                assert len(visits) == len(set(visits))
                assert {key.split("/")[1] for key in visits} == {old, journal}
            assert {"LaneWentBack", "JournalReplaced"} <= set(await alarms(core))
            assert "BundleUsedTwice" not in await alarms(core)

    asyncio.run(story())


def box_rows(store: Path) -> list[JournalRow]:
    """The rows of a store that nobody has open."""
    with LaneStore(store, read_only=True) as opened:
        chain = Chain(opened)
        assert chain.verify() is None
        return list(chain.rows())


@pytest.mark.parametrize("anew", [False, True], ids=["without restart-log", "with restart-log"])
def test_a_core_put_back_to_before_a_hold_lets_the_held_vehicle_go_nowhere(
    broker: PrivateBroker, tmp_path: Path, *, anew: bool
) -> None:
    """Row A6. The lane shows the signed hold; the core has it again before it proves anything."""

    async def story() -> None:
        async with serving(tmp_path, broker) as core:
            async with at_work(SeenBox(tmp_path, core, broker, "b1")) as box:
                await until(lambda: box.link.status().version >= 1)
                copy_database(core.store, tmp_path / "copy.db")
                async with core.admin() as admin:
                    await admin.hold("AB1234", reason="after the backup")
                await until(lambda: box.link.look_up("AB1234").held)
                core.kill()
                put_back_database(tmp_path / "copy.db", core.store)
                if anew:
                    await asyncio.to_thread(core.command, "restart-log", "--reason", "the disk was replaced")
                core.start()
                await core.ready()
                await asyncio.sleep(6.0)  # a lane that believed the older list would doubt meanwhile, and then heal
                assert Scene.DONE not in await box.tries("AB1234")
                await until(lambda: box.link.status().link is Link.FRESH)
                assert Scene.DONE not in await box.tries("AB1234")
                await crosses(box, "CD5678")
                async with core.admin() as admin:
                    rows = (await admin.enquire("AB1234")).rows
                    assert [row for row in rows if row["type"] == "hold" and not row.get("deleted")]
            assert "CoreWentBack" in await alarms(core)

    asyncio.run(story())


def without_hold(store: Path, vrn: str) -> None:
    """Somebody takes a hold out of the core's store and computes the head anew."""
    with psycopg.connect(database_at(store)) as db:
        db.execute("DELETE FROM rows WHERE kind='hold' AND key=%s", (vrn,))
        state = StateHash.of(decode_record(body) for (body,) in db.execute("SELECT body FROM rows"))
        db.execute("UPDATE head SET state_hash=%s, total=%s", (state.digest(), state.total()))


def test_a_core_whose_store_was_edited_proves_nothing_and_does_not_start(broker: PrivateBroker, tmp_path: Path) -> None:
    """Row A7. While it runs, by the next proof; when it starts, at once; and `check` says so."""

    async def story() -> None:
        async with serving(tmp_path, broker) as core, at_work(SeenBox(tmp_path, core, broker, "b1")) as box:
            async with core.admin() as admin:
                await admin.hold("AB1234", reason="exercise")
            await until(lambda: box.link.look_up("AB1234").held)
            await asyncio.to_thread(without_hold, core.store, "AB1234")
            await asyncio.sleep(5.0)
            assert Scene.DONE not in await box.tries("AB1234")
            assert box.link.status().link is Link.OFFLINE
            assert "ListEdited" in await alarms(core)
            core.kill()
            said = await asyncio.to_thread(core.command, "check", expect=1)
            assert "is not what the last delta" in said
            core.start()
            await until(lambda: core.process.status is not None)
            assert core.process.status == 1
            told = await asyncio.to_thread(core.command, "restart-log", "--reason", "somebody changed the store")
            assert "hold AB1234: the row in the store is not what was signed" in told
            await core.start_ready()
            await until(lambda: box.link.status().link is Link.FRESH)
            assert Scene.DONE not in await box.tries("AB1234")

    asyncio.run(story())


@pytest.mark.long
def test_a_core_that_signs_an_edited_list_heals_no_lane(broker: PrivateBroker, tmp_path: Path) -> None:
    """Row A7, a core without those checks: its next delta is signed over rows without the hold."""

    async def story() -> None:
        async with serving(tmp_path, broker) as core, at_work(SeenBox(tmp_path, core, broker, "b1")) as box:
            async with core.admin() as admin:
                await admin.hold("AB1234", reason="exercise")
            await until(lambda: box.link.look_up("AB1234").held)
            core.kill()
            await asyncio.to_thread(without_hold, core.store, "AB1234")
            await asyncio.to_thread(signed_anew, core)
            core.start()
            await asyncio.sleep(5.0)
            assert Scene.DONE not in await box.tries("AB1234")
            assert box.link.status().link is not Link.FRESH
            assert box.link.look_up("AB1234").held

    asyncio.run(story())


def signed_anew(core: PrivateCore) -> None:
    """A delta that adds a vehicle, signed with the core's own key over the edited rows."""
    store = CoreStore(core.database)
    with store.transaction():
        ReplicatedLog(store, core.signer).append([VehicleRecord("XY1")], at_ms=utc_ms())
    store.close()
