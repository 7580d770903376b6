"""What the lanes say over MQTT: every broker at once, each message proved by the lane's own key before it is looked at.

Rules of this file:
- The wall writes nothing: it has no topic of its own, and the brokers' access list gives it none.
- A message that is not signed by its lane, or is not what its topic carries, is refused and counted; it changes no tile.
- Hearing no broker is not the same as hearing nothing of a lane: `brokers` says which are connected.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from runtime.mqtt import Broker, Connection, Down, Incoming, Options, Tls
from wall.errors import WallSettingsError
from wall.point import Point
from wall.settings import WallBrokerSection
from wire.channels import FROM_LANE
from wire.codec import decode
from wire.envelope import KeyRing, key_id, public_from_pem
from wire.errors import WireRefusedError
from wire.facts import check_facts
from wire.messages import LaneState, Telemetry
from wire.topics import LaneTopics, read_up

log = logging.getLogger("rocars.wall")

HEARD = ("presence", "state", "telemetry")
"""The channels that a wall reads."""

_KEEPALIVE_S = 5


def lane_rings(folder: Path, lanes: Iterable[str]) -> dict[str, KeyRing]:
    """The keys of these lanes: `<lane>.pub`, and while a key is being replaced also `<lane>.<anything>.pub`.

    Raises:
        WallSettingsError: a lane has none, or a file is no public key; each is named.
    """
    rings: dict[str, KeyRing] = {}
    problems: list[str] = []
    for lane in lanes:
        files = [*folder.glob(f"{lane}.pub"), *folder.glob(f"{lane}.*.pub")]
        try:
            keys = {file.stem: public_from_pem(file.read_bytes()) for file in files}
        except (ValueError, OSError) as error:
            problems.append(f"{folder / lane}.pub: {error}")
            continue
        if not keys:
            problems.append(f"{folder}: no key of lane {lane}; copy {lane}.pub from the core's lane-keys")
        rings[lane] = KeyRing(keys | {key_id(lane, key): key for kid, key in keys.items() if kid == lane})
    if problems:
        raise WallSettingsError(*problems)
    return rings


class WallEars:
    """Connections to every broker, and the point that they move.

    Args:
        brokers: where to listen.
        name: the wall's, which is its client id.
        rings: of each lane of the point its keys.
        point: what is moved.
        now_ms: UTC ms.
        moved: called with a lane of which something has changed.
        brokers_moved: called when a broker was found or lost.

    Attributes:
        refused: messages that were refused, by reason.
    """

    def __init__(
        self,
        brokers: Iterable[WallBrokerSection],
        *,
        name: str,
        rings: Mapping[str, KeyRing],
        point: Point,
        now_ms: Callable[[], int],
        moved: Callable[[str], None],
        brokers_moved: Callable[[], None],
    ) -> None:
        self._rings, self._point, self._now = rings, point, now_ms
        self._moved, self._brokers_moved = moved, brokers_moved
        self.refused: Counter[str] = Counter()
        self._connections = [self._connection(broker_options(each, name, rings)) for each in brokers]

    def _connection(self, options: Options) -> Connection:
        where = str(options.brokers[0])

        def down(why: Down) -> None:
            log.warning("broker %s: connection ended: %s", where, why.detail)
            self._brokers_moved()

        return Connection(options, will=lambda: None, on_up=self._brokers_moved, on_down=down, on_message=self._heard)

    @property
    def brokers(self) -> dict[str, bool]:
        """Each broker, and whether it is connected."""
        return {str(one.options.brokers[0]): one.connected for one in self._connections}

    def start(self) -> None:
        """Begins to listen."""
        for connection in self._connections:
            connection.start()

    def check(self) -> None:
        """Raises what ended a connection's own task, if anything did."""
        for connection in self._connections:
            connection.check()

    async def stop(self) -> None:
        """Listens no more."""
        for connection in self._connections:
            await connection.stop()

    def _heard(self, incoming: Incoming) -> None:
        incoming.acknowledge()
        self.hear(incoming.topic, incoming.payload)

    def hear(self, topic: str, payload: bytes) -> None:
        """Takes one message."""
        lane, kind = read_up(topic) or ("", "")
        ring = self._rings.get(lane)
        if ring is None or kind not in HEARD:
            return  # a lane of another point
        try:
            if self._point.hear(_opened(ring, lane, kind, topic, payload), self._now()):
                self._moved(lane)
        except WireRefusedError as error:
            self._refuse(lane, error.reason.value, str(error))
        except msgspec.ValidationError as error:
            self._refuse(lane, "facts", f"of another kind than this version knows: {error}")

    def _refuse(self, lane: str, reason: str, why: str) -> None:
        self.refused[reason] += 1
        if self.refused[reason] == 1:
            log.warning("lane %s: a message was refused (%s): %s", lane, reason, why)


def _opened(ring: KeyRing, lane: str, kind: str, topic: str, payload: bytes) -> Any:
    channel = FROM_LANE[kind]
    message = decode(channel.kind, ring.open(topic, payload, largest=channel.largest))
    if message.lane != lane:
        raise msgspec.ValidationError(f"it says it is from {message.lane}")
    if isinstance(message, LaneState | Telemetry):
        check_facts(message.facts)
    return message


def broker_options(section: WallBrokerSection, name: str, lanes: Iterable[str]) -> Options:
    """How to listen at one broker: at QoS 1, since a state that was lost would stay wrong until the next."""
    tls = None if section.authority is None else Tls(section.authority, section.certificate, section.key)
    password = section.password_file.read_text(encoding="utf-8").strip() if section.password_file else ""
    topics = [LaneTopics(lane) for lane in lanes]
    return Options(
        brokers=(Broker(section.host, section.port),),
        client_id=name,
        subscriptions=tuple((getattr(topic, kind), 1) for topic in topics for kind in HEARD),
        user_name=section.user_name,
        password=password,
        tls=tls,
        keepalive=_KEEPALIVE_S,
        user_timeout_ms=3_000,
    )
