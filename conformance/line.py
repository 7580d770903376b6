"""One MQTT 5 connection of the kit; what comes is queued in order, with the time at which it came."""

from __future__ import annotations

import queue
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

_LONGEST_S = 10.0


class LineError(OSError):
    """The broker can not be had; the text says what to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where and as whom to connect; with `authority` over TLS, with `certificate` and `key` as that client."""

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it came; `retained` is the flag as its sender set it, `at` is monotonic seconds."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    at: float


class Line:
    """A connection, open from `open` to `close`; the user name is the client id.

    Args:
        address: where and as whom.
        filters: what to subscribe to, at QoS 1.
    """

    def __init__(self, address: Address, filters: tuple[str, ...]) -> None:
        self.address = address
        self._filters = filters
        self._inbox: queue.SimpleQueue[Heard | Callable[[], None]] = queue.SimpleQueue()
        self._up = threading.Event()
        self._problem = ""
        self._client = self._prepare()

    def _prepare(self) -> Client:
        address = self.address
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.user,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(200)
        if address.password:
            client.username_pw_set(address.user, address.password)
        if address.authority is not None:
            client.tls_set_context(_context(address))
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def open(self) -> None:
        """Connects and subscribes.

        Raises:
            LineError: it can not be done.
        """
        address, where = self.address, f"{self.address.host}:{self.address.port}"
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        try:
            self._client.connect(address.host, address.port, 10, clean_start=True, properties=properties)
        except OSError as error:
            raise LineError(f"broker {where}: {error}; is it running, and do the TLS files fit?") from error
        self._client.loop_start()
        if not self._up.wait(_LONGEST_S) or self._problem:
            problem = self._problem or f"no answer within {_LONGEST_S:.0f} s"
            self.close()
            raise LineError(f"broker {where}, user {address.user}: {problem}; check user, password and access list")

    def close(self) -> None:
        """Ends the connection."""
        self._client.disconnect()
        self._client.loop_stop()
        self._client.reinitialise()  # paho's own way to close its sockets

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publishes."""
        self._client.publish(topic, payload, qos, retain)

    def next(self, until: float) -> Heard | Callable[[], None] | None:
        """What came next, or None when it is `until` (monotonic seconds)."""
        try:
            return self._inbox.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return None

    def post(self, work: Callable[[], None]) -> None:
        """Has `work` done by whoever reads this line, in its turn; from any thread."""
        self._inbox.put(work)

    # What follows runs in paho's thread.

    def _on_connect(self, client: Client, userdata: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        del userdata, flags, properties
        if code.is_failure:
            self._problem = str(code)
            self._up.set()
            return
        client.subscribe([(name, SubscribeOptions(qos=1, retainAsPublished=True)) for name in self._filters])

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, codes: list[ReasonCode], props: Any) -> None:
        del client, userdata, mid, props
        self._problem = ", ".join(str(code) for code in codes if code.is_failure)
        self._up.set()

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        del client, userdata
        heard = Heard(message.topic, bytes(message.payload), message.qos, bool(message.retain), time.monotonic())
        self._inbox.put(heard)


def _context(address: Address) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(address.authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.certificate is not None:
        context.load_cert_chain(str(address.certificate), str(address.key) if address.key else None)
    return context
