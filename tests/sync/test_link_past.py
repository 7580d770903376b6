"""The lane's end on a copy of the past: its own store, or the core's list (design §2.16); and rows that stay unanswered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lane_agent.model import Link
from sync import kept_deltas
from sync.codelog import CodeLog
from sync.journal import Chain, Journal
from sync.link.journal_end import Compared, JournalEnd
from sync.link.log_result import Applied, Behind, Fork, Mismatch, Refuted, Swapped
from sync.lookup import Lookup
from sync.receipts import contradiction, flaws
from sync.simulated.core_log import SimulatedLog
from sync.simulated.link import CORE, LANE, SimulatedLink
from sync.store import LaneStore
from wire.codec import encode
from wire.envelope import Signer
from wire.messages import Ack, Delta, DeltasShown, Heartbeat, Nonce
from wire.records import HoldRecord
from wire.topics import LOG, LaneTopics


def connected(rows: int = 5) -> SimulatedLink:
    """A lane that is fresh, with so many acknowledged rows."""
    world = SimulatedLink()
    world.core.change(HoldRecord("AB1"))
    world.connect()
    for number in range(rows):
        world.note(b"%d" % number)
    world.run(2_000)
    assert world.verdict() is Link.FRESH
    assert world.cursor == rows
    return world


def put_back(world: SimulatedLink, rows: int) -> None:
    """The lane's store is a copy with fewer rows."""
    world.cut()
    world.rows, world.cursor = world.rows[:rows], rows
    world.start()
    world.connect()


def test_the_reason_says_whether_a_row_is_gone_or_another() -> None:
    """An old copy lacks rows; in a changed file they are others. Whoever looks for the cause must know which."""
    world = connected()
    beat = Heartbeat(
        lane=LANE,
        nonce=bytes(16),
        epoch="e1",
        version=1,
        state_hash=bytes(32),
        core_ms=1,
        committed=5,
        committed_hash=bytes(32),
    )
    for own, words in ((b"", "that is not here"), (world.rows[4].hash, "and here it is another")):
        end = JournalEnd("j1", lambda _, own=own: own)
        assert end.compare(beat) is Compared.CONTRADICTS
        assert words in end.why


def test_a_lane_on_an_old_copy_is_never_fresh_under_its_old_name() -> None:
    """The proof names a row that is not here; the journal begins anew, and what the core never had is sent under it."""
    world = connected()
    put_back(world, 3)
    world.note(b"new")
    for _ in range(40):
        world.step()
        assert world.journal != "j1" or world.verdict() is not Link.FRESH
    assert world.journal == "j1x"
    world.connect()
    world.run(3_000)
    assert world.verdict() is Link.FRESH
    assert [row.body for row in world.at_core()] == [b"new"]
    assert [row.body for row in world.core.journals["j1"]] == [b"%d" % number for number in range(5)]


def test_a_lane_whose_acknowledged_row_was_changed_is_never_fresh_under_its_old_name() -> None:
    """As many rows, another content: the hash tells."""
    world = connected()
    other = SimulatedLink()
    for number in range(5):
        other.note(b"%d" % (number if number != 2 else 7))
    world.cut()
    world.rows = other.rows
    world.start()
    world.connect()
    world.run(3_000)
    assert world.journal == "j1x"


def test_a_nonce_names_the_head_of_the_journal() -> None:
    """Number and hash; so the core knows what it lacks."""
    world = connected()
    nonce = [body for body in world.core.heard if isinstance(body, Nonce)][-1]
    assert (nonce.last, nonce.last_hash) == (5, world.rows[-1].hash)


def test_a_lane_shows_the_signed_deltas_that_it_keeps() -> None:
    """As they came, after the version asked for."""
    from wire.messages import DeltasAsked

    world = connected()
    said = [world.core.change(HoldRecord(f"AB{number}")) for number in range(2, 5)]
    for one in said:
        world.say(one)
    world.run(1_000)
    asked = DeltasAsked(lane=LANE, request="r", epoch="e1", version=2)
    world.say(world.core.says(LaneTopics(LANE).log, asked))
    world.run(300)
    shown = [body for body in world.core.heard if isinstance(body, DeltasShown)][-1]
    assert (shown.request, shown.payloads) == ("r", tuple(one.payload for one in said[1:]))


