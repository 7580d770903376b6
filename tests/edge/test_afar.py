"""What the centre orders, at a lane with its real agent, store and link, over a real broker.

The core is in memory, and in the last test it is the shipped one, restored from an old backup on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.ports import LaneView, LinkView
from core.admin import AdminClient, CoreUnreachableError
from core.cargo import Direction
from core.office import ImportedBundle
from edge.afar import Afar, retention
from edge.clock import BoxClock, monotonic_ms, utc_ms
from edge.lane import newest_first, past_records
from edge.page import LanePage, Sources
from edge.sections import EvidenceSettings, PictureClass
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect, Record, Ring, Show
from lane_agent.model import Contact, Link, ManualReason, Moment, Outcome, Policy, Read, ReadSource, Screen
from lane_agent.replay import restore
from lane_agent.state import Lane
from sync.broker import CORE, PrivateBroker
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.evidence import Evidence
from sync.journal import Journal
from sync.link import Limits
from sync.mqtt import Broker, Connection, Incoming, Options
from sync.simulated_core import Said, SimulatedCore
from sync.store import Store
from sync.wire.envelope import KeyRing, Signer, public_from_pem, public_to_pem
from sync.wire.messages import Reply
from sync.wire.records import HoldRecord
from sync.wire.topics import ALL_UP

LANE = "szb-in-01"
CORE_KEY, LANE_KEY = Signer.generate("core"), Signer.generate(LANE)
QUICK = Limits(nonce_ms=100, fresh_ms=4_000, offline_ms=8_000, picture_rate=1_000_000)
PATIENCE = 40.0
COMMAND = Path(sys.executable).with_name("rocars-core")
PICTURE = b"a picture of AB1234" * 2_000
NAME = hashlib.sha256(PICTURE).hexdigest()


class Reader:
    """A reader that can be restarted, while it runs."""

    def __init__(self) -> None:
        self.runs = True
        self.restarts = 0

    def restart(self) -> bool:
        """Counts."""
        self.restarts += self.runs
        return self.runs


class Box:
    """A lane's box without its devices: screens confirm at once, and nobody reads plates but the test."""

    def __init__(self, folder: Path, options: Options, boot: str = "b1", ring: KeyRing | None = None) -> None:
        self.store = Store(folder / "lane.db")
        self.journal = Journal(self.store, boot=boot, software="test")
        self.boot = boot
        send = (PictureClass.STOPS,)
        self.evidence = Evidence(folder / "evidence", retention(EvidenceSettings()), now_ms=utc_ms)
        self.reader = Reader()
        self.afar = Afar(self.evidence, send)
        self.link = LinkClient(
            LANE,
            options=options,
            signer=LANE_KEY,
            ring=ring or CORE_KEY.ring(),
            journal=self.journal,
            codes=CodeLog(self.store),
            now_ms=monotonic_ms,
            on_event=self._tell,
            on_alarm=lambda kind, detail: self.agent.tell(e.TroubleReported(kind, detail)),
            on_order=self.afar.order,
            on_restart_reader=self.afar.restart_reader,
            evidence=self.evidence,
            asked_class=PictureClass.COMPLAINTS.value,
            limits=QUICK,
            tick_s=0.02,
        )
        self.agent = Agent(
            restore(newest_first(self.journal)),
            clock=BoxClock(self.link.core_time),
            journal=self.journal,
            codes=self.link,
            hands=self,
            software="test",
        )
        self.sources = Sources(
            link=LinkView, frame=lambda: None, evidence={}.get, paint=self._paint, now=BoxClock(lambda: None).now
        )
        self.page = LanePage(self.agent, simulated=True, software="test", sources=self.sources)
        self.afar.attach(agent=self.agent, reader=self.reader, link=self.link)  # type: ignore[arg-type]

    def _tell(self, event: e.Event) -> None:
        self.agent.tell(event)

    async def _paint(self, *_: object) -> bytes | None:
        return None

    def show(self, order: Show) -> None:
        """Both screens confirm at once."""
        self.agent.tell(e.ScenePainted(Screen.XDB, order.xdb, order.serial))
        self.agent.tell(e.ScenePainted(Screen.AIOP, order.aiop, order.serial))

    def read_plate(self, visit: int) -> None:
        """The test reads."""

    def stop_reading(self, visit: int) -> None:
        """Nor does anything stop."""

    def ring(self, order: Ring) -> None:
        """No intercom."""

    def raise_alarm(self, alarm: Alarm) -> None:
        """In the journal."""

    def keep(self, record: Record) -> None:
        """In the journal."""

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """As the composition root wires it."""
        self.link.journal_grew()
        self.afar.stepped(event, effects, lane)
        self.page.stepped(event, at, effects, lane)

    async def happens(self, *events: e.Event) -> LaneView:
        """Each is journaled."""
        for event in events:
            await self.agent.ask(event)
        return self.page.view()

    async def starts(self) -> None:
        """A lane in order, and open."""
        policy = Policy(lane=LANE, journal=self.store.journal_id, point="SZB")
        await self.happens(e.AgentStarted(policy, self.boot, "test"))
        await self.happens(*(e.ContactChanged(contact, False, monotonic_ms()) for contact in Contact))
        if not self.agent.lane.opened:
            await self.happens(e.LaneOpened("chan"))

    async def arrives(self, vrn: str) -> str:
        """A vehicle comes, is read, and Immigration clears it; returns the visit's key."""
        self.evidence.put(PICTURE, kind="reads")
        await self.happens(e.ContactChanged(Contact.STOP_LOOP, True, monotonic_ms()))
        visit = self.agent.lane.visit
        assert visit is not None
        await self.happens(
            e.PlateSettled(visit.number, Read(vrn, None, 0.99, ReadSource.READER, (NAME,))),
            e.ContactChanged(Contact.IMMIGRATION_STARTED, True, monotonic_ms()),
            e.ContactChanged(Contact.IMMIGRATION_CLEARED, True, monotonic_ms()),
        )
        return f"{LANE}/{self.store.journal_id}/{visit.number}"

    async def leaves(self) -> None:
        """And goes."""
        for contact, active in (
            (Contact.EXIT_LOOP, True),
            (Contact.STOP_LOOP, False),
            (Contact.EXIT_LOOP, False),
            (Contact.IMMIGRATION_STARTED, False),
            (Contact.IMMIGRATION_CLEARED, False),
        ):
            await self.happens(e.ContactChanged(contact, active, monotonic_ms()))

    def journaled(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind, as the journal has them."""
        events = [json.loads(row.body)["event"] for row in self.journal.rows()]
        return [event for event in events if event["type"] == kind]


class Centre:
    """The core in memory, at its own connection."""

    def __init__(self, broker: PrivateBroker) -> None:
        self.core = SimulatedCore(LANE, signer=CORE_KEY, ring=LANE_KEY.ring(), clock=utc_ms)
        self.connection = Connection(
            options(broker, CORE, ALL_UP),
            will=lambda: None,
            on_up=lambda: None,
            on_down=lambda _: None,
            on_message=self._hear,
        )

    def _hear(self, incoming: Incoming) -> None:
        for said in self.core.hear(incoming.topic, incoming.payload):
            self.say(said)
        incoming.acknowledge()

    def say(self, said: Said) -> None:
        """Publishes."""
        self.connection.publish(said.topic, said.payload, qos=said.qos)

    async def orders(self, name: str, **fields: Any) -> tuple[str, str]:
        """Commands, and waits for the answer: outcome and detail."""
        said = self.core.command(name, **fields)
        before = self.replies()
        self.say(said)
        await until(lambda: len(self.replies()) > len(before))
        reply = self.replies()[-1]
        return reply.outcome, reply.detail

    def replies(self) -> list[Reply]:
        """Every answer so far."""
        return [body for body in self.core.heard if isinstance(body, Reply)]


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition, for as long as it is patient."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - it comes to be in another process, or in paho's thread
            await asyncio.sleep(0.01)


def options(broker: PrivateBroker, user: str, *filters: str) -> Options:
    """A user of the private broker."""
    return Options(
        brokers=(Broker(broker.host, broker.port),),
        client_id=user,
        user_name=user,
        password=broker.password(user),
        subscriptions=tuple((name, 1) for name in filters),
    )


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A private broker."""
    folder = tmp_path / "broker"
    folder.mkdir()
    with PrivateBroker(folder, lanes=[LANE]) as running:
        yield running


@contextlib.asynccontextmanager
async def at_work(box: Box) -> AsyncIterator[Box]:
    """A box that runs and is in order."""
    agent = asyncio.create_task(box.agent.run())
    try:
        await box.starts()
        await box.link.start()
        await until(lambda: box.agent.lane.link is Link.FRESH)
        yield box
        box.link.check()
    finally:
        await box.link.stop()
        agent.cancel()
        await asyncio.gather(agent, return_exceptions=True)
        box.store.close()


@contextlib.asynccontextmanager
async def site(broker: PrivateBroker, folder: Path) -> AsyncIterator[tuple[Centre, Box]]:
    """A centre and a lane."""
    centre = Centre(broker)
    centre.connection.start()
    try:
        await until(lambda: centre.connection.connected)
        async with at_work(Box(folder, options(broker, LANE))) as box:
            yield centre, box
    finally:
        await centre.connection.stop()


def test_a_release_from_afar_is_as_good_as_an_officers_and_no_better(broker: PrivateBroker, tmp_path: Path) -> None:
    """For this visit, once Immigration has cleared it, and never over an exact stop; the journal says who and why."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            assert await centre.orders("release_visit", visit=f"{LANE}/x/1", text="complaint") == (
                "refused",
                "command_for_another_visit",
            )
            centre.say(centre.core.change(HoldRecord("AB1234", "told")))
            await until(lambda: box.link.status().version == 1)
            held = await box.arrives("AB1234")
            await until(lambda: box.agent.lane.visit and box.agent.lane.visit.outcome is Outcome.EXAMINE)
            outcome, words = await centre.orders("release_visit", visit=held, text="complaint")
            assert outcome == "refused"
            assert "4 has been shown" in words
            await box.leaves()
            free = await box.arrives("CD5678")
            assert await centre.orders("release_visit", visit=held, text="late") == (
                "refused",
                "command_for_another_visit",
            )
            assert await centre.orders("release_visit", visit=free, text="papers seen") == ("done", "")
            visit = box.agent.lane.visit
            assert visit is not None
            assert (visit.outcome, visit.officer, visit.reason) == (
                Outcome.RELEASED,
                "centre@centre",
                "papers seen",
            )
            given = box.journaled("OfficerReleased")
            assert [(one["officer"], one["reason"]) for one in given] == [
                ("centre@centre", "complaint"),
                ("centre@centre", "papers seen"),
            ]

    asyncio.run(story())


def test_a_stop_from_afar_stops(broker: PrivateBroker, tmp_path: Path) -> None:
    """To the compound, for this visit."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            visit = await box.arrives("CD5678")
            assert await centre.orders("inspect_visit", visit=visit, text="told") == ("done", "")
            await until(lambda: box.agent.lane.visit and box.agent.lane.visit.outcome is Outcome.EXAMINE)

    asyncio.run(story())


def test_manual_mode_from_afar_reverts_after_a_restart_and_a_lane_officers_does_not(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    """The agent ends while the mode stands; the next one ends it in time. What is ordered at the lane stays."""

    async def story() -> None:
        centre = Centre(broker)
        centre.connection.start()
        await until(lambda: centre.connection.connected)
        async with at_work(Box(tmp_path, options(broker, LANE))) as box:
            assert (await centre.orders("manual", text="exercise", revert_ms=3_000))[0] == "done"
            assert ManualReason.ORDER in box.agent.lane.manual
        async with at_work(Box(tmp_path, options(broker, LANE), "b2")) as box:
            await until(lambda: ManualReason.ORDER not in box.agent.lane.manual)
            assert [one["officer"] for one in box.journaled("ManualEnded")] == ["centre@centre"]
            assert (await centre.orders("manual", text="exercise", revert_ms=500))[0] == "done"
            await box.happens(e.ManualOrdered("chan", "the reader is wrong"))
            assert await centre.orders("automatic") == ("refused", "command_against_a_lane_officers_order")
            await asyncio.sleep(0.8)
            assert ManualReason.ORDER in box.agent.lane.manual
        await centre.connection.stop()

    asyncio.run(story())


def test_words_from_the_centre_are_a_message_on_the_page_and_no_alarm(broker: PrivateBroker, tmp_path: Path) -> None:
    """With who said it; an officer marks it as seen."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            before = len(box.page.view().alarms)
            assert await centre.orders("message", text="road closed at 18:00") == ("done", "")
            (message,) = box.page.view().messages
            assert (message.issuer, message.text, message.seen_by) == ("centre@centre", "road closed at 18:00", "")
            assert len(box.page.view().alarms) == before
            assert (await box.page.acknowledge(message.id, "chan")).accepted
            assert box.page.view().messages[0].seen_by == "chan"
            assert not (await box.page.acknowledge("message-9", "chan")).accepted
            again = LanePage(box.agent, simulated=True, software="test", sources=box.sources)
            again.recall(past_records(box.journal))
            assert [one.text for one in again.view().messages] == ["road closed at 18:00"]

    asyncio.run(story())


def test_the_reader_is_restarted_and_what_can_not_be_done_is_said(broker: PrivateBroker, tmp_path: Path) -> None:
    """The answer is of what happened here."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            assert await centre.orders("restart_reader", text="it hangs") == ("done", "")
            assert box.reader.restarts == 1
            box.reader.runs = False
            assert (await centre.orders("restart_reader"))[0] == "refused"
            assert (await centre.orders("upload", picture="ab" * 32))[0] == "refused"
            assert (await centre.orders("answered")) == ("refused", "no help call rings")

    asyncio.run(story())


def test_pictures_of_a_stop_are_kept_longer_and_sent_and_others_when_asked_for(
    broker: PrivateBroker, tmp_path: Path
) -> None:
    """By content hash, whole, and the lane still has them."""

    async def story() -> None:
        async with site(broker, tmp_path) as (centre, box):
            centre.say(centre.core.change(HoldRecord("AB1234", "told")))
            await until(lambda: box.link.status().version == 1)
            await box.arrives("AB1234")
            await until(lambda: box.agent.lane.visit and box.agent.lane.visit.outcome is Outcome.EXAMINE)
            await box.leaves()
            await until(lambda: centre.core.pictures.get(NAME) == PICTURE)
            await until(lambda: box.link.status().pictures == 0)
            assert box.evidence.path(NAME) == tmp_path / "evidence" / "stops" / NAME
            other = box.evidence.put(b"another visit's", kind="reads")
            assert await centre.orders("upload", picture=other) == ("done", "")
            await until(lambda: centre.core.pictures.get(other) == b"another visit's")
            assert box.evidence.path(other) == tmp_path / "evidence" / "complaints" / other

    asyncio.run(story())


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


def test_a_core_restored_from_an_old_backup_is_made_whole_and_says_what_it_can_not_prove(
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
