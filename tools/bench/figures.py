"""Figures beside their floors: for people a table, for programs plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from tools.bench.codes import Timing


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One thing measured, beside the floor it cannot go below."""

    measured: Timing
    floor: Timing

    @property
    def ratios(self) -> tuple[float, float]:
        """Measured over floor: of the medians, of the 99th percentiles."""
        return self.measured.p50_us / self.floor.p50_us, self.measured.p99_us / self.floor.p99_us

    def plain(self) -> dict[str, Any]:
        """For programs."""
        p50, p99 = self.ratios
        return asdict(self.measured) | {
            "floor": asdict(self.floor),
            "ratio_p50": round(p50, 2),
            "ratio_p99": round(p99, 2),
        }


def timing(name: str, spent_ns: Sequence[int]) -> Timing:
    """Median and 99th percentile."""
    ordered = sorted(spent_ns)
    count = len(ordered)
    return Timing(name, count, ordered[count // 2] / 1_000, ordered[count * 99 // 100] / 1_000)


def table(lines: Sequence[FigureLine]) -> Table:
    """For people: each floor below what it is the floor of, milliseconds where that reads better."""
    drawn = Table("", "times", "p50", "p99", "x p50", "x p99")
    for number, line in enumerate(lines):
        p50, p99 = line.ratios
        if number == 0 or line.measured != lines[number - 1].measured:
            drawn.add_section()
            drawn.add_row(*_row(line.measured), "", "")
        drawn.add_row(*_row(line.floor, "floor: "), f"{p50:.1f}", f"{p99:.1f}", style="dim")
    return drawn


def _row(one: Timing, mark: str = "") -> tuple[str, ...]:
    return f"{mark}{one.name.replace('_', ' ')}", f"{one.samples:,}", _said(one.p50_us), _said(one.p99_us)


def _said(microseconds: float) -> str:
    return f"{microseconds / 1_000:,.2f} ms" if microseconds >= 1_000 else f"{microseconds:,.1f} us"