def test_rows_that_are_not_acknowledged_are_an_alarm_after_ten_seconds() -> None:
    """A broker swallows them; they are sent again each second meanwhile, and the lane stays fresh."""
    world = connected()
    event = LaneTopics(LANE).event
    world.note(b"swallowed")
    sent = 0
    for _ in range(110):
        world.tick(100)
        sent += sum(topic == event for topic, _ in world.to_core)
        world.to_core = [one for one in world.to_core if one[0] != event]
        world.core_hears()
        while world.to_lane:
            world.hand(world.to_lane.pop(0))
        late = "RowsUnacknowledged" in world.alarms
        assert late is (world.now >= sent_at(world) + 10_000)
    assert sent >= 10
    assert world.verdict() is Link.FRESH
    assert "RowsUnacknowledged" in world.alarms


def sent_at(world: SimulatedLink) -> int:
    """When the oldest row that is not acknowledged went out first."""
    return min(world.machine.sender._first_sent.values(), default=world.now)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LaneStore]:
    """An open store."""
    with LaneStore(tmp_path / "lane.db") as opened:
        yield opened


class Follower:
    """A lane's list that follows a core's log, keeping its deltas."""

    def __init__(self, store: LaneStore) -> None:
        self.core = SimulatedLog("e1")
        self.codes = CodeLog(store)
        for part in self.core.snapshot():
            self.codes.load(part)

    def change(self, vrn: str, *, deleted: bool = False) -> Delta:
        """The core's list changes, and the lane takes it."""
        delta = self.core.change(HoldRecord(vrn, deleted=deleted))
        body = encode(delta)
        assert isinstance(self.codes.apply(delta, body, CORE.seal(LOG, body), at_ms=1), Applied)
        return delta


def test_a_snapshot_of_other_rows_under_a_version_that_was_signed_is_refuted(store: LaneStore) -> None:
    """Row A7: the hold is gone from the core's rows, and its head was made to fit."""
    lane = Follower(store)
    lane.change("AB1234")
    edited = SimulatedLog("e1")
    edited.version, edited.log_hash = lane.core.version, lane.core.log_hash
    (part,) = edited.snapshot()
    assert isinstance(lane.codes.load(part, doubted=True), Refuted)
    assert Lookup(lane.codes).find("AB1234").held


def test_a_delta_whose_rows_do_not_add_up_refutes_every_later_snapshot(store: LaneStore) -> None:
    """The edited core goes on and signs: its own delta shows that its rows are not the sum of its deltas."""
    lane = Follower(store)
    lane.change("AB1234")
    edited = SimulatedLog("e1")
    edited.version, edited.log_hash = lane.core.version, lane.core.log_hash
    delta = edited.change(HoldRecord("XY1"))
    assert isinstance(lane.codes.apply(delta, encode(delta), doubted(delta)), Mismatch)
    (part,) = edited.snapshot()
    assert isinstance(lane.codes.load(part, doubted=True), Refuted)
    assert Lookup(lane.codes).find("AB1234").held


def doubted(delta: Delta) -> bytes:
    """Its envelope."""
    return CORE.seal(LOG, encode(delta))


def test_two_deltas_under_one_version_are_a_fork(store: LaneStore) -> None:
    """A core that went on from a backup signs another delta 2; what it holds is held, what it lets go is not let go."""
    lane = Follower(store)
    lane.change("AB1234")
    lane.change("CD1")
    other = SimulatedLog("e1")
    other.change(HoldRecord("AB1234"))
    delta = other.change(HoldRecord("GH5"), HoldRecord("AB1234", deleted=True))
    assert isinstance(lane.codes.apply(delta, encode(delta), doubted(delta)), Fork)
    assert [Lookup(lane.codes).find(vrn).held for vrn in ("AB1234", "CD1", "GH5")] == [True, True, True]


def test_a_sound_list_is_only_compared_with_a_snapshot_of_its_epoch(store: LaneStore) -> None:
    """An older one may follow from it; a newer one says what is to be asked for."""
    lane = Follower(store)
    lane.change("AB1234")
    (older,) = lane.core.snapshot()
    lane.change("CD1")
    (same,) = lane.core.snapshot()
    head = lane.codes.head
    assert lane.codes.load(older, doubted=True) == Swapped(head)
    assert lane.codes.load(same, doubted=True) == Swapped(head)
    lane.core.change(HoldRecord("EF2"))
    (newer,) = lane.core.snapshot()
    assert lane.codes.load(newer, doubted=True) == Behind(head, 3)


