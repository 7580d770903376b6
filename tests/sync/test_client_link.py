"""The client as the agent has it: a real broker, a real store, and a core in memory behind its own connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lane_agent.events import (
    CodesChanged,
    CodesVerified,
    Event,
    FaultCleared,
    FaultRaised,
    LinkChanged,
    ManualEnded,
    ManualOrdered,
    WordsReceived,
)
from lane_agent.model import Fault, Link
from runtime.clocks import monotonic_ms
from simulation.broker import PrivateBroker
from simulation.hardwareless_lane import LaneEnd
from sync.link import Limits
from sync.simulated.core_end import SimulatedCore
from tests.rigs.mqtt import ConnectedCore, options, running, until
from wire.envelope import Signer
from wire.messages import LaneState, Presence
from wire.records import BundleRecord, CargoRecord, HoldRecord, VehicleRecord

QUICK = Limits(nonce_ms=100, fresh_ms=1_500, offline_ms=2_500, grace_ms=50, request_ms=500, resend_ms=600)
CORE_KEY, LANE_KEY = Signer.generate("core"), Signer.generate("lane-1")
DAY = 86_400_000


def core_ms() -> int:
    """The core's clock: nothing to do with the lane's."""
    return 1_700_000_000_000 + monotonic_ms()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker."""
    with PrivateBroker(tmp_path / "broker", lanes=["lane-1"]) as started:
        yield started


class Lane(LaneEnd):
    """A lane's end of the link, and what it was told."""

    def __init__(
        self, broker: PrivateBroker, store: Path, *, boot: str = "b1", ring: Signer = CORE_KEY, machine: str = "m1"
    ) -> None:
        self.told: list[Event] = []
        self.alarms: list[tuple[str, str]] = []
        super().__init__(
            store,
            options(broker, "lane-1"),
            signer=LANE_KEY,
            ring=ring.ring(),
            boot=boot,
            software="1.2.3",
            machine_boot=machine,
            on_event=self.told.append,
            on_alarm=lambda kind, detail: self.alarms.append((kind, detail)),
            limits=QUICK,
            tick_s=0.02,
        )

    def note(self, *bodies: bytes) -> None:
        """The agent writes rows."""
        for body in bodies:
            self.journal.append(body)
            self.link.on_journal_grew()

    def verdict(self) -> Link:
        """The link's verdict now."""
        return self.link.status().link


class Centre(ConnectedCore):
    """The core in memory."""

    def __init__(self, broker: PrivateBroker) -> None:
        super().__init__(broker, SimulatedCore("lane-1", signer=CORE_KEY, ring=LANE_KEY.ring(), clock=core_ms))

    def statuses(self) -> list[str]:
        """The lane's presence as it was heard."""
        return [body.status for body in self.core.heard if isinstance(body, Presence)]


@contextlib.asynccontextmanager
async def connected(broker: PrivateBroker, lane: Lane) -> AsyncIterator[Centre]:
    """A core and a lane, connected, in the end stopped."""
    centre = Centre(broker)
    async with running(centre), lane:
        yield centre
        lane.link.check()


def bundle(ubr: str, vrn: str, code: str = "release") -> BundleRecord:
    """A bundle good for a day."""
    return BundleRecord(ubr, vrn, "inbound", "MKT", core_ms(), core_ms() + DAY, (CargoRecord("2001067889", code),))


def test_a_new_lane_gets_its_codes_and_is_fresh(broker: PrivateBroker, tmp_path: Path) -> None:
    """Snapshot, proof, verified; and the answer to a lookup says so."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        assert lane.link.look_up("AB 1234").link is Link.OFFLINE
        async with connected(broker, lane) as centre:
            centre.say(centre.core.change(bundle("1", "AB1234"), HoldRecord("CD1"), VehicleRecord("EF1", "粤Z1234港")))
            await until(lambda: lane.verdict() is Link.FRESH and lane.codes.head.version == 1)
            before, found, after = core_ms(), lane.link.look_up("ab 1234"), core_ms()
            assert (found.link, found.version, found.epoch) == (Link.FRESH, 1, "e1")
            assert [one.ubr for one in found.bundles] == ["1"]
            assert found.core_ms is not None
            assert found.core_ms <= after
            assert found.core_ms + found.slack_ms >= before
            assert lane.link.look_up("CD1").held
            assert lane.link.look_up("EF1").approved_mainland == "粤Z1234港"
            status = lane.link.status()
            assert (status.version, status.proven_version, status.doubt, status.trouble) == (1, 1, "", "")
            assert status.broker == f"127.0.0.1:{broker.port}"
            assert status.refused == {}
        verified = [event for event in lane.told if isinstance(event, CodesVerified)]
        assert [event.epoch for event in verified] == ["e1"]
        assert lane.alarms == []

    asyncio.run(story())


def test_the_journal_reaches_the_core_whole_and_in_order(broker: PrivateBroker, tmp_path: Path) -> None:
    """Rows from before the link, rows during it; acknowledged by the core's signature."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        early = [b"early %d" % number for number in range(150)]
        lane.note(*early)
        async with connected(broker, lane) as centre:
            await until(lambda: lane.journal.acknowledged == 150)
            lane.note(b"late")
            await until(lambda: lane.journal.acknowledged == 151)
            rows = centre.core.journals[lane.journal.journal_id]
            assert [row.body for row in rows] == [*early, b"late"]
            assert lane.link.status().waiting == 0

    asyncio.run(story())


