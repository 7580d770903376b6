"""Looking a vehicle up: the strictest word of list and overlays, and every near-miss, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.crossing import Direction
from domain.marks import is_near_miss
from lane_agent.model import Bundle, Cargo, Codes, Link, NearMiss
from runtime.store_errors import StoreDamagedError
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.lookup import Lookup, Touch, touching
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from wire.codec import encode
from wire.records import BundleRecord, CargoRecord, HoldRecord, Record, VehicleRecord
from wire.records import Direction as Way

VISIT = "lane/journal/7"


def bundle(
    ubr: str, vrn: str, *codes: str, way: Way = "inbound", deleted: bool = False, used_by: str = ""
) -> BundleRecord:
    """A bundle; one consignment a code, or one to be released."""
    cargo = tuple(
        CargoRecord(ccrn=f"{ubr}-{n}", code=code, scheme="ITFS") for n, code in enumerate(codes or ("release",))
    )
    return BundleRecord(
        ubr=ubr, vrn=vrn, direction=way, point="MKT", earliest_ms=5, valid_until_ms=9, cargo=cargo,
        deleted=deleted, used_by=used_by,
    )  # fmt: skip


class Lane:
    """A lane beside the core it copies."""

    def __init__(self, store: LaneStore) -> None:
        self.store = store
        self.log = CodeLog(store, far=-1)
        self.look = Lookup(self.log)
        self.core = SimulatedLog("epoch")
        self.snapshot()

    def snapshot(self) -> None:
        """Takes the core's list as it is."""
        for part in self.core.snapshot(size=3):
            self.log.load(part)

    def given(self, *records: Record) -> None:
        """The core changes these, and the lane follows."""
        delta = self.core.change(*records)
        self.log.apply(delta, encode(delta))

    def ahead(self, *records: Record) -> None:
        """The lane hears of these before it hears of what went before."""
        self.core.change()
        delta = self.core.change(*records)
        self.log.apply(delta, encode(delta))

    def uses(self, *ubrs: str) -> None:
        """A visit at this lane uses bundles."""
        boot = f"boot-{self.store.db['boots'].count}"
        Journal(self.store, boot=boot, software="1").append(b"entry", uses=[(ubr, VISIT) for ubr in ubrs])


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Lane]:
    """A lane with an empty list."""
    with LaneStore(tmp_path / "lane.db") as store:
        yield Lane(store)


def test_an_unknown_vehicle_has_nothing(lane: Lane) -> None:
    """No record: no bundle, no hold, not approved, no near-miss; but the version it was looked up in."""
    found = lane.look.find("AB1234")
    assert (found.held, found.bundles, found.approved, found.approved_mainland, found.near) == (
        False,
        (),
        False,
        "",
        (),
    )
    assert (found.epoch, found.version, found.state_hash) == ("epoch", 0, lane.core.state_hash.hex())


def test_everything_of_a_vehicle_is_found(lane: Lane) -> None:
    """All bundles by UBR, either direction, with every consignment and its code as sent; hold and approval."""
    lane.given(
        bundle("2", "AB1234", "Release", "inspect "),
        bundle("1", "AB1234", way="outbound"),
        bundle("3", "GH5"),
        HoldRecord(vrn="AB1234"),
        VehicleRecord(vrn="AB1234", mainland="粤ZAB12港"),
    )
    found = lane.look.find("ab 1234")
    assert found.bundles == (
        Bundle("1", "AB1234", Direction.OUTBOUND, "MKT", 5, 9, (Cargo("1-0", "release", "ITFS"),)),
        Bundle("2", "AB1234", Direction.INBOUND, "MKT", 5, 9,
               (Cargo("2-0", "Release", "ITFS"), Cargo("2-1", "inspect ", "ITFS"))),
    )  # fmt: skip
    assert (found.vrn, found.held, found.approved, found.approved_mainland) == ("AB1234", True, True, "粤ZAB12港")


