"""The replicated log: contiguous, chained, hashed, durable, and provable afterwards."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import CoreSettingsError, HistoryError, RefusedError
from core.ledger.log import BYTES_A_DELTA, ROWS_A_DELTA, ReplicatedLog, live
from core.ledger.store import CoreStore, connected
from core.sql import SQL_FILES
from runtime.store_errors import StoreError, StoreNewerError, StoreReadOnlyError
from simulation.ledgers import database_at, shared_cluster
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
    store = CoreStore(database_at(tmp_path_factory.mktemp("history") / "core.db"), create=True)
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
    core.store.connection.execute("UPDATE log SET payload=%s WHERE version=1", (changed,))
    with pytest.raises(HistoryError, match="version 1: bad_signature"):
        core.log.list_at(core.log.head().epoch, 2)


def test_a_delta_that_was_signed_with_the_wrong_state_hash_is_found_and_named(core: Any) -> None:
    """Even the core's own signature does not make rows have a hash they have not."""
    head = core.log.head()
    body = encode(
        Delta(epoch=head.epoch, version=1, previous=head.log_hash, changes=(HoldRecord("A1"),), state_hash=EMPTY_STATE)
    )
    core.store.connection.execute(
        "INSERT INTO log(epoch, version, at_ms, payload, log_hash, state_hash) VALUES (%s, 1, 0, %s, '', '')",
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
    ["DELETE FROM rows WHERE key='A1'", "DELETE FROM log WHERE version=2", "UPDATE head SET total=''"],
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


def test_a_second_core_on_the_same_database_is_refused(core: Any) -> None:
    """Two cores would give the lanes two histories; readers may look on."""
    with pytest.raises(CoreSettingsError, match="another core"):
        CoreStore(core.store.dsn)
    reader = CoreStore(core.store.dsn, reading=True)
    assert ReplicatedLog(reader, core.signer).head() == core.log.head()
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader.connection.execute("DELETE FROM rows")
    reader.close()


def test_what_cannot_be_written_is_told_with_the_remedy(core: Any) -> None:
    """A server that takes no changes is the technician's to look at; nothing was changed."""
    core.store.connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(StoreReadOnlyError, match="is it a stand-by"), core.store.transaction():
        core.store.write_diary(at_ms=1, who="x", what="y", detail="z")
    core.store.connection.execute("SET default_transaction_read_only = off")
    assert core.store.connection.execute("SELECT count(*) FROM audit WHERE who = 'x'").fetchone() == (0,)


def _commit_for(core: Any, *, seconds: float) -> None:
    """Again and again: a server reads its settings anew when it comes to it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with core.store.transaction():
            core.store.write_diary(at_ms=1, who="x", what="y", detail="z")
        time.sleep(0.05)


def test_a_commit_that_no_longer_waits_for_the_stand_by_counts_as_failed(core: Any) -> None:
    """PostgreSQL says so in a warning, and calls the commit done (patroni #1412)."""
    other = connected(core.store.dsn)
    other.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    other.execute("SELECT pg_reload_conf()")
    try:
        core.store.connection.execute("SET synchronous_commit = on")
        pid = core.store.connection.info.backend_pid
        wait = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'SyncRep'"

        def breaks_off() -> None:
            end = time.monotonic() + 30
            while not other.execute(wait, (pid,)).fetchone() and time.monotonic() < end:
                time.sleep(0.01)
            other.execute("SELECT pg_cancel_backend(%s)", (pid,))

        with ThreadPoolExecutor(1) as people:
            people.submit(breaks_off)
            with pytest.raises(StoreError, match="may be lost"):
                _commit_for(core, seconds=30.0)
    finally:
        other.execute("ALTER SYSTEM RESET synchronous_standby_names")
        other.execute("SELECT pg_reload_conf()")
        other.close()


def test_a_text_with_a_nul_is_kept_as_it_can_be(core: Any) -> None:
    """A lane can write anything; PostgreSQL's texts hold everything but that."""
    with core.store.transaction():
        core.store.write_diary(at_ms=1, who="a\0b", what="y", detail="z")
    assert core.store.connection.execute("SELECT who FROM audit").fetchone() == ("a\ufffdb",)


def test_a_database_that_is_missing_there_already_or_newer_is_named_with_the_remedy(tmp_path: Any) -> None:
    """A mistyped name is never a new, empty list."""
    dsn = database_at(tmp_path / "core.db")
    with pytest.raises(StoreError, match="make it, for the core's role"):
        CoreStore(dsn.replace("dbname=", "dbname=no_"))
    with pytest.raises(StoreError, match="does not let this role in"):
        CoreStore(dsn.replace("user=postgres", "user=nobody"))
    with pytest.raises(StoreError, match="the server does not answer"):
        CoreStore(f"host={tmp_path} dbname=x")
    with pytest.raises(CoreSettingsError, match="rocars-core init"):
        CoreStore(shared_cluster().dsn("postgres"))
    store = CoreStore(dsn, create=True)
    with store.transaction():
        ReplicatedLog(store, Signer.generate("core-1")).restart(at_ms=0, reason="test")
    store.close()
    with pytest.raises(CoreSettingsError, match="already"):
        CoreStore(dsn, create=True)
    with connected(dsn) as other:
        other.execute("UPDATE sql_files SET digest = 'other' WHERE number = 12")
        with pytest.raises(CoreSettingsError, match=r"another 0012_postgresql\.sql"):
            CoreStore(dsn)
        other.execute("UPDATE sql_files SET digest = %s WHERE number = 12", (SQL_FILES[0].digest,))
        other.execute("INSERT INTO sql_files VALUES (99, '0099_later.sql', '', 99)")
        with pytest.raises(StoreNewerError, match="newer version"):
            CoreStore(dsn)
        other.execute("UPDATE sql_files SET least = 12 WHERE number = 99")
        CoreStore(dsn).close()
        other.execute("DELETE FROM sql_files WHERE number = 99")
