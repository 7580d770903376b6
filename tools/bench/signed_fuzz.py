"""Hostile messages by senders who hold a valid key: `rocars-bench fuzz --signed --messages 1000000 --seed 1`.

Half of them come from a registered lane to a core, half from the core's own key to a lane: every field of every message
with values of other types, of other sizes, deep, of the past, for other visits; and journal rows that chain as they
should, with entries of any kind.

What must hold: nobody raises; memory stays flat; at the core another lane is answered all the while, its rows are
acknowledged, and what the operators' commands list can be encoded and read; at the lane the journal is whole at the end.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from core.link.alarms import AlarmBook, CoreAlarm
from core.link.budget import LaneLimits
from core.link.gateway import LaneMessage
from core.link.intake import QuarantinedRow
from core.link.projection import Crossing
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from tools.bench.fuzz import FLAT_MIB, LANE, OTHER, LaneReader, core_says, lane_says, resident_mib
from tools.bench.hostile import Message
from tools.bench.link.centre import CentreParts
from wire import messages as wire
from wire.codec import encode
from wire.envelope import Signer
from wire.hashes import journal_next, journal_start
from wire.records import BundleRecord, CargoRecord
from wire.topics import LaneTopics

BATCH = 50
"""Messages that the core takes in one transaction."""

_WARM = 10  # a tenth of the messages warms caches and pools before memory is measured
_UNBOUNDED = LaneLimits(burst_bytes=1 << 50, journals_a_day=1 << 30)
"""The budgets have tests of their own; here every row is to be read."""

_TEXTS = (
    "",
    "x",
    "AB1234",
    "[/red]",
    "\x1b[2J",
    "\u202e",
    "a/b/c",
    "../..",
    "😀",
    "\0",
    "9" * 40,
    "火" * 700,
)
_NUMBERS = (0, 1, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63))


class OddValues:
    """Values of any type, drawn."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def value(self, depth: int = 3) -> Any:
        """One that msgpack can hold."""
        rng = self._rng
        if depth and rng.random() < 0.3:
            return self._inside(depth - 1)
        kinds: tuple[Sequence[Any], ...] = (
            (None, True, False),
            _NUMBERS,
            (0.0, -0.5, 1e300, float("nan"), float("inf"), -float("inf")),
            _TEXTS,
            (b"", b"\xff", rng.randbytes(32), msgspec.msgpack.Ext(rng.randrange(9), b"x")),
        )
        return rng.choice(rng.choice(kinds))

    def _inside(self, depth: int) -> Any:
        rng = self._rng
        match rng.randrange(3):
            case 0:
                return [self.value(depth) for _ in range(rng.randrange(4))]
            case 1:
                return {rng.choice((*_TEXTS[:6], 7, b"k")): self.value(depth) for _ in range(rng.randrange(4))}
            case _:
                return self.deep(rng.choice((5, 50, 500)))

    def deep(self, levels: int) -> Any:
        """A list in a list in a list."""
        value: Any = 0
        for _ in range(levels):
            value = [value]
        return value

    def plain(self, depth: int = 3) -> Any:
        """One that JSON can hold."""
        rng = self._rng
        match rng.randrange(8 if depth else 5):
            case 0:
                return rng.choice((None, True, False))
            case 1:
                return rng.choice((*_NUMBERS, 0.5, 1e300))
            case 2 | 3 | 4:
                return rng.choice((*_TEXTS, "\ud800"))
            case 5:
                return [self.plain(depth - 1) for _ in range(rng.randrange(4))]
            case _:
                return {rng.choice(_TEXTS): self.plain(depth - 1) for _ in range(rng.randrange(4))}


