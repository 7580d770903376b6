"""Every clause for lanes, in the order in which they are tried."""

from __future__ import annotations

from tools.conformance import (
    lane_claims,
    lane_commands,
    lane_events,
    lane_freshness,
    lane_keys,
    lane_list,
    lane_pictures,
    lane_presence,
    lane_signatures,
)
from tools.conformance.clauses import Chapter
from tools.conformance.fake_core import CorePlayed

CHAPTERS: tuple[Chapter[CorePlayed], ...] = (
    lane_list.chapter,
    lane_signatures.chapter,
    lane_keys.chapter,
    lane_events.chapter,
    lane_claims.chapter,
    lane_commands.chapter,
    lane_pictures.chapter,
    lane_freshness.chapter,
    lane_presence.chapter,
)
