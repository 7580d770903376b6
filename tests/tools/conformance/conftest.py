"""Our own lane's link in a thread of its own, on a private broker, for the kit to be tried on; right, or spoilt in one point."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, Self

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lane_agent.effects import Claim
from lane_agent.events import Event, LinkChanged
from lane_agent.model import Link
from runtime.clocks import utc_ms
from runtime.mqtt import Broker, Options, Tls
from simulation.broker import CORE, PrivateBroker
from simulation.hardwareless_lane import LaneEnd
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.evidence import Evidence, Retention
from sync.journal import Journal
from sync.link import Limits
from tools.conformance.clauses import ClauseTimes
from tools.conformance.connection import Address, KitConnection
from tools.conformance.fake_core import CorePlayed
from tools.conformance.fake_lane import LanePlayed
from tools.conformance.keys import Trust
from tools.conformance.proxy import Proxy
from wire.envelope import KeyRing, Signer
from wire.topics import ALL_UP, LOG, LaneTopics

LANE = "szb-in-01"
CORE_KEY, LANE_KEY = Signer.generate("core-1"), Signer.generate(LANE)
FURTHER_CORE_KEY, FURTHER_LANE_KEY = Signer.generate("core-2"), Signer.generate(f"{LANE}.2")
KEYS = {1: (CORE_KEY, FURTHER_CORE_KEY), 2: (FURTHER_CORE_KEY,), 3: (CORE_KEY,)}
PICTURE = secrets.token_bytes(30_000)
QUICK = Limits(
    nonce_ms=100,
    fresh_ms=900,
    offline_ms=1_500,
    grace_ms=30,
    request_ms=400,
    request_max_ms=800,
    resend_ms=500,
    claim_ms=100,
    alarm_ms=400,
    picture_rate=1 << 20,
    picture_wait_ms=300,
    picture_wait_max_ms=600,
)
PACE = ClauseTimes(nonce=0.1, fresh=0.9, offline=1.5, resend=0.5, claim=0.1, patience=15.0, quiet=0.15, alarm=15.0)
"""Ten times the contract's speed; patience is long, for a busy machine, and costs nothing where all is well."""

ONE_AT_A_TIME = threading.Lock()


class OwnLane:
    """Our link client on a real store, journalling what it is told as the lane's agent does.

    Args:
        port: of the broker or of the kit's proxy.
        spoil: changes one thing of the client before it starts, for a lane that breaks one clause.
        signer: its own key.
        core_keys: the core's public keys, by name.
        tls: connects to `localhost` with these files, not by password.
    """

    def __init__(
        self,
        folder: Path,
        broker: PrivateBroker,
        *,
        port: int = 0,
        ring: type[KeyRing] = KeyRing,
        codes: type[CodeLog] = CodeLog,
        spoil: Callable[[LinkClient], None] = lambda _: None,
        signer: Signer = LANE_KEY,
        core_keys: Mapping[str, Ed25519PublicKey] = MappingProxyType({CORE_KEY.kid: CORE_KEY.public}),
        tls: Tls | None = None,
    ) -> None:
        self._folder, self._broker, self._port = folder, broker, port or broker.port
        self._ring, self._codes, self._spoil = ring(core_keys), codes, spoil
        self._signer, self._tls = signer, tls
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="own lane", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: LinkClient | None = None
        self._journal: Journal | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    def poke(self, number: int) -> None:
        """The agent writes a row, and its visit claims a bundle."""
        assert self._loop is not None
        assert self._client is not None
        self._loop.call_soon_threadsafe(self._client.claim, Claim(number, number, ("K000000001",)))
        self._loop.call_soon_threadsafe(self._note, {"type": "TimerFired", "number": number})

    def have_keys(self, step: int) -> None:
        """The core's keys are these now."""
        self._ring.become(KeyRing({key.kid: key.public for key in KEYS[step]}))

    def _note(self, event: dict[str, Any], *effects: dict[str, Any]) -> None:
        assert self._journal is not None
        assert self._client is not None
        entry = {"at": {"utc_ms": utc_ms(), "quality": "proven"}, "event": event, "effects": effects}
        self._journal.append(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode())
        self._client.on_journal_grew()

    def _told(self, event: Event) -> None:
        self._note({"type": type(event).__name__})
        if isinstance(event, LinkChanged) and self._client is not None:
            manual = ["link"] if event.link is Link.OFFLINE else []
            faults = ["clock"] if self._client.clock_doubt() else []
            self._client.publish_state({"open": True, "manual": manual, "faults": faults})

    def _alarmed(self, kind: str, detail: str) -> None:
        self._note({"type": "TroubleReported"}, {"type": "Alarm", "kind": kind, "visit": 0, "detail": detail})

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        kept = Retention(max_age_ms=10**9, max_bytes=10**9)
        evidence = Evidence(self._folder / "evidence", {"stops": kept}, now_ms=utc_ms)
        evidence.put(PICTURE, kind="stops")
        end = LaneEnd(
            self._folder / "lane.db",
            self._options(),
            signer=self._signer,
            ring=self._ring,
            codes=self._codes,
            on_event=self._told,
            on_alarm=self._alarmed,
            evidence=evidence,
            limits=QUICK,
            tick_s=0.02,
        )
        self._journal, self._client = end.journal, end.link
        self._spoil(end.link)
        end.link.publish_state({"open": True, "manual": ["link"]})
        async with end:
            self._ready.set()
            await self._over.wait()
            end.link.check()

    def _options(self) -> Options:
        changes = {"retry_min": 0.05, "retry_max": 0.2, "settled": 0.0}
        if self._tls is not None:
            changes |= {"tls": self._tls, "brokers": (Broker("localhost", self._port),)}
        return self._broker.options(LANE, port=self._port, **changes)