class HostileLane:
    """A lane with a good key that says anything.

    Args:
        rng: the only source of chance.
        signer: its key.
        ubrs: bundles that there are.
    """

    def __init__(self, rng: random.Random, signer: Signer, ubrs: list[str]) -> None:
        self._rng, self._signer, self._ubrs = rng, signer, ubrs
        self._odd = OddValues(rng)
        self.topics = LaneTopics(LANE)
        self._samples = [(one.topic, msgspec.msgpack.decode(encode(one.body))) for one in lane_says(self.topics)]
        self._journal, self._seq, self._last = "", 0, b""
        self._rows: list[wire.EventMessage] = []
        self._begin()
        self._draws: dict[str, tuple[int, Callable[[], tuple[str, bytes]]]] = {
            "a row with an odd entry": (40, lambda: self._row(self._entry())),
            "a row that is no entry": (5, lambda: self._row(self._rubbish())),
            "a row again": (5, self._again),
            "a row too early": (5, self._early),
            "a new journal": (1, self._new_journal),
            "fields of other types": (35, self._changed),
            "deep": (2, self._deep),
            "large": (1, self._large),
        }

    def draw(self) -> Message:
        """The next message."""
        (kind,) = self._rng.choices(list(self._draws), [weight for weight, _ in self._draws.values()])
        topic, body = self._draws[kind][1]()
        return Message(kind, topic, self._signer.seal(topic, body), retained=self._rng.random() < 0.02)

    def _begin(self) -> None:
        self._journal = f"j{self._rng.getrandbits(32):08x}"
        self._seq, self._last = 0, journal_start(self._journal)

    def _row(self, body: bytes) -> tuple[str, bytes]:
        """The next of its journal, chained as it should be."""
        self._seq += 1
        digest = journal_next(self._last, self._seq, "b", body)
        row = wire.EventMessage(
            lane=LANE, journal=self._journal, seq=self._seq, boot="b", previous=self._last, hash=digest, body=body
        )
        self._last = digest
        self._rows = [*self._rows[-50:], row]
        return self.topics.event, encode(row)

    def _entry(self) -> bytes:
        """An entry some of whose parts are what they should be."""
        rng, odd = self._rng, self._odd
        visit = rng.choice((1, 2, rng.randrange(1, 10_000), odd.plain(0)))
        events: tuple[Any, ...] = (
            {"type": "TimerFired"},
            {"type": "PlateSettled", "visit": visit, "read": {"vrn": rng.choice(("AB7", odd.plain()))}},
            {"type": "OfficerCorrected", "visit": visit, "vrn": odd.plain(0)},
            odd.plain(),
        )
        effects: list[Any] = [self._effect(visit) for _ in range(rng.randrange(4))]
        entry: dict[str, Any] = {
            "at": rng.choice(({"utc_ms": 10**12, "quality": "proven"}, {"utc_ms": odd.plain(0)}, odd.plain())),
            "event": rng.choice(events),
            "effects": effects if rng.random() < 0.9 else odd.plain(),
        }
        if rng.random() < 0.1:
            del entry[rng.choice(list(entry))]
        return json.dumps(entry).encode("utf-8", "replace")

    def _effect(self, visit: Any) -> Any:
        rng, odd = self._rng, self._odd
        kinds = ("VehicleArrived", "VisitEnded", "SentToCompound", "Ignored", odd.plain(0))
        facts = rng.choice(([["vrn", odd.plain(0)]], [["vrn", "AB7"], ["evidence", "x"]], odd.plain()))
        ubrs = rng.choice(([rng.choice(self._ubrs)], [odd.plain(0)], odd.plain()))
        return rng.choice(
            (
                {"type": "Record", "kind": rng.choice(kinds), "visit": visit, "facts": facts},
                {"type": "Alarm", "kind": rng.choice(kinds), "visit": visit, "detail": odd.plain(0)},
                {"type": "Consume", "visit": visit, "ubrs": ubrs},
                odd.plain(),
            )
        )

    def _rubbish(self) -> bytes:
        depth = self._rng.choice((10, 1_000, 5_000))
        deep = b'{"effects": ' + b"[" * depth + b"]" * depth + b"}"
        many = b'{"effects": [' + b",".join([b'{"type": "Alarm", "kind": "A"}'] * 500) + b"]}"
        return self._rng.choice((b"", b"NaN", b'{"at": NaN}', b"\xff\xfe", self._rng.randbytes(50), deep, many))

    def _again(self) -> tuple[str, bytes]:
        row = self._rng.choice(self._rows) if self._rows else None
        if row is None:
            return self._row(b"{}")
        if self._rng.random() < 0.5:
            row = msgspec.structs.replace(row, hash=self._rng.randbytes(32))
        return self.topics.event, encode(row)

    def _early(self) -> tuple[str, bytes]:
        """Of this journal or of one that nobody knows; it chains to nothing that is here."""
        journal = self._rng.choice((self._journal, f"x{self._rng.randrange(10**6)}"))
        seq = self._rng.choice((self._seq + 5, 2**62, 2**63 - 1))
        row = wire.EventMessage(
            lane=LANE,
            journal=journal,
            seq=seq,
            boot="b",
            previous=bytes(32),
            hash=bytes(32),
            body=self._rng.randbytes(self._rng.randrange(300)),
        )
        return self.topics.event, encode(row)

    def _new_journal(self) -> tuple[str, bytes]:
        self._begin()
        return self._row(b"{}")

    def _changed(self) -> tuple[str, bytes]:
        """An honest message with one to three fields of other types or values."""
        topic, fields = self._rng.choice(self._samples)
        changed = dict(fields)
        for name in self._rng.sample(list(changed), self._rng.randint(1, min(3, len(changed)))):
            if name not in {"type", "lane"} or self._rng.random() < 0.1:
                changed[name] = self._odd.value()
        if "facts" in changed and self._rng.random() < 0.5:
            changed["facts"] = {self._rng.choice(_TEXTS): self._odd.value() for _ in range(3)}
        return topic, msgspec.msgpack.encode(changed)

    def _deep(self) -> tuple[str, bytes]:
        topic, _ = self._rng.choice(self._samples)
        return topic, b"\x91" * self._rng.choice((100, 900, 20_000)) + b"\x00"

    def _large(self) -> tuple[str, bytes]:
        topic, fields = self._rng.choice(self._samples)
        name = self._rng.choice([name for name in fields if name != "type"])
        return topic, msgspec.msgpack.encode({**fields, name: self._rng.choice(("x" * 200_000, bytes(200_000)))})


