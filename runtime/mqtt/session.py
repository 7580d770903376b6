"""One session with one broker: the only file of the product that knows paho-mqtt 2.

Rules of this file:
- One paho client a session, never reused: nothing that was queued for a dead connection reaches a new one. What
  must arrive is sent again by whoever knows that it must (the log by version, events by acknowledgement).
- Clean start, session expiry 0. Subscribed anew on every connect (lessons 6); up only once the broker granted that.
- paho's network thread touches nothing here: every callback is one `call_soon_threadsafe`. Messages that come while the
  loop is busy wait in one deque and cost the loop one wake-up together: who is flooded must read faster than it is sent.
- QoS 1 messages are acknowledged by the receiver when it is done (`Incoming.acknowledge`), so the broker sends no
  more than `receive_maximum` ahead of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from paho.mqtt.client import Client, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from runtime.mqtt.options import Broker, Options, Will
from runtime.tls import TlsContext, in_words

_TAKEN_OVER = 0x8E
_MEANINGS = {
    0x95: "it takes no packet as large as this client's: raise its max_packet_size to 2097152 and its message_size_limit to 1049600",
    0x87: "its access list forbids it: see config/mosquitto.acl.example",
    0x97: "its quota for this client is used up: see its limits",
}
"""What a technician does about a broker's reason codes."""
_WITH_WILL = "Disconnect with will message"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message.

    Attributes:
        retained: the flag as its sender set it, whether the message came straight from the sender or from the broker's store.
            A command must never be retained, and this is how one is recognised (retain-as-published).
        acknowledge: to be called when the message is committed here; until then the broker keeps it.
    """

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
    LEFT = "left"  # by ourselves: stopping, or going on to the next broker


@dataclass(frozen=True, slots=True)
class Down:
    """The end of a connection or of an attempt at one.

    Attributes:
        detail: for a technician.
        told: the broker itself said why.
    """

    cause: Cause
    detail: str = ""
    told: bool = False


class BrokerSession:
    """One connection to one broker, from the attempt to the end; never used again.

    Args:
        options: how to connect.
        broker: where to.
        will: published by the broker when the connection is lost.
        on_message: takes each message, on the event loop.
        on_refused: takes the topic of a message that the broker refused (QoS 1), and why, on the event loop.

    Attributes:
        up: done when connected and subscribed.
        down: done when the connection or the attempt has ended, with the reason.

    Raises:
        OSError: the files of TLS cannot be read.
    """

    def __init__(
        self,
        options: Options,
        broker: Broker,
        will: Will | None,
        on_message: Callable[[Incoming], None],
        on_refused: Callable[[str, str], None] = lambda _topic, _why: None,
    ) -> None:
        self.options = options
        self.broker = broker
        self._deliver_to = on_message
        self._refused = on_refused
        self._sent: dict[int, str] = {}
        self._unanswered: dict[int, float] = {}
        self._answered = 0.0
        self._loop = asyncio.get_running_loop()
        self.clock = self._loop.time
        self.up: asyncio.Future[None] = self._loop.create_future()
        self.down: asyncio.Future[Down] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._arrived: deque[Incoming] = deque()
        self._told = False
        self._running = False
        self._left = False
        self._tls_complaint = ""
        self._tls: TlsContext | None = None
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
        client.on_publish = self._on_publish
        return client

    async def open(self) -> None:
        """Returns when the session is up or down, whichever future is done first."""
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
        self._client.reinitialise()  # paho's own way to close its sockets; later acknowledgements go nowhere

    async def leave(self, farewell: tuple[str, bytes] | None) -> None:
        """Publishes the farewell, retained, waits for the broker to have it, and ends without a Will."""
        if farewell is not None and self.up.done() and not self.down.done():
            info = self._client.publish(farewell[0], farewell[1], qos=1, retain=True)
            with contextlib.suppress(
                ValueError, RuntimeError
            ):  # how paho says "not sent"; the broker then publishes the Will
                await asyncio.to_thread(info.wait_for_publish, 1.0)
        self._left = True
        self._client.disconnect()
        self.end(Down(Cause.LEFT, f"{self.broker}: left"))

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        """Hands one message to paho; False if it took none."""
        info = self._client.publish(topic, payload, qos, retain)
        if qos:
            self._sent[info.mid] = topic  # at most one for each of the 65,535 numbers
            self._unanswered[info.mid] = self.clock()
        return info.rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def silent_s(self) -> float:
        """For how long the broker has acknowledged nothing of what waits for that; 0 while nothing waits.

        A stream that went wrong on the way is such a case: the broker reads message after message as the rest of a longer one, and
        since bytes flow both ways no keepalive ever asks.
        """
        oldest = next(iter(self._unanswered.values()), None)
        return 0.0 if oldest is None else self.clock() - max(oldest, self._answered)

    # -- paho's callbacks, in paho's thread -------------------------------------------------------------------------

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(call, *arguments)

    def _on_socket_open(self, client: Client, userdata: Any, sock: Any) -> None:
        del client, userdata
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self.options.user_timeout_ms)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(self, client: Client, userdata: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        del userdata, flags
        if code.is_failure:
            self._post(self.end, Down(Cause.REFUSED, f"{self.broker}: {code}; check user name and password"))
            return
        takes = getattr(properties, "MaximumPacketSize", None)
        if takes is not None and takes < self.options.sends:
            why = f"{self.broker}: takes packets of {takes} bytes at most, and this client sends {self.options.sends}"
            self._post(self.end, Down(Cause.REFUSED, f"{why}: {_MEANINGS[0x95]}", told=True))
            return
        if not self.options.subscriptions:
            self._post(self._mark_up)
            return
        options = [
            (name, SubscribeOptions(qos=qos, retainAsPublished=True)) for name, qos in self.options.subscriptions
        ]
        client.subscribe(options)

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, codes: list[ReasonCode], props: Any) -> None:
        del client, userdata, mid, props
        asked = (name for name, _ in self.options.subscriptions)
        bad = [f"{name} ({_said(code)})" for name, code in zip(asked, codes, strict=False) if code.is_failure]
        if bad:
            self._post(self.end, Down(Cause.REFUSED, f"{self.broker}: refuses to be read: {', '.join(bad)}", told=True))
        else:
            self._post(self._mark_up)

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        del userdata
        mid, qos = message.mid, message.qos
        incoming = Incoming(
            message.topic, bytes(message.payload), qos, bool(message.retain), lambda: _acknowledge(client, mid, qos)
        )
        self._arrived.append(incoming)
        if not self._told:
            self._told = True
            self._post(self._deliver)

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, code: ReasonCode, properties: Any
    ) -> None:
        del client, userdata, properties
        cause = Cause.LOST
        if not self.up.done():
            # paho reports a refused certificate as an ordinary lost connection (with TLS 1.3 the handshake has already
            # succeeded on this side); only the line it logs names TLS.
            cause = Cause.REFUSED if "ssl" in self._tls_complaint.lower() else Cause.UNREACHABLE
        if flags.is_disconnect_packet_from_server and code.value == _TAKEN_OVER:
            cause = Cause.TAKEN_OVER
        said = f": {in_words(self._tls_complaint)}" if self._tls_complaint else ""
        told = flags.is_disconnect_packet_from_server
        self._post(self.end, Down(cause, f"{self.broker}: {_said(code) if told else code}{said}", told=told))
        self._post(self._mark_gone)

    def _on_publish(self, client: Client, userdata: Any, mid: int, code: ReasonCode, properties: Any) -> None:
        del client, userdata, properties
        self._post(self._mark_answered, mid)
        if code.is_failure:
            self._post(self._mark_refused, mid, _said(code))

    def _on_log(self, client: Client, userdata: Any, level: int, text: str) -> None:
        del client, userdata
        if level == LogLevel.MQTT_LOG_ERR:
            self._tls_complaint = text

    # -- on the event loop again ---------------------------------------------------------------------------------------

    def _mark_up(self) -> None:
        if not self.up.done() and not self.down.done():
            self._client.on_log = None
            self.up.set_result(None)

    def end(self, down: Down) -> None:
        """The session counts as down from now on, for this reason; the first reason is kept."""
        if not self.down.done():
            self.down.set_result(down)

    def _mark_answered(self, mid: int) -> None:
        if self._unanswered.pop(mid, None) is not None:  # paho tells of a QoS 0 message, too, once it has been written
            self._answered = self.clock()

    def _mark_refused(self, mid: int, why: str) -> None:
        self._refused(self._sent.get(mid, "a message"), why)

    def _mark_gone(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)

    def _deliver(self) -> None:
        """What has come so far; what comes from now on has a turn of its own."""
        self._told = False  # before the length is looked at: a message after this line tells the loop again
        for _ in range(len(self._arrived)):
            incoming = self._arrived.popleft()
            if not self.down.done():
                self._deliver_to(incoming)


def _acknowledge(client: Client, mid: int, qos: int) -> None:
    client.ack(mid, qos)


def _said(code: ReasonCode) -> str:
    """A broker's reason, and what to do about it where that is known."""
    meaning = _MEANINGS.get(code.value)
    return f"{code}: {meaning}" if meaning else str(code)
