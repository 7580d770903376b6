"""Anything may happen to the events and to their acknowledgements; at the core each row counts once, and in order.

The lane's sender and the core's intake, both as shipped, the core on its store; between them a network that loses,
doubles and reorders in both directions.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.link.gateway import LaneMessage
from sync.link.limits import Limits
from sync.link.sender import Sender
from wire import messages as wire
from wire.codec import decode
from wire.envelope import Signer

LIMITS = Limits(window=5, resend_ms=1_000, range_rows=4)


class Stream(RuleBasedStateMachine):
    """One lane's journal on its way."""

    make_core: Any
    make_lane: Any
    make_clock: Any

    @initialize()
    def begin(self) -> None:
        """An empty journal and an empty core."""
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.lane = self.make_lane("szb-in-01")
        self.signer = Signer.generate("core-1")
        self.clock = self.make_clock()
        self.core = self.open_core()
        self.now = 0
        self.cursor = 0
        self.up = False
        self.to_core: list[LaneMessage] = []
        self.to_lane: list[Any] = []
        self.sender = Sender(LIMITS, last=0, acknowledged=0)
        self.sent = 0

    def open_core(self) -> Any:
        """The core on its store."""
        return self.make_core(Path(self.folder.name) / "core.db", [self.lane], self.signer, self.clock)

    def drain(self) -> None:
        """What the sender wants sent goes out; in order, and never beyond the window."""
        send = self.sender.due(self.now)
        if send is not None:
            assert send.first in {self.sent + 1, self.cursor + 1}
            assert send.last <= self.cursor + LIMITS.window
            self.sent = send.last
            self.to_core += self.lane.sends(*self.lane.rows[send.first - 1 : send.last])

    @rule()
    def row_written(self) -> None:
        """The lane writes a row; each is one alarm at the centre, so that what counts can be counted."""
        row = len(self.lane.rows) + 1
        self.lane.write({"type": "Alarm", "kind": "RunThrough", "visit": row, "detail": f"row {row}"})
        self.sender.on_journal_grew(len(self.lane.rows))
        self.drain()

    @rule(milliseconds=st.sampled_from([50, 400, 1_100]))
    def time_passes(self, milliseconds: int) -> None:
        """And both sides look at their clocks."""
        self.now += milliseconds
        self.drain()
        if milliseconds > 1_000 and self.up:
            self.to_lane += self.core.exchange.tick()

    @rule()
    def connects(self) -> None:
        """A new connection; a nonce names the cursor."""
        self.up = True
        self.sender.on_connected(self.now)
        self.sent = self.cursor
        self.drain()
        head = self.core.log.head()
        nonce = wire.Nonce(
            lane=self.lane.name,
            session=1,
            nonce=bytes(16),
            epoch=head.epoch,
            version=head.version,
            state_hash=head.state_hash,
            journal=self.lane.journal,
            acknowledged=self.cursor,
            **self.lane.head,
        )
        self.to_core.append(self.lane.says(self.lane.topics.nonce, nonce))

    @precondition(lambda self: self.up)
    @rule()
    def cut(self) -> None:
        """The connection is lost, with all that was under way."""
        self.up = False
        self.sender.on_disconnected()
        self.to_core.clear()
        self.to_lane.clear()

    @precondition(lambda self: self.to_core or self.to_lane)
    @rule()
    def all_is_lost(self) -> None:
        """Everything under way, and the connection stands."""
        self.to_core.clear()
        self.to_lane.clear()

    @rule()
    def lane_restarts(self) -> None:
        """On its store: the cursor."""
        self.cut()
        self.sender = Sender(LIMITS, last=len(self.lane.rows), acknowledged=self.cursor)
        self.sent = self.cursor

    @rule()
    def core_restarts(self) -> None:
        """On its store."""
        self.core.store.close()
        self.core = self.open_core()

    @precondition(lambda self: self.to_core)
    @rule(data=st.data(), fate=st.sampled_from(["arrives", "arrives", "twice", "lost"]), many=st.integers(1, 6))
    def towards_core(self, data: st.DataObject, fate: str, many: int) -> None:
        """Some messages under way, from anywhere in the queue."""
        place = data.draw(st.integers(0, len(self.to_core) - 1))
        batch = self.to_core[place : place + many]
        if fate != "twice":
            del self.to_core[place : place + many]
        if fate != "lost":
            self.core_hears(batch)

    def core_hears(self, batch: list[LaneMessage]) -> None:
        """The core takes a batch, and answers."""
        answers = self.core.exchange.hear(batch).now
        self.to_lane += answers if self.up else []

    @precondition(lambda self: self.to_lane)
    @rule(data=st.data(), fate=st.sampled_from(["arrives", "arrives", "twice", "lost"]))
    def towards_lane(self, data: st.DataObject, fate: str) -> None:
        """A message under way, from anywhere in the queue."""
        place = data.draw(st.integers(0, len(self.to_lane) - 1))
        message = self.to_lane[place]
        if fate != "twice":
            del self.to_lane[place]
        if fate != "lost":
            self.lane_hears(message)

    def lane_hears(self, message: Any) -> None:
        """An acknowledgement moves the cursor; a range asked for is sent again."""
        body = self.signer.ring().open(message.topic, message.payload)
        if message.topic == self.lane.topics.ack:
            ack = decode(wire.Ack, body)
            if self.sender.is_news(ack.seq):
                assert ack.hash == self.lane.rows[ack.seq - 1].hash
                self.cursor = ack.seq
                self.sender.on_acknowledged(self.cursor, self.now)
                self.sent = max(self.sent, self.cursor)
        elif message.topic == self.lane.topics.log:
            again = self.sender.resend(decode(wire.EventsWanted, body))
            if again is not None:
                self.to_core += self.lane.sends(*self.lane.rows[again.first - 1 : again.last])
        self.drain()

    @invariant()
    def each_row_counts_once_and_in_order(self) -> None:
        """What the core has is the beginning of the journal; what it made of it is the same, once."""
        if not hasattr(self, "core"):
            return
        rows = self.core.store.connection.execute("SELECT seq, body FROM events ORDER BY seq").fetchall()
        assert rows == [(row.seq, row.body) for row in self.lane.rows[: len(rows)]]
        details = self.core.store.connection.execute(
            "SELECT detail FROM alarms WHERE kind='RunThrough' ORDER BY id"
        ).fetchall()
        assert details == [(f"row {seq}",) for seq, _ in rows]
        assert self.cursor <= len(rows)

    def teardown(self) -> None:
        """Whatever happened: with a good connection all of it arrives."""
        if not hasattr(self, "core"):
            return
        if not self.up:
            self.connects()
        for _ in range(10 + len(self.lane.rows)):
            self.now += 1_100
            self.drain()
            while self.to_core or self.to_lane:
                batch, self.to_core = self.to_core, []
                self.core_hears(batch)
                messages, self.to_lane = self.to_lane, []
                for message in messages:
                    self.lane_hears(message)
        assert self.core.intake.standing(self.lane.name, self.lane.journal).seq == len(self.lane.rows) == self.cursor
        self.each_row_counts_once_and_in_order()
        self.core.store.close()
        self.folder.cleanup()


def test_each_row_counts_once_and_in_order_whatever_the_network_does(
    core_class: Any, make_lane: Any, clock: Any
) -> None:
    """Loss, doubling and reordering both ways, cuts, restarts of either side."""
    Stream.make_core, Stream.make_lane, Stream.make_clock = map(staticmethod, (core_class, make_lane, type(clock)))
    run_state_machine_as_test(
        Stream,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
