"""The shipped core, restored from an old backup, is made whole by a lane with its real agent, store and link."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.office.service import ImportedBundle
from domain.crossing import Direction
from lane_agent.model import Link, Outcome
from runtime.clocks import utc_ms
from simulation.broker import PrivateBroker
from simulation.ledgers import copy_database, put_back_database
from simulation.private_core import PrivateCore
from tests.rigs.mqtt import PATIENCE, until
from tests.rigs.remote_orders import LANE, LANE_KEY, NAME, PICTURE, Box, at_work


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker."""
    with PrivateBroker(tmp_path / "broker", lanes=[LANE]) as started:
        yield started


def bundle_of(vrn: str, ubr: str) -> ImportedBundle:
    """A bundle of now, to be released."""
    now = utc_ms()
    cargo = ((f"2{ubr[1:]}", "release", ""),)
    return ImportedBundle(
        vrn=vrn,
        direction=Direction.INBOUND,
        earliest_ms=now - 60_000,
        valid_until_ms=now + 3_600_000,
        cargo=cargo,
        point="SZB",
        ubr=ubr,
    )


async def crosses(box: Box, vrn: str) -> str:
    """A vehicle is released by its bundle and leaves; returns the visit's key."""
    visit = await box.arrives(vrn)
    await until(lambda: box.agent.lane.visit and box.agent.lane.visit.outcome is Outcome.RELEASED)
    await box.leaves()
    return visit


def test_a_core_restored_from_an_old_backup_is_made_whole_and_says_what_it_cannot_prove(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    """A copy of the store, more crossings, kill -9, the copy put back, a new epoch: every row comes back, once."""

    async def story() -> None:
        sections = '[pictures]\nfolder = "pictures"\n'
        core = PrivateCore(tmp_path / "core", broker, lanes={LANE: LANE_KEY.public}, sections=sections)
        await core.start_ready()
        try:
            async with at_work(Box(tmp_path, broker.options(LANE), ring=core.ring)) as box:
                await whole_story(core, box)
        finally:
            core.kill()

    async def whole_story(core: PrivateCore, box: Box) -> None:
        async with core.admin() as admin:
            await admin.take_over([bundle_of("AB1234", "1000000101"), bundle_of("CD5678", "1000000102")])
        await until(lambda: box.link.status().version >= 1)
        first = await crosses(box, "AB1234")
        await until(lambda: box.link.status().waiting == 0)
        shutil.copytree(core.folder, tmp_path / "backup", ignore=shutil.ignore_patterns("s", "*.lock"))
        copy_database(core.store, tmp_path / "backup" / "core.db")
        old_epoch, version = box.link.status().epoch, box.link.status().version
        async with core.admin() as admin:
            await admin.hold("ZZ9", reason="after the backup")
        await until(lambda: box.link.status().version > version)
        second = await crosses(box, "CD5678")
        await until(lambda: box.link.status().waiting == 0)
        assert "PROVED" in await asyncio.to_thread(core.command, "decided", "--visit", second)

        core.kill()
        put_back_database(tmp_path / "backup" / "core.db", core.store)
        await asyncio.to_thread(core.command, "restart-log", "--reason", "the disk was replaced")
        await core.start_ready()
        await until(lambda: box.link.status().link is Link.FRESH and box.link.status().epoch != old_epoch)
        async with core.admin() as admin, asyncio.timeout(PATIENCE):
            while (await admin.status()).events < box.journal.head()[0]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
            crossings = {one.key: one for one in await admin.crossings()}
            assert {key: one.ubrs for key, one in crossings.items()} == {
                first: ("1000000101",),
                second: ("1000000102",),
            }
            (row,) = (await admin.enquire("1000000102")).rows
            assert row["used_by"] == second
            kinds = [one.kind for one in await admin.alarms()]
            assert kinds.count("RowsMissing") == 1
            assert "BundleUsedTwice" not in kinds
        assert "PROVED" in await asyncio.to_thread(core.command, "decided", "--visit", first)
        lost = await asyncio.to_thread(core.command, "decided", "--visit", second, expect=1)
        assert "NOT PROVED" in lost
        assert f"of epoch '{old_epoch}' is not in this store" in lost

        rows = await asyncio.to_thread(core.command, "fetch", LANE, "1", "12")
        assert "all 12 came, and are the same as those here" in rows
        assert "reverts by itself after 60 s" in await asyncio.to_thread(
            core.command, "command", LANE, "manual", "--revert", "60"
        )
        assert "command_unknown" in await asyncio.to_thread(core.command, "command", LANE, "fly", expect=1)
        await asyncio.to_thread(core.command, "fetch-picture", LANE, NAME)
        async with core.admin() as admin, asyncio.timeout(PATIENCE):
            while not await admin.pictures(visit=second):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        await asyncio.to_thread(core.command, "picture", NAME, str(tmp_path / "seen.jpg"), "--purpose", "complaint")
        assert (tmp_path / "seen.jpg").read_bytes() == PICTURE

    asyncio.run(story())
