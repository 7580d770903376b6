"""The shipped core and the shipped link together: a lane's list, its proofs and its journal through thick and thin."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from core.office.admin import AdminClient, CoreUnreachableError
from core.office.service import ImportedBundle
from domain.crossing import Direction
from lane_agent.model import Link
from runtime.mqtt import Broker, Options
from simulation.broker import PrivateBroker
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.store import LaneStore
from wire.envelope import KeyRing, Signer, public_from_pem, public_to_pem

LANE = "szb-in-01"
PATIENCE = 60.0
COMMAND = Path(sys.executable).with_name("rocars-core")


class Territory:
    """A broker, a core's folder, and a lane's store, in one test's folder."""

    def __init__(self, folder: Path, broker: PrivateBroker) -> None:
        self.folder = folder
        self.broker = broker
        self.config = folder / "core.toml"
        self.lane_key = Signer.generate(LANE)
        self.children: list[subprocess.Popen[bytes]] = []
        (folder / "password").write_text(broker.password("core"), encoding="utf-8")
        self.config.write_text(
            '[core]\nstore = "core.db"\nsigning_key = "core-1.key"\nlane_keys = "keys"\nadmin_socket = "s"\n'
            f'[[broker]]\nhost = "127.0.0.1"\nport = {broker.port}\nuser_name = "core"\npassword_file = "password"\n'
            '[points]\nSZB = "Shenzhen Bay"\n',
            encoding="utf-8",
        )
        self.command("init")
        (folder / "keys" / f"{LANE}.pub").write_bytes(public_to_pem(self.lane_key.public))

    def command(self, *words: str) -> None:
        """Runs `rocars-core` to its end."""
        line = [COMMAND, words[0], "--config", self.config, *words[1:]]
        subprocess.run(line, check=True, capture_output=True, timeout=PATIENCE)

    def start_core(self) -> None:
        """Starts the core."""
        with (self.folder / "log").open("ab") as log:
            line = [COMMAND, "run", "--config", self.config]
            self.children.append(subprocess.Popen(line, stdout=log, stderr=log))

    def kill_core(self) -> None:
        """Kill -9."""
        for child in self.children:
            child.kill()
            child.wait(PATIENCE)
        self.children.clear()

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[AdminClient]:
        """A client of the core, once that listens."""
        client = AdminClient(self.folder / "s", who="tester")
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(CoreUnreachableError):
                    await client.__aenter__()
                    break
                await asyncio.sleep(0.05)
        try:
            yield client
        finally:
            await client.__aexit__()

    @contextlib.asynccontextmanager
    async def link(self) -> AsyncIterator[tuple[LinkClient, Journal]]:
        """The lane's link on its own store."""
        ring = KeyRing({"core-1": public_from_pem((self.folder / "core-1.pub").read_bytes())})
        with LaneStore(self.folder / "lane.db") as store:
            journal = Journal(store, boot="boot", software="test")
            client = LinkClient(
                LANE,
                options=Options(
                    brokers=(Broker("127.0.0.1", self.broker.port),),
                    client_id=LANE,
                    subscriptions=(),
                    user_name=LANE,
                    password=self.broker.password(LANE),
                ),
                signer=self.lane_key,
                ring=ring,
                journal=journal,
                codes=CodeLog(store),
                now_ms=lambda: time.monotonic_ns() // 1_000_000,
                on_event=lambda _: None,
                on_alarm=lambda _kind, _detail: None,
            )
            await client.start()
            try:
                yield client, journal
            finally:
                await client.stop()


@pytest.fixture
def territory(tmp_path: Path) -> Any:
    """A core and a lane that have not met."""
    folder = tmp_path / "b"
    folder.mkdir()
    with PrivateBroker(folder, lanes=[LANE]) as broker:
        made = Territory(tmp_path, broker)
        yield made
        made.kill_core()


async def until(holds: Callable[[], bool]) -> None:
    """Waits for a condition."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 (a condition of another process)
            await asyncio.sleep(0.02)


def bundles(count: int) -> list[ImportedBundle]:
    """Bundles of as many vehicles, with one consignment each."""
    return [
        ImportedBundle(
            vrn=f"A{number}",
            direction=Direction.INBOUND,
            earliest_ms=1,
            valid_until_ms=2**45,
            cargo=((str(3_000_000_000 + number), "release", ""),),
        )
        for number in range(count)
    ]


def test_list_and_journal_keep_step_through_the_cores_death_and_a_new_epoch(territory: Any) -> None:
    """Snapshot, deltas, journal; kill -9 in between; then the log begins anew. Each time the lane is fresh again."""

    async def story() -> None:
        territory.start_core()
        async with territory.admin() as core:
            ubrs = await core.take_over(bundles(2_000), vehicles=[("AB1", "粤ZA1B2港")])
        async with territory.link() as (link, journal):
            await until(lambda: link.status().link is Link.FRESH)
            found = link.look_up("A1999")
            assert ([one.ubr for one in found.bundles], found.link) == ([ubrs[-1]], Link.FRESH)
            assert link.look_up("AB1").approved_mainland == "粤ZA1B2港"

            async with territory.admin() as core:
                await core.hold("A1999", reason="told")
            await until(lambda: link.look_up("A1999").held)
            for number in range(100):
                journal.append(
                    b'{"event":{"type":"PlateSettled","visit":%d,"read":{"vrn":"A%d"}},'
                    b'"effects":[{"type":"Consume","visit":%d,"ubrs":["%s"]}]}'
                    % (number + 1, number, number + 1, ubrs[number].encode())
                )
            link.on_journal_grew()
            await until(lambda: journal.acknowledged >= 30)

            territory.kill_core()
            for number in range(50):
                journal.append(b'{"effects":[{"type":"Alarm","kind":"Help","visit":%d,"detail":""}]}' % number)
            link.on_journal_grew()
            territory.start_core()
            await until(lambda: journal.acknowledged == 150)
            await until(lambda: link.status().link is Link.FRESH)
            assert link.look_up("A99").bundles[0].used_by == f"{LANE}/{journal.journal_id}/100"
            async with territory.admin() as core:
                assert (await core.status()).events == 150
                assert len(await core.alarms()) == 50
                old = (await core.status()).epoch

            territory.kill_core()
            territory.command("restart-log", "--reason", "backup restored")
            territory.start_core()
            await until(lambda: link.status().epoch not in ("", old) and link.status().link is Link.FRESH)
            assert link.look_up("A1999").held
            assert link.look_up("A99").bundles == ()
            async with territory.admin() as core:
                (seen,) = await core.lanes()
                assert (seen.presence, seen.journals[0].seq) == ("online", 150)
                assert not any(alarm.kind in {"CodesDiffer", "EventRefused"} for alarm in await core.alarms())

    asyncio.run(story())
