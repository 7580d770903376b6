"""Requests that come at the same moment share a commit, and each is still whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from core.errors import RefusedError
from core.ledger import audit_log
from core.ledger.changes import Sequencer, asked
from core.ledger.store import CoreStore, connected
from core.model.audit import flaws
from core.model.people import Actor, Role
from core.model.refusals import refusal
from core.office import people
from core.office import requests as ask
from core.office.together import SharedCommit
from runtime.store_errors import StoreError
from wire.records import HoldRecord

WONG: Any = Actor(account="wong", roles=frozenset({Role.SELECTOR}), login="x")


def hold(vrn: str) -> ask.Hold:
    """An officer's request."""
    return ask.Hold(vrn=vrn, reason="x")


def test_what_comes_in_one_turn_of_the_loop_is_served_once() -> None:
    """Each hears its own answer or refusal; what comes later is served later."""
    served: list[int] = []

    def serve(wanted: Sequence[Any]) -> Sequence[Any]:
        served.append(len(wanted))
        refused = RefusedError(refusal("hold_why"))
        return [refused if request.vrn == "BAD1" else request.vrn for request, _ in wanted]

    async def story() -> list[Any]:
        shared = SharedCommit(serve)
        first = await asyncio.gather(*(shared.soon(hold(vrn), WONG) for vrn in ("A1", "BAD1")), return_exceptions=True)
        return [*first, await shared.soon(hold("A2"), WONG)]

    first, refused, later = asyncio.run(story())
    assert (first, later, served) == ("A1", "A2", [2, 1])
    assert isinstance(refused, RefusedError)


def test_those_who_come_one_after_the_other_share_a_commit_while_several_do() -> None:
    """As many as came last are waited for, and nobody for long; who comes alone waits for nobody."""
    served: list[int] = []

    def serve(wanted: Sequence[Any]) -> Sequence[Any]:
        served.append(len(wanted))
        return [request.vrn for request, _ in wanted]

    async def story() -> None:
        shared = SharedCommit(serve)

        async def one_after_the_other() -> None:
            for vrn in ("A1", "A2", "A3"):
                waiting.append(shared.soon(hold(vrn), WONG))
                await asyncio.sleep(0)
                await asyncio.sleep(0)

        waiting: list[asyncio.Future[Any]] = []
        await one_after_the_other()
        assert served == [1, 1, 1]
        await asyncio.gather(*(shared.soon(hold(vrn), WONG) for vrn in ("B1", "B2", "B3")))
        await one_after_the_other()
        assert await asyncio.gather(*waiting) == ["A1", "A2", "A3"] * 2
        assert await shared.soon(hold("C1"), WONG) == "C1"
        assert await shared.soon(hold("C2"), WONG) == "C2"

    asyncio.run(story())
    assert served == [1, 1, 1, 3, 3, 1, 1]


def test_a_fault_is_everybodys_and_whoever_has_gone_misses_nothing() -> None:
    """A client that hung up meanwhile keeps the others from nothing."""

    def fails(_: Sequence[Any]) -> Sequence[Any]:
        raise RuntimeError("the disk")

    async def story() -> list[Any]:
        shared = SharedCommit(fails)
        waiting = [asyncio.ensure_future(shared.soon(hold(vrn), WONG)) for vrn in ("A1", "A2", "A3")]
        waiting[1].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    first, gone, last = asyncio.run(story())
    assert [type(one) for one in (first, gone, last)] == [RuntimeError, asyncio.CancelledError, RuntimeError]


def test_what_was_asked_for_in_a_transaction_is_signed_in_it_or_never(core: Any) -> None:
    """One commit keeps the hold and its delta; taken back, neither was there."""
    sequencer = Sequencer(core.store, core.log)

    def taken_back() -> None:
        with core.store.transaction() as db:
            asked(db, [HoldRecord("AB1234", "taken back")])
            assert sequencer.take(at_ms=1) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        taken_back()
    assert core.log.row("hold", "AB1234") is None
    with core.store.transaction() as db:
        asked(db, [HoldRecord("AB1234", "kept")])
        sequencer.take(at_ms=1)
    assert core.log.row("hold", "AB1234") == HoldRecord("AB1234", "kept")
    assert sequencer.take(at_ms=2) == 0
    core.log.check()


def test_of_many_statements_one_that_fails_takes_all_of_them_back(core: Any) -> None:
    """Also one whose answer nobody reads, and the last one."""

    def twice() -> None:
        with core.store.many() as db:
            core.store.write_diary(at_ms=1, who="chan", what="said", detail="one")
            for _ in range(2):
                db.execute("INSERT INTO parties(id, name) VALUES ('same', 'x')")

    with pytest.raises(StoreError):
        twice()
    assert people.parties(core.store.connection) == []
    assert audit_log.head(core.store.connection)[0] == 0
    with core.store.many() as db:
        db.execute("INSERT INTO parties(id, name) VALUES ('same', 'x')")
    assert [one.id for one in people.parties(core.store.connection)] == ["same"]


def test_a_part_of_many_fails_alone_and_the_chain_goes_on_without_it(core: Any) -> None:
    """The audit log has no gap where a line was taken back."""

    def refused() -> None:
        with core.store.part():
            core.store.write_diary(at_ms=2, who="ho", what="said", detail="two")
            raise RefusedError(refusal("hold_why"))

    with core.store.many():
        core.store.write_diary(at_ms=1, who="chan", what="said", detail="one")
        with pytest.raises(RefusedError):
            refused()
        for detail in ("three", "four"):
            core.store.write_diary(at_ms=3, who="chan", what="said", detail=detail)
    db = core.store.connection
    assert [line.detail for line in audit_log.newest(db, most=9)] == ["four", "three", "one"]
    assert list(flaws(audit_log.chain(db))) == []


def test_many_keep_nothing_once_another_core_has_the_lease(core: Any) -> None:
    """The term is looked at in the same transaction."""
    dsn = core.store.dsn
    core.store.close()
    (term,) = one_of(dsn, "SELECT term FROM lease")

    def late(store: CoreStore) -> None:
        with store.many() as db:
            db.execute("INSERT INTO parties(id, name) VALUES ('late', 'x')")

    with CoreStore(dsn, term=term) as store:
        one_of(dsn, "UPDATE lease SET term = term + 1 RETURNING term")
        with pytest.raises(StoreError, match="taken the lease over"):
            late(store)
    assert one_of(dsn, "SELECT count(*) FROM parties") == (0,)


def test_what_a_standby_was_not_waited_for_counts_as_failed_in_many_too(core: Any) -> None:
    """PostgreSQL warns, and has committed."""

    def warned() -> None:
        with core.store.many() as db:
            db.execute("DO $$ BEGIN RAISE WARNING 'canceling the wait for synchronous replication'; END $$")

    with pytest.raises(StoreError, match="may be lost"):
        warned()


def one_of(dsn: str, sql: str) -> Any:
    """The row of a statement, from a connection of its own."""
    with connected(dsn) as other:
        return other.execute(sql.encode()).fetchone()
