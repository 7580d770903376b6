"""The replicated log: contiguous, chained, hashed, durable, and provable afterwards."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import CoreSettingsError, HistoryError, RefusedError
from core.ledger.log import BYTES_A_DELTA, ROWS_A_DELTA, ReplicatedLog, live
from core.ledger.store import CoreStore
from runtime.store_errors import StoreReadOnlyError
from wire.codec import decode, encode
from wire.envelope import Signer
from wire.hashes import EMPTY_STATE, StateHash, log_next, log_start
from wire.messages import Delta
from wire.records import BundleRecord, CargoRecord, HoldRecord, VehicleRecord
from wire.topics import LOG


def append(core: Any, *rows: Any) -> Any:
    """Appends in a transaction."""
    with core.store.transaction():
        return core.log.append(rows, at_ms=core.clock())


def deltas(core: Any) -> Any:
    """Every delta of the present epoch, its signature checked."""
    ring = core.signer.ring()
    bodies = [ring.open(LOG, payload) for _, payload in core.log.payloads_after(core.log.head().epoch, 0)]
    return [(body, decode(Delta, body)) for body in bodies]


def test_a_new_log_is_empty_at_version_nought(core: Any) -> None:
    """Version 0 is the empty list, with the hashes of emptiness."""
    head = core.log.head()
    assert (head.version, head.log_hash, head.state_hash) == (0, log_start(head.epoch), EMPTY_STATE)


def test_versions_are_contiguous_and_every_delta_names_the_one_before(core: Any) -> None:
    """Whoever holds version v can tell whether the next delta is v + 1 of the same history."""
    append(core, HoldRecord("AB1234", "told"))
    append(core, VehicleRecord("CD5678", "粤ZA1B2港"))
    append(core, HoldRecord("AB1234", "told", deleted=True))
    chain = log_start(core.log.head().epoch)
    for number, (body, delta) in enumerate(deltas(core), start=1):
        assert (delta.version, delta.previous) == (number, chain)
        chain = log_next(chain, body)
    assert core.log.head().log_hash == chain


def test_the_state_hash_is_that_of_the_rows_counted_anew(core: Any) -> None:
    """Kept up row by row, it equals the hash of the rows computed from nothing."""
    append(core, HoldRecord("AB1234", "a"), VehicleRecord("CD5678"))
    append(core, HoldRecord("AB1234", "b"))
    rows = [HoldRecord("AB1234", "b"), VehicleRecord("CD5678")]
    assert core.log.head().state_hash == StateHash.of(rows).digest()


def test_a_row_that_changes_nothing_makes_no_delta(core: Any) -> None:
    """A hold laid twice is one hold and one delta."""
    append(core, HoldRecord("AB1234", "a"))
    assert append(core, HoldRecord("AB1234", "a")) == 1


def test_of_two_rows_with_one_key_the_later_counts(core: Any) -> None:
    """One delta never says two things of one vehicle."""
    append(core, HoldRecord("AB1234", "a"), HoldRecord("AB1234", "b"))
    ((_, delta),) = deltas(core)
    assert delta.changes == (HoldRecord("AB1234", "b"),)


def test_many_rows_are_cut_into_deltas_that_fit_a_message(core: Any) -> None:
    """By number and by size."""
    append(core, *(HoldRecord(f"V{number}") for number in range(ROWS_A_DELTA + 1)))
    assert [len(delta.changes) for _, delta in deltas(core)] == [ROWS_A_DELTA, 1]
    lines = tuple(CargoRecord(str(2_000_000_000 + n), "release") for n in range(999))
    big = [BundleRecord(str(1_000_000_000 + n), f"B{n}", "inbound", "", 0, 1, lines) for n in range(40)]
    append(core, *big)
    assert all(len(body) < 2 * BYTES_A_DELTA for body, _ in deltas(core))


def test_a_rollback_leaves_no_delta_and_nothing_to_publish(core: Any) -> None:
    """What was not committed cannot be published."""
    with contextlib.suppress(KeyboardInterrupt), core.store.transaction():
        core.log.append([HoldRecord("AB1234")], at_ms=1)
        raise KeyboardInterrupt
    assert core.log.head().version == 0
    assert core.exchange.news() == []


@pytest.mark.parametrize(
    "row",
    [
        HoldRecord(""),
        HoldRecord("A" * 17),
        BundleRecord("1", "AB1", "inbound", "", -1, 1),
        BundleRecord("1", "AB1", "sideways", "", 0, 1),  # type: ignore[arg-type]
        HoldRecord("AB1", "x" * (BYTES_A_DELTA + 1)),
    ],
)
def test_a_row_that_lanes_would_refuse_never_gets_into_the_log(core: Any, row: Any) -> None:
    """One delta that cannot be read would stop every lane."""
    with pytest.raises(RefusedError):
        append(core, HoldRecord("CD2"), row)
    assert core.log.head().version == 0


def test_the_log_goes_on_after_a_restart(reopen: Any) -> None:
    """The same epoch, the next version."""
    first = reopen()
    append(first, HoldRecord("AB1234"))
    epoch = first.log.head().epoch
    second = reopen()
    assert append(second, HoldRecord("CD5678")) == 2
    assert second.log.head().epoch == epoch
    second.log.check()


ROWS = st.one_of(
    st.builds(HoldRecord, st.sampled_from(["A1", "B2", "C3"]), st.sampled_from(["", "x"]), st.booleans()),
    st.builds(VehicleRecord, st.sampled_from(["A1", "B2"]), st.sampled_from(["", "粤ZA1B2港"]), st.booleans()),
)


@settings(max_examples=25, deadline=None)
@given(batches=st.lists(st.lists(ROWS, max_size=4), max_size=8))
def test_every_earlier_version_can_be_rebuilt_and_proved(tmp_path_factory: Any, batches: Any) -> None:
    """Which list was version v: whatever the changes, each version comes back as it was."""
    store = CoreStore(tmp_path_factory.mktemp("history") / "core.db", create=True)
    log = ReplicatedLog(store, Signer.generate("core-1"))
    with store.transaction():
        epoch = log.restart(at_ms=0, reason="test")
    rows, expected = {}, {0: {}}
    for number, batch in enumerate(batches, start=1):
        with store.transaction():
            log.append(batch, at_ms=number)
        rows = {**rows, **{row.key: row for row in batch}}
        expected[log.head().version] = rows
    for version, held in expected.items():
        found = log.list_at(epoch, version)
        assert found.rows == held
        assert found.state_hash == StateHash.of(held.values()).digest()
    store.close()


def test_the_list_in_force_at_a_time_can_be_named(core: Any) -> None:
    """An officer asks by time, not by version."""
    start = core.clock()
    append(core, HoldRecord("AB1234"))
    core.clock.pass_minutes(10)
    append(core, HoldRecord("AB1234", deleted=True))
    epoch = core.log.head().epoch
    assert core.log.version_at(start + 60_000) == (epoch, 1)
    assert core.log.version_at(core.clock()) == (epoch, 2)
    with pytest.raises(HistoryError, match="no list"):
        core.log.version_at(start - 1)


def test_a_version_that_never_was_is_not_made_up(core: Any) -> None:
    """Neither a version to come nor an unknown epoch."""
    for epoch, version in ((core.log.head().epoch, 1), ("9-none", 0)):
        with pytest.raises(HistoryError, match="not in this store"):
            core.log.list_at(epoch, version)


def test_a_changed_delta_is_found_and_named(core: Any) -> None:
    """One byte changed in the history: the version is named."""
    append(core, HoldRecord("AB1234"))
    append(core, HoldRecord("CD5678"))
    payload = next(core.log.payloads_after(core.log.head().epoch, 0))[1]
    changed = payload.replace(b"AB1234", b"AB1235")
    core.store.connection.execute("UPDATE log SET payload=? WHERE version=1", (changed,))
    with pytest.raises(HistoryError, match="version 1: bad_signature"):
        core.log.list_at(core.log.head().epoch, 2)


def test_a_delta_that_was_signed_with_the_wrong_state_hash_is_found_and_named(core: Any) -> None:
    """Even the core's own signature does not make rows have a hash they have not."""
    head = core.log.head()
    body = encode(
        Delta(epoch=head.epoch, version=1, previous=head.log_hash, changes=(HoldRecord("A1"),), state_hash=EMPTY_STATE)
    )
    core.store.connection.execute(
        "INSERT INTO log(epoch, version, at_ms, payload, log_hash, state_hash) VALUES (?, 1, 0, ?, x'', x'')",
        (head.epoch, core.signer.seal(LOG, body)),
    )
    with pytest.raises(HistoryError, match="version 1: its rows do not have the state hash"):
        core.log.list_at(head.epoch, 1)