def test_the_answer_for_the_lane_has_the_links_word(lane: Lane) -> None:
    """Link verdict and core time are added at the moment of the answer; all else is what was found."""
    lane.given(bundle("1", "AB1234"), HoldRecord(vrn="AB123"))
    found = lane.look.find("AB1234")
    codes = found.codes(link=Link.STALE, core_ms=77, slack_ms=8)
    assert codes == Codes(
        "AB1234", Link.STALE, 77, 8, "epoch", 1, lane.core.state_hash.hex(),
        bundles=found.bundles, near=(NearMiss("AB123", held=True, bundled=False),),
    )  # fmt: skip


def test_tombstones_are_told_from_nothing(lane: Lane) -> None:
    """A debundled bundle is still seen, as withdrawn (row 13); a lifted hold and a struck-off vehicle are gone."""
    lane.given(bundle("1", "AB1234"), HoldRecord(vrn="AB1234"), VehicleRecord(vrn="AB1234"))
    lane.given(
        bundle("1", "AB1234", deleted=True),
        HoldRecord(vrn="AB1234", deleted=True),
        VehicleRecord(vrn="AB1234", deleted=True),
    )
    found = lane.look.find("AB1234")
    assert [row.withdrawn for row in found.bundles] == [True]
    assert (found.held, found.approved) == (False, False)


def test_a_bundle_moves_with_its_vehicle(lane: Lane) -> None:
    """Bundled anew with another vehicle under the same UBR, it is no longer the first one's."""
    lane.given(bundle("1", "AB1234"))
    lane.given(bundle("1", "GH5"))
    assert lane.look.find("AB1234").bundles == ()
    assert len(lane.look.find("GH5").bundles) == 1


def test_marks_are_compared_in_their_normal_form(lane: Lane) -> None:
    """Blanks, small letters and I, O, Q in a record or in the question make no difference (domain §3c)."""
    lane.given(bundle("1", "ab 1O3"), HoldRecord(vrn="AB1Q3"))
    for asked in ("AB103", "ab-1o3", "AB IO3"):
        found = lane.look.find(asked)
        assert (found.vrn, found.held, len(found.bundles)) == ("AB103", True, 1)


def test_a_bundle_used_here_is_used_at_once(lane: Lane) -> None:
    """From the journal row on, before the core knows; a restart and a snapshot change nothing in that."""
    lane.given(bundle("1", "AB1234"), bundle("2", "AB1234"))
    lane.uses("1")
    for look in (lane.look, Lookup(CodeLog(lane.store, far=-1))):
        assert [row.used_by for row in look.find("AB1234").bundles] == [VISIT, ""]
    lane.core.change()
    lane.snapshot()
    assert [row.used_by for row in lane.look.find("AB1234").bundles] == [VISIT, ""]


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_use_drops_when_the_log_names_one(lane: Lane, snapshot: bool) -> None:
    """Once the in-order log says by whom the bundle was used, that word stands; till then changes leave it used."""
    lane.given(bundle("1", "AB1234"))
    lane.uses("1")
    lane.given(bundle("1", "AB1234", "inspect"))
    lane.given(bundle("1", "AB1234", deleted=True))
    assert [row.used_by for row in lane.look.find("AB1234").bundles] == [VISIT]
    if snapshot:
        lane.core.change(bundle("1", "AB1234", used_by="other/j/1"))
        lane.snapshot()
    else:
        lane.given(bundle("1", "AB1234", used_by="other/j/1"))
    assert [row.used_by for row in lane.look.find("AB1234").bundles] == ["other/j/1"]
    assert lane.store.db["used_here"].count == 0


def test_a_use_outlives_an_epoch_that_does_not_know_it(lane: Lane) -> None:
    """A core restored from a backup may offer the bundle again; this lane remembers."""
    lane.given(bundle("1", "AB1234"))
    lane.uses("1")
    lane.core = SimulatedLog("epoch-2", (bundle("1", "AB1234"),))
    lane.snapshot()
    assert [row.used_by for row in lane.look.find("AB1234").bundles] == [VISIT]


