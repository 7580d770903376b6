"""The shipped core, restored from an old backup, is made whole by a lane with its real agent, store and link."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.office.admin import AdminClient, CoreUnreachableError
from core.office.service import ImportedBundle
from domain.crossing import Direction
from lane_agent.model import Link, Outcome
from runtime.clocks import utc_ms
from simulation.broker import CORE, PrivateBroker
from tests.rigs.afar import COMMAND, LANE, LANE_KEY, NAME, PATIENCE, PICTURE, Box, at_work, options, until
from wire.envelope import KeyRing, public_from_pem, public_to_pem


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker."""
    folder = tmp_path / "broker"
    folder.mkdir()
    with PrivateBroker(folder, lanes=[LANE]) as running:
        yield running


class Core:
    """The shipped core as a process, in a folder of its own."""

    def __init__(self, folder: Path, broker: PrivateBroker) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "password").write_text(broker.password(CORE), encoding="utf-8")
        (folder / "core.toml").write_text(
            '[core]\nstore = "core.db"\nsigning_key = "core-1.key"\nlane_keys = "keys"\nadmin_socket = "s"\n'
            f'[[broker]]\nhost = "127.0.0.1"\nport = {broker.port}\nuser_name = "core"\npassword_file = "password"\n'
            '[points]\nSZB = "Shenzhen Bay"\n[pictures]\nfolder = "pictures"\n',
            encoding="utf-8",
        )
        self.says("init")
        (folder / "keys" / f"{LANE}.pub").write_bytes(public_to_pem(LANE_KEY.public))
        self.ring = KeyRing({"core-1": public_from_pem((folder / "core-1.pub").read_bytes())})
        self.child: subprocess.Popen[bytes] | None = None

    def says(self, *words: str, expect: int = 0) -> str:
        """Runs `rocars-core` to its end; what it printed, and on standard error where it is to fail."""
        line = [COMMAND, words[0], "--config", str(self.folder / "core.toml"), *words[1:]]
        done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE * 3, check=False)
        assert done.returncode == expect, done.stderr
        return done.stdout + (done.stderr if expect else "")

    async def asks(self, *words: str, expect: int = 0) -> str:
        """As `says`, while the lane goes on."""
        return await asyncio.to_thread(self.says, *words, expect=expect)

    async def starts(self) -> None:
        """Starts it, and waits until it has its broker."""
        with (self.folder / "log").open("ab") as log:
            line = [COMMAND, "run", "--config", str(self.folder / "core.toml")]
            self.child = await asyncio.to_thread(lambda: subprocess.Popen(line, stdout=log, stderr=log))
        async with asyncio.timeout(PATIENCE * 3):
            while not await self._answers():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)

    async def _answers(self) -> bool:
        with contextlib.suppress(CoreUnreachableError):
            async with self.admin() as admin:
                return all((await admin.status()).brokers.values())
        return False

    def admin(self) -> AdminClient:
        """A client of it."""
        return AdminClient(self.folder / "s", who="wong")

    def kill(self) -> None:
        """As a power cut would."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None


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
        core = Core(tmp_path / "core", broker)
        await core.starts()
        try:
            async with at_work(Box(tmp_path, options(broker, LANE), ring=core.ring)) as box:
                await whole_story(core, box)
        finally:
            core.kill()

    async def whole_story(core: Core, box: Box) -> None:
        async with core.admin() as admin:
            await admin.take_over([bundle_of("AB1234", "1000000101"), bundle_of("CD5678", "1000000102")])
        await until(lambda: box.link.status().version >= 1)
        first = await crosses(box, "AB1234")
        await until(lambda: box.link.status().waiting == 0)
        shutil.copytree(core.folder, tmp_path / "backup", ignore=shutil.ignore_patterns("s", "*.lock"))
        old_epoch, version = box.link.status().epoch, box.link.status().version
        async with core.admin() as admin:
            await admin.hold("ZZ9", reason="after the backup")
        await until(lambda: box.link.status().version > version)
        second = await crosses(box, "CD5678")
        await until(lambda: box.link.status().waiting == 0)
        assert "PROVED" in await core.asks("decided", "--visit", second)

        core.kill()
        for name in ("core.db", "core.db-wal", "core.db-shm"):
            (core.folder / name).unlink(missing_ok=True)
            if (tmp_path / "backup" / name).exists():
                shutil.copy(tmp_path / "backup" / name, core.folder / name)
        await core.asks("restart-log", "--reason", "the disk was replaced")
        await core.starts()
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
        assert "PROVED" in await core.asks("decided", "--visit", first)
        lost = await core.asks("decided", "--visit", second, expect=1)
        assert "NOT PROVED" in lost
        assert f"of epoch '{old_epoch}' is not in this store" in lost

        rows = await core.asks("fetch", LANE, "1", "12")
        assert "all 12 came, and are the same as those here" in rows
        assert "reverts by itself after 60 s" in await core.asks("command", LANE, "manual", "--revert", "60")
        assert "command_unknown" in await core.asks("command", LANE, "open", expect=1)
        await core.asks("fetch-picture", LANE, NAME)
        async with core.admin() as admin, asyncio.timeout(PATIENCE):
            while not await admin.pictures(visit=second):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        await core.asks("picture", NAME, str(tmp_path / "seen.jpg"), "--purpose", "complaint")
        assert (tmp_path / "seen.jpg").read_bytes() == PICTURE

    asyncio.run(story())
