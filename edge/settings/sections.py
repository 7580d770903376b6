"""The sections of a lane's settings that no part owns alone: which lane it is, what it decides by, how it watches itself.

The other sections are declared by the packages that use them: `devices.settings`, `display.settings`,
`console.settings`, `sync.settings`. Durations are seconds here, milliseconds in the lane.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, field

from domain.crossing import Direction
from lane_agent.table import LIMITS_MS
from runtime.sections import Count, PlaceInFolder, Problem, Seconds, Section

LaneId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}\Z",
        description='1 to 32 letters, digits, "-" or "_", such as "mkt-in-03"',
    ),
]
PointCode = Annotated[
    str, Meta(pattern=r"^[A-Z0-9]{1,8}\Z", description='the control point\'s code in capitals, such as "SBC"')
]
Percent = Annotated[int, Meta(ge=1, le=100, description="a percentage, 1 to 100")]
PortOrNone = Annotated[int, Meta(ge=0, le=65_535, description="a port, 1 to 65535, or 0 for none")]
SecondsOrNone = Annotated[float, Meta(ge=0, le=86_400, description="a number of seconds, such as 120, or 0 for never")]
Records = Annotated[Path, PlaceInFolder("mkdir -p {folder}, for the lane's user")]


class LaneMode(Enum):
    """Whether a lane clears vehicles, or only looks on (`edge.shadow`)."""

    LIVE = "live"
    SHADOW = "shadow"


class LaneSettings(Section, frozen=True, kw_only=True):
    """Which lane this is and where it keeps its records.

    Attributes:
        store: the one SQLite file (journal and codes).
        evidence: the folder of evidence pictures.
        mode: `shadow` for a lane that decides beside another and drives nothing.
    """

    id: LaneId
    point: PointCode
    direction: Direction
    store: Records
    evidence: Records
    mode: LaneMode = LaneMode.LIVE


class Manifest(Enum):
    """Whether the paper manifest is sensed in the drop-in box (domain §4)."""

    NONE = "none"
    SENSOR = "sensor"


class OtherPoint(Enum):
    """Row 15: a bundle that names another control point."""

    ACCEPT = "accept"
    OFFICER = "officer"


CONFIRM_S, PAINT_S, HELP_S, WAIT_S = 0.5, 10.0, 10.0, 600.0
"""The most that the law leaves to a site: both screens confirm 3 (design §2.2), any other scene; Help is stuck (§2.10); and a
waiting stage ends at the officer while the officer is still there (§2.9). The second and the last are our own values."""


class SecondFor(Enum):
    """What a second officer must approve (`lane_agent.approval`)."""

    RELEASE = "release"  # over a warning
    BYPASS = "bypass"  # of a loop


class PolicySettings(Section, frozen=True, kw_only=True):
    """What the lane decides by; `limits` replaces single waiting limits by the table's stage names.

    Attributes:
        held_up_s: how much longer 3 may stand for a truck that the queue in front holds up; 0 takes it back when its time is over.
        second_officer: what a second officer must approve; left out, nothing.
        second_officer_s: after so long a request for one lapses.
    """

    manifest: Manifest
    other_point: OtherPoint
    compound_loop: bool
    confirm_s: Seconds = 0.5
    paint_s: Seconds = 2.0
    help_stuck_s: Seconds = 10.0
    held_up_s: SecondsOrNone = 120.0
    second_officer: tuple[SecondFor, ...] = ()
    second_officer_s: Seconds = 120.0
    limits: dict[str, Seconds] = field(default_factory=dict)

    def contradictions(self) -> Iterator[Problem]:
        """Nothing is longer than the law allows; limits are those of stages that exist."""
        most = (
            (
                "confirm_s",
                self.confirm_s,
                CONFIRM_S,
                "both screens confirm 3 in that time, or it is taken back (design §2.2)",
            ),
            ("paint_s", self.paint_s, PAINT_S, "a screen that takes longer is at fault (design §2.2)"),
            ("help_stuck_s", self.help_stuck_s, HELP_S, "held for longer it is a stuck button (design §2.10)"),
            ("held_up_s", self.held_up_s, WAIT_S, "3 does not stand for ever (design §2.2)"),
            ("second_officer_s", self.second_officer_s, WAIT_S, "nothing waits for ever (design §2.9)"),
            *((f"limits.{name}", s, WAIT_S, "nothing waits for ever (design §2.9)") for name, s in self.limits.items()),
        )
        for name, given, law, why in most:
            if given > law:
                yield Problem(name, f"{given:g} s is longer than the law allows", f"write {law:g} or less: {why}")
        for name in self.limits:
            if name not in LIMITS_MS:
                near = difflib.get_close_matches(name, LIMITS_MS, n=1)
                hint = f"did you mean {near[0]}?" if near else f"the stages are {', '.join(LIMITS_MS)}"
                yield Problem(f"limits.{name}", "is no waiting stage of the lane", hint)


class HealthSettings(Section, frozen=True, kw_only=True):
    """How the box watches itself: store probe, free space (MB), flash wear, days before a certificate ends.

    Attributes:
        metrics_port: of `/metrics` and `/health` on 127.0.0.1; 0 for none.
    """

    probe_s: Seconds = 30.0
    min_free_mb: Count = 200
    warn_free_mb: Count = 1_000
    wear_percent: Percent = 90
    warn_hours: Count = 48
    telemetry_s: Seconds = 10.0
    certificate_days: Count = 30
    metrics_port: PortOrNone = 0

    def contradictions(self) -> Iterator[Problem]:
        """The alarm comes before the fault."""
        if self.warn_free_mb < self.min_free_mb:
            yield Problem("warn_free_mb", "is below health.min_free_mb", "warn before it is a fault: write more")
