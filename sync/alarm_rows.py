"""A lane's alarms in its store: read at the start, written behind, and complete only together with the journal.

Rules of this file: the journal is the truth. The table says how things stood after one of its rows (the cursor); whoever
opens the store reads what the journal says after it. So nothing is lost by writing seldom, and a crash costs a few rows of
reading.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.alarm_lifecycle import TrackedAlarm
from runtime.alarm_table import AlarmTable
from sync.store import LaneStore

KEPT = 500
"""Alarms that the table holds at most, besides the open ones."""


class AlarmRows:
    """The table of one lane."""

    def __init__(self, store: LaneStore) -> None:
        self._store = store

    def load(self) -> tuple[list[TrackedAlarm], int, int]:
        """The alarms, oldest first; the journal's row after which they stood so; and the last row that spoke of one.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._store.reading() as connection:
            table = AlarmTable(connection)
            alarms = [alarm for _, _, _, alarm in reversed(table.every(most=10 * KEPT))]
            return alarms, table.cursor("", ""), table.cursor("", "said")

    def save(self, changed: Iterable[TrackedAlarm], cursor: int, said_at: int) -> None:
        """Writes what has changed, oldest first, and that it is so after row `cursor`; row `said_at` spoke of one last.

        Raises:
            StoreError: nothing is durable; the journal has it all.
        """
        with self._store.transaction() as connection:
            table = AlarmTable(connection)
            for alarm in changed:
                known = table.newest("", "", alarm.key)
                if known is not None and known[1].at_ms == alarm.at_ms:
                    table.put(known[0], "", "", alarm)
                else:
                    table.add("", "", alarm)
            table.forget_closed(keep=KEPT)
            table.move_cursor("", "", cursor)
            table.move_cursor("", "said", said_at)
