"""Business functions ask, one sequencer signs: what is kept together, in which order, and who may not write the list."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from core.errors import RefusedError
from core.ledger.changes import Sequencer, asked, listed
from core.ledger.store import CoreStore, LedgerTables, connected
from core.office.bundling import BundleMade, BundleRequest
from core.office.service import CargoService
from domain.crossing import Direction
from simulation.ledgers import shared_cluster
from tests.core.conftest import RULES
from wire.records import BundleRecord, HoldRecord


@pytest.fixture
def portal(core: Any) -> Any:
    """A program that serves traders: a connection of its own, in a role that may write no list and no log."""
    with connected(shared_cluster().dsn()) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'portal'").fetchone():
            admin.execute("CREATE ROLE portal LOGIN")
    core.store.connection.execute("SELECT grant_office('portal')")
    connection = connected(core.store.dsn.replace("user=postgres", "user=portal"))
    yield connection
    connection.close()


def test_another_program_asks_and_the_sequencer_signs(core: Any, portal: Any) -> None:
    """Its rows and what it asks for are kept in one transaction; nothing is in the list before it is signed."""
    office = CargoService(LedgerTables(portal), RULES, core.clock)
    ccrn = core.lodge()
    request = BundleRequest(vrn="AB1234", ccrns=(ccrn,), driver="Ho", direction=Direction.INBOUND, point="SZB")
    made = office.bundle(request, who="driver")
    assert core.log.bundle(made.ubr) is None
    assert listed(core.store.connection, "bundle", made.ubr) is not None
    assert Sequencer(core.store, core.log).take(at_ms=core.clock()) == 1
    assert core.log.bundle(made.ubr).vrn == "AB1234"
    office.debundle(made.ubr, who="driver")
    with pytest.raises(RefusedError, match="debundled already"):
        office.debundle(made.ubr, who="driver")
    Sequencer(core.store, core.log).take(at_ms=core.clock())
    assert core.log.bundle(made.ubr).deleted
    core.log.check()


def test_what_its_caller_takes_back_was_never_asked_for(core: Any, portal: Any) -> None:
    """A portal's own transaction (`transaction.atomic`) and the business function's are one."""
    office = CargoService(LedgerTables(portal), RULES, core.clock)
    with portal.transaction():
        office.hold("AB1234", who="x", reason="y")
        raise psycopg.Rollback
    assert Sequencer(core.store, core.log).take(at_ms=core.clock()) == 0
    assert core.store.connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO log(epoch, version, at_ms, payload, log_hash, state_hash) VALUES ('x', 1, 1, '', '', '')",
        "UPDATE rows SET body = ''",
        "DELETE FROM rows",
        "UPDATE head SET version = 9",
        "UPDATE lease SET term = term + 1",
        "UPDATE list_writers SET strangers = 0",
        "DELETE FROM audit",
        "UPDATE audit SET who = 'somebody else'",
        "SELECT password, secret FROM accounts",
        "UPDATE accounts SET roles = 'supervisor'",
        "UPDATE owned SET party = 'somebody else'",
        "DELETE FROM changes",
        "UPDATE events SET body = ''",
        "INSERT INTO claims(ubr, lane, journal, visit, claim, at_ms) VALUES ('1', 'l', 'j', 1, 1, 1)",
        "SELECT grant_office('portal')",
        "DROP TRIGGER note_stranger ON rows",
    ],
)
def test_a_stolen_portal_cannot_write_list_log_or_what_lanes_said(portal: Any, sql: str) -> None:
    """Its database role may not."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        portal.execute(sql)


def test_changes_of_one_row_are_signed_in_the_order_of_their_commits(core: Any, portal: Any) -> None:
    """The numbers of rows are not in that order by themselves: who asks later waits for who asked first."""
    other, said = connected(core.store.dsn), list[str]()

    def holds() -> None:
        with other.transaction():
            said.append("asks")
            asked(other, [HoldRecord("AB1234", "second")])
        said.append("asked")

    thread = threading.Thread(target=holds)
    with portal.transaction():
        asked(portal, [HoldRecord("AB1234", "first")])
        thread.start()
        while not said:
            pass
        thread.join(0.3)
        assert said == ["asks"]
        Sequencer(core.store, core.log).take(at_ms=core.clock())
        assert core.log.row("hold", "AB1234") is None
    thread.join()
    Sequencer(core.store, core.log).take(at_ms=core.clock())
    assert core.log.row("hold", "AB1234") == HoldRecord("AB1234", "second")
    other.close()


