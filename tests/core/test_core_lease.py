"""One of several cores signs and proves: paused, cut off or killed, the old one is silent before the next one speaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.errors import CoreSettingsError
from core.ledger.lease import APART_S, BOOT, LASTS_S, CorePlace, Lease
from core.ledger.store import CoreStore
from runtime.clocks import machine_boot
from runtime.store_errors import StoreError
from simulation.cluster import PrivateCluster
from simulation.ledgers import database_at
from tests.rigs.places import ROOT


@pytest.fixture
def dsn(tmp_path: Path) -> str:
    """A database with its tables."""
    found = database_at(tmp_path / "core.db")
    CoreStore(found).close()
    return found


@pytest.fixture
def make_lease(tmp_path: Path, dsn: str) -> Iterator[Any]:
    """Makes cores' parts in the lease, each of another machine."""
    made: list[Lease] = []

    def make(name: str) -> Lease:
        place = CorePlace(tmp_path / f"{name}.lock")
        place.name = name
        made.append(Lease(dsn, place))
        return made[-1]

    yield make
    for one in made:
        one.give_back()


def cut_off(lease: Lease) -> None:
    """Its renewals reach no server any more, as on a network that is cut."""
    lease._dsn = "host=/nowhere dbname=x"
    lease._drop()


def test_a_lease_given_back_is_free_at_once(make_lease: Any) -> None:
    """A planned hand-over costs no lane its proof."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    first.give_back()
    began = time.monotonic()
    assert second.take()
    assert time.monotonic() - began < LASTS_S
    assert second.is_live()
    assert not first.is_live()


def stands_by(lease: Lease, meanwhile: Any) -> None:
    """It waits for the lease while that happens, and gets it."""

    async def both() -> None:
        waiting = asyncio.create_task(asyncio.to_thread(lease.take))
        await asyncio.sleep(1.0)
        await asyncio.to_thread(meanwhile)
        assert await waiting

    asyncio.run(both())


def test_one_that_saw_the_other_serve_until_it_gave_the_lease_back_knows_its_database(make_lease: Any) -> None:
    """Only then need it not listen to the lanes first; nor does its word go on to the next one."""
    first, second, third = make_lease("a"), make_lease("b"), make_lease("c")
    assert first.take()
    assert not first.saw_it_served
    first.is_whole = True
    stands_by(second, first.give_back)
    assert second.saw_it_served
    second.is_whole = True
    second.give_back()
    assert third.take()
    assert not third.saw_it_served, "it was started afterwards, perhaps on a copy"


def test_one_that_gives_it_back_without_a_word_for_its_list_hands_nothing_over(make_lease: Any) -> None:
    """It had not listened to its lanes to the end, or lacked something: the next one has it at once, and listens itself."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    began = time.monotonic()
    first.is_whole = True

    def lacks_something() -> None:
        first.is_whole = False
        first.give_back()

    stands_by(second, lacks_something)
    assert time.monotonic() - began < LASTS_S + APART_S
    assert not second.saw_it_served


@pytest.mark.parametrize("is_whole", [True, False])
def test_one_that_saw_the_other_renew_it_until_it_was_killed_knows_its_database(
    make_lease: Any, *, is_whole: bool
) -> None:
    """As it knows it after a hand-over; the other one had to have a whole list."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    first.is_whole = is_whole
    stands_by(second, lambda: cut_off(first))
    assert second.saw_it_served == is_whole
    assert first.is_lost or not first.is_live()


def test_a_copy_that_is_loaded_under_the_session_says_nothing(make_lease: Any, dsn: str) -> None:
    """Its lease is of the past, however whole the list was then."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    first.is_whole = True

    def put_back() -> None:
        first.leave()
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute("UPDATE lease SET beat = 1")

    stands_by(second, put_back)
    assert not second.saw_it_served


