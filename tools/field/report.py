"""What the field test found; `docs/field.md` says what each figure means."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tools.field.hanging import HangReport
from tools.field.shadowing import ShadowFindings


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """Of a number of times, in ms; the nearest rank, so that each was really seen."""

    number: int
    p50: int
    p99: int

    @classmethod
    def of(cls, times_ms: Sequence[int]) -> Percentiles:
        """Of at least one time."""
        ranked = sorted(times_ms)
        return cls(
            number=len(ranked), p50=ranked[-(-len(ranked) // 2) - 1], p99=ranked[-(-99 * len(ranked) // 100) - 1]
        )


class FieldReport(msgspec.Struct, kw_only=True):
    """The last line of `make field`."""

    cleared: int = 0
    examined: int = 0
    by_hand: int = 0
    dark_ms_max: int = 0
    false_3_ms: int = 0
    commands: int = 0
    commands_centre: int = 0
    seconds: float = 0.0
    install_s: dict[str, float] = {}
    installed_mb: dict[str, float] = {}
    face_ms: list[int] = []
    ready_ms: list[int] = []
    open_ms: list[int] = []
    boots: dict[str, Percentiles] = {}
    sign_ms: list[int] = []
    manual_ms: int = 0
    page: str = ""
    camera: str = ""
    pss_mb: dict[str, float] = {}
    pss_sum_mb: float = 0.0
    cpu_idle_percent: float = 0.0
    written_kb_a_truck: float = 0.0
    exposure: dict[str, float] = {}
    restarts: dict[str, int] = {}
    hung: dict[str, HangReport] = {}
    shadow: ShadowFindings | None = None
    crossings: int = 0
    beats: dict[str, float] = {}
    problems: list[str] = []
    skipped: str = ""