class HostileCore:
    """The core's key, and a lane that hears anything signed with it."""

    def __init__(self, rng: random.Random, signer: Signer, journal: str) -> None:
        self._rng, self._signer = rng, signer
        self._odd = OddValues(rng)
        samples = core_says(LaneTopics(LANE), SimulatedLog("e1", ()), journal)
        self._samples = [(one.topic, msgspec.msgpack.decode(encode(one.body))) for one in samples]

    def draw(self) -> Message:
        """The next message."""
        rng = self._rng
        topic, fields = rng.choice(self._samples)
        changed = dict(fields)
        for name in rng.sample(list(changed), rng.randint(1, min(3, len(changed)))):
            if name not in {"type", "lane"} or rng.random() < 0.1:
                changed[name] = self._odd.value()
        body = msgspec.msgpack.encode(changed) if rng.random() < 0.98 else b"\x91" * 20_000 + b"\x00"
        return Message("signed by the core", topic, self._signer.seal(topic, body), retained=rng.random() < 0.02)


class BesideLane:
    """The other lane at the core, which is honest: it must be answered all the while."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.topics = LaneTopics(OTHER)
        self._seq, self._last = 0, journal_start("honest")

    def says(self) -> list[LaneMessage]:
        """A row of its journal, and a nonce."""
        body = b'{"at":{"utc_ms":1},"event":{"type":"TimerFired"},"effects":[]}'
        self._seq += 1
        digest = journal_next(self._last, self._seq, "b", body)
        row = wire.EventMessage(
            lane=OTHER, journal="honest", seq=self._seq, boot="b", previous=self._last, hash=digest, body=body
        )
        self._last = digest
        nonce = wire.Nonce(
            lane=OTHER,
            session=1,
            nonce=self._seq.to_bytes(16, "big"),
            epoch="e",
            version=0,
            state_hash=bytes(32),
            journal="honest",
            acknowledged=self._seq - 1,
            last=self._seq,
            last_hash=digest,
        )
        both = ((self.topics.event, row), (self.topics.nonce, nonce))
        return [LaneMessage(topic, self._signer.seal(topic, encode(body))) for topic, body in both]


class FuzzedCore:
    """A core with a hostile lane and an honest one."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        hostile, honest = Signer.generate(LANE), Signer.generate(OTHER)
        cargo = (CargoRecord("1000000001", "release"),)
        bundles = [BundleRecord(f"{n:010d}", f"AB{n}", "inbound", "MKT", 0, 2**45, cargo) for n in range(1, 101)]
        rings = {LANE: hostile.ring(), OTHER: honest.ring()}
        self.parts = CentreParts(folder, rings, bundles, limits=_UNBOUNDED)
        self.lane = HostileLane(rng, hostile, [one.ubr for one in bundles])
        self.beside = BesideLane(honest)
        self.troubles: list[str] = []

    def take(self, messages: list[Message]) -> None:
        """A batch, with the honest lane's words among it; long answers are made, as the service makes them."""
        heard = [LaneMessage(one.topic, one.payload, one.retained) for one in messages]
        answers = self.parts.exchange.hear([*heard, *self.beside.says()])
        said = Counter(out.topic for out in answers.now)
        if not said[self.beside.topics.heartbeat] or not said[self.beside.topics.ack]:
            self.troubles.append(f"the other lane was not answered: {said}")
        for answer in (*answers.later.values(), *answers.spare.values()):
            for _ in islice(answer(), 3):
                pass
        self.parts.exchange.tick()

    def look(self) -> None:
        """What the commands list goes through JSON and back."""
        intake, exchange = self.parts.intake, self.parts.exchange
        projection = intake.projection
        views: list[tuple[Any, Any]] = [
            (projection.latest(), list[Crossing]),
            (AlarmBook(self.parts.store.connection).every(now_ms=0), list[CoreAlarm]),
            (intake.quarantined(), list[QuarantinedRow]),
            ([(lane.facts, lane.software) for lane in exchange.lanes.values()], list[tuple[dict[str, Any], str]]),
            ([lane.telemetry for lane in exchange.lanes.values()], list[dict[str, int | float | str]]),
        ]
        for value, kind in views:
            msgspec.json.decode(msgspec.json.encode(value), type=kind)


