"""The one connection file: paho-mqtt 2, MQTT 5, delivered to asyncio. It knows no lane.

Rules of this file:
- One paho client a connection, never reused: nothing that was queued for a dead connection reaches a new one. What
  must arrive is sent again by whoever knows that it must (the log by version, events by acknowledgement).
- Clean start, session expiry 0. Subscribed anew on every connect (lessons 6); up only once the broker granted that.
- paho's network thread touches nothing here: every callback is one `call_soon_threadsafe`.
- A connected socket proves nothing, and whoever knows what should come says so (`try_next_broker`: the lane within 3 s, by the
  core's proofs). A dead one is noticed early besides: TCP_USER_TIMEOUT, and a keepalive of which paho needs twice.
- Two clients of one name would throw each other out for ever (lessons 12). Not every broker says so (Mosquitto 2.0.11
  just closes), so being thrown out soon after each of `thrown_out` connections counts as taken over too.
- QoS 1 messages are acknowledged by the receiver when it is done (`Incoming.acknowledge`), so the broker sends no
  more than `receive_maximum` ahead of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from runtime.tls_errors import in_words

_TAKEN_OVER = 0x8E
_WITH_WILL = "Disconnect with will message"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class _Context(ssl.SSLContext):
    """Remembers its sockets: paho leaves that of a failed handshake open."""

    made: tuple[ssl.SSLSocket, ...] = ()

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        wrapped = super().wrap_socket(*args, **kwargs)
        self.made = (*self.made, wrapped)
        return wrapped

    def close(self) -> None:
        """Closes them all."""
        for wrapped in self.made:
            wrapped.close()


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS 1.3 both ways: the authority that signed the broker's certificate, and this client's own pair (PEM files).

    The files are read at every attempt to connect, so that renewed ones count from the next connection on.
    """

    authority: Path
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> _Context:
        """A context that checks the broker's name, which must stand among its alternative names, and certificate.

        Raises:
            OSError: a file cannot be read (ssl.SSLError, its child: or is not what it should be).
        """
        context = _Context(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(str(self.authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = True
        context.hostname_checks_common_name = False
        if self.certificate is not None:
            context.load_cert_chain(str(self.certificate), str(self.key) if self.key else None)
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to connect. Durations in seconds unless named otherwise.

    Attributes:
        brokers: independent brokers, walked in order.
        client_id: unique in the territory; the broker enforces that it is the user name.
        subscriptions: (filter, QoS) to read; retained-as-published, so a message's flag is what its sender set.
        keepalive: seconds without a packet after which one side asks the other; whole, as the protocol has it.
        user_timeout_ms: a connection whose data goes unacknowledged this long is dead.
        retry_min, retry_max: bounds of the jittered back-off between attempts.
        taken_over: wait after another client has taken this client's name.
        thrown_out, settled: so many connections in a row, each lost before it was this old, count as taken over.
        receive_maximum: QoS 1 messages the broker may send ahead of their acknowledgement.
        largest: bytes of the largest packet accepted.
    """

    brokers: tuple[Broker, ...]
    client_id: str
    subscriptions: tuple[tuple[str, int], ...]
    user_name: str = ""
    password: str = field(default="", repr=False)
    tls: Tls | None = None
    keepalive: int = 2
    connect_timeout: float = 5.0
    user_timeout_ms: int = 1_500
    retry_min: float = 0.25
    retry_max: float = 8.0
    taken_over: float = 30.0
    thrown_out: int = 3
    settled: float = 5.0
    receive_maximum: int = 100
    largest: int = 2 << 20


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, QoS 1, when this connection is lost."""

    topic: str
    payload: bytes
    retain: bool = True


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message. `retained` is the flag as its sender set it, or as the broker's store had it."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    acknowledge: Callable[[], None] = field(repr=False, compare=False)


class Cause(Enum):
    """Why a connection is not there."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    LOST = "lost"
    TAKEN_OVER = "taken_over"
    LEFT = "left"  # by ourselves: stopping, or walking on to the next broker


@dataclass(frozen=True, slots=True)
class Down:
    """The end of a connection or of an attempt at one; `detail` is for a technician."""

    cause: Cause
    detail: str = ""


class _Line:
    """One connection to one broker, from the attempt to the end. Its futures live on the event loop."""

    def __init__(self, options: Options, broker: Broker, will: Will | None, hear: Callable[[Incoming], None]) -> None:
        self.options = options
        self.broker = broker
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        self.clock = self._loop.time
        self.up: asyncio.Future[None] = self._loop.create_future()
        self.down: asyncio.Future[Down] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._running = False
        self._left = False
        self._complaint = ""
        self._tls: _Context | None = None
        self._client = self._prepare(will)

    def _prepare(self, will: Will | None) -> Client:
        options = self.options
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = options.connect_timeout
        client.max_queued_messages_set(1_000)
        if options.user_name:
            client.username_pw_set(options.user_name, options.password)
        if options.tls is not None:
            self._tls = options.tls.context()
            client.tls_set_context(self._tls)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        client.on_log = self._on_log  # until it is up: paho tells why TLS failed nowhere else
        client.on_socket_open = self._on_socket_open
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    async def open(self) -> None:
        """Returns when the line is up or down, whichever future is done first."""
        try:
            await asyncio.to_thread(self._connect)
        except OSError as error:
            self.end(Down(Cause.UNREACHABLE, f"{self.broker}: {in_words(str(error))}"))
            return
        if self.down.done():  # left meanwhile
            self._client.disconnect()
            return
        self._running = True
        self._client.loop_start()
        limit = self.options.connect_timeout
        either: set[asyncio.Future[Any]] = {self.up, self.down}
        if not (await asyncio.wait(either, timeout=limit, return_when=asyncio.FIRST_COMPLETED))[0]:
            self.end(Down(Cause.UNREACHABLE, f"{self.broker}: connected, but no MQTT answer within {limit} s"))

    def _connect(self) -> None:
        options = self.options
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.ReceiveMaximum = options.receive_maximum
        properties.MaximumPacketSize = options.largest
        self._client.connect(
            self.broker.host, self.broker.port, options.keepalive, clean_start=True, properties=properties
        )

    async def close(self) -> None:
        """Ends paho's thread and sockets for good; the broker publishes the Will if it still held the connection."""
        if not self._left:
            self._client.disconnect(reasoncode=ReasonCode(PacketTypes.DISCONNECT, _WITH_WILL))
        if self._running:
            await asyncio.wait({self._gone}, timeout=2.0)
            await asyncio.to_thread(self._client.loop_stop)
        if self._tls is not None:
            self._tls.close()
        self._client.reinitialise()  # paho's own way to close its sockets; whoever still acknowledges speaks to nobody

    async def leave(self, farewell: tuple[str, bytes] | None) -> None:
        """Publishes the farewell, retained, waits for the broker to have it, and ends without a Will."""
        if farewell is not None and self.up.done() and not self.down.done():
            info = self._client.publish(farewell[0], farewell[1], qos=1, retain=True)
            with contextlib.suppress(ValueError, RuntimeError):  # paho's words for: not sent; the Will speaks then
                await asyncio.to_thread(info.wait_for_publish, 1.0)
        self._left = True
        self._client.disconnect()
        self.end(Down(Cause.LEFT, f"{self.broker}: left"))

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        return self._client.publish(topic, payload, qos, retain).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    # What follows runs in paho's thread.

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(call, *arguments)

    def _on_socket_open(self, client: Client, userdata: Any, sock: Any) -> None:
        del client, userdata
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self.options.user_timeout_ms)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(self, client: Client, userdata: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        del userdata, flags, properties
        if code.is_failure:
            self._post(self.end, Down(Cause.REFUSED, f"{self.broker}: {code}; check user name and password"))
            return
        if not self.options.subscriptions:
            self._post(self._rise)
            return
        options = [
            (name, SubscribeOptions(qos=qos, retainAsPublished=True)) for name, qos in self.options.subscriptions
        ]
        client.subscribe(options)

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, codes: list[ReasonCode], props: Any) -> None:
        del client, userdata, mid, props
        bad = [str(code) for code in codes if code.is_failure]
        if bad:
            self._post(self.end, Down(Cause.REFUSED, f"{self.broker}: subscription refused: {', '.join(bad)}"))
        else:
            self._post(self._rise)

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        del userdata
        mid, qos = message.mid, message.qos
        incoming = Incoming(
            message.topic, bytes(message.payload), qos, bool(message.retain), lambda: _acknowledge(client, mid, qos)
        )
        self._post(self._deliver, incoming)

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, code: ReasonCode, properties: Any
    ) -> None:
        del client, userdata, properties
        cause = Cause.LOST
        if not self.up.done():
            cause = Cause.REFUSED if "ssl" in self._complaint.lower() else Cause.UNREACHABLE
        if flags.is_disconnect_packet_from_server and code.value == _TAKEN_OVER:
            cause = Cause.TAKEN_OVER
        said = f": {in_words(self._complaint)}" if self._complaint else ""
        self._post(self.end, Down(cause, f"{self.broker}: {code}{said}"))
        self._post(self._vanish)

    def _on_log(self, client: Client, userdata: Any, level: int, text: str) -> None:
        del client, userdata
        if level == LogLevel.MQTT_LOG_ERR:
            self._complaint = text

    # What follows runs on the event loop again.

    def _rise(self) -> None:
        if not self.up.done() and not self.down.done():
            self._client.on_log = None
            self.up.set_result(None)

    def end(self, down: Down) -> None:
        """The line counts as down from now on, for this reason; the first reason stays."""
        if not self.down.done():
            self.down.set_result(down)

    def _vanish(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)

    def _deliver(self, incoming: Incoming) -> None:
        if not self.down.done():
            self._hear(incoming)


def _acknowledge(client: Client, mid: int, qos: int) -> None:
    client.ack(mid, qos)


class Connection:
    """A connection that is kept: to the first broker that takes it, then to the next.

    Every callback runs on the event loop, in order: `on_up`, then messages, then `on_down`; never two `on_up` in a row.

    Args:
        options: how to connect.
        will: asked before every attempt, so that each connection can have a Will of its own; may return None.
        on_up: connected and subscribed.
        on_down: a connection that was up has ended.
        on_message: a message came; whoever takes it acknowledges it when done.
        chance: a number from 0 to 1 for the jitter.
    """

    def __init__(
        self,
        options: Options,
        *,
        will: Callable[[], Will | None],
        on_up: Callable[[], None],
        on_down: Callable[[Down], None],
        on_message: Callable[[Incoming], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.options = options
        self._will = will
        self._on_up = on_up
        self._on_down = on_down
        self._on_message = on_message
        self._chance = chance
        self._line: _Line | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._short_lives = 0
        self.last: Down | None = None

    @property
    def broker(self) -> str:
        """The host:port of the connection that is up, "" if none is."""
        return str(self._line.broker) if self._line is not None and self.connected else ""

    @property
    def connected(self) -> bool:
        """Whether a connection is up; proves nothing about the other side."""
        line = self._line
        return line is not None and line.up.done() and not line.down.done()

    def start(self) -> None:
        """Begins connecting, in a task of the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._keep(), name=f"mqtt {self.options.client_id}")

    async def stop(self, farewell: tuple[str, bytes] | None = None) -> None:
        """Leaves for good; `farewell` (topic, payload) is published, retained, in place of the Will."""
        self._stopping = True
        if self._line is not None:
            await self._line.leave(farewell)  # the task then ends by itself, and paho's thread before it
        elif self._task is not None:
            self._task.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def check(self) -> None:
        """Raises what ended the keeping task, if anything did: a fault of this program, and the end of the link."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Hands one message to the connection. False: there is none, or it is full; the message is dropped."""
        line = self._line
        return line is not None and self.connected and line.publish(topic, payload, qos, retain)

    def try_next_broker(self, reason: str) -> None:
        """Gives this broker up and goes to the next one: it is connected, and yet the other side is not heard."""
        if self._line is not None:
            self._line.end(Down(Cause.LEFT, reason))

    async def _keep(self) -> None:
        attempt = 0
        place = 0
        while not self._stopping:
            broker = self.options.brokers[place % len(self.options.brokers)]
            place += 1
            was_up = await self._once(broker)
            attempt = 0 if was_up else attempt + 1
            await asyncio.sleep(self._pause(attempt))

    def _pause(self, attempt: int) -> float:
        if self.last is not None and self.last.cause is Cause.TAKEN_OVER:
            return self.options.taken_over
        longest = min(self.options.retry_max, self.options.retry_min * 2.0 ** min(attempt, 16))
        return longest * (0.5 + 0.5 * self._chance())

    def _named(self, down: Down, lived: float) -> Down:
        """The end of a connection under its right name: thrown out again and again is taken over."""
        short = down.cause is Cause.LOST and lived < self.options.settled
        self._short_lives = self._short_lives + 1 if short else 0
        if self._short_lives < self.options.thrown_out:
            return down
        self._short_lives = 0
        return Down(
            Cause.TAKEN_OVER,
            f"{down.detail}: thrown out {self.options.thrown_out} times soon after connecting; "
            f"another client uses the name {self.options.client_id!r}, or the broker keeps failing",
        )

    async def _once(self, broker: Broker) -> bool:
        """One connection, from its attempt to its end. Returns whether it was up at all."""
        try:
            line = _Line(self.options, broker, self._will(), self._on_message)
        except OSError as error:  # the files of TLS
            self.last = Down(Cause.REFUSED, f"TLS files: {error}")
            return False
        self._line = line
        try:
            await line.open()
            if not line.up.done():
                self.last = await line.down
                return False
            risen = line.clock()
            self._on_up()
            self.last = self._named(await line.down, line.clock() - risen)
            self._on_down(self.last)
            return True
        finally:
            self._line = None
            await line.close()
