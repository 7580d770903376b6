"""What lanes hold of the core's own signed deltas, and it lacks: asked for, taken in, or nothing is proved (design §2.16)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import RefusedError
from core.ledger.log import live
from core.ledger.new_epoch import holds_to_end, make_strictest
from core.link.alarms import AlarmBook
from core.link.gateway import LaneGateway
from core.link.wholeness import PATIENCE_MS
from domain.times import DAY_MS
from simulation.ledgers import copy_database, put_back_database
from wire import messages as wire
from wire.codec import decode, decode_record
from wire.envelope import Signer
from wire.messages import DeltasAsked, DeltasShown, Heartbeat
from wire.records import BundleRecord, CargoRecord, HoldRecord, VehicleRecord
from wire.topics import LOG, LaneTopics

LISTEN_MS = 3_000


class Ticks:
    """A clock for durations, moved by hand."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        """Where it stands."""
        return self.now


class Site:
    """A core that may be put back to a backup, and a lane that keeps what it was told."""

    def __init__(self, reopen: Any, lane: Any, folder: Path) -> None:
        self._reopen, self.lane, self._folder = reopen, lane, folder
        self.ticks = Ticks()
        self.core = reopen()
        self.exchange = self.core.exchange
        self.kept: list[tuple[str, int, bytes]] = []

    def changes(self, *rows: Any) -> None:
        """The list changes; the lane keeps the deltas."""
        core = self.core
        with core.store.transaction():
            before = core.log.head()
            core.log.append(rows, at_ms=core.clock())
        news = core.log.payloads_after(before.epoch, before.version)
        self.kept += [(before.epoch, version, payload) for version, payload in news]

    def backs_up(self) -> None:
        """A backup is made."""
        copy_database(self._folder / "core.db", self._folder / "backup.db")

    def is_put_back(self, listen_ms: int = LISTEN_MS) -> None:
        """The core starts on the backup, and listens."""
        self.core.store.close()
        put_back_database(self._folder / "backup.db", self._folder / "core.db")
        self.core = self._reopen()
        self.listens(listen_ms)

    def listens(self, listen_ms: int) -> None:
        """The gateway of a core that has just started."""
        core = self.core
        self.exchange = LaneGateway(
            store=core.store,
            log=core.log,
            intake=core.intake,
            signer=core.signer,
            rings={self.lane.name: self.lane.signer.ring(), "other-01": self.lane.signer.ring()},
            clock=core.clock,
            listen_ms=listen_ms,
            ticks=self.ticks,
        )

    def waits(self, until_ms: int) -> None:
        """Time passes, and the core turns meanwhile."""
        while self.ticks.now < until_ms:
            self.ticks.now = min(until_ms, self.ticks.now + 500)
            self.exchange.whole.listening()

    def asks(self, lane: str = "", **changes: Any) -> list[Any]:
        """A nonce of a lane at the newest version that it keeps; the bodies that answer it."""
        epoch, version, _ = self.kept[-1] if self.kept else (self.core.log.head().epoch, 0, b"")
        name = lane or self.lane.name
        values: dict[str, Any] = {
            "epoch": epoch,
            "version": version,
            "state_hash": bytes(32),
            **self.lane.head,
            **changes,
        }
        topic = LaneTopics(name).nonce
        body = wire.Nonce(lane=name, session=1, nonce=bytes(16), journal=self.lane.journal, acknowledged=0, **values)
        return self.opened(self.exchange.hear([self.lane.says(topic, body)]).now)

    def presence(self, status: Any) -> None:
        """The lane says whether it is on the line, or the Will of its connection does."""
        body = wire.Presence(lane=self.lane.name, status=status, session=1, software="1")
        self.exchange.hear([self.lane.says(self.lane.topics.presence, body)])

    def opened(self, said: list[Any]) -> list[Any]:
        """The bodies of what the core sends."""
        kinds = {"heartbeat": Heartbeat, "log": wire.LogReply}
        ring = self.core.signer.ring()
        return [
            decode(
                wire.Delta if one.topic == LOG else kinds[one.topic.rsplit("/", 1)[-1]],
                ring.open(one.topic, one.payload),
            )
            for one in said
        ]

    def shows(self, asked: DeltasAsked, signer: Signer | None = None) -> list[Any]:
        """The lane shows what it keeps after the version asked for; the answers."""
        found = [raw for epoch, version, raw in self.kept if epoch == asked.epoch and version > asked.version]
        if signer is not None:
            found = [signer.seal(LOG, self.core.log.ring.open(LOG, raw)) for raw in found]
        body = DeltasShown(lane=self.lane.name, request=asked.request, epoch=asked.epoch, payloads=tuple(found))
        return self.opened(self.exchange.hear([self.lane.says(self.lane.topics.shown, body)]).now)

    def hold(self, vrn: str) -> bool:
        """Whether a vehicle is held here."""
        row = self.core.log.row("hold", vrn)
        return isinstance(row, HoldRecord) and not row.deleted

    @property
    def kinds(self) -> set[str]:
        """The standing alarms."""
        return {one.kind for one in AlarmBook(self.core.store.connection).standing(now_ms=0)}


@pytest.fixture
def site(reopen: Any, lane: Any, tmp_path: Path) -> Site:
    """A core with a hold, and a backup of it."""
    made = Site(reopen, lane, tmp_path)
    made.changes(HoldRecord("ZZ9"))
    made.backs_up()
    return made


def proofs(said: list[Any]) -> list[Heartbeat]:
    """The proofs among the answers."""
    return [one for one in said if isinstance(one, Heartbeat)]


def wish(said: list[Any]) -> DeltasAsked:
    """The one wish to be shown deltas."""
    (asked,) = [one for one in said if isinstance(one, DeltasAsked)]
    return asked


def test_a_core_that_starts_listens_before_it_proves_or_takes_anything(site: Site) -> None:
    """A lane that knows nothing new is proved nothing either, and its rows stay with it."""
    site.listens(LISTEN_MS)
    row = site.lane.write()
    assert proofs(site.asks()) == []
    assert site.exchange.hear(site.lane.sends(row)).now == []
    site.waits(LISTEN_MS)
    assert len(proofs(site.asks())) == 1
    assert site.exchange.hear(site.lane.sends(row)).now != []


def test_a_core_that_stood_still_while_it_listened_hears_what_was_said_meanwhile(site: Site) -> None:
    """What waits to change the list would come first otherwise, and sign again what lanes hold otherwise."""
    site.changes(HoldRecord("AB1234"))
    head = site.core.log.head()
    site.is_put_back()
    site.ticks.now = 5 * LISTEN_MS  # its machine was starved; the lane's nonce waits
    assert site.exchange.whole.listening()
    site.shows(wish(site.asks()))
    assert site.core.log.head() == head
    site.waits(site.ticks.now + LISTEN_MS)
    assert [beat.version for beat in proofs(site.asks())] == [head.version]


def test_a_core_behind_is_made_whole_by_the_deltas_that_it_signed_itself(site: Site) -> None:
    """Before it proves anything to anybody; a lane that only claims holds nobody up for long."""
    site.changes(HoldRecord("AB1234"))
    head = site.core.log.head()
    site.is_put_back()
    asked = wish(site.asks())
    assert (asked.epoch, asked.version) == (head.epoch, 1)
    site.waits(LISTEN_MS)
    assert proofs(site.asks(lane="other-01", version=1)) == []
    (delta,) = site.shows(asked)
    assert isinstance(delta, wire.Delta)
    assert site.core.log.head() == head
    assert site.hold("AB1234")
    site.core.log.check()
    assert [beat.version for beat in proofs(site.asks(lane="other-01", version=1))] == [2]
    assert [beat.version for beat in proofs(site.asks())] == [2]
    assert site.kinds == {"CoreWentBack", "CodesDiffer"}


def test_a_version_that_is_only_claimed_proves_nothing(site: Site) -> None:
    """The lane that claims it gets no proof; the others do, ten seconds later at the latest."""
    site.listens(LISTEN_MS)
    assert wish(site.asks(version=99)).version == 1
    site.waits(LISTEN_MS + 1)
    assert proofs(site.asks(lane="other-01", version=1)) == []
    site.waits(PATIENCE_MS + 1)
    assert len(proofs(site.asks(lane="other-01", version=1))) == 1
    assert proofs(site.asks(version=99)) == []
    site.waits(site.ticks.now + PATIENCE_MS)
    assert proofs(site.asks(version=100)) == []
    assert len(proofs(site.asks(lane="other-01", version=1))) == 1, "a later claim holds nobody up"


def test_a_lane_on_the_line_that_is_late_is_waited_for(site: Site) -> None:
    """On a starved machine its first nonce takes longer than the core listens: it still makes the core whole first."""
    site.changes(HoldRecord("AB1234"))
    site.is_put_back()
    site.presence("online")
    site.waits(LISTEN_MS + 3_000)
    assert proofs(site.asks(lane="other-01", version=1)) == []
    asked = wish(site.asks())
    site.waits(site.ticks.now + PATIENCE_MS - 1)
    assert proofs(site.asks(lane="other-01", version=1)) == []
    site.shows(asked)
    assert site.hold("AB1234")
    assert [beat.version for beat in proofs(site.asks(lane="other-01", version=1))] == [2]


def test_a_lane_that_is_on_the_line_and_never_asks_holds_nobody_up_for_long(site: Site) -> None:
    """Nor does one that leaves, or that comes when the core has begun."""
    site.listens(LISTEN_MS)
    site.presence("online")
    site.waits(PATIENCE_MS - 1)
    assert proofs(site.asks(lane="other-01", version=1)) == []
    site.waits(PATIENCE_MS)
    assert len(proofs(site.asks(lane="other-01", version=1))) == 1
    site.presence("online")
    assert len(proofs(site.asks(lane="other-01", version=1))) == 1
    site.ticks.now = 0
    site.listens(LISTEN_MS)
    site.presence("online")
    site.presence("lost")
    site.waits(LISTEN_MS)
    assert len(proofs(site.asks(lane="other-01", version=1))) == 1


def test_what_another_key_has_signed_is_not_shown(site: Site) -> None:
    """Refused with an alarm; nothing changes."""
    site.changes(HoldRecord("AB1234"))
    site.is_put_back()
    asked = wish(site.asks())
    assert site.shows(asked, Signer.generate("core-1")) == []
    assert not site.hold("AB1234")
    assert site.kinds == {"CoreWentBack", "MessageRefused"}


def test_of_a_branch_the_strictest_counts_and_nothing_is_proved_until_a_new_epoch(site: Site) -> None:
    """A core that went on from a backup: holds, uses and stops of the lost branch count; nothing is let go by it."""
    bundle = BundleRecord("1000000001", "CD1", "inbound", "", 0, 9, (CargoRecord("2", "release"),))
    site.changes(bundle, HoldRecord("GH5"), VehicleRecord("EF2"))
    site.backs_up()
    used = BundleRecord("1000000001", "CD1", "inbound", "", 0, 9, (CargoRecord("2", "release"),), used_by="l/j/1")
    site.changes(used, HoldRecord("AB1234"), HoldRecord("GH5", deleted=True), VehicleRecord("EF2", deleted=True))
    site.is_put_back(listen_ms=0)
    with site.core.store.transaction():
        site.core.log.append([HoldRecord("XY1")], at_ms=site.core.clock())
    said = site.asks()  # the lane's version 3 is another one than this core's
    while asked := [one for one in said if isinstance(one, DeltasAsked)]:
        said = site.shows(*asked)
    rows = {key: site.core.log.row(*key) for key in [("bundle", "1000000001"), ("vehicle", "EF2")]}
    assert [site.hold(vrn) for vrn in ("AB1234", "GH5", "XY1", "ZZ9")] == [True, True, True, True]
    assert [getattr(row, "used_by", "") or getattr(row, "deleted", "") for row in rows.values()] == ["l/j/1", True]
    assert proofs(site.asks(lane="other-01", version=1)) == []
    assert "CoreForked" in site.kinds


def test_a_lane_that_joined_a_branch_in_the_middle_is_asked_no_more_than_it_keeps(site: Site) -> None:
    """It came to that epoch by a snapshot; the deltas before that are with nobody, and to ask for ever would starve the rest."""
    site.changes(HoldRecord("CD2"))
    with site.core.store.transaction():
        site.core.log.restart(at_ms=site.core.clock(), reason="test", keep=lambda _: True)
    for vrn in ("EF3", "GH4", "JK5"):
        site.changes(HoldRecord(vrn))
    del site.kept[:-2]
    site.is_put_back(listen_ms=0)
    said, asked = site.asks(), 0
    while wishes := [one for one in said if isinstance(one, DeltasAsked)]:
        said, asked = site.shows(*wishes), asked + 1
        assert asked < 5
    assert [site.hold(vrn) for vrn in ("ZZ9", "GH4", "JK5")] == [True, True, True]
    assert "CoreForked" in site.kinds


def test_a_hold_of_an_epoch_that_was_left_is_taken_over_into_the_new_one(site: Site) -> None:
    """`restart-log` on a backup: the lanes still name the old epoch, and show what is missing."""
    site.changes(HoldRecord("AB1234"))
    site.is_put_back(listen_ms=0)
    core = site.core
    with core.store.transaction():
        epoch = core.log.restart(at_ms=core.clock(), reason="test", keep=lambda row: live(row, 0, grace_ms=DAY_MS))
    site.listens(LISTEN_MS)
    asked = wish(site.asks())
    assert asked.epoch != epoch
    site.shows(asked)
    assert site.hold("AB1234")
    assert site.core.log.head().epoch == epoch
    site.waits(LISTEN_MS)
    assert [beat.epoch for beat in proofs(site.asks())] == [epoch]


def test_a_new_epoch_begins_with_what_is_stricter_of_rows_and_signed_deltas(core: Any) -> None:
    """Somebody has lifted a hold, made a stop a release, and added a bundle, all in the store."""
    stop = BundleRecord("1000000001", "CD1", "inbound", "", 0, 2**45, (CargoRecord("2", "inspect"),))
    with core.store.transaction():
        core.log.append([HoldRecord("AB1"), stop], at_ms=core.clock())
    with core.store.transaction():
        core.log.put(HoldRecord("AB1", deleted=True))
        core.log.put(BundleRecord("1000000001", "ZZ1", "inbound", "", 0, 2**45, (CargoRecord("2", "release"),)))
        core.log.put(BundleRecord("1000000009", "ZZ1", "inbound", "", 0, 2**45, (CargoRecord("3", "release"),)))
        core.log.put(HoldRecord("EF1"))
        told = make_strictest(core.log, [])
        core.log.restart(at_ms=core.clock(), reason="test", keep=lambda row: live(row, 0, grace_ms=0))
    assert {row.key: row for row in map(decode_record, core.log.row_bodies())} == {
        ("hold", "AB1"): HoldRecord("AB1"),
        ("hold", "EF1"): HoldRecord("EF1"),
        ("bundle", "1000000001"): stop,
    }
    assert len(told) == 4
    core.log.check()


def test_a_hold_ends_with_an_epoch_only_if_two_people_say_so(core: Any) -> None:
    """By name, and its row goes on as a lifted one, so that the lanes see that it was meant."""
    for approve in ("", " ", "Chan"):
        with pytest.raises(RefusedError, match="two people"):
            holds_to_end(["AB 1"], officer="chan", approve=approve)
    ended = holds_to_end(["AB 1"], officer="chan", approve="lee")
    with core.store.transaction():
        core.log.append([HoldRecord("AB1")], at_ms=core.clock())
    with core.store.transaction():
        make_strictest(core.log, ended)
        core.log.restart(at_ms=core.clock(), reason="test", keep=lambda row: live(row, 0, grace_ms=0))
    assert core.log.row("hold", "AB1") == HoldRecord("AB1", deleted=True)
    with core.store.transaction(), pytest.raises(RefusedError, match="is not held"):
        make_strictest(core.log, ["AB1"])


def test_rows_that_a_lane_carries_over_count_once(core: Any, lane: Any, make_record: Any) -> None:
    """A store that was put back: rows of before the copy come again under another journal, those after it are new."""
    for number in range(1, 4):
        lane.write(make_record("VehicleArrived", number))
    core.exchange.hear(lane.sends(*lane.rows))
    known, lane.rows, lane.journal = lane.rows[1:], [], "j2"
    for row in known:
        lane.write_body(row.body)
    lane.write(make_record("VehicleArrived", 9))
    core.exchange.hear(lane.sends(*lane.rows))
    assert core.intake.standing(lane.name, "j2").seq == 3
    assert sorted(one.key.split("/", 1)[1] for one in core.projection.latest()) == ["j1/1", "j1/2", "j1/3", "j2/9"]


def test_rows_that_a_lane_carries_over_twice_count_once(core: Any, lane: Any, make_record: Any) -> None:
    """A store that was put back twice: a third journal has rows of the first and of the second, at other distances."""
    for number in range(1, 4):
        lane.write(make_record("VehicleArrived", number))
    core.exchange.hear(lane.sends(*lane.rows))
    for boot, journal, after in (("b2", "j2", 1), ("b3", "j3", 0)):
        known, lane.rows, lane.journal = lane.rows[after:], [], journal
        for row in known:
            lane.boot = row.boot
            lane.write_body(row.body)
        lane.boot = boot
        lane.write(make_record("VehicleArrived", int(boot[1]) + 5))
        core.exchange.hear(lane.sends(*lane.rows))
    assert core.intake.standing(lane.name, "j3").seq == 4
    keys = sorted(one.key.split("/", 1)[1] for one in core.projection.latest())
    assert keys == ["j1/1", "j1/2", "j1/3", "j2/7", "j3/8"]