def test_a_hold_ahead_of_its_turn_holds(lane: Lane) -> None:
    """Exact and as a near-miss, over a restart, until the log has passed it and says otherwise."""
    lane.ahead(HoldRecord(vrn="粤AB1234"))
    for look in (lane.look, Lookup(CodeLog(lane.store, far=-1))):
        assert look.find("粤AB1234").held
        assert look.find("AB1234").near == (NearMiss("粤AB1234", held=True, bundled=False),)
    lane.core.change(HoldRecord(vrn="粤AB1234", deleted=True))
    lane.snapshot()
    assert not lane.look.find("粤AB1234").held
    assert lane.look.find("AB1234").near == ()


def test_a_lift_before_it_does_not_drop_a_hold_ahead(lane: Lane) -> None:
    """Lifted in version 2 and held again in version 3: hearing of 3 first, the lane holds throughout."""
    lane.given(HoldRecord(vrn="AB1234"))
    lift = lane.core.change(HoldRecord(vrn="AB1234", deleted=True))
    again = lane.core.change(HoldRecord(vrn="AB1234"))
    for delta in (again, lift, again):
        lane.log.apply(delta, encode(delta))
        assert lane.look.find("AB1234").held


def test_a_hold_ahead_outlives_an_older_snapshot(lane: Lane) -> None:
    """A snapshot from before the hold's version does not drop it; one that has reached it does."""
    lane.core.change()
    parts = lane.core.snapshot(request="older")
    lane.ahead(HoldRecord(vrn="AB1234"))
    for part in parts:
        lane.log.load(part)
    assert lane.look.find("AB1234").held
    assert lane.store.db["holds_ahead"].count == 1
    lane.snapshot()
    assert lane.look.find("AB1234").held
    assert lane.store.db["holds_ahead"].count == 0


def test_a_hold_ahead_of_another_epoch_is_lifted_in_turn_only(lane: Lane) -> None:
    """Its version says nothing in the new epoch: it stands until a delta there speaks of that vehicle's hold."""
    lane.ahead(HoldRecord(vrn="AB1234"), HoldRecord(vrn="GH5"))
    lane.core = SimulatedLog("epoch-2")
    lane.snapshot()
    for _ in range(5):
        lane.given()
    lane.given(HoldRecord(vrn="AB1234", deleted=True))
    assert not lane.look.find("AB1234").held
    assert lane.look.find("GH5").held


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((), None),
        ((bundle("1", "AB1284"),), (False, True)),
        ((bundle("1", "AB1284", way="outbound"),), (False, True)),
        ((bundle("1", "AB1284", "inspect"),), (True, True)),
        ((bundle("1", "AB1284", "release", "whatever"),), (True, True)),
        ((bundle("1", "AB1284", "inspect", deleted=True),), None),
        ((bundle("1", "AB1284", "inspect", used_by="x/j/1"),), None),
        ((HoldRecord(vrn="AB1284"),), (True, False)),
        ((HoldRecord(vrn="AB1284", deleted=True),), None),
        ((HoldRecord(vrn="AB1284"), bundle("1", "AB1284")), (True, True)),
        ((VehicleRecord(vrn="AB1284"),), None),
    ],
)
def test_what_pends_makes_a_near_miss(
    lane: Lane, records: tuple[Record, ...], expected: tuple[bool, bool] | None
) -> None:
    """Live bundles of any direction and holds count; a live bundle not to be released counts as held."""
    lane.given(*records)
    near = lane.look.find("AB1234").near
    assert near == (() if expected is None else (NearMiss("AB1284", *expected),))


