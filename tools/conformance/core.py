"""Every clause for cores, in the order in which they are tried."""

from __future__ import annotations

from tools.conformance import core_claims, core_commands, core_events, core_keys, core_list, core_pictures, core_proofs
from tools.conformance.clauses import Chapter
from tools.conformance.fake_lane import LanePlayed

CHAPTERS: tuple[Chapter[LanePlayed], ...] = (
    core_list.chapter,
    core_events.chapter,
    core_claims.chapter,
    core_commands.chapter,
    core_pictures.chapter,
    core_keys.chapter,
    core_proofs.chapter,
)
