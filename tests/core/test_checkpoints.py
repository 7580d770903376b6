"""The whole list at a version, signed: old decisions are proved from there, and no edit gets a signature by it."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import HistoryError
from core.ledger import checkpoints
from core.ledger.list_watch import ListWatch
from domain.times import DAY_MS
from wire.envelope import Signer
from wire.hashes import StateHash
from wire.records import HoldRecord, VehicleRecord


def append(core: Any, *rows: Any) -> None:
    """Signs rows."""
    with core.store.transaction():
        core.log.append(rows, at_ms=core.clock())


def keep(core: Any) -> int:
    """Makes a checkpoint if one is due."""
    return checkpoints.keep(core.store.dsn, core.signer, core.log.ring, at_ms=core.clock())


@pytest.fixture
def kept(core: Any) -> Any:
    """A list of ten versions, kept whole at the fourth and the eighth."""
    for version in range(1, 11):
        append(core, HoldRecord(f"AB{version}"))
        if version in {4, 8}:
            assert keep(core) == version
            core.clock.now += DAY_MS
    return core


def edited(core: Any, sql: str, *values: object) -> None:
    """Somebody changes the store past the core."""
    with core.store.transaction() as db:
        assert db.execute(sql, values).rowcount == 1


def flaw(core: Any) -> str:
    """What the watch in the background says, over all checkpoints."""
    watch = ListWatch(core.store, core.log)
    return next((found for found in (watch.look_through() for _ in range(3)) if found), "")


def test_one_is_kept_a_day_and_none_of_an_empty_list(core: Any) -> None:
    """Of an epoch; a new one gets its own at once."""
    assert keep(core) == 0
    append(core, HoldRecord("AB1"))
    assert [keep(core), keep(core)] == [1, 0]
    append(core, HoldRecord("AB2"))
    core.clock.now += DAY_MS - 1
    assert keep(core) == 0
    core.clock.now += 1
    assert keep(core) == 2
    with core.store.transaction():
        core.log.restart(at_ms=core.clock(), reason="test")
    assert keep(core) == 1


@pytest.mark.parametrize("version", range(11))
def test_every_version_is_proved_as_without_them(kept: Any, version: int) -> None:
    """Before, at and after a checkpoint."""
    epoch = kept.log.head().epoch
    found = kept.log.list_at(epoch, version)
    assert found.rows == {("hold", f"AB{n}"): HoldRecord(f"AB{n}") for n in range(1, version + 1)}
    assert found.state_hash == StateHash.of(found.rows.values()).digest()
    assert found.log_hash == kept.log.hash_at(epoch, version)


def test_what_followed_is_proved_without_the_deltas_before(kept: Any) -> None:
    """They may be in an archive; who wants an older version needs them."""
    epoch = kept.log.head().epoch
    with kept.store.transaction() as db:
        db.execute("DELETE FROM log WHERE version <= 8")
    assert len(kept.log.list_at(epoch, 9).rows) == 9
    kept.log.check()
    with pytest.raises(HistoryError, match="version 7"):
        kept.log.list_at(epoch, 7)


FORGERIES = {
    "rows of another checkpoint": "UPDATE checkpoints SET rows = (SELECT rows FROM checkpoints WHERE version = 4) WHERE version = 8",
    "no rows": "UPDATE checkpoints SET rows = '' WHERE version = 8",
    "the signature of another": "UPDATE checkpoints SET payload = (SELECT payload FROM checkpoints WHERE version = 4) WHERE version = 8",
    "a delta for a signature": "UPDATE checkpoints SET payload = (SELECT payload FROM log WHERE version = 8) WHERE version = 8",
    "another version": "UPDATE checkpoints SET version = 9 WHERE version = 8",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_changed_checkpoint_proves_nothing_and_is_found(kept: Any, forgery: str) -> None:
    """By whoever wants a version after it, and by the watch."""
    edited(kept, FORGERIES[forgery])
    with pytest.raises(HistoryError, match="checkpoint"):
        kept.log.list_at(kept.log.head().epoch, 10)
    assert "checkpoint" in flaw(kept)


def test_a_checkpoint_by_another_key_is_none(kept: Any) -> None:
    """Somebody who can write the store and has a key of his own."""
    kept.clock.now += DAY_MS
    stranger = Signer.generate(kept.signer.kid)
    assert checkpoints.keep(kept.store.dsn, stranger, kept.log.ring, at_ms=kept.clock()) == 10
    with pytest.raises(HistoryError, match="checkpoint of epoch"):
        kept.log.list_at(kept.log.head().epoch, 10)


def test_no_checkpoint_is_made_of_an_edited_list(kept: Any) -> None:
    """A row, or rows and head so that they fit: the core's signature under them would bear the edit out."""
    kept.clock.now += DAY_MS
    append(kept, VehicleRecord("CD5678"))
    with kept.store.transaction() as db:
        (body,) = db.execute("SELECT body FROM rows WHERE key = 'AB1'").fetchone()
    edited(kept, "DELETE FROM rows WHERE key = 'AB1'")
    with pytest.raises(HistoryError, match="no checkpoint is made"):
        keep(kept)
    state = StateHash(kept.log.head().total)
    state.remove(body)
    edited(kept, "UPDATE head SET state_hash = %s, total = %s", state.digest(), state.total())
    with pytest.raises(HistoryError, match="no checkpoint is made"):
        keep(kept)
    assert checkpoints.versions(kept.store.connection, kept.log.head().epoch) == [4, 8]


@pytest.mark.parametrize("version", [2, 6, 10])
def test_the_watch_finds_a_changed_delta_wherever_it_lies(kept: Any, version: int) -> None:
    """Since the newest checkpoint at once, before it within as many rounds as there are checkpoints."""
    edited(kept, "UPDATE log SET payload = (SELECT payload FROM log WHERE version = 1) WHERE version = %s", version)
    assert f"does not follow delta {version - 1}" in flaw(kept)


def test_a_sound_list_has_no_flaw(kept: Any) -> None:
    """However often it is looked through."""
    assert flaw(kept) == ""