def test_one_whose_look_took_long_takes_nothing_from_a_core_that_lives(make_lease: Any) -> None:
    """It was cut off meanwhile: when it asked says nothing about how long there was no renewal."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    look = second._look
    answered: list[float] = []

    def late() -> tuple[int, str, int]:
        if not answered:
            time.sleep(LASTS_S + APART_S + 0.1)
        answered.append(time.monotonic())
        found: tuple[int, str, int] = look()
        return found

    second._look = late
    assert not second.take(lambda: bool(answered) and time.monotonic() > answered[0] + 1.0)
    assert first.is_live()
    assert not first.is_lost


def test_one_whose_renewals_reached_the_server_by_another_session_says_nothing_of_its_list(make_lease: Any) -> None:
    """It may be another server than the one that its store is on."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    first.is_whole = True
    first._in_one_session = False
    stands_by(second, first.give_back)
    assert not second.saw_it_served


def test_one_whose_session_broke_meanwhile_does_not_know_it(make_lease: Any, dsn: str) -> None:
    """Another server may answer, or this one with a copy put back."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    first.is_whole = True

    def broken() -> None:
        first.leave()
        with psycopg.connect(dsn) as db:
            db.execute("LOCK TABLE lease IN ACCESS EXCLUSIVE MODE")
            db.execute("UPDATE lease SET holder = '', beat = beat + 1")  # as it gave it back, at the other server
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid()"
            )

    stands_by(second, broken)
    assert not second.saw_it_served


def test_one_that_waited_at_a_copy_which_follows_does_not_know_it(tmp_path: Path) -> None:
    """It sees the other's renewals there, and not what had not come when the copy was promoted: it has to listen first."""
    primary, copy = PrivateCluster(), PrivateCluster()
    primary.start()
    try:
        CoreStore(primary.create("rocars"), create=True).close()
        copy.copy_of(primary)
        copy.start()
        first, second = (
            Lease(one.dsn("rocars"), CorePlace(tmp_path / f"{name}.lock"))
            for name, one in (("a", primary), ("b", copy))
        )
        assert first.take()
        first.is_whole = True

        def promoted() -> None:
            primary.crash()
            first.leave()
            copy.promote()

        stands_by(second, promoted)
        assert second.is_live()
        assert not second.saw_it_served
        second.give_back()
    finally:
        primary.stop()
        copy.stop()


def test_a_take_over_that_no_standby_has_is_none(make_lease: Any, dsn: str) -> None:
    """PostgreSQL warns that it waited no longer: a stand-by that is promoted then would not know of it."""
    lease = make_lease("a")
    warns = (
        "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE WARNING 'canceling wait for synchronous replication due to user request'; RETURN NULL; END $$; "
        "CREATE TRIGGER warn AFTER UPDATE ON lease FOR EACH STATEMENT EXECUTE FUNCTION warn()"
    )
    ends = "DROP TRIGGER warn ON lease; DROP FUNCTION warn"

    async def story() -> None:
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute(warns)
            waiting = asyncio.create_task(asyncio.to_thread(lease.take))
            await asyncio.sleep(0.6)
            assert not waiting.done()
            assert not lease.is_live()
            db.execute(ends)
        assert await waiting

    asyncio.run(story())
    assert lease.is_live()


def test_one_that_is_cut_off_is_silent_well_before_the_next_one_speaks(make_lease: Any) -> None:
    """By their own clocks: the old one's last word is at least as old as a proof may be."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    cut_off(first)
    ended = 0.0

    async def both() -> float:
        nonlocal ended
        waiting = asyncio.create_task(asyncio.to_thread(second.take))
        while not waiting.done():
            if first.is_live():
                ended = time.monotonic()
            await asyncio.sleep(0.01)
        assert waiting.result()
        return time.monotonic()

    spoke = asyncio.run(both())
    assert spoke - ended >= APART_S
    assert spoke - ended < LASTS_S + APART_S + 2.0


def test_while_it_is_renewed_nobody_has_it_over(make_lease: Any) -> None:
    """However long somebody stands by."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    end = time.monotonic() + LASTS_S + APART_S + 1.0
    assert not second.take(lambda: time.monotonic() > end)
    assert first.is_live()


