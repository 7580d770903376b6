"""What a connection costs a broker with TLS 1.3 both ways: its processor time and the bytes on the wire."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

from runtime.mqtt import Tls
from simulation.broker import BrokerTls, PrivateBroker
from simulation.children import cpu_s
from simulation.private_core import PrivateCore

LANE = "bench"
_CONNECT = b"\x10\x12\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x05bench"


def measure_handshakes(folder: Path, connects: int) -> dict[str, float]:
    """One client that connects again and again; the broker's own CPU is from /proc."""
    broker, tls = _site(folder)
    context = tls.context()
    with broker:
        _connect(broker.port, context)
        sent, before, began = 0, cpu_s(broker.pid), time.perf_counter()
        for _ in range(connects):
            sent += _connect(broker.port, context)
        spent, taken = cpu_s(broker.pid) - before, time.perf_counter() - began
    return {
        "connects": connects,
        "broker_cpu_ms_each": round(1_000 * spent / connects, 2),
        "wall_ms_each": round(1_000 * taken / connects, 2),
        "bytes_each": round(sent / connects),
    }


def _site(folder: Path) -> tuple[PrivateBroker, Tls]:
    broker, home = PrivateBroker(folder / "broker", tls=BrokerTls.in_folder(folder / "broker")), folder / "lane"
    PrivateCore(folder, broker).enrol(LANE, home)
    return broker, Tls(home / "authority.pem", home / "lane.pem", home / "lane.pem")


def _connect(port: int, context: ssl.SSLContext) -> int:
    """One handshake, CONNECT and CONNACK; the bytes of both directions, TCP's own headers apart."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    passed = 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:

        def flush() -> int:
            data = outgoing.read()
            plain.sendall(data)
            return len(data)

        def fill() -> int:
            data = plain.recv(65_536)
            if not data:
                raise ConnectionError("the broker hung up")
            incoming.write(data)
            return len(data)

        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                passed += flush() + fill()
        tls.write(_CONNECT)
        passed += flush()
        while True:
            try:
                tls.read(1)
            except ssl.SSLWantReadError:
                passed += fill()
            else:
                return passed
