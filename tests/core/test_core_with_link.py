"""The shipped core and the shipped link together: a lane's list, its proofs and its journal through thick and thin."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.office.service import ImportedBundle
from domain.crossing import Direction
from lane_agent.model import Link
from simulation.broker import PrivateBroker
from simulation.hardwareless_lane import LaneEnd
from simulation.private_core import PrivateCore
from simulation.waiting import until
from wire.envelope import Signer

LANE = "szb-in-01"
LANE_KEY = Signer.generate(LANE)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[PrivateCore]:
    """A core that has not met its lane."""
    with PrivateBroker(tmp_path / "b", lanes=[LANE]) as broker:
        made = PrivateCore(tmp_path, broker, lanes={LANE: LANE_KEY.public})
        yield made
        made.kill()


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


def test_list_and_journal_keep_step_through_the_cores_death_and_a_new_epoch(core: PrivateCore, tmp_path: Path) -> None:
    """Snapshot, deltas, journal; kill -9 in between; then the log begins anew. Each time the lane is fresh again."""

    async def story() -> None:
        core.start()
        async with core.serving() as admin:
            ubrs = await admin.take_over(bundles(2_000), vehicles=[("AB1", "粤ZA1B2港")])
        options = core.brokers[0].options(LANE)
        async with LaneEnd(tmp_path / "lane.db", options, signer=LANE_KEY, ring=core.ring) as end:
            link, journal = end.link, end.journal
            await until(lambda: link.status().link is Link.FRESH)
            found = link.look_up("A1999")
            assert ([one.ubr for one in found.bundles], found.link) == ([ubrs[-1]], Link.FRESH)
            assert link.look_up("AB1").approved_mainland == "粤ZA1B2港"

            async with core.serving() as admin:
                await admin.hold("A1999", reason="told")
            await until(lambda: link.look_up("A1999").held)
            for number in range(100):
                journal.append(
                    b'{"event":{"type":"PlateSettled","visit":%d,"read":{"vrn":"A%d"}},'
                    b'"effects":[{"type":"Consume","visit":%d,"ubrs":["%s"]}]}'
                    % (number + 1, number, number + 1, ubrs[number].encode())
                )
            link.on_journal_grew()
            await until(lambda: journal.acknowledged >= 30)

            core.kill()
            for number in range(50):
                journal.append(b'{"effects":[{"type":"Alarm","kind":"RunThrough","visit":%d,"detail":""}]}' % number)
            link.on_journal_grew()
            core.start()
            await until(lambda: journal.acknowledged == 150)
            await until(lambda: link.status().link is Link.FRESH)
            assert link.look_up("A99").bundles[0].used_by == f"{LANE}/{journal.journal_id}/100"
            async with core.serving() as admin:
                assert (await admin.status()).events == 150
                assert len(await admin.alarms()) == 50
                old = (await admin.status()).epoch

            core.kill()
            core.command("restart-log", "--reason", "backup restored")
            core.start()
            await until(lambda: link.status().epoch not in ("", old) and link.status().link is Link.FRESH)
            assert link.look_up("A1999").held
            assert link.look_up("A99").bundles == ()
            async with core.serving() as admin:
                (seen,) = await admin.lanes()
                assert (seen.presence, seen.journals[0].seq) == ("online", 150)
                assert not any(alarm.kind in {"CodesDiffer", "EventRefused"} for alarm in await admin.alarms())

    asyncio.run(story())
