"""The core as it runs: its own process, a real broker, a lane that is not there to help, kill -9."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
import pytest

from core.cli.keys import warning
from core.enrolment.keys import load_core_ring
from core.errors import RefusedError
from core.ledger.store import CoreStore, connected
from core.logins import own_login
from core.office.admin import AdminClient, CoreUnreachableError
from core.office.service import ImportedBundle
from core.settings import load
from domain.crossing import Direction
from domain.times import HONG_KONG
from runtime.mqtt import Connection, Incoming
from simulation.broker import PrivateBroker
from simulation.children import free_port
from simulation.private_core import PrivateCore
from simulation.waiting import until as wait_until
from wire import messages as wire
from wire.codec import decode, encode
from wire.hashes import StateHash
from wire.topics import LOG

PATIENCE = 60.0
NEW: dict[str, Any] = {"epoch": "", "version": 0, "state_hash": bytes(32), "journal": "j1", "acknowledged": 0}
NEW |= {"last": 0, "last_hash": bytes(32)}
"""What the nonce of a new lane says."""


class Wire:
    """A lane's connection, and everything the core has said to it."""

    def __init__(self, site: PrivateCore, lane: Any) -> None:
        self.site = site
        self.lane = lane
        self.heard: list[Any] = []
        self.changed = asyncio.Event()
        self.up = asyncio.Event()
        self.connection = Connection(
            site.brokers[0].options(lane.name, lane.topics.all_down, LOG),
            will=lambda: None,
            on_up=self.up.set,
            on_down=lambda _: self.up.clear(),
            on_message=self._hear,
        )

    def _hear(self, incoming: Incoming) -> None:
        kinds: dict[str, Any] = {
            LOG: wire.Delta,
            self.lane.topics.ack: wire.Ack,
            self.lane.topics.heartbeat: wire.Heartbeat,
            self.lane.topics.log: wire.LogReply,
            self.lane.topics.command: wire.Command,
        }
        self.heard.append(decode(kinds[incoming.topic], self.site.ring.open(incoming.topic, incoming.payload)))
        incoming.acknowledge()
        self.changed.set()

    async def __aenter__(self) -> Self:
        self.connection.start()
        await asyncio.wait_for(self.up.wait(), PATIENCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.stop()

    def say(self, topic: str, body: Any, qos: int = 1) -> None:
        """Publishes a signed message."""
        self.connection.publish(topic, self.lane.signer.seal(topic, encode(body)), qos=qos)

    async def stream(self, rows: list[Any], goal: int, window: int = 64) -> None:
        """Publishes journal rows, at most `window` ahead of the acknowledgement, until row `goal` is acknowledged."""
        sent = self.acknowledged()
        async with asyncio.timeout(PATIENCE):
            while self.acknowledged() < goal:
                last = self.acknowledged() + window
                for row in rows[sent:last]:
                    self.say(self.lane.topics.event, row)
                sent = max(sent, last)
                self.changed.clear()
                try:
                    await asyncio.wait_for(self.changed.wait(), 1.0)
                except TimeoutError:
                    sent = self.acknowledged()

    def acknowledged(self) -> int:
        """The highest row the core has said is committed."""
        return max((one.seq for one in self.heard if isinstance(one, wire.Ack)), default=0)

    @contextlib.asynccontextmanager
    async def speaking(self) -> AsyncIterator[None]:
        """The lane speaks every half second meanwhile; for one that fell silent the core would connect anew."""

        async def speak() -> None:
            while True:
                ask = wire.Nonce(lane=self.lane.name, session=1, nonce=b"n" * 16, **NEW | self.lane.head)
                self.say(self.lane.topics.nonce, ask, qos=0)
                await asyncio.sleep(0.5)

        task = asyncio.create_task(speak())
        try:
            yield
        finally:
            task.cancel()

    async def until(self, wanted: Any, again: Any = None) -> Any:
        """Waits for a message that `wanted` accepts; calls `again` each second meanwhile."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = next((one for one in self.heard if wanted(one)), None)
                if found is not None:
                    return found
                self.changed.clear()
                try:
                    await asyncio.wait_for(self.changed.wait(), 1.0)
                except TimeoutError:
                    if again is not None:
                        again()


@pytest.fixture
def site(tmp_path: Path, lane: Any) -> Iterator[PrivateCore]:
    """A core with its own broker and one registered lane; not started."""
    sections = '[screening]\ncodes = ["release", "inspect"]\n'
    with PrivateBroker(tmp_path / "b", lanes=[lane.name]) as broker:
        core = PrivateCore(tmp_path, broker, lanes={lane.name: lane.signer.public}, sections=sections)
        yield core
        core.kill()


def test_a_lane_gets_proof_list_news_and_acknowledgement(site: PrivateCore, lane: Any) -> None:
    """The whole conversation over a real broker: nonce, snapshot, delta, event, acknowledgement, command."""

    async def conversation() -> None:
        site.start()
        async with site.serving() as admin, Wire(site, lane) as ear:
            await admin.approve("EF 3", "粤ZA1B2港")
            ask = wire.Nonce(lane=lane.name, session=1, nonce=b"n" * 16, **NEW)
            ear.say(lane.topics.nonce, ask, qos=0)
            proof = await ear.until(lambda one: isinstance(one, wire.Heartbeat))
            assert proof.nonce == b"n" * 16
            ear.say(lane.topics.request, wire.SnapshotWanted(lane=lane.name, request="r", reason="new"))
            part = await ear.until(lambda one: isinstance(one, wire.SnapshotPart))
            assert StateHash.of(part.records).digest() == part.state_hash == proof.state_hash
            await admin.hold("AB 1234", reason="exercise")
            delta = await ear.until(lambda one: isinstance(one, wire.Delta) and one.version == 2)
            assert delta.previous == part.log_hash
            assert delta.changes[0].vrn == "AB1234"
            lane.write({"type": "Alarm", "kind": "Help", "visit": 1, "detail": "driver"})
            await ear.stream(lane.rows, 1)
            ack = await ear.until(lambda one: isinstance(one, wire.Ack))
            assert (ack.seq, ack.hash) == (1, lane.rows[0].hash)
            assert [one.kind for one in await admin.alarms()] == ["Help"]
            sent = await admin.command(lane.name, "message", text="well done")
            order = await ear.until(lambda one: isinstance(one, wire.Command))
            assert (order.command, order.issuer) == (sent, own_login())

    asyncio.run(conversation())
    assert site.end() == 0
    assert "Traceback" not in site.log()


def test_the_control_room_takes_and_closes_alarms_and_the_core_tells_its_figures(tmp_path: Path, lane: Any) -> None:
    """By `rocars-core alarms` alone; what stands is in the figures, and the lane hears whose it is."""
    port = free_port()
    with PrivateBroker(tmp_path / "b", lanes=[lane.name]) as broker:
        lanes = {lane.name: lane.signer.public}
        site = PrivateCore(tmp_path / "c", broker, lanes=lanes, sections=f"[health]\nmetrics_port = {port}\n")

        def figures() -> str:
            return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text

        def health() -> httpx.Response:
            return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)

        async def story() -> None:
            await site.start_ready()
            async with Wire(site, lane) as ear:
                lane.write({"type": "Alarm", "kind": "RunThrough", "visit": 1, "detail": "row 22"})
                await ear.stream(lane.rows, 1)
                async with ear.speaking():
                    listed = json.loads(await asyncio.to_thread(site.command, "alarms", "--json"))
                    assert [(one["kind"], one["state"], one["priority"]) for one in listed] == [
                        ("RunThrough", "unacknowledged", "urgent")
                    ]
                    number = str(listed[0]["id"])
                    said = await asyncio.to_thread(site.command, "alarms", "--take", number)
                    assert said == f"alarm {number}, RunThrough of {lane.name}: acknowledged\n"
                    order = await ear.until(lambda one: isinstance(one, wire.Command))
                    assert (order.name, order.text) == ("take_alarm", "RunThrough/1/")
                    await wait_until(lambda: 'rocars_core_alarms_standing{priority="urgent"} 1.0' in figures())
                    assert f'rocars_lane_level{{lane="{lane.name}"}} 0.0' in figures()
                    await asyncio.to_thread(site.command, "alarms", "--close", number, "--why", "found")
                    assert json.loads(await asyncio.to_thread(site.command, "alarms", "--json")) == []
                    (closed,) = json.loads(await asyncio.to_thread(site.command, "alarms", "--all", "--json"))
                    assert (closed["state"], closed["why"]) == ("closed", "found")
                    await asyncio.to_thread(site.command, "alarms", "--close", number, expect=1)
                    # Told every 5 s, as it was then: also in the moment in which a connection is made again.
                    await wait_until(lambda: health().status_code == 200)
                    assert health().json()["lanes"] == 1

        try:
            asyncio.run(story())
        finally:
            site.kill()


def test_killed_in_mid_stream_nothing_acknowledged_is_lost_and_nothing_counts_twice(
    site: PrivateCore, lane: Any, make_record: Any
) -> None:
    """Kill -9 three times while rows stream in; the lane goes on from the last acknowledgement each time."""
    total = 400
    for number in range(1, total + 1):
        lane.write(
            make_record("VehicleArrived", number),
            {"type": "Alarm", "kind": "RunThrough", "visit": number, "detail": ""},
        )

    async def streams() -> None:
        async with Wire(site, lane) as ear:
            for goal in (100, 250, total):
                await site.start_ready()
                await ear.stream(lane.rows, goal)
                assert goal == total or ear.acknowledged() < total, "killed in mid-stream"
                site.kill()
                store = CoreStore(site.database, reading=True)
                committed = store.connection.execute("SELECT seq FROM streams").fetchone()[0]
                store.close()
                assert committed >= ear.acknowledged()

    asyncio.run(streams())
    store = CoreStore(site.database, reading=True)
    query = store.connection.execute
    assert query("SELECT seq, body FROM events ORDER BY seq").fetchall() == [(row.seq, row.body) for row in lane.rows]
    assert query("SELECT COUNT(*), COUNT(DISTINCT visit) FROM alarms").fetchone() == (total, total)
    assert query("SELECT COUNT(*) FROM crossings").fetchone() == (total,)
    store.close()
    site.command("check")


def test_killed_while_publishing_the_log_goes_on_without_a_gap(site: PrivateCore, lane: Any) -> None:
    """Kill -9 during an import: what was committed is provable, and the next version follows it."""

    async def imports() -> int:
        many = [
            ImportedBundle(
                vrn=f"A{number}",
                direction=Direction.INBOUND,
                earliest_ms=1,
                valid_until_ms=2,
                cargo=((str(3 * 10**9 + number), "release", ""),),
            )
            for number in range(20_000)
        ]
        site.start()
        async with site.serving() as admin, Wire(site, lane) as ear:
            work = asyncio.create_task(admin.take_over(many))
            await ear.until(lambda one: isinstance(one, wire.Delta) and one.version == 5)
            site.kill()
            with pytest.raises(CoreUnreachableError):
                await work
        site.start()
        async with site.serving() as after:
            before = (await after.status()).version
            assert before >= 5
            await after.hold("ZZ 1", reason="after")
            assert (await after.status()).version == before + 1
        return before

    before = asyncio.run(imports())
    assert f"version {before} of epoch" in site.command("history", "--version", str(before), "--vrn", "none")
    assert "vrn='ZZ1'" in site.command("history", "--vrn", "ZZ 1")
    site.end()


def test_the_core_comes_back_after_the_broker_was_killed(site: PrivateCore, lane: Any) -> None:
    """A broker without memory: the core connects again and proves again."""

    async def cut() -> None:
        await site.start_ready()
        site.brokers[0].kill()
        async with asyncio.timeout(PATIENCE), AdminClient(site.folder / "s") as admin:
            while any((await admin.status()).brokers.values()) or "unreachable" not in site.log():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        site.brokers[0].start()
        async with Wire(site, lane) as ear:
            ask = wire.Nonce(lane=lane.name, session=1, nonce=b"n" * 16, **NEW)
            proof = await ear.until(
                lambda one: isinstance(one, wire.Heartbeat), lambda: ear.say(lane.topics.nonce, ask, qos=0)
            )
            assert proof.nonce == b"n" * 16

    asyncio.run(cut())
    assert site.end() == 0


def test_people_work_with_it_from_the_command_line(site: PrivateCore, make_consignment: Any) -> None:
    """Lodge, bundle, decide, hold, look, debundle; and a refusal in words."""
    asyncio.run(site.start_ready())
    cargo = site.folder / "cargo.json"
    form = msgspec.to_builtins(make_consignment())
    today = datetime.now(HONG_KONG).date()
    cargo.write_text(json.dumps({**form, "expected": str(today + timedelta(2))}), encoding="utf-8")
    site.command("party", "add", "wilson", "Wilson Development Limited")
    lodged = site.command("lodge", str(cargo), "--party", "wilson")
    assert "CCRN 2000000001" in lodged
    assert f"valid until {today + timedelta(14)}" in lodged
    bundled = site.command("bundle", "2000000001", "--vrn", "AB 1234", "--driver", "Ho", "--direction", "inbound")
    assert "Your UBR is 1000000001." in bundled
    site.command("decide", "2000000001", "inspect", "--reason", "told")
    site.command("hold", "AB1234", "--reason", "told")
    found = json.loads(site.command("enquire", "ab 1234"))
    assert [row["type"] for row in found["rows"]] == ["bundle", "hold"]
    assert found["rows"][0]["cargo"][0]["code"] == "inspect"
    assert "szb-in-01" in site.command("lanes")
    assert "cannot be read" in site.command("lodge", str(site.folder / "none.json"), expect=1)
    assert "rocars-core: UBR 1999999999 is not known" in site.command("debundle", "1999999999", expect=1)
    assert "another core has it" in site.command("restart-log", "--reason", "x", expect=2)
    site.end()
    assert "epoch 2-" in site.command("restart-log", "--reason", "backup restored")
    assert "no core answers" in site.command("status", expect=1)


def test_a_signing_key_is_destroyed_only_when_no_lane_needs_it_any_more(site: PrivateCore, lane: Any) -> None:
    """Every lane says which of the core's keys it has; who lacks the one that signs now is named."""

    async def told(*keys: str) -> list[str]:
        """The lane says what it has; the kinds of the alarms that stand then."""
        async with site.serving() as core, Wire(site, lane) as link:
            state = wire.LaneState(lane=lane.name, session=1, serial=1, facts={"core_keys": list(keys)})
            link.say(lane.topics.state, state)
            async with asyncio.timeout(PATIENCE):
                while (await core.lanes())[0].core_keys != keys:  # noqa: ASYNC110 (another process)
                    await asyncio.sleep(0.05)
            return [alarm.kind for alarm in await core.alarms()]

    def prints() -> dict[str, str]:
        return {one.split(".")[0]: one for one in load_core_ring(site.folder / "core-1.key").prints}

    asyncio.run(site.start_ready())
    assert "core-1 is what this core signs with" in site.command("retire-signing-key", "core-1", expect=1)
    site.command("new-signing-key")
    first, second = prints()["core-1"], prints()["core-2"]
    assert "not known of szb-in-01" in " ".join(site.command("signing-keys").split())
    assert asyncio.run(told(first)) == []
    site.config.write_text(site.config.read_text().replace("core-1.key", "core-2.key"))
    assert warning(load(site.config)).startswith(f"the signing key {second} is missing at szb-in-01")
    assert "restart it" in site.command("retire-signing-key", "core-1", expect=1)
    site.end()
    asyncio.run(site.start_ready())
    assert asyncio.run(told(first)) == ["CoreKeyMissing"]
    refusal = site.command("retire-signing-key", "core-1", expect=1)
    assert f"{second}, is missing at szb-in-01" in refusal
    assert (site.folder / "core-1.key").exists()
    asyncio.run(told(first, second))
    assert warning(load(site.config)) == ""
    assert "1 of 1" in site.command("signing-keys")
    assert "no such private key" in site.command("retire-signing-key", "core-1.00000000", expect=1)
    site.command("retire-signing-key", first)
    assert not (site.folder / "core-1.key").exists()
    (site.folder / "core-2.pub").unlink()
    assert "core-2.pub: is missing" in " ".join(site.command("signing-keys").split())
    assert (site.folder / "core-1.pub").exists()
    assert "no such private key" in site.command("retire-signing-key", "core-1", expect=1)


def test_without_a_core_a_key_is_destroyed_by_force_alone(site: PrivateCore) -> None:
    """Nobody can say then which lanes need it."""
    site.command("new-signing-key")
    assert "the core does not run" in site.command("retire-signing-key", "core-2", expect=1)
    site.command("retire-signing-key", "core-2", "--force")
    assert [file.name for file in sorted(site.folder.glob("core-*"))] == ["core-1.key", "core-1.pub", "core-2.pub"]


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_of_lanes_can_be_read_on_a_narrow_terminal(
    site: PrivateCore, lane: Any, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Nothing in it is cut off, and no line is longer than the terminal is wide."""
    monkeypatch.setenv("COLUMNS", str(width))
    asyncio.run(site.start_ready())
    shown = site.command("lanes")
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= width
    header = shown.splitlines()[1]
    assert all(name in header for name in ("lane", "presence", "last proof", "list", "rows", "core's keys"))
    assert f" {lane.name} " in shown


def test_a_bad_configuration_ends_with_two_and_one_line_each(site: PrivateCore) -> None:
    """No traceback, no guess."""
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(text.replace("[points]", "[poinst]").replace("port =", "prot ="), encoding="utf-8")
    lines = site.command("run", expect=2).splitlines()
    assert len(lines) == 4
    assert all(line.startswith(f"rocars-core: {site.config}: ") for line in lines)


def test_the_operators_socket_refuses_what_is_no_request(site: PrivateCore) -> None:
    """Rubbish, half a request and a broken rule each get an answer, and the connection goes on."""

    async def talk() -> None:
        await site.start_ready()
        reader, writer = await asyncio.open_unix_connection(site.folder / "s")
        for line, words in (
            (b"rubbish", "not JSON"),
            (b'{"do":"hold"}', "not complete"),
            (b'{"do":"sing"}', "not complete"),
        ):
            writer.write(line + b"\n")
            assert words in json.loads(await reader.readline())["problems"][0]
        writer.close()
        await writer.wait_closed()
        async with site.serving() as admin:
            with pytest.raises(RefusedError, match="reason"):
                await admin.hold("AB1", reason="")
            assert (site.folder / "s").stat().st_mode & 0o007 == 0
            await asyncio.to_thread(site.end)

    asyncio.run(talk())
    assert "Traceback" not in site.log(), "somebody was connected when it ended"


def test_a_core_whose_store_fails_says_so_and_ends(site: PrivateCore) -> None:
    """Without a store nothing may be proved; the lanes then go manual by themselves."""

    async def breaks() -> None:
        site.start()
        async with site.serving() as admin:
            with connected(site.database) as other:
                other.execute("DROP TABLE audit")
            with pytest.raises(RefusedError, match="store has failed"):
                await admin.hold("AB1", reason="x")

    asyncio.run(breaks())
    assert site.process.wait(PATIENCE) == 1
    assert "rocars-core: the database has failed" in site.log()
    assert '"audit" does not exist' in site.log()
    assert "Traceback" not in site.log()
