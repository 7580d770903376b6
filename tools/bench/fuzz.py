"""Hostile messages into every subscription of lane and core: `rocars-bench fuzz --messages 1000000 --seed 1`.

The lane is the link machine and its effect runner with a real store, and the feed of Immigration's plates; the core is
its gateway with a real store. Nothing may be acted on, nothing may crash, every message is counted under the reason why it
was refused, and memory stays flat. A crash raises, and is repeated by the same seed.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import msgspec
from rich.console import Console
from rich.table import Table

from core.link.gateway import LaneMessage
from lane_agent.events import Event, LinkChanged
from lane_agent.model import Link
from runtime.mqtt import Broker, Connection, Incoming, Options
from sync.codelog import CodeLog
from sync.core_clock_store import ClockBook
from sync.effect_runner import Answered, EffectRunner, LinkCallbacks
from sync.journal import Journal
from sync.link import LinkMachine, Publish
from sync.orders import OrderBook
from sync.outgoing import PictureQueue
from sync.plate_feed import PlateFeed
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from tools.bench.hostile import Hostile, HostileSample, Message
from tools.bench.link.centre import CentreParts
from wire import messages as wire
from wire.codec import encode
from wire.envelope import Signer
from wire.plate import PlateSeen, ReaderAlive, encode_plate
from wire.records import BundleRecord, CargoRecord, HoldRecord
from wire.topics import LOG, LaneTopics

LANE, OTHER = "lane-1", "lane-2"
FLAT_MIB = 16
SHOWN = 5
"""Of what a reader did."""

CORE_MS = 10**12
_HASH = b"\x11" * 32
_WARM = 20  # a twentieth of the messages warms caches and pools before memory is measured
_TICK = 1_000  # messages between two ticks of a tenth of a second
_PAGE = os.sysconf("SC_PAGE_SIZE")


def core_says(topics: LaneTopics, signed: SimulatedLog, journal: str) -> list[HostileSample]:
    """One of each message of the core's; the stale ones are refused even when honest."""
    lane = topics.lane
    delta = signed.change(HoldRecord(vrn="AB1234", reason="exercise"))
    beat = wire.Heartbeat(
        lane=lane,
        nonce=b"n" * 16,
        epoch="e1",
        version=1,
        state_hash=_HASH,
        core_ms=1,
        committed=0,
        committed_hash=bytes(32),
    )
    (part,) = signed.snapshot(lane=lane)
    picture = wire.PictureHeld(lane=OTHER, offer="o1", picture="0" * 64, offset=0, state="whole")
    stale = [
        (topics.heartbeat, beat),
        (topics.heartbeat, msgspec.structs.replace(beat, lane=OTHER)),
        (topics.ack, wire.Ack(lane=lane, journal=journal, seq=10**9, hash=_HASH)),
        (topics.ack, wire.Ack(lane=lane, journal="another", seq=1, hash=_HASH)),
        (topics.log, part),
        (topics.log, wire.Deltas(lane=lane, request="r", payloads=(encode(delta),))),
        (topics.log, wire.DeltasAsked(lane=OTHER, request="r", epoch="e1", version=0)),
        (topics.log, wire.EventsWanted(lane=lane, journal="another", first=1, last=9)),
        (topics.picture_held, picture),
        *((topics.command, order) for order in _orders(lane)),
    ]
    return [HostileSample(LOG, delta), *(HostileSample(topic, body, stale=True) for topic, body in stale)]


def _orders(lane: str) -> list[wire.Command]:
    """Commands that are refused: each for another reason, and all but the first time as replayed where it was judged."""
    good: dict[str, Any] = {"issued_ms": CORE_MS, "expires_ms": CORE_MS + 3_600_000}
    each: list[dict[str, Any]] = [
        {"name": "manual", "issued_ms": 1, "expires_ms": 2},
        {"name": "manual", "issued_ms": CORE_MS - 1_000, "expires_ms": CORE_MS + 3_000_000},
        {"name": "manual", "issued_ms": CORE_MS + 600_000, "expires_ms": CORE_MS + 900_000},
        {"name": "manual", "issued_ms": CORE_MS, "expires_ms": CORE_MS + 7_200_000},
        {"name": "manual", "lane": OTHER, **good},
        {"name": "self_destruct", **good},
        {"name": "release_visit", **good},
        {"name": "release_visit", "visit": f"{lane}/journal/7", "text": "now", **good},
        {"name": "fetch", "journal": "another", "first": 1, "last": 9, **good},
    ]
    return [wire.Command(**({"lane": lane, "command": f"c{n}", "issuer": "x"} | one)) for n, one in enumerate(each)]


