"""`python -m tools.training plot --folder RUN`: the logs of a run as one picture (SVG), to see whether it still learns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT, EDGE = 720, 220, 48
_COLOURS = {"loss": "#b03a2e", "drawn_right": "#1f618d", "recall": "#1e8449", "precision": "#7d3c98"}


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity over the samples seen: points (seen, value)."""

    name: str
    points: tuple[tuple[float, float], ...]


def curves(log: Path) -> tuple[Curve, ...]:
    """What a log has recorded, in the order of `_COLOURS`; lines without figures (begun, resumed) are passed over."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = []
    for name in _COLOURS:
        points = tuple((float(line["seen"]), float(line[name])) for line in lines if name in line)
        if points:
            found.append(Curve(name, points))
    return tuple(found)


def _polyline(curve: Curve, most_seen: float, top: int) -> str:
    high = max(1.0, *(value for _, value in curve.points))
    wide, tall = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    spots = " ".join(
        f"{EDGE + seen / most_seen * wide:.1f},{top + EDGE + (1 - value / high) * tall:.1f}"
        for seen, value in curve.points
    )
    return f'<polyline points="{spots}" fill="none" stroke="{_COLOURS[curve.name]}" stroke-width="1.5"/>'


def panel(title: str, found: tuple[Curve, ...], top: int) -> str:
    """One log as SVG elements, its upper edge at `top`; each curve is scaled to its own highest value."""
    most = max((seen for curve in found for seen, _ in curve.points), default=1.0) or 1.0
    wide, tall = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    parts = [
        f'<rect x="{EDGE}" y="{top + EDGE}" width="{wide}" height="{tall}" fill="none" stroke="#999"/>',
        f'<text x="{EDGE}" y="{top + EDGE - 22}">{title}, {most:,.0f} samples</text>',
    ]
    for place, curve in enumerate(found):
        label = f"{curve.name} {curve.points[-1][1]:.3f} (highest {max(v for _, v in curve.points):.3f})"
        x = EDGE + place * 220
        parts.append(f'<text x="{x}" y="{top + EDGE - 6}" fill="{_COLOURS[curve.name]}">{label}</text>')
        parts.append(_polyline(curve, most, top))
    return "\n".join(parts)


def plot(folder: Path) -> Path:
    """Writes `training.svg` into the run's folder and returns its path.

    Raises:
        FileNotFoundError: the folder has no log with figures in it.
    """
    panels = [(log.stem, found) for log in sorted(folder.glob("*.log")) if (found := curves(log))]
    if not panels:
        raise FileNotFoundError(f"{folder}: no log with figures; give the --folder that the training was run with")
    body = "\n".join(panel(title, found, HEIGHT * place) for place, (title, found) in enumerate(panels))
    picture = folder / "training.svg"
    picture.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT * len(panels)}" '
        f'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )
    return picture