def test_a_missing_delta_is_found_and_named(core: Any) -> None:
    """A version taken out of the middle."""
    for vrn in ("A1", "B2", "C3"):
        append(core, HoldRecord(vrn))
    core.store.connection.execute("DELETE FROM log WHERE version=2")
    with pytest.raises(HistoryError, match="version 3: does not follow version 1"):
        core.log.list_at(core.log.head().epoch, 3)


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM rows WHERE key='A1'", "DELETE FROM log WHERE version=2", "UPDATE head SET total=zeroblob(512)"],
)
def test_a_core_whose_list_and_head_disagree_does_not_start(core: Any, damage: Any) -> None:
    """Nothing is published from a store that contradicts itself."""
    append(core, HoldRecord("A1"))
    append(core, HoldRecord("B2"))
    core.log.check()
    core.store.connection.execute(damage)
    with pytest.raises(HistoryError, match="restore a backup"):
        core.log.check()


def test_a_new_epoch_keeps_what_still_counts_and_nothing_else(core: Any) -> None:
    """Used, withdrawn and long expired bundles go with the old epoch, holds stay, lifted ones by name."""
    day = 86_400_000
    now = core.clock()
    bundle = BundleRecord("1000000001", "AB1234", "inbound", "", now, now + day)
    used = msgspec.structs.replace(bundle, ubr="1000000002", used_by="l/j/1")
    withdrawn = msgspec.structs.replace(bundle, ubr="1000000003", deleted=True)
    expired = msgspec.structs.replace(bundle, ubr="1000000004", valid_until_ms=now - day)
    append(core, bundle, used, withdrawn, expired, HoldRecord("A1"), HoldRecord("B2", deleted=True))
    old = core.log.head()
    with core.store.transaction():
        epoch = core.log.restart(at_ms=now, reason="test", keep=lambda row: live(row, now, grace_ms=day))
    head = core.log.head()
    assert epoch == head.epoch != old.epoch
    kept = {("bundle", "1000000001"), ("hold", "A1"), ("hold", "B2")}
    assert set(core.log.list_at(epoch, head.version).rows) == kept
    assert core.log.list_at(old.epoch, old.version).state_hash == old.state_hash
    core.log.check()


