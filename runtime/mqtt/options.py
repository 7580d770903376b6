"""Where and how to connect."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.tls import Tls


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to connect. Durations in seconds unless named otherwise.

    Attributes:
        brokers: independent brokers, tried in turn.
        client_id: unique in the territory; the broker enforces that it is the user name.
        subscriptions: (filter, QoS) to read; retained-as-published, so a message's flag is what its sender set.
        keepalive: seconds without a packet after which one side asks the other; whole, as the protocol has it.
        user_timeout_ms: a connection whose data goes unacknowledged this long is dead.
        unanswered: a broker that acknowledges none of the waiting QoS 1 messages for this long has lost the stream.
        retry_min, retry_max: bounds of the jittered back-off between attempts.
        taken_over: wait after another client has taken this client's name.
        thrown_out, settled: so many connections in a row, each lost before it was this old, count as the name taken.
        receive_maximum: QoS 1 messages the broker may send ahead of their acknowledgement.
        largest: bytes of the largest packet accepted.
        sends: bytes of the largest packet sent; a broker that takes less is of no use.
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
    unanswered: float = 10.0
    retry_min: float = 0.25
    retry_max: float = 8.0
    taken_over: float = 30.0
    thrown_out: int = 3
    settled: float = 5.0
    receive_maximum: int = 100
    largest: int = 2 << 20
    sends: int = (1 << 20) + (1 << 10)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, QoS 1, when this connection is lost."""

    topic: str
    payload: bytes
    retain: bool = True