def fuzz_signed(folder: Path, *, messages: int, seed: int) -> dict[str, Any]:
    """Sends the messages, half of them to the core; what became of them."""
    rng, kinds = random.Random(seed), Counter[str]()
    with ExitStack() as opened:
        core = FuzzedCore(folder, rng)
        opened.callback(core.parts.store.close)
        store = opened.enter_context(LaneStore(folder / "lane.db"))
        lane = LaneReader(store, rng)
        above = HostileCore(rng, lane.core_signer, lane.journal.journal_id)
        began, before = time.perf_counter(), 0.0
        for number in range(0, messages, 2 * BATCH):
            if not before and number >= messages // _WARM:
                before = resident_mib()
            batch = [core.lane.draw() for _ in range(BATCH)]
            kinds.update(one.kind for one in batch)
            core.take(batch)
            for _ in range(BATCH):
                lane.take(above.draw())
            kinds["signed by the core"] += BATCH
            if number % (200 * BATCH) == 0:
                core.look()
        core.look()
        taken, after = time.perf_counter() - began, resident_mib()
        flaw = lane.journal.verify()
        quarantined = len(core.parts.intake.quarantined(most=10_000_000))
        refused = {"core": dict(core.parts.exchange.refused), "lane": dict(lane.refused())}
    return {
        "messages": messages,
        "seed": seed,
        "troubles": core.troubles[:5] + ([f"the lane's journal: {flaw}"] if flaw else []),
        "quarantined": quarantined,
        "refused": refused,
        "kinds": dict(kinds.most_common()),
        "seconds": round(taken, 1),
        "a_second": round(messages / taken),
        "resident_mib": {"before": round(before, 1), "after": round(after, 1)},
    }


def is_sound(found: dict[str, Any]) -> bool:
    """Whether the other lane was always answered, the lane's journal is whole, and memory is flat."""
    grown = found["resident_mib"]["after"] - found["resident_mib"]["before"]
    return not found["troubles"] and bool(grown < FLAT_MIB)


def run_signed(*, messages: int, seed: int, json_file: Path | None) -> bool:
    """The command; whether all is well."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bench-") as made, console.status(f"{messages:,} signed messages"):
        found = fuzz_signed(Path(made), messages=messages, seed=seed)
    console.print_json(data=found)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return is_sound(found)