def memory() -> str | None:
    """Where files cost no wait for a disk, if there is such a place: many stores at once share one disk here."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@contextlib.contextmanager
def private_broker() -> Iterator[tuple[Path, PrivateBroker]]:
    """A folder, and a broker that the lane and the core may use."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kit-", dir=memory())))
        with ONE_AT_A_TIME:  # between finding a free port and listening on it another could take it
            broker = stack.enter_context(PrivateBroker(folder / "broker", lanes=[LANE]))
        yield folder, broker


@contextlib.contextmanager
def open_line(broker: PrivateBroker, user: str, *filters: str) -> Iterator[KitConnection]:
    """A connection of the kit's."""
    line = KitConnection(
        Address(host=broker.host, port=broker.port, user=user, password=broker.password(user)), filters
    )
    line.open()
    try:
        yield line
    finally:
        line.close()


@contextlib.contextmanager
def own_lane() -> Iterator[tuple[PrivateBroker, OwnLane]]:
    """A broker and our lane, and nothing of the kit's."""
    with private_broker() as (folder, broker), OwnLane(folder, broker) as lane:
        yield broker, lane


@contextlib.contextmanager
def own_lane_and_kit(*, pace: ClauseTimes = PACE, **how: Any) -> Iterator[CorePlayed]:
    """A broker, the kit's proxy before it, our lane behind that, spoilt as told, and the core that the kit plays."""
    with (
        private_broker() as (folder, broker),
        Proxy(("127.0.0.1", 0), (broker.host, broker.port)) as proxy,
        OwnLane(folder, broker, port=proxy.port, **how) as lane,
        open_line(broker, CORE, ALL_UP) as line,
    ):
        yield CorePlayed(
            line,
            LANE,
            signer=CORE_KEY,
            trust=Trust([LANE_KEY.public]),
            pace=pace,
            clock=utc_ms,
            poke=lane.poke,
            proxy=proxy,
            picture=hashlib.sha256(PICTURE).hexdigest(),
            further=(FURTHER_CORE_KEY, lane.have_keys),
        )


@contextlib.contextmanager
def kit_lane(broker: PrivateBroker, key: Ed25519PublicKey, pace: ClauseTimes, **how: Any) -> Iterator[LanePlayed]:
    """The lane that the kit plays against a core with that key, on that broker."""
    with open_line(broker, LANE, LaneTopics(LANE).all_down, LOG) as line:
        yield LanePlayed(line, LANE, signer=LANE_KEY, trust=Trust([key]), pace=pace, **how)


class Territory(SimpleNamespace):
    """What tests of cores need: names, keys, brokers, the kit's lane."""

    LANE, LANE_KEY, CORE_KEY, FURTHER_LANE_KEY = LANE, LANE_KEY, CORE_KEY, FURTHER_LANE_KEY
    broker = staticmethod(private_broker)
    line = staticmethod(open_line)
    own_lane = staticmethod(own_lane)
    OwnLane = OwnLane
    kit_lane = staticmethod(kit_lane)
    utc_ms = staticmethod(utc_ms)


@pytest.fixture(scope="session")
def territory() -> type[Territory]:
    """The names and brokers of these tests."""
    return Territory


@pytest.fixture(scope="session")
def stage() -> Callable[..., contextlib.AbstractContextManager[CorePlayed]]:
    """Sets up our lane, right or spoilt, and the kit."""
    return own_lane_and_kit