@pytest.mark.parametrize("way", ["delta", "snapshot", "ahead", "restart", "restart ahead"])
def test_a_character_no_other_mark_has_may_be_the_added_one(lane: Lane, way: str) -> None:
    """However the mark with that character came into the list, its neighbour without it is found."""
    hold = HoldRecord(vrn="AB1Z")
    if way == "snapshot":
        lane.core.change(hold)
        lane.snapshot()
    elif way.endswith("ahead"):
        lane.ahead(hold)
    else:
        lane.given(hold)
    look = Lookup(CodeLog(lane.store, far=-1)) if way.startswith("restart") else lane.look
    assert look.find("AB1").near == (NearMiss("AB1Z", held=True, bundled=False),)


def test_a_near_miss_used_here_is_none(lane: Lane) -> None:
    """A neighbour's bundle used at this lane is no longer live."""
    lane.given(bundle("1", "AB1284"))
    lane.uses("1")
    assert lane.look.find("AB1234").near == ()


marks = st.text("AB018粤", min_size=1, max_size=5)


@settings(max_examples=25, deadline=None)
@given(st.sets(marks, max_size=25), st.sets(marks, max_size=5), st.lists(marks, min_size=1, max_size=8))
def test_the_near_misses_are_those_of_the_definition(
    tmp_path_factory: pytest.TempPathFactory, bundled: set[str], ahead: set[str], asked: list[str]
) -> None:
    """For any marks, however alike: what the index finds is what comparing with every one would find."""
    with LaneStore(tmp_path_factory.mktemp("lookup") / "lane.db") as store:
        lane = Lane(store)
        lane.given(*(bundle(mark, mark) for mark in bundled))
        lane.ahead(*(HoldRecord(vrn=mark) for mark in ahead))
        for mark in asked:
            expected = [
                NearMiss(other, held=other in ahead, bundled=other in bundled)
                for other in sorted(bundled | ahead) if is_near_miss(mark, other)
            ]  # fmt: skip
            found = lane.look.find(mark)
            assert list(found.near) == expected
            assert (found.held, bool(found.bundles)) == (mark in ahead, mark in bundled)


def test_a_row_that_does_not_belong_to_its_mark_is_no_answer(lane: Lane) -> None:
    """Damage met in a lookup is a store fault, not an absence."""
    lane.given(bundle("1", "AB1234"))
    lane.store.connection.execute("UPDATE codes SET mark = 'GH5'")
    with pytest.raises(StoreDamagedError, match="snapshot"):
        lane.look.find("GH5")
    lane.store.connection.execute("UPDATE codes SET body = x'93'")
    with pytest.raises(StoreDamagedError, match="snapshot"):
        lane.look.find("GH5")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (bundle("1", "AB1234"), Touch.CHANGE),
        (bundle("1", "AB123"), Touch.CHANGE),
        (bundle("1", "ab i234", "inspect"), Touch.STOP),
        (bundle("1", "AB1234", "inspect", deleted=True), Touch.CHANGE),
        (bundle("1", "AB1234", "inspect", used_by="x/j/1"), Touch.CHANGE),
        (bundle("1", "GH5", "inspect"), Touch.NONE),
        (HoldRecord(vrn="AB1234"), Touch.STOP),
        (HoldRecord(vrn="AB1284"), Touch.STOP),
        (HoldRecord(vrn="AB1234", deleted=True), Touch.CHANGE),
        (HoldRecord(vrn="AB1264"), Touch.NONE),
        (VehicleRecord(vrn="AB1234"), Touch.CHANGE),
    ],
)
def test_a_change_touches_its_vehicle_and_its_neighbours(record: Record, expected: Touch) -> None:
    """What was set on the vehicle in the lane or a near-miss of it concerns the lane; a stop does so as a stop."""
    assert touching((record,), "AB1234") is expected
    assert touching((bundle("9", "XY9"), record), "AB1234") is expected


def test_losing_a_bundle_touches_the_loser() -> None:
    """A bundle that goes from this vehicle to another is a change for this one, though the new row is not its own."""
    new, old = bundle("1", "GH5", "inspect"), bundle("1", "AB1234")
    assert touching((new,), "AB1234", replaced=(old,)) is Touch.CHANGE
    assert touching((new,), "AB1234") is Touch.NONE