@pytest.fixture
def other(core: Any) -> Iterator[CargoService]:
    """The counter of a second program, which may do what the core's may."""
    connection = connected(core.store.dsn)
    yield CargoService(LedgerTables(connection), RULES, core.clock)
    connection.close()


def waits_for(first: Callable[[], object], second: Callable[[], object], portal: Any) -> list[object]:
    """Does the first in a transaction of the portal's, the second meanwhile: it has to wait. What came of the second."""
    came: list[object] = []

    def try_it() -> None:
        try:
            came.append(second())
        except RefusedError as refused:
            came.append(refused)

    thread = threading.Thread(target=try_it)
    with portal.transaction():
        first()
        thread.start()
        thread.join(0.3)
        assert came == []
    thread.join()
    return came


def test_cargo_that_is_bundled_while_it_is_decided_has_the_decided_code(
    core: Any, portal: Any, other: CargoService
) -> None:
    """Two programs at the same moment: the lanes would release what a selector had sent to inspection."""
    selector, ccrn = CargoService(LedgerTables(portal), RULES, core.clock), core.lodge()
    form = BundleRequest(vrn="AB1234", ccrns=(ccrn,), driver="Ho", direction=Direction.INBOUND, point="SZB")
    (made,) = waits_for(
        lambda: selector.decide(ccrn, "inspect", who="wong", reason="seen"),
        lambda: other.bundle(form, who="driver"),
        portal,
    )
    assert isinstance(made, BundleMade)
    Sequencer(core.store, core.log).take(at_ms=core.clock())
    assert [line.code for line in core.log.bundle(made.ubr).cargo] == ["inspect"]


def test_a_code_that_is_decided_while_the_cargo_is_bundled_reaches_the_lanes(
    core: Any, portal: Any, other: CargoService
) -> None:
    """The other way round."""
    driver, ccrn = CargoService(LedgerTables(portal), RULES, core.clock), core.lodge()
    form = BundleRequest(vrn="AB1234", ccrns=(ccrn,), driver="Ho", direction=Direction.INBOUND, point="SZB")
    made: list[BundleMade] = []
    waits_for(
        lambda: made.append(driver.bundle(form, who="driver")),
        lambda: other.decide(ccrn, "inspect", who="wong", reason="seen"),
        portal,
    )
    Sequencer(core.store, core.log).take(at_ms=core.clock())
    assert [line.code for line in core.log.bundle(made[0].ubr).cargo] == ["inspect"]


def test_cargo_is_in_one_bundle_whoever_bundles_it_at_the_same_moment(
    core: Any, portal: Any, other: CargoService
) -> None:
    """The second is refused, as it would be a moment later."""
    driver, ccrn = CargoService(LedgerTables(portal), RULES, core.clock), core.lodge()
    form = BundleRequest(vrn="AB1234", ccrns=(ccrn,), driver="Ho", direction=Direction.INBOUND, point="SZB")
    (came,) = waits_for(lambda: driver.bundle(form, who="driver"), lambda: other.bundle(form, who="rival"), portal)
    assert isinstance(came, RefusedError)
    assert "bundled" in str(came)


def test_a_change_asked_for_before_the_lane_told_of_a_use_does_not_take_it_back(core: Any) -> None:
    """The lane's row came between the asking and the signing."""
    bundle = BundleRecord("1000000001", "AB1234", "inbound", "", 1, 2)
    with core.store.transaction() as db:
        core.log.append([bundle], at_ms=1)
        asked(db, [BundleRecord("1000000001", "AB1234", "inbound", "", 1, 2, deleted=True)])
    with core.store.transaction():
        core.log.append([BundleRecord("1000000001", "AB1234", "inbound", "", 1, 2, used_by="l/j/1")], at_ms=2)
    Sequencer(core.store, core.log).take(at_ms=3)
    assert (core.log.bundle("1000000001").used_by, core.log.bundle("1000000001").deleted) == ("l/j/1", True)


def test_a_core_that_was_killed_between_the_two_signs_when_it_starts(core: Any, portal: Any) -> None:
    """What was acknowledged is not lost: the change is kept until a delta has it."""
    CargoService(LedgerTables(portal), RULES, core.clock).hold("AB1234", who="x", reason="y")
    core.store.close()
    with CoreStore(core.store.dsn) as store:
        log = type(core.log)(store, core.signer)
        assert Sequencer(store, log).take(at_ms=core.clock()) == 1
        assert log.row("hold", "AB1234") == HoldRecord("AB1234", "y")
