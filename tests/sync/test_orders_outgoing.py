"""What survives a restart of the agent: commands, a mode that has to revert, the core's clock, pictures to be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.store_errors import StoreError
from sync.core_clock_store import ClockBook
from sync.evidence import Evidence, Retention
from sync.link import Ahead, KeepOrder, Revert, Upload
from sync.orders import OrderBook
from sync.outgoing import PictureQueue, queue_all
from sync.store import LaneStore

DAY = 86_400_000


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], LaneStore]]:
    """The store, after another restart each time."""
    opened: list[LaneStore] = []

    def again() -> LaneStore:
        for one in opened:
            one.close()
        opened.append(LaneStore(tmp_path / "lane.db"))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """Two classes of pictures."""
    kept = Retention(max_age_ms=DAY, max_bytes=1 << 20)
    return Evidence(tmp_path / "evidence", {"reads": kept, "complaints": kept}, now_ms=lambda: DAY)


def test_a_command_and_what_it_reverts_are_there_after_a_restart(reopen: Callable[[], LaneStore]) -> None:
    """And those whose time is long over are forgotten with the next."""
    book = OrderBook(reopen())
    assert (book.taken(), book.revert()) == ({}, None)
    book.keep(KeepOrder("c1", 5_000, 0, Revert("wong@centre", 9_000)))
    book = OrderBook(reopen())
    assert (book.taken(), book.revert()) == ({"c1": 5_000}, Revert("wong@centre", 9_000))
    book.keep(KeepOrder("c2", 6_000, 5_000, Revert("lee@centre", 9_500)))
    assert (book.taken(), book.revert()) == ({"c2": 6_000}, Revert("lee@centre", 9_500))
    book.drop_revert()
    book = OrderBook(reopen())
    assert (book.taken(), book.revert()) == ({"c2": 6_000}, None)


def test_what_is_expected_of_the_cores_clock_is_there_for_as_long_as_the_machine_runs(
    reopen: Callable[[], LaneStore],
) -> None:
    """Rather wider than narrower; after another start of the machine, or on one that cannot name its start: nothing."""
    book = ClockBook(reopen(), "boot-1")
    assert book.ahead() is None
    book.keep(Ahead(-1_500_001, 2_000_001, 70))
    book.keep(Ahead(-1_500_000, 2_500_000, 77))
    store = reopen()
    assert ClockBook(store, "boot-1").ahead() == Ahead(-2_000_000, 3_000_000, 77)
    assert ClockBook(store, "boot-2").ahead() is None
    ClockBook(store, "").keep(Ahead(0, 0, 0))
    assert ClockBook(store, "").ahead() is None
    assert ClockBook(store, "boot-1").ahead() is not None


def test_a_command_that_could_not_be_kept_has_left_nothing(reopen: Callable[[], LaneStore]) -> None:
    """Neither itself nor its revert: one transaction."""
    store = reopen()
    book = OrderBook(store)
    book.keep(KeepOrder("c1", 5_000, 0, Revert("wong@centre", 9_000)))
    store.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError):
        book.keep(KeepOrder("c2", 6_000, 0, None))
    store.connection.execute("PRAGMA query_only = OFF")
    assert (book.taken(), book.revert()) == ({"c1": 5_000}, Revert("wong@centre", 9_000))


def test_pictures_to_be_sent_survive_a_restart_in_order(reopen: Callable[[], LaneStore], evidence: Evidence) -> None:
    """Until the core holds them; asked for, one moves to its class and to the end with its new reason."""
    first, second = (evidence.put(body, kind="reads") for body in (b"first", b"second"))
    outgoing = PictureQueue(reopen(), evidence, asked_class="complaints")
    outgoing.add(first, "reads", "stops")
    outgoing.add(second, "reads", "stops")
    asked = outgoing.add_asked(first, "command c1")
    assert asked == Upload(first, 5, "complaints", "command c1", asked=True)
    outgoing = PictureQueue(reopen(), evidence)
    assert outgoing.waiting() == (Upload(second, 6, "reads", "stops"), asked)
    outgoing.done(second)
    assert [one.picture for one in outgoing.waiting()] == [first]
    assert evidence.path(second) is not None, "being sent takes nothing away"
    assert evidence.path(first) == evidence.folder / "complaints" / first


def test_a_part_of_a_picture_is_read_from_where_it_lies(reopen: Callable[[], LaneStore], evidence: Evidence) -> None:
    """One that was pruned or cut short meanwhile is an error that says so."""
    name = evidence.put(b"0123456789", kind="reads")
    outgoing = PictureQueue(reopen(), evidence)
    assert outgoing.read(name, 3, 4) == b"3456"
    with pytest.raises(OSError, match="shorter"):
        outgoing.read(name, 8, 4)
    with pytest.raises(FileNotFoundError, match="pruned"):
        outgoing.read(hashlib.sha256(b"x").hexdigest(), 0, 1)


def test_what_cannot_be_sent_is_told_and_the_rest_is_put_up(
    reopen: Callable[[], LaneStore], evidence: Evidence
) -> None:
    """A lane without evidence has nothing to send."""
    name = evidence.put(b"there", kind="reads")
    taken: list[Upload] = []
    problems = queue_all(PictureQueue(reopen(), evidence), ["ab" * 32, name], "stops", taken.append)
    assert [one.picture for one in taken] == [name]
    assert len(problems) == 1
    assert "there is none, or it was pruned" in problems[0]
    with pytest.raises(FileNotFoundError, match="keeps no evidence"):
        PictureQueue(reopen()).add_asked(name, "command c1")
