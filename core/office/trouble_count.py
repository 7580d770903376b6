"""Alarms and outages of links of some days, for whoever counts them. It only reads."""

from __future__ import annotations

from collections.abc import Collection

from core.ledger.store import LedgerConnection
from core.link.outages import LinkOutages
from core.office.wall_requests import MOST_FIGURES, AlarmFigures, CountTroubles, OutageFigures, TroubleFigures
from runtime.alarm_table import AlarmTable


def count_troubles(
    connection: LedgerConnection, lanes: Collection[str], wanted: CountTroubles, now_ms: int
) -> TroubleFigures:
    """What there is to count of these lanes.

    Args:
        connection: to the store.
        lanes: those that may be looked at.
        wanted: from when to when.
        now_ms: UTC ms; an alarm that ends by itself after a quiet time may be over by now.
    """
    between = (lanes, wanted.since_ms, wanted.until_ms)
    alarms = AlarmTable(connection, mark="%s").raised(*between, most=MOST_FIGURES)
    outages = LinkOutages(connection).between(*between, most=MOST_FIGURES)
    return TroubleFigures(
        tuple(
            AlarmFigures(lane, one.key.kind, one.of_core, one.at_ms, one.taken_ms, one.over_ms(now_ms))
            for _, lane, _, one in alarms
        ),
        tuple(OutageFigures(*one) for one in outages),
    )