def test_a_new_epoch_that_says_nothing_of_a_hold_is_refuted(store: LaneStore) -> None:
    """Row A6: `restart-log` on a backup. Lifted by name, or held there too, it is taken; the old epoch never again."""
    lane = Follower(store)
    lane.change("AB1234")
    (old,) = lane.core.snapshot()
    (part,) = SimulatedLog("e2").snapshot()
    refuted = lane.codes.load(part, doubted=True)
    assert isinstance(refuted, Refuted)
    assert "AB1234" in refuted.why
    assert Lookup(lane.codes).find("AB1234").held
    (part,) = SimulatedLog("e2", (HoldRecord("AB1234", deleted=True),)).snapshot(request="again")
    assert isinstance(lane.codes.load(part, doubted=True), Swapped)
    assert isinstance(lane.codes.load(old, doubted=True), Refuted)


def test_a_lane_follows_a_delta_that_forgets_and_stays_fresh() -> None:
    """A lifted hold leaves the list."""
    world = connected()
    world.say(world.core.change(HoldRecord("AB1", deleted=True)))
    world.run(1_500)
    world.say(world.core.forget(("hold", "AB1")))
    for _ in range(30):
        world.step()
        assert world.verdict() is Link.FRESH
    assert world.memory.rows == {}
    assert world.memory.head.state_hash == world.core.log.state_hash


def test_a_core_that_forgets_a_hold_is_believed_nothing_any_more() -> None:
    """The lane doubts its codes at once, whatever is proved."""
    world = connected()
    world.say(world.core.forget(("hold", "AB1")))
    world.run(200)
    assert world.verdict() is not Link.FRESH
    assert "the hold of AB1 is in force" in world.machine.follower.doubt
    assert world.memory.held("AB1")


def test_deltas_are_kept_for_a_time_and_then_go(store: LaneStore) -> None:
    """By the core's clock; one that came before the time was known is dated later."""
    lane = Follower(store)
    lane.change("AB1")
    delta = lane.core.change(HoldRecord("AB2"))
    lane.codes.apply(delta, encode(delta), CORE.seal(LOG, encode(delta)))
    with store.transaction() as connection:
        assert len(kept_deltas.after(connection, "e1", 0, most_bytes=10**6)) == 2
        assert len(kept_deltas.after(connection, "e1", 0, most_bytes=1)) == 1
        assert kept_deltas.prune(connection, before_ms=5, now_ms=10) == 1
        assert kept_deltas.newest(connection, "e1") == 2


def acknowledged(store: LaneStore, signer: Signer = CORE) -> Journal:
    """Five rows, of which the core has signed for four."""
    journal = Journal(store, boot="b1", software="test")
    for number in range(5):
        journal.append(b"%d" % number)
    ack = Ack(lane=LANE, journal=journal.journal_id, seq=4, hash=journal.hash_at(4))
    topic = LaneTopics(LANE).ack
    journal.acknowledge(4, ack.hash, signer.seal(topic, encode(ack)))
    return journal


def test_a_journal_that_the_core_signed_for_is_sound(store: LaneStore) -> None:
    """And one that it has not signed for yet has nothing to be compared with."""
    journal = Journal(store, boot="b0", software="test")
    assert flaws(Chain(store), CORE.ring(), LANE) == []
    assert journal.acknowledged == 0
    acknowledged(store)
    assert contradiction(Chain(store), CORE.ring(), LANE) == ""
    assert flaws(Chain(store), CORE.ring(), LANE) == []
    assert "not signed by a key" in flaws(Chain(store), Signer.generate("other").ring(), LANE)[0]


def test_acknowledged_rows_that_were_changed_hashes_and_all_are_found(tmp_path: Path) -> None:
    """Row A4: the chain has no key, the core's signature has."""
    with LaneStore(tmp_path / "lane.db") as store:
        word = acknowledged(store).receipt()
        name = store.journal_id
    (tmp_path / "lane.db").unlink()
    with LaneStore(tmp_path / "lane.db") as store:
        with store.transaction() as connection:
            connection.execute("UPDATE meta SET value = ? WHERE name = 'journal'", (name,))
            connection.execute("DROP TRIGGER journals_no_update")
            connection.execute("UPDATE journals SET journal = ?", (name,))
            from wire.hashes import journal_start

            connection.execute("UPDATE journal_head SET hash = ?", (journal_start(name),))
        store.journal_id = name
        journal = Journal(store, boot="b1", software="test")
        for number in (0, 1, 9, 3, 4):
            journal.append(b"%d" % number)
        journal.acknowledge(4, journal.hash_at(4), word)
        assert Chain(store).verify() is None
        assert "were changed, hashes and all" in flaws(Chain(store), CORE.ring(), LANE)[0]
        assert contradiction(Chain(store), CORE.ring(), LANE) == flaws(Chain(store), CORE.ring(), LANE)[0]
