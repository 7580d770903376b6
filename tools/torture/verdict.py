"""What a check finds: broken promises, each under the figure of the report that it belongs to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is promised, in ms.

    Attributes:
        fresh_ms, offline_ms: of design §3.
        slack_ms: for a machine that runs broker, core and every lane at once, on few cores.
        paint_ms: from a decision, or from what withdraws it, to the boards.
    """

    fresh_ms: int = 3_000
    offline_ms: int = 5_000
    slack_ms: int = 2_000
    paint_ms: int = 2_000


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """One broken promise; `count` is the figure of the report that it belongs to."""

    count: str
    text: str


@dataclass(slots=True)
class RunVerdict:
    """What was looked at, and what was found.

    Attributes:
        tempted_by_clock: trucks whose bundle was not good, in a lane to which the core, by its own key, named a wrong time.
        tempted_late: vehicles for which Immigration's answer for the one before came first.
        tempted_by_follower: vehicles that stood behind one that was released before it had left the stop loop.
        tempted_by_copy: vehicles that came again with a used bundle, to a lane whose store had been put back.
        forgotten: rows that have left the list.
        manual_entry_ms: from the last proof's nonce to manual mode, each time.
        requests: that two cores acknowledged; `handovers`: how often another core proved than before.
        automatic_again_ms: by the kind of fault of such a centre, from it until each lane that felt it was fresh again.
        sites_lost: of each loss of the first site, how old the off-site copy was (`behind_ms`), how many `deltas`, `bundles` and
            `events` it lacked, how many `steps` people type.
        papers_lost: bundles acknowledged in that time, whose papers are gone. `list_lost`: what was signed in its last moments and had
            reached no lane.
        felt: what the lanes journaled of the faults: how often stale, offline, at fault with what, alarmed about what.
    """

    events: int = 0
    releases: int = 0
    visits: int = 0
    tempted_by_clock: int = 0
    tempted_late: int = 0
    tempted_by_follower: int = 0
    tempted_by_copy: int = 0
    forgotten: int = 0
    requests: int = 0
    handovers: int = 0
    automatic_again_ms: dict[str, list[int]] = field(default_factory=dict)
    sites_lost: list[dict[str, int]] = field(default_factory=list)
    papers_lost: int = 0
    list_lost: int = 0
    manual_entry_ms: list[int] = field(default_factory=list)
    felt: Counter[str] = field(default_factory=Counter)
    findings: list[BrokenPromise] = field(default_factory=list)

    def find(self, count: str, text: str) -> None:
        """A promise was broken."""
        self.findings.append(BrokenPromise(count, text))
