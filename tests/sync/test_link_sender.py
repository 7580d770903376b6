"""Sending the journal by itself: which rows, when again, and which of them are late (`sync.link.sender`)."""

from __future__ import annotations

from sync.link.effects import SendEvents
from sync.link.limits import Limits
from sync.link.sender import Sender
from wire.messages import EventsWanted

LIMITS = Limits()


def sending(rows: int, acknowledged: int = 0) -> Sender:
    """A lane with so many rows, connected at 0, that has sent what it may."""
    sender = Sender(LIMITS, last=rows, acknowledged=acknowledged)
    sender.on_connected(0)
    assert sender.due(0) == SendEvents(acknowledged + 1, min(rows, acknowledged + LIMITS.window))
    return sender


def test_only_what_goes_further_is_news() -> None:
    """The core acknowledges again and again; the store need not write each time."""
    sender = sending(5, acknowledged=2)
    assert [sender.is_news(seq) for seq in (1, 2, 3)] == [False, False, True]


def test_rows_are_sent_again_after_a_silence_and_not_before() -> None:
    """To the millisecond, and all of them from the first that is not acknowledged."""
    sender = sending(5)
    sender.on_acknowledged(2, 300)
    assert sender.due(300 + LIMITS.resend_ms - 1) is None
    assert sender.due(300 + LIMITS.resend_ms) == SendEvents(3, 5)


def test_a_row_that_was_acknowledged_is_never_late_and_one_that_was_not_is_after_its_time() -> None:
    """A false alarm each minute would be heard no more."""
    sender = sending(3)
    sender.on_acknowledged(2, 100)
    assert sender.late(LIMITS.late_ms - 1) == 0
    assert sender.late(LIMITS.late_ms) == 1
    sender.on_acknowledged(3, LIMITS.late_ms)
    assert sender.late(10 * LIMITS.late_ms) == 0


def test_a_row_written_after_a_silence_waits_for_its_own_answer() -> None:
    """The time since the row before was acknowledged is no silence of the core."""
    sender = sending(1)
    sender.on_acknowledged(1, 100)
    sender.on_journal_grew(2)
    assert sender.due(60_000) == SendEvents(2, 2)
    sender.on_journal_grew(3)
    assert sender.due(60_001) == SendEvents(3, 3)


def test_without_a_connection_nothing_is_sent_and_nothing_is_late() -> None:
    """The link's own alarm says that."""
    sender = sending(3)
    sender.on_disconnected()
    assert sender.due(60_000) is None
    assert sender.late(60_000) == 0
    assert sender.resend(EventsWanted(lane="lane-1", journal="j1", first=1, last=1)) is None


def test_a_range_is_sent_as_far_as_it_exists_and_is_allowed_at_once() -> None:
    """The core asks on from there."""
    sender = sending(2_000)
    wanted = EventsWanted(lane="lane-1", journal="j1", first=3, last=1_900)
    assert sender.resend(wanted) == SendEvents(3, 2 + LIMITS.range_rows)
    assert sender.resend(EventsWanted(lane="lane-1", journal="j1", first=2_000, last=2_000)) == SendEvents(2_000, 2_000)
