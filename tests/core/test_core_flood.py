"""One lane floods the core over a real broker: every other lane stays fresh."""

from __future__ import annotations

import asyncio
import multiprocessing
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.parts import CoreParts
from core.service import CoreService
from core.settings import load
from runtime.mqtt import Broker, Connection, Incoming, Options
from simulation.broker import PrivateBroker
from simulation.ledgers import database_at
from wire import messages as wire
from wire.codec import decode, encode
from wire.envelope import KeyRing, Signer, public_to_pem
from wire.topics import LaneTopics

pytestmark = pytest.mark.long

MESSAGES = 30_000
SECONDS = 9.0
"""The flood is over within this."""

FRESH_S = 3.0
LOUD, QUIET = "loud-01", "quiet-01"


def text(value: str) -> bytes:
    """A text of MQTT."""
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def packet(kind: int, body: bytes) -> bytes:
    """A control packet whose body is shorter than 16 KiB."""
    size = bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) if len(body) > 127 else bytes([len(body)])
    return bytes([kind]) + size + body


def flood(port: int, password: str, payload: bytes) -> None:
    """Publishes some 5,000 a second, QoS 0, from a process of its own."""
    hello = text("MQTT") + b"\x05\xc2\x00\x3c\x00" + text(LOUD) + text(LOUD) + text(password)
    one = packet(0x30, text(LaneTopics(LOUD).event) + b"\x00" + payload)
    with socket.create_connection(("127.0.0.1", port)) as broker:
        broker.sendall(packet(0x10, hello))
        assert broker.recv(64)[0] == 0x20
        for _ in range(MESSAGES // 100):
            broker.sendall(one * 100)
            time.sleep(0.02)
        broker.shutdown(socket.SHUT_WR)
        while broker.recv(4096):
            pass


class QuietLane:
    """A lane that asks for a proof four times a second.

    Attributes:
        proved: when the newest nonce that came back as a proof was sent, by the loop's clock; 0 without any.
    """

    def __init__(self, broker: PrivateBroker, ring: KeyRing, signer: Signer) -> None:
        self.topics = LaneTopics(QUIET)
        self.signer, self.ring = signer, ring
        self.sent: dict[bytes, float] = {}
        self.proved = 0.0
        self.connection = Connection(
            Options(
                brokers=(Broker(broker.host, broker.port),),
                client_id=QUIET,
                user_name=QUIET,
                password=broker.password(QUIET),
                subscriptions=((self.topics.heartbeat, 1),),
            ),
            will=lambda: None,
            on_up=lambda: None,
            on_down=lambda _: None,
            on_message=self.hear,
        )

    def hear(self, incoming: Incoming) -> None:
        """A proof."""
        beat = decode(wire.Heartbeat, self.ring.open(incoming.topic, incoming.payload))
        self.proved = max(self.proved, self.sent.pop(beat.nonce, 0.0))
        incoming.acknowledge()

    def ask(self) -> None:
        """A nonce."""
        nonce = secrets.token_bytes(16)
        self.sent[nonce] = asyncio.get_running_loop().time()
        body = wire.Nonce(
            lane=QUIET,
            session=1,
            nonce=nonce,
            epoch="",
            version=0,
            state_hash=bytes(32),
            journal="j1",
            acknowledged=0,
            last=0,
            last_hash=bytes(32),
        )
        self.connection.publish(self.topics.nonce, self.signer.seal(self.topics.nonce, encode(body)))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateBroker]:
    """A broker for both lanes and the core."""
    folder = tmp_path / "broker"
    folder.mkdir()
    with PrivateBroker(folder, lanes=[LOUD, QUIET]) as made:
        yield made


def core_parts(folder: Path, broker: PrivateBroker, core: Signer, lanes: dict[str, Signer], clock: Any) -> CoreParts:
    """A core on a new store."""
    (folder / "keys").mkdir()
    for name, signer in lanes.items():
        (folder / "keys" / f"{name}.pub").write_bytes(public_to_pem(signer.public))
    (folder / "core-1.key").write_bytes(core.to_pem())
    (folder / "core-1.key").chmod(0o600)
    (folder / "core-1.pub").write_bytes(public_to_pem(core.public))
    (folder / "password").write_text(broker.password("core"))
    (folder / "core.toml").write_text(
        f'[core]\ndatabase = "{database_at(folder / "core.db")}"\nsigning_key = "core-1.key"\nlane_keys = "keys"\nadmin_socket = "s"\n'
        f'[[broker]]\nhost = "127.0.0.1"\nport = {broker.port}\nuser_name = "core"\npassword_file = "password"\n'
        '[points]\nSZB = "Shenzhen Bay"\n'
    )
    from core.ledger.log import ReplicatedLog
    from core.ledger.store import CoreStore

    store = CoreStore(database_at(folder / "core.db"), create=True)
    with store.transaction():
        ReplicatedLog(store, core).restart(at_ms=clock(), reason="test")
    store.close()
    return CoreParts(load(folder / "core.toml"), clock)


@pytest.mark.parametrize("kind", ["noise", "by a stranger's key", "by the lane's own key"])
def test_a_lane_that_floods_the_core_takes_no_proof_from_another(
    tmp_path: Path, broker: PrivateBroker, clock: Any, core_signer: Signer, kind: str
) -> None:
    """30,000 messages in six seconds, unsigned or signed: the quiet lane is fresh all the while."""
    lanes = {LOUD: Signer.generate(LOUD), QUIET: Signer.generate(QUIET)}
    topic = LaneTopics(LOUD).event
    signed = lanes[LOUD] if kind == "by the lane's own key" else Signer.generate(LOUD)
    payload = b"\xff" * 200 if kind == "noise" else signed.seal(topic, b"\xff" * 200)

    async def story() -> float:
        """The oldest that the newest proof ever was."""
        stop, oldest, now = asyncio.Event(), 0.0, asyncio.get_running_loop().time
        parts = core_parts(tmp_path, broker, core_signer, lanes, clock)
        serving = asyncio.create_task(CoreService(parts).run(stop))
        quiet = QuietLane(broker, core_signer.ring(), lanes[QUIET])
        quiet.connection.start()
        async with asyncio.timeout(20):
            while not quiet.proved:
                quiet.ask()
                await asyncio.sleep(0.25)
        args = (broker.port, broker.password(LOUD), payload)
        loud = multiprocessing.get_context("spawn").Process(target=flood, args=args)
        loud.start()
        until = now() + SECONDS
        while now() < until:
            quiet.ask()
            await asyncio.sleep(0.25)
            oldest = max(oldest, now() - quiet.proved)
        loud.join()
        stop.set()
        await serving
        await quiet.connection.stop()
        assert not loud.exitcode
        return oldest

    assert asyncio.run(story()) < FRESH_S
