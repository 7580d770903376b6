"""After the database of a copy took the place of one that had more: no number is given twice, and lost papers are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.enrolment.keys import load_core_ring
from core.ledger import audit_log
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.office.numbers import FIRST
from simulation.broker import PrivateBroker
from simulation.ledgers import copy_database, put_back_database
from simulation.private_core import PrivateCore
from wire.records import BundleRecord


@pytest.fixture
def core(tmp_path: Path) -> PrivateCore:
    """A core's files and database; it does not run."""
    return PrivateCore(tmp_path / "core", PrivateBroker(tmp_path / "broker"))


def given(core: PrivateCore, series: str) -> int:
    """The next number of a series."""
    with CoreStore(core.database) as store, store.transaction():
        return store.take_number(series, FIRST[series])


@pytest.mark.parametrize("series", FIRST)
def test_a_number_that_the_copy_does_not_know_is_not_given_again(
    core: PrivateCore, tmp_path: Path, series: str
) -> None:
    """Somebody has it in his hand, and has been told that it is his."""
    given(core, series)
    copy = copy_database(core.store, tmp_path / "copy.db")
    lost = [given(core, series) for _ in range(3)]
    put_back_database(copy, core.store)
    said = core.command("skip-numbers", "--count", "100", "--reason", "the first site is lost")
    following = given(core, series)
    assert following > max(lost)
    assert f"{series}: the next one is {following}" in said
    with CoreStore(core.database, reading=True) as store:
        told = [(line.what, line.detail) for line, _ in audit_log.chain(store.connection)]
    assert told[-1] == ("skipped numbers", "100 of each series: the first site is lost")


def test_numbers_are_skipped_also_where_none_was_given(core: PrivateCore) -> None:
    """The copy may be older than the first of them."""
    core.command("skip-numbers", "--count", "5", "--reason", "exercise")
    assert given(core, "ubr") == FIRST["ubr"] + 5


def test_bundles_that_came_back_from_lanes_alone_are_named(core: PrivateCore) -> None:
    """Whoever bundled has to lodge again; one that was withdrawn asks nothing of anybody."""
    assert "0 bundles without papers" in core.command("without-papers")
    with CoreStore(core.database) as store:
        log = ReplicatedLog(store, core.signer, load_core_ring(core.folder / "core-1.key"))
        with store.transaction():
            row = BundleRecord("1000000001", "AB1234", "inbound", "SBC", 1, 2)
            log.append([row, BundleRecord("1000000002", "AB1235", "inbound", "SBC", 1, 2, deleted=True)], at_ms=1)
    said = core.command("without-papers")
    assert "1000000001" in said
    assert "1000000002" not in said
    assert said.endswith("1 bundles without papers\n")