def test_a_cut_link_goes_stale_then_offline_and_heals_by_itself(broker: PrivateBroker, tmp_path: Path) -> None:
    """The broker is killed and comes back; what happened meanwhile arrives, both ways."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        async with connected(broker, lane) as centre:
            centre.say(centre.core.change(HoldRecord("AB1")))
            await until(lambda: lane.verdict() is Link.FRESH and lane.codes.head.version == 1)
            lane.told.clear()
            broker.kill()
            await until(lambda: lane.verdict() is Link.OFFLINE)
            assert lane.link.look_up("AB1").core_ms is None
            assert lane.link.look_up("AB1").held, "a stop needs no link"
            assert "lost" in lane.link.status().trouble or "unreachable" in lane.link.status().trouble
            centre.core.change(HoldRecord("CD1"))
            lane.note(b"meanwhile")
            broker.start()
            await until(lambda: lane.verdict() is Link.FRESH and lane.codes.head.version == 2)
            await until(lambda: lane.journal.acknowledged == 1)
        links = [event.link for event in lane.told if isinstance(event, LinkChanged)]
        assert links[:2] == [Link.STALE, Link.OFFLINE]
        assert links[-1] is Link.FRESH
        assert [event for event in lane.told if isinstance(event, CodesVerified)]

    asyncio.run(story())


@pytest.mark.parametrize("turns", range(5))
def test_it_ends_although_something_comes_at_that_very_moment(
    broker: PrivateBroker, tmp_path: Path, turns: int
) -> None:
    """A connection that goes down while the client stops wakes its task as it is cancelled."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        task = asyncio.create_task(lane.link._work())
        await asyncio.sleep(0.01)
        lane.link.on_journal_grew()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        assert (await asyncio.wait({task}, timeout=1))[0]
        lane.store.close()

    asyncio.run(story())


def test_a_client_started_anew_beside_a_wrong_core_knows_it(broker: PrivateBroker, tmp_path: Path) -> None:
    """From its store, for as long as the machine runs; after the machine's own start there is nothing to know it by."""

    async def link_of(machine: str, off: int) -> Link:
        lane = Lane(broker, tmp_path / "lane.db", boot=f"{machine}{off}", machine=machine)
        async with connected(broker, lane) as centre:
            centre.core._clock = lambda: core_ms() + off
            await until(lambda: lane.verdict() is not Link.OFFLINE)
            await until(lambda: lane.codes.head.epoch and (lane.verdict() is Link.FRESH or lane.link.clock_doubt()))
            assert bool(lane.link.clock_doubt()) == (lane.link.core_time() is None)
            return lane.verdict()

    async def story() -> None:
        assert await link_of("m1", 0) is Link.FRESH
        assert await link_of("m1", 3_600_000) is Link.STALE
        assert await link_of("m1", 5_000) is Link.FRESH
        assert await link_of("m2", 3_600_000) is Link.FRESH

    asyncio.run(story())