def lane_says(topics: LaneTopics) -> list[HostileSample]:
    """One of each message of a lane's; those that say they are another's are refused even when signed."""
    lane = topics.lane
    head: dict[str, Any] = {"epoch": "e1", "version": 1, "state_hash": _HASH, "journal": "j1", "acknowledged": 0}
    head |= {"last": 1, "last_hash": _HASH}
    event: dict[str, Any] = {"journal": "j1", "seq": 1, "boot": "b", "previous": _HASH, "hash": _HASH, "body": b"{}"}
    offer: dict[str, Any] = {"offer": "o1", "picture": "0" * 64}
    wanted: dict[str, Any] = {"request": "r1", "epoch": "e1", "version": 0, "log_hash": _HASH}
    honest: list[tuple[str, Any]] = [
        (topics.presence, wire.Presence(lane=lane, status="online", session=1)),
        (topics.nonce, wire.Nonce(lane=lane, session=1, nonce=b"n" * 16, **head)),
        (topics.event, wire.EventMessage(lane=lane, **event)),
        (topics.state, wire.LaneState(lane=lane, session=1, serial=1, facts={"mode": "automatic"})),
        (topics.request, wire.DeltasWanted(lane=lane, **wanted)),
        (topics.request, wire.SnapshotWanted(lane=lane, request="r1", reason="none")),
        (topics.claim, wire.ClaimWanted(lane=lane, journal="j1", visit=1, claim=1, ubrs=("1000000001",))),
        (topics.reply, wire.Reply(lane=lane, command="c1", outcome="done")),
        (topics.telemetry, wire.Telemetry(lane=lane, session=1, serial=1, age_ms=0, shed=0, facts={"load": 1.0})),
        (topics.picture, wire.PictureOffered(lane=lane, size=9, kind="stops", reason="x", **offer)),
        (topics.picture, wire.PicturePart(lane=lane, offset=0, data=b"x", **offer)),
    ]
    kept = (topics.presence, topics.state)
    samples = [HostileSample(topic, body, keeps=topic in kept) for topic, body in honest]
    return samples + [
        HostileSample(topic, msgspec.structs.replace(body, lane=OTHER), stale=True) for topic, body in honest
    ]


class FuzzedReader(Protocol):
    """A reader of hostile messages."""

    name: str

    def draw(self) -> Message:
        """The next message."""

    def take(self, message: Message) -> None:
        """Receives it."""

    def refused(self) -> Counter[str]:
        """How many were refused, by reason."""

    def acted(self) -> list[str]:
        """What was done because of them; nothing, if all is well."""


