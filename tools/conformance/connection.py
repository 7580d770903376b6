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
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from wire.certificates import name_of, read_certificates

_LONGEST_S = 10.0


class LineError(OSError):
    """The broker cannot be had; the text says what to look at."""


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
class HeardMessage:
    """A message as it came; `retained` is the flag as its sender set it, `at` is monotonic seconds."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    at: float


class KitConnection:
    """A connection, open from `open` to `close`; the user name is the client id.

    Args:
        address: where and as whom.
        filters: what to subscribe to, at QoS 1.
    """

    def __init__(self, address: Address, filters: tuple[str, ...]) -> None:
        self.address = address
        self._filters = filters
        self._inbox: queue.SimpleQueue[HeardMessage | Callable[[], None]] = queue.SimpleQueue()
        self._up = threading.Event()
        self._problem = self._complaint = ""
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
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def open(self) -> None:
        """Connects and subscribes.

        Raises:
            LineError: it cannot be done.
        """
        address, where = self.address, f"{self.address.host}:{self.address.port}"
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        try:
            self._client.connect(address.host, address.port, 10, clean_start=True, properties=properties)
        except OSError as error:
            raise LineError(f"broker {where}: {error}; {_advice(error)}") from error
        self._client.loop_start()
        if not self._up.wait(_LONGEST_S) or self._problem:
            problem = self._problem or f"no answer within {_LONGEST_S:.0f} s"
            self.close()
            raise LineError(f"broker {where}, user {address.user}: {problem}; {_remedy(address)}")

    def close(self) -> None:
        """Ends the connection."""
        self._client.disconnect()
        self._client.loop_stop()
        self._client.reinitialise()  # paho's own way to close its sockets

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publishes."""
        self._client.publish(topic, payload, qos, retain)

    def next(self, until: float) -> HeardMessage | Callable[[], None] | None:
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

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        """Before it was up, it never will be; with TLS 1.3 a certificate is refused only after the handshake."""
        del client, userdata, flags, properties
        if not self._up.is_set():
            self._problem = f"it hung up ({self._complaint or code})"
            self._up.set()

    def _on_log(self, client: Client, userdata: Any, level: int, text: str) -> None:
        """Paho tells only here what TLS says."""
        del client, userdata
        if level == LogLevel.MQTT_LOG_ERR:
            self._complaint = text

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, codes: list[ReasonCode], props: Any) -> None:
        del client, userdata, mid, props
        self._problem = ", ".join(str(code) for code in codes if code.is_failure)
        self._up.set()

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        del client, userdata
        heard = HeardMessage(message.topic, bytes(message.payload), message.qos, bool(message.retain), time.monotonic())
        self._inbox.put(heard)


def _context(address: Address) -> ssl.SSLContext:
    """TLS 1.3 both ways, as the contract has it; the broker's name must stand among its alternative names.

    Raises:
        LineError: a file is missing or not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.hostname_checks_common_name = False
    try:
        context.load_verify_locations(str(address.authority))
    except OSError as error:
        raise LineError(f"{address.authority}: is no PEM file with the broker's authority ({error})") from error
    if address.certificate is not None:
        files = address.certificate, address.key or address.certificate
        try:
            context.load_cert_chain(*map(str, files))
        except OSError as error:
            both = " and ".join(dict.fromkeys(map(str, files)))
            raise LineError(f"{both}: are no PEM files of a certificate and its private key ({error})") from error
        _check_name(address.certificate, address.user)
    return context


def _check_name(certificate: Path, user: str) -> None:
    """The name in a certificate is the user name at the broker; under another one nothing would be heard, or said.

    Raises:
        LineError: it is somebody else's.
    """
    name = name_of(read_certificates(certificate.read_bytes())[0].subject)
    if name != user:
        raise LineError(
            f"{certificate}: is {name}'s, and the kit takes the place of {user}; give the certificate of {user}"
        )


def _advice(error: OSError) -> str:
    """What to look at where no connection can be made at all."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "reach it by a name in its certificate, and give the authority that signed that with --authority"
    if isinstance(error, ssl.SSLError):
        return "does it speak TLS 1.3 on this port?"
    return "is it running?"


def _remedy(address: Address) -> str:
    """What to look at where the broker does not want this client."""
    if address.authority is None:
        return "check user, password and access list; a broker that speaks TLS wants --authority and --certificate"
    if address.certificate is None:
        return "a broker that speaks TLS both ways wants --certificate and --tls-key too"
    return "check that the certificate is for this user, not expired, not revoked, and the access list"