def test_what_touches_the_watched_vehicle_is_told(broker: PrivateBroker, tmp_path: Path) -> None:
    """A hold, a bundle, a lift, a near-miss; nothing of others, and nothing when nobody is watched."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        async with connected(broker, lane) as centre:
            await until(lambda: lane.verdict() is Link.FRESH)

            async def changed(*records: BundleRecord | HoldRecord) -> list[Event]:
                lane.told.clear()
                centre.say(centre.core.change(*records))
                await until(lambda: lane.codes.head.version == centre.core.log.version)
                return [event for event in lane.told if isinstance(event, CodesChanged)]

            lane.link.watch("AB1234")
            assert await changed(HoldRecord("AB1234")) == [CodesChanged("AB1234", hold=True)]
            assert await changed(HoldRecord("AB1234", deleted=True)) == [CodesChanged("AB1234", hold=False)]
            assert await changed(bundle("1", "AB1234")) == [CodesChanged("AB1234", hold=False)]
            assert await changed(bundle("2", "AB1234", "inspect")) == [CodesChanged("AB1234", hold=True)]
            assert await changed(HoldRecord("AB12345")) == [CodesChanged("AB1234", hold=True)]
            assert await changed(HoldRecord("ZZ99")) == []
            lane.link.watch(None)
            assert await changed(HoldRecord("AB1234")) == []

    asyncio.run(story())


def test_a_hold_ahead_of_its_turn_stops_at_once(broker: PrivateBroker, tmp_path: Path) -> None:
    """The delta before it is missing; the lane is told, looks up, and finds the hold, though nothing is fresh."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        async with connected(broker, lane) as centre:
            await until(lambda: lane.verdict() is Link.FRESH)
            lane.link.watch("CD1")
            centre.core.serving = False
            centre.core.change(HoldRecord("AB1"))
            centre.say(centre.core.change(HoldRecord("CD1")))
            await until(lambda: CodesChanged("CD1", hold=True) in lane.told)
            found = lane.link.look_up("CD1")
            assert found.held
            assert found.link is not Link.FRESH
            assert lane.codes.head.version == 0
            centre.core.serving = True
            await until(lambda: lane.verdict() is Link.FRESH)
            assert lane.link.look_up("AB1").held

    asyncio.run(story())


def test_a_restored_core_is_doubted_until_its_snapshot_is_proven(broker: PrivateBroker, tmp_path: Path) -> None:
    """Fault and alarm, whole snapshot in parts, cleared and verified."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        async with connected(broker, lane) as centre:
            centre.say(centre.core.change(*(HoldRecord(f"AB{number}") for number in range(20))))
            await until(lambda: lane.verdict() is Link.FRESH and lane.codes.head.version == 1)
            lane.told.clear()
            centre.core.begin_anew("e2")
            await until(lambda: lane.verdict() is Link.FRESH and lane.codes.head.epoch == "e2")
            await until(lambda: any(isinstance(event, CodesVerified) for event in lane.told))
            assert lane.link.look_up("AB7").held
        raised = [event for event in lane.told if isinstance(event, FaultRaised)]
        assert [event.fault for event in raised] == [Fault.CODES]
        assert FaultCleared(Fault.CODES) in lane.told
        assert [kind for kind, _ in lane.alarms] == ["CodesInDoubt"]

    asyncio.run(story())


def test_damage_on_the_medium_is_doubted_and_replaced(broker: PrivateBroker, tmp_path: Path) -> None:
    """A row lost from the file is found at the next start, and a snapshot brings it back."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        async with connected(broker, lane) as centre:
            centre.say(centre.core.change(HoldRecord("AB1"), HoldRecord("CD1")))
            await until(lambda: lane.codes.head.version == 1)
            await lane.link.stop()
            with lane.store.transaction() as connection:
                connection.execute("DELETE FROM codes WHERE name = 'CD1'")
            lane.store.close()
            again = Lane(broker, tmp_path / "lane.db", boot="b2")
            await again.link.start()
            await until(lambda: again.verdict() is Link.FRESH)
            assert again.link.look_up("CD1").held
            assert isinstance(again.told[0], FaultRaised)
            assert FaultCleared(Fault.CODES) in again.told
            await again.link.stop()
            again.store.close()

    asyncio.run(story())