class LaneReader:
    """The lane's link, with codes, a journal and the core's key.

    Attributes:
        core_signer: the key that it believes.
        journal: its own.
    """

    name = "lane"

    def __init__(self, store: LaneStore, rng: random.Random) -> None:
        self._now, self._heard = 0, 0
        self._acted: list[str] = []
        core = SimulatedLog("e1", tuple(_bundle(number) for number in range(100)))
        self._codes = CodeLog(store)
        self.journal = journal = Journal(store, boot="b1", software="fuzz")
        for part in core.snapshot():
            self._codes.load(part)
        for _ in range(10):
            journal.append(b"{}")
        self.core_signer = signer = Signer.generate("core")
        topics, head = LaneTopics(LANE), self._codes.head
        others = [topics.plate, f"{topics.ack}/more", LaneTopics(OTHER).ack, "$SYS/x", ""]
        samples = core_says(topics, core, journal.journal_id)
        self._hostile = Hostile(rng, signer, samples, [*dict.fromkeys(one.topic for one in samples), *others])
        self._machine = LinkMachine(
            LANE,
            ring=signer.ring(),
            entropy=rng.randbytes,
            head=head,
            journal=journal.journal_id,
            last=10,
            acknowledged=0,
            row_hash=journal.hash_at,
            now=0,
        )
        self._prove(signer)
        self._runner = self._hands(store, journal)
        self._before = self._state()

    def _prove(self, signer: Signer) -> None:
        """One good proof, so that the lane has been fresh and knows the core's time."""
        machine, head = self._machine, self._codes.head
        machine.on_connected(1, 0)
        said = [effect.body for effect in machine.drain() if isinstance(effect, Publish)]
        (nonce,) = [body.nonce for body in said if isinstance(body, wire.Nonce)]
        beat = wire.Heartbeat(
            lane=LANE,
            nonce=nonce,
            epoch=head.epoch,
            version=0,
            state_hash=head.state_hash,
            core_ms=CORE_MS,
            committed=0,
            committed_hash=_HASH,
        )
        machine.on_message(machine.topics.heartbeat, signer.seal(machine.topics.heartbeat, encode(beat)), 0)
        if machine.verdict(0) is not Link.FRESH:
            raise RuntimeError("the lane to be fuzzed is not fresh")
        machine.drain()

    def _hands(self, store: LaneStore, journal: Journal) -> EffectRunner:
        options = Options(brokers=(Broker("127.0.0.1", 1),), client_id=LANE, subscriptions=())
        nobody = Connection(
            options, will=lambda: None, on_up=lambda: None, on_down=lambda _: None, on_message=lambda _: None
        )
        return EffectRunner(
            machine=self._machine,
            connection=nobody,  # never started: it takes nothing
            signer=Signer.generate(LANE),
            journal=journal,
            codes=self._codes,
            orders=OrderBook(store),
            clock_book=ClockBook(store, "fuzz"),
            outgoing=PictureQueue(store, None, asked_class=None),
            now_ms=lambda: self._now,
            callbacks=LinkCallbacks(
                on_event=self._told,
                on_alarm=lambda _kind, _detail: None,
                on_order=self._ordered,
                on_journal_anew=lambda _: self._acted.append("journal anew"),
                on_restart_reader=lambda _issuer, _text, _answer: self._acted.append("restarted"),
            ),
            later=lambda what: what(),
        )

    def _told(self, event: Event) -> None:
        if not isinstance(event, LinkChanged):  # time passes, and no proof comes
            self._acted.append(f"told {event}")

    def _ordered(self, event: Event, answer: Answered) -> None:
        self._acted.append(f"ordered {event}")
        answer("")

    def _state(self) -> tuple[object, ...]:
        machine = self._machine
        return (self._codes.head, machine.sender.acknowledged, machine.freshness.proof, machine.follower.doubt)

    def draw(self) -> Message:
        """As they come."""
        return self._hostile.draw()

    def take(self, message: Message) -> None:
        """Received, effects run; now and then time passes."""
        self._heard += 1
        self._machine.on_message(message.topic, message.payload, self._now, retained=message.retained)
        if self._heard % _TICK == 0:
            self._now += 100
            self._machine.tick(self._now)
        self._runner.carry_out()

    def refused(self) -> Counter[str]:
        """By the machine."""
        return self._machine.refused

    def acted(self) -> list[str]:
        """Every effect that was carried out, and whether codes, cursor, proof or doubt have changed."""
        return self._acted + ([] if self._state() == self._before else [f"{self._state()} was {self._before}"])


class FuzzedPlateFeed:
    """Immigration's plates: not signed, so what is refused is late, of another lane, or no message."""

    name = "plates"

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._topic = LaneTopics(LANE).plate
        self._feed = PlateFeed(lane=LANE, now_ms=lambda: 10**9, utc_ms=lambda: 10**12)
        seen = PlateSeen(lane=LANE, session="s", seq=1, read_ms=10**12, mark="AB1234")
        alive = ReaderAlive(lane=LANE, session="s", seq=1, sent_ms=10**12)
        self._now = [encode_plate(seen), encode_plate(alive)]
        replace = msgspec.structs.replace
        self._past = [
            *(encode_plate(replace(one, lane=OTHER)) for one in (seen, alive)),
            encode_plate(replace(seen, read_ms=1)),
            encode_plate(replace(alive, sent_ms=2**53)),
        ]
        self._deep = b"[" * 500

    def draw(self) -> Message:
        """Noise, cut short, stale, retained, deep."""
        rng = self._rng
        honest = rng.choice(self._now)
        match rng.randrange(5):
            case 0:
                return Message("noise", self._topic, rng.randbytes(rng.randrange(200)))
            case 1:
                return Message("cut short", self._topic, honest[: rng.randrange(len(honest))])
            case 2:
                return Message("stale", self._topic, rng.choice(self._past))
            case 3:
                return Message("retained", self._topic, honest, retained=True)
            case _:
                return Message("deep", self._topic, self._deep)

    def take(self, message: Message) -> None:
        """Received."""
        self._feed.on_message(Incoming(message.topic, message.payload, 1, message.retained, lambda: None))

    def refused(self) -> Counter[str]:
        """By the feed."""
        return self._feed.refused

    def acted(self) -> list[str]:
        """Nothing to report: a message that was accepted is missing from the refused."""
        return []


