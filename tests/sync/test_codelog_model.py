"""The code log against a dict: whatever is delivered in whatever order, lost, doubled or cut off by a restart."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sync.codelog import CodeLog
from sync.journal import Journal
from sync.link.log_result import Applied, Gap, Known, Loading, OtherEpoch, Refuted, Swapped
from sync.lookup import Lookup, Records
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from wire.codec import encode
from wire.messages import Delta, SnapshotPart
from wire.records import BundleRecord, CargoRecord, HoldRecord, Kind, Record, VehicleRecord

MARKS = ("AB12", "AB13", "GH5")
UBRS = ("1", "2", "3")

records = st.one_of(
    st.builds(
        BundleRecord,
        ubr=st.sampled_from(UBRS),
        vrn=st.sampled_from(MARKS),
        direction=st.sampled_from(["inbound", "outbound"]),
        point=st.just(""),
        earliest_ms=st.just(0),
        valid_until_ms=st.just(9),
        cargo=st.sampled_from([(), (CargoRecord("1", "release"),), (CargoRecord("1", "inspect"),)]),
        deleted=st.booleans(),
        used_by=st.sampled_from(["", "", "other/j/1"]),
    ),
    st.builds(HoldRecord, vrn=st.sampled_from(MARKS), deleted=st.booleans()),
    st.builds(VehicleRecord, vrn=st.sampled_from(MARKS), deleted=st.booleans()),
)


class Model:
    """What the lane ought to hold, the plain way."""

    def __init__(self) -> None:
        self.epoch, self.version = "", 0
        self.rows: dict[tuple[Kind, str], Record] = {}
        self.ahead: set[tuple[str, str, int]] = set()
        self.used: dict[str, str] = {}

    def step(self, delta: Delta) -> None:
        """A delta in its turn."""
        self.rows |= {record.key: record for record in delta.changes}
        self.moved(delta.epoch, delta.version, delta.changes)
        lifted = {record.vrn for record in delta.changes if isinstance(record, HoldRecord)}
        self.ahead = {hold for hold in self.ahead if hold[0] not in lifted or hold[1] == delta.epoch}

    def hear(self, delta: Delta) -> None:
        """A delta out of its turn."""
        for record in delta.changes:
            if isinstance(record, HoldRecord) and not record.deleted:
                self.ahead.add((record.vrn, delta.epoch, delta.version))

    def moved(self, epoch: str, version: int, news: tuple[Record, ...]) -> None:
        """The list stands here now, and these rows are in it."""
        self.epoch, self.version = epoch, version
        self.ahead = {hold for hold in self.ahead if hold[1] != epoch or hold[2] > version}
        for record in news:
            if isinstance(record, BundleRecord) and record.used_by:
                self.used.pop(record.ubr, None)

    def says(self, mark: str) -> tuple[object, ...]:
        """Held, approved, and what is known of each bundle."""
        hold, vehicle = self.rows.get(("hold", mark)), self.rows.get(("vehicle", mark))
        return (
            bool(hold and not hold.deleted) or any(vrn == mark for vrn, _, _ in self.ahead),
            bool(vehicle and not vehicle.deleted),
            [
                (row.ubr, row.deleted, row.used_by or self.used.get(row.ubr, ""))
                for _, row in sorted(self.rows.items())
                if isinstance(row, BundleRecord) and row.vrn == mark
            ],
        )


def said(found: Records) -> tuple[object, ...]:
    """The same of a lookup."""
    return (found.held, found.approved, [(row.ubr, row.withdrawn, row.used_by) for row in found.bundles])


class Lane(RuleBasedStateMachine):
    """A core that changes its mind, a link that delivers badly, and a lane that must not be confused."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = LaneStore(Path(self.folder.name) / "lane.db")
        self.log = CodeLog(self.store, far=-1)
        self.model = Model()
        self.deltas: list[Delta] = []
        self.parts: list[SnapshotPart] = []
        self.have: set[int] = set()
        self.lives = 0
        self.asked = 0

    @initialize()
    def the_core_begins(self) -> None:
        """The first life of the log."""
        self.core = SimulatedLog("epoch-0")

    @rule(changes=st.lists(records, max_size=3))
    def the_core_changes(self, changes: list[Record]) -> None:
        """A delta is published; whether it arrives is another matter."""
        self.deltas.append(self.core.change(*changes))

    @precondition(lambda self: self.deltas)
    @rule(choose=st.integers(0, 30))
    def any_delta_arrives(self, choose: int) -> None:
        """An old one, a future one, one of an earlier epoch, or the right one."""
        self.offer(self.deltas[choose % len(self.deltas)])

    @rule()
    def the_missing_deltas_arrive(self) -> None:
        """What was asked for comes in order."""
        for delta in [delta for delta in self.deltas if delta.epoch == self.core.epoch]:
            self.offer(delta)

    def offer(self, delta: Delta) -> None:
        """The lane's answer, against the model's."""
        model = self.model
        verdict = self.log.apply(delta, encode(delta))
        if delta.epoch == model.epoch and delta.version <= model.version:
            assert isinstance(verdict, Known)
        elif delta.epoch == model.epoch and delta.version == model.version + 1:
            assert isinstance(verdict, Applied)
            model.step(delta)
        else:
            model.hear(delta)
            assert isinstance(verdict, Gap if delta.epoch == model.epoch else OtherEpoch)

    @rule(size=st.integers(1, 4))
    def a_snapshot_is_made(self, size: int) -> None:
        """The parts are on their way."""
        self.asked += 1
        self.parts = self.core.snapshot(request=str(self.asked), size=size)
        self.have = set()

    @precondition(lambda self: self.parts)
    @rule(choose=st.integers(0, 30))
    def a_part_arrives(self, choose: int) -> None:
        """Any part, perhaps a second time."""
        part = self.parts[choose % len(self.parts)]
        verdict = self.log.load(part)
        if len(part.epoch) < len(self.model.epoch):
            assert isinstance(verdict, Refuted)  # an epoch that was left
            return
        if part.epoch == self.model.epoch and part.version < self.model.version:
            assert isinstance(verdict, Known)
            return
        self.have.add(part.part)
        if len(self.have) < part.parts:
            assert verdict == Loading(self.log.head, len(self.have), part.parts)
            return
        assert isinstance(verdict, Swapped)
        self.have = set()
        rows = tuple(record for part in self.parts for record in part.records)
        self.model.rows = {record.key: record for record in rows}
        self.model.moved(part.epoch, part.version, rows)

    @rule()
    def the_whole_snapshot_arrives(self) -> None:
        """Every part in order."""
        self.a_snapshot_is_made(2)
        for place in range(len(self.parts)):
            self.a_part_arrives(place)

    @rule(ubr=st.sampled_from(UBRS))
    def a_bundle_is_used_here(self, ubr: str) -> None:
        """A visit consumes it."""
        self.lives += 1
        Journal(self.store, boot=f"boot-{self.lives}", software="1").append(b"", uses=[(ubr, f"lane/j/{self.lives}")])
        self.model.used.setdefault(ubr, f"lane/j/{self.lives}")

    @rule()
    def the_agent_restarts(self) -> None:
        """A half-loaded snapshot is forgotten; nothing else is."""
        self.store.close()
        self.store = LaneStore(Path(self.folder.name) / "lane.db")
        self.log = CodeLog(self.store, far=-1)
        self.have = set()

    @precondition(lambda self: self.core.version > 2)
    @rule(keep=st.integers(0, 9))
    def the_core_is_restored(self, keep: int) -> None:
        """Another life of the log begins with every hold, lifted or not, and some of the other rows that are alive."""
        holds = [row for row in self.core.rows.values() if isinstance(row, HoldRecord)]
        rows = [row for row in self.core.rows.values() if not row.deleted and not isinstance(row, HoldRecord)]
        self.core = SimulatedLog(f"epoch-{self.core.epoch[6:]}x", (*holds, *rows[:keep]))

    @invariant()
    def the_lane_is_where_the_model_is(self) -> None:
        """Version, hashes and every answer."""
        assert (self.log.head.epoch, self.log.head.version) == (self.model.epoch, self.model.version)
        look = Lookup(self.log)
        for mark in MARKS:
            assert said(look.find(mark)) == self.model.says(mark)
        assert self.log.damage == ""

    def teardown(self) -> None:
        """The file is whole at the end."""
        state = SimulatedLog("any", tuple(self.model.rows.values())).state_hash
        assert self.log.head.state_hash == state
        assert self.store.flaws() == []
        self.store.close()
        self.folder.cleanup()


def test_the_code_log_is_a_dict() -> None:
    """Thirty steps of any kind, again and again: the lane's answers are the model's after each."""
    run_state_machine_as_test(Lane, settings=settings(max_examples=25, stateful_step_count=30, deadline=None))