def test_commands_reach_the_lane_once_and_never_out_of_the_brokers_store(broker: PrivateBroker, tmp_path: Path) -> None:
    """Manual and back; words; a retained order is refused."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        async with connected(broker, lane) as centre:
            await until(lambda: lane.verdict() is Link.FRESH)
            manual = centre.core.command("manual", text="exercise")
            for said in (manual, manual, centre.core.command("message", text="road closed")):
                centre.say(said)
            centre.say(centre.core.command("automatic"), retain=True)
            centre.say(centre.core.command("automatic"))
            await until(lambda: ManualEnded("centre@centre") in lane.told)
            orders = [event for event in lane.told if isinstance(event, ManualOrdered | ManualEnded)]
            assert orders == [ManualOrdered("centre@centre", "exercise"), ManualEnded("centre@centre")]
            assert WordsReceived("centre@centre", "road closed") in lane.told
            assert lane.link.status().refused == {"command_replayed": 1, "command_retained": 1}
            assert [kind for kind, _ in lane.alarms] == ["MessageRefused", "MessageRefused"]

    asyncio.run(story())


def test_a_core_with_another_key_is_not_believed(broker: PrivateBroker, tmp_path: Path) -> None:
    """Nothing it says has any effect; it is counted."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db", ring=Signer.generate("core"))
        async with connected(broker, lane) as centre:
            centre.say(centre.core.change(HoldRecord("AB1")))
            await until(lambda: lane.link.status().refused.get("bad_signature", 0) > 2)
            assert lane.verdict() is Link.OFFLINE
            assert not lane.link.look_up("AB1").held

    asyncio.run(story())


def test_presence_tells_online_lost_and_stopped(broker: PrivateBroker, tmp_path: Path) -> None:
    """With a session of its own for each connection; and the state for the wall is there after each."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        async with connected(broker, lane) as centre:
            lane.link.publish_state({"row": "2", "words": ["Welcome"]})
            await until(lambda: any(isinstance(body, LaneState) for body in centre.core.heard))
            lane.link._connection.try_next_broker("a test")
            await until(lambda: centre.statuses().count("online") == 2)
            await until(lambda: len([body for body in centre.core.heard if isinstance(body, LaneState)]) == 2)
            await lane.link.stop()
            await until(lambda: centre.statuses()[-1] == "stopped")
            assert centre.statuses() == ["online", "lost", "online", "stopped"]
            sessions = [body.session for body in centre.core.heard if isinstance(body, Presence)]
            assert sessions[0] == sessions[1] != sessions[2] == sessions[3]

    asyncio.run(story())


def test_a_restarted_agent_sends_what_the_one_before_did_not(broker: PrivateBroker, tmp_path: Path) -> None:
    """The outbox is the journal, and its cursor survives."""

    async def story() -> None:
        first = Lane(broker, tmp_path / "lane.db")
        first.note(b"1", b"2")
        first.store.close()
        second = Lane(broker, tmp_path / "lane.db", boot="b2")
        second.note(b"3")
        async with connected(broker, second) as centre:
            await until(lambda: second.journal.acknowledged == 3)
            rows = centre.core.journals[second.journal.journal_id]
            assert [(row.boot, row.body) for row in rows] == [("b1", b"1"), ("b1", b"2"), ("b2", b"3")]

    asyncio.run(story())


def test_a_store_that_fails_makes_the_lane_stale_and_not_wrong(broker: PrivateBroker, tmp_path: Path) -> None:
    """A hold that could not be kept: told at once, nothing is fresh until it is on the medium."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")
        async with connected(broker, lane) as centre:
            await until(lambda: lane.verdict() is Link.FRESH)
            lane.link.watch("AB1")
            connection = lane.store.connection
            connection.execute("PRAGMA query_only = ON")
            centre.say(centre.core.change(HoldRecord("AB1")))
            await until(lambda: CodesChanged("AB1", hold=True) in lane.told)
            assert lane.verdict() is not Link.FRESH
            assert lane.alarms[0][0] == "StoreFailed"
            connection.execute("PRAGMA query_only = OFF")
            await until(lambda: lane.verdict() is Link.FRESH)
            assert lane.link.look_up("AB1").held

    asyncio.run(story())


def test_a_fault_in_what_is_told_ends_the_link_and_is_said(broker: PrivateBroker, tmp_path: Path) -> None:
    """`check` raises it; the agent must not go on without a link that works (lessons 8)."""

    async def story() -> None:
        lane = Lane(broker, tmp_path / "lane.db")

        def fail(event: Event) -> None:
            raise LookupError(f"a fault of the program at {event}")

        lane.link._runner._callbacks = type(lane.link._runner._callbacks)(
            on_event=fail,
            on_alarm=lambda *_: None,
            on_order=lambda *_: None,
            on_restart_reader=lambda *_: None,
            on_journal_anew=lambda _: None,
        )
        centre = Centre(broker)
        centre.connection.start()
        await lane.link.start()
        task = lane.link._task
        assert task is not None
        await until(task.done)
        with pytest.raises(LookupError):
            lane.link.check()
        await lane.link.stop()
        await centre.connection.stop()
        lane.store.close()

    asyncio.run(story())
