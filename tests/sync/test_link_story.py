"""Anything may happen to the messages of the link; what the law says of freshness and of events holds all the same."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lane_agent.model import Link
from sync.simulated.core_end import CoreSaid
from sync.simulated.link import CORE, SimulatedLink
from wire.codec import decode
from wire.envelope import Signer
from wire.messages import Delta
from wire.records import HoldRecord
from wire.topics import LOG, LaneTopics

STRANGER = Signer.generate("core")
TOPICS = LaneTopics("lane-1")

VRNS = ["AB1", "CD2", "EF3"]


class Story(RuleBasedStateMachine):
    """Anything may happen to the messages; what the law says of freshness holds all the same."""

    @initialize()
    def begin(self) -> None:
        """A lane that has its codes."""
        self.world = SimulatedLink()
        self.world.core.change(HoldRecord("AB1"))
        self.world.connect()
        self.world.run(2_000)

    @rule(milliseconds=st.sampled_from([1, 50, 300, 900, 1_100, 2_500]))
    def time_passes(self, milliseconds: int) -> None:
        """And the machine is told."""
        self.world.tick(milliseconds)

    @rule(vrn=st.sampled_from(VRNS), deleted=st.booleans())
    def core_changes(self, vrn: str, deleted: bool) -> None:
        """A hold is set or lifted."""
        self.world.say(self.world.core.change(HoldRecord(vrn, deleted=deleted)))

    @rule(data=st.data())
    def core_restored(self, data: st.DataObject) -> None:
        """From a backup."""
        self.world.core.begin_anew(f"e{data.draw(st.integers(2, 99))}-{self.world.now}")

    @rule()
    def core_forgets(self) -> None:
        """Only snapshots from now on."""
        self.world.core.forget_deltas()

    @rule()
    def lane_notes(self) -> None:
        """A journal row."""
        self.world.note(b"row")

    @precondition(lambda self: self.world.up)
    @rule()
    def cut(self) -> None:
        """The connection is lost."""
        self.world.cut()

    @precondition(lambda self: not self.world.up)
    @rule()
    def connect(self) -> None:
        """And found again."""
        self.world.connect()

    @rule()
    def restart(self) -> None:
        """The agent ends and starts on its store."""
        self.world.cut()
        self.world.start()

    @precondition(lambda self: self.world.to_core)
    @rule(data=st.data(), keep=st.booleans())
    def core_hears(self, data: st.DataObject, keep: bool) -> None:
        """Any message under way, in any order; perhaps twice."""
        place = data.draw(st.integers(0, len(self.world.to_core) - 1))
        message = self.world.to_core[place] if keep else self.world.to_core.pop(place)
        for said in self.world.core.hear(*message):
            self.world.say(said)

    @precondition(lambda self: self.world.to_lane)
    @rule(data=st.data(), keep=st.booleans(), retained=st.booleans())
    def lane_hears(self, data: st.DataObject, keep: bool, retained: bool) -> None:
        """Any message under way, in any order; perhaps twice, perhaps out of the broker's store."""
        place = data.draw(st.integers(0, len(self.world.to_lane) - 1))
        said = self.world.to_lane[place] if keep else self.world.to_lane.pop(place)
        self.deliver(said, retained=retained)

    @precondition(lambda self: self.world.past)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """Anything that was ever said, once more."""
        self.deliver(data.draw(st.sampled_from(self.world.past[-40:])), retained=False)

    @precondition(lambda self: self.world.past)
    @rule(data=st.data())
    def tampered(self, data: st.DataObject) -> None:
        """One byte changed, another topic, another key."""
        said = data.draw(st.sampled_from(self.world.past[-40:]))
        place = data.draw(st.integers(0, len(said.payload) - 1))
        changed = bytearray(said.payload)
        changed[place] ^= 0x41
        before = self.world.verdict(), self.world.memory.head, self.world.cursor
        self.world.hand(CoreSaid(said.topic, bytes(changed)))
        other = next(topic for topic in (TOPICS.ack, TOPICS.heartbeat) if topic != said.topic)
        self.world.hand(CoreSaid(other, said.payload))
        self.world.hand(CoreSaid(said.topic, STRANGER.seal(said.topic, b"anything")))
        assert (self.world.verdict(), self.world.memory.head, self.world.cursor) == before

    @precondition(lambda self: self.world.to_lane or self.world.to_core)
    @rule()
    def lost(self) -> None:
        """Everything under way is lost, and the connection stands."""
        self.world.to_lane.clear()
        self.world.to_core.clear()

    def deliver(self, said: CoreSaid, *, retained: bool) -> None:
        """Hands it over; a hold in it stops at once, whatever its turn."""
        self.world.hand(said, retained=retained)
        if said.topic == LOG and not retained:
            delta = decode(Delta, CORE.ring().open(LOG, said.payload))
            place = self.world.memory.head
            if (delta.epoch, delta.version) != (place.epoch, place.version) and delta.version > place.version:
                for row in delta.changes:
                    assert row.deleted or self.world.memory.held(row.vrn), "a hold ahead of its turn stops at once"

    def proven(self, nonce: bytes) -> bool:
        """Whether the lane held what the core signed over this nonce, at some moment since it sent it."""
        signed, sent = self.world.signed.get(nonce), self.world.sent[nonce]
        if signed is None or nonce not in self.world.delivered:
            return False
        story = self.world.held_since
        until = [at for at, _ in story[1:]] + [self.world.now]
        return any(
            (held.epoch, held.version, held.state_hash) == (signed.epoch, signed.version, signed.state_hash)
            for (_, held), end in zip(story, until, strict=True)
            if end >= sent
        )

    @invariant()
    def fresh_only_with_a_young_equal_proof(self) -> None:
        """Design §3, word for word, by a bystander who saw every nonce, signature and head."""
        world = self.world
        if world.verdict() is Link.FRESH:
            young = [nonce for nonce, sent in world.sent.items() if world.now - sent < 3_000]
            assert any(self.proven(nonce) for nonce in young)
            assert not world.machine.follower.doubt

    @invariant()
    def the_core_has_a_prefix_and_the_cursor_is_within_it(self) -> None:
        """Nothing lost, nothing twice, nothing acknowledged that is not there."""
        rows = self.world.at_core()
        assert rows == self.world.rows[: len(rows)]
        assert self.world.cursor <= len(rows)

    def teardown(self) -> None:
        """Whatever happened: with a good connection everything heals."""
        if not hasattr(self, "world"):
            return
        if not self.world.up:
            self.world.connect()
        self.world.run(25_000)
        assert self.world.level()
        assert self.world.verdict() is Link.FRESH
        assert len(self.world.at_core()) == self.world.cursor == len(self.world.rows)


Story.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestStory = Story.TestCase