class CoreReader:
    """The core's gateway, with one registered lane."""

    name = "core"

    def __init__(self, parts: CentreParts, signer: Signer, rng: random.Random) -> None:
        self._parts = parts
        topics, other = LaneTopics(LANE), LaneTopics(OTHER)
        samples = lane_says(topics)
        others = [other.nonce, f"{topics.nonce}s", f"{topics.nonce}/more", topics.ack, "rocars/v1/lane//up/nonce", ""]
        self._hostile = Hostile(rng, signer, samples, [*dict.fromkeys(one.topic for one in samples), *others])
        self._acted: list[str] = []
        self._before = self._state()

    def _state(self) -> tuple[object, ...]:
        exchange = self._parts.exchange
        lanes = tuple(msgspec.msgpack.encode(lane) for lane in exchange.lanes.values())
        return (self._parts.log.head(), tuple(self._parts.intake.standings(LANE)), lanes)

    def draw(self) -> Message:
        """As they come."""
        return self._hostile.draw()

    def take(self, message: Message) -> None:
        """Received; any answer is one too many."""
        answers = self._parts.exchange.hear([LaneMessage(message.topic, message.payload, message.retained)])
        if answers.now or answers.later or answers.spare:
            self._acted.append(f"answered {message}")

    def refused(self) -> Counter[str]:
        """By the gateway."""
        return self._parts.exchange.refused

    def acted(self) -> list[str]:
        """Answers, and whether the log, a journal or a lane's status has changed."""
        return self._acted + ([] if self._state() == self._before else [f"{self._state()} was {self._before}"])


def _bundle(number: int) -> BundleRecord:
    cargo = (CargoRecord(f"{number:010d}", "release"),)
    return BundleRecord(f"{number:010d}", f"AB{number + 1}", "inbound", "MKT", 0, 2**45, cargo)


def resident_mib() -> float:
    """What this process holds in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE / 2**20


def fuzz(folder: Path, *, messages: int, seed: int) -> dict[str, Any]:
    """Sends the messages, half of them to the core; what became of them."""
    rng = random.Random(seed)
    signer, kinds = Signer.generate(LANE), Counter[str]()
    with ExitStack() as opened:
        parts = CentreParts(folder, {LANE: signer.ring()})
        opened.callback(parts.store.close)
        lane = LaneReader(opened.enter_context(LaneStore(folder / "lane.db")), rng)
        core, plates = CoreReader(parts, signer, rng), FuzzedPlateFeed(rng)
        readers: tuple[FuzzedReader, ...] = (lane, core) * 10 + (plates,)
        began, before = time.perf_counter(), 0.0
        for number in range(messages):
            if number == messages // _WARM:
                before = resident_mib()
            reader = readers[number % len(readers)]
            message = reader.draw()
            kinds[message.kind] += 1
            reader.take(message)
        taken, after = time.perf_counter() - began, resident_mib()
        every: tuple[FuzzedReader, ...] = (lane, core, plates)
        acted = [f"{reader.name}: {what}" for reader in every for what in reader.acted()[:SHOWN]]
        refused = {reader.name: dict(reader.refused().most_common()) for reader in every}
    return {
        "messages": messages,
        "seed": seed,
        "refused": sum(sum(reasons.values()) for reasons in refused.values()),
        "acted": acted,
        "kinds": dict(kinds.most_common()),
        "reasons": refused,
        "seconds": round(taken, 1),
        "a_second": round(messages / taken),
        "resident_mib": {"before": round(before, 1), "after": round(after, 1)},
    }


def is_well(found: dict[str, Any]) -> bool:
    """Whether every message was refused and counted, nothing was done, and memory is flat."""
    grown = found["resident_mib"]["after"] - found["resident_mib"]["before"]
    return found["refused"] == found["messages"] and not found["acted"] and bool(grown < FLAT_MIB)


def run(*, messages: int, seed: int, json_file: Path | None) -> bool:
    """The command; whether all is well."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bench-") as made, console.status(f"{messages:,} messages"):
        found = fuzz(Path(made), messages=messages, seed=seed)
    drawn = Table("reader", "reason", "messages")
    for name, reasons in found["reasons"].items():
        for reason, count in reasons.items():
            drawn.add_row(name, reason, f"{count:,}")
    console.print(drawn)
    console.print(
        f"{found['refused']:,} of {messages:,} refused, {found['a_second']:,} a second; {found['resident_mib']}"
    )
    for what in found["acted"]:
        console.print(f"ACTED ON: {what}", markup=False)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return is_well(found)