def test_the_next_process_of_a_place_need_not_wait(make_lease: Any) -> None:
    """The kernel says that the one before is dead: it has its file."""
    first, second = make_lease("a"), make_lease("a2")
    second._place.name = "a"
    assert first.take()
    cut_off(first)
    began = time.monotonic()
    assert second.take()
    assert time.monotonic() - began < LASTS_S


@pytest.mark.parametrize("named", ["", "9c2ab0c71a1f4bb0a4a4f3a53dc1a6a0"])
def test_a_copy_of_a_machine_is_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """It has the same machine-id, and its own boot: a core there has to wait, as long as any other."""
    monkeypatch.setenv(BOOT, named)
    place = CorePlace(tmp_path / "core.lock")
    assert f"/{named or machine_boot()}:" in place.name
    assert machine_boot()
    place.leave()


def test_the_unit_names_the_boot_for_the_sandbox_hides_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Behind `ProcSubset=pid` there is no /proc/sys: a core that read it there ended at each start."""
    unit = (ROOT / "systemd/rocars-core.service").read_text(encoding="utf-8")
    assert f"Environment={BOOT}=%b" in unit
    assert "ProcSubset=pid" in unit
    monkeypatch.setattr("runtime.clocks._BOOT", tmp_path / "none")
    CorePlace(tmp_path / "core.lock").leave()


def test_a_place_has_one_process(tmp_path: Path) -> None:
    """Two cores started with one configuration: the second is told."""
    place = CorePlace(tmp_path / "s.lock")
    with pytest.raises(CoreSettingsError, match="another core runs here"):
        CorePlace(tmp_path / "s.lock")
    place.leave()
    CorePlace(tmp_path / "s.lock").leave()


def test_what_the_old_one_still_writes_is_refused(make_lease: Any, dsn: str) -> None:
    """Checked in the transaction itself: a paused core wakes up, and writes nothing."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    old = CoreStore(dsn, term=first.term)
    with old.transaction():
        old.write_diary(at_ms=1, who="old", what="", detail="")
    first.give_back()
    assert second.take()
    with pytest.raises(StoreError, match="another core has taken the lease over"), old.transaction():
        old.write_diary(at_ms=2, who="old", what="", detail="")
    new = CoreStore(dsn, term=second.term)
    with new.transaction():
        new.write_diary(at_ms=3, who="new", what="", detail="")
    assert new.connection.execute("SELECT who FROM audit ORDER BY seq").fetchall() == [("old",), ("new",)]
    with pytest.raises(psycopg.OperationalError):
        old.connection.execute("SELECT 1")
    new.close()


def test_who_takes_over_waits_for_a_transaction_of_the_old_one(make_lease: Any, dsn: str) -> None:
    """It began while the lease was its own: it is over before the term changes."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    old = CoreStore(dsn, term=first.term)

    async def both() -> None:
        with old.transaction():
            old.write_diary(at_ms=1, who="old", what="", detail="")
            first.give_back()
            waiting = asyncio.create_task(asyncio.to_thread(second.take))
            await asyncio.sleep(1.0)
            assert not waiting.done()
        assert await waiting

    asyncio.run(both())
    old.close()


def test_a_core_that_is_paused_within_a_transaction_holds_the_next_one_up_no_longer(make_lease: Any, dsn: str) -> None:
    """The server ends its session; what it had begun never happened."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    old = CoreStore(dsn, term=first.term)

    def is_paused() -> None:
        with old.transaction():
            old.write_diary(at_ms=1, who="old", what="", detail="")
            cut_off(first)
            assert second.take()

    with pytest.raises(StoreError):
        is_paused()
    assert old.connection.closed
    with CoreStore(dsn, term=second.term) as new:
        assert new.connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)


def test_a_lease_renewed_at_the_last_moment_is_not_taken_over(make_lease: Any) -> None:
    """Between the look and the taking."""
    first, second = make_lease("a"), make_lease("b")
    assert first.take()
    term, _, beat = second._look()
    first._db().execute("UPDATE lease SET beat = beat + 1")
    assert not second._take_over(term, beat)