def test_the_store_outlives_a_power_cut_by_configuration(core: Any) -> None:
    """WAL and synchronous FULL: NORMAL loses acknowledged rows, OFF the file (lessons 17)."""
    pragma = {
        name: core.store.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    }
    assert pragma == {"journal_mode": "wal", "synchronous": 2}


def test_a_second_core_on_the_same_store_is_refused(core: Any) -> None:
    """Two cores would give the lanes two histories; readers may look on."""
    with pytest.raises(CoreSettingsError, match="another core"):
        CoreStore(core.store.path)
    reader = CoreStore(core.store.path, reading=True)
    assert ReplicatedLog(reader, core.signer).head() == core.log.head()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.connection.execute("DELETE FROM rows")
    reader.close()


def test_what_cannot_be_written_is_told_with_the_remedy(core: Any) -> None:
    """A disk that refuses is the technician's to mend; nothing was changed."""
    core.store.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreReadOnlyError, match="look at the mount"), core.store.transaction():
        core.store.write_diary(at_ms=1, who="x", what="y", detail="z")
    core.store.connection.execute("PRAGMA query_only = OFF")
    assert core.store.connection.execute("SELECT count(*) FROM audit WHERE who = 'x'").fetchone() == (0,)


def test_a_store_that_is_missing_there_already_or_newer_is_named_with_the_remedy(tmp_path: Any) -> None:
    """A mistyped path is never a new, empty list."""
    path = tmp_path / "core.db"
    with pytest.raises(CoreSettingsError, match="rocars-core init"):
        CoreStore(path)
    CoreStore(path, create=True).close()
    with pytest.raises(CoreSettingsError, match="already"):
        CoreStore(path, create=True)
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version=99")
    raw.execute("UPDATE opens_from SET schema = 99")
    raw.commit()
    raw.close()
    with pytest.raises(CoreSettingsError, match="newer version"):
        CoreStore(path)
    (tmp_path / "text.db").write_bytes(b"this is not a database, " * 100)
    with pytest.raises(CoreSettingsError, match="not a database"):
        CoreStore(tmp_path / "text.db")
