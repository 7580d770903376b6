"""The figures: for people tables, for programs plain values."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.bench.plates.labels import LabelKind
from tools.bench.plates.scores import FOUND, LATIN, Acting, ContenderScore, Proportion

_HONG_KONG = (LabelKind.ONE_ROW.value, LabelKind.TWO_ROWS.value)
ROWS = (*_HONG_KONG, LATIN, LabelKind.CROSS_BORDER.value, LabelKind.MAINLAND.value, LabelKind.MACAU.value, FOUND)
Scores = dict[str, ContenderScore]


def plain(score: ContenderScore) -> dict[str, Any]:
    """For programs."""
    return {
        "version": score.hello.version,
        "exact": {row: asdict(share) for row, share in score.exact.items()},
        "release": score.hello.release or None,
        "acting": {release or "best-looking": asdict(acting) for release, acting in score.acting.items()},
        "confused": [[true, read, count] for (true, read), count in _ordered(score.confused)],
        "ms": round(score.median("ms"), 2),
        "cpu_ms": round(score.median("cpu_ms"), 2),
        "cpu_ms_parts": {name: round(ms, 2) for name, ms in score.median_parts.items()},
        "held_mb": round(score.median("held_mb"), 1),
        "peak_mb": round(score.peak_mb, 1),
        "installed_mb": None if score.hello.megabytes is None else round(score.hello.megabytes, 1),
        "missed": score.missed,
    }


def show(console: Console, scores: Scores, *, crops: bool, wrong: bool) -> None:
    """Everything of one set of pictures."""
    console.print(_side_by_side(scores, crops=crops))
    for name, score in scores.items():
        console.print(f"{name}: {score.hello.version}", highlight=False, soft_wrap=True)
    for name, score in scores.items():
        if len(score.acting) > 1 and not crops:
            console.print(_releases(name, score))
        if score.confused:
            console.print(_confusions(name, score))
        if wrong:
            console.print(f"{name}: what it missed", *score.missed, sep="\n  ", highlight=False, soft_wrap=True)


def show_sets(console: Console, sets: dict[str, Any]) -> None:
    """The sets side by side: what is read, what would be acted on, what it cost."""
    drawn = _table("drawn sets")
    for column in (
        "contender",
        "Hong Kong exact",
        "mark: right/wrong/silent (by law)",
        "given on negatives",
        "ms",
        "MB at most",
    ):
        drawn.add_column(column, justify="right")
    for name, figures in sets.items():
        for contender, score in figures["contenders"].items():
            drawn.add_row(name, contender, *_summary(score))
    console.print(drawn)


def _summary(score: dict[str, Any]) -> tuple[str, ...]:
    counts = [score["exact"][row] for row in _HONG_KONG if row in score["exact"]]
    right, of = sum(one["right"] for one in counts), sum(one["of"] for one in counts)
    acting = score["acting"][score["release"] or "best-looking"]
    there, none = acting["right"] + acting["wrong"] + acting["silent"], acting["unlabelled"]
    return (
        f"{right}/{of} {100 * right / of:.1f} %" if of else "–",
        f"{acting['right']}/{acting['wrong']}/{acting['silent']} ({acting['officers']})" if there else "–",
        f"{none['right']} of {none['of']}" if none["of"] else "–",
        f"{score['ms']:.1f}",
        f"{score['peak_mb']:.0f}",
    )


def _side_by_side(scores: Scores, *, crops: bool) -> Table:
    drawn = _table("Mainland crops, kept half: exact match" if crops else "whole pictures: exact match")
    for name in scores:
        drawn.add_column(name, justify="right")
    for row in ROWS:
        if any(row in score.exact for score in scores.values()):
            drawn.add_row(row, *(_share(score.exact.get(row)) for score in scores.values()))
    drawn.add_section()
    if not crops:
        drawn.add_row("mark: right/wrong/silent", *(_acting(score) for score in scores.values()))
        drawn.add_row("  given where none legible", *(_unlabelled(score) for score in scores.values()))
        drawn.add_section()
    drawn.add_row("median ms a picture", *(f"{score.median('ms'):,.1f}" for score in scores.values()))
    drawn.add_row("  of it processor time", *(f"{score.median('cpu_ms'):,.1f}" for score in scores.values()))
    for part in dict.fromkeys(part for score in scores.values() for part in score.median_parts):
        drawn.add_row(f"    {part}", *(_number(score.median_parts.get(part)) for score in scores.values()))
    if not crops:  # a process is as large as it was with whole pictures
        drawn.add_row("memory after a picture, MB", *(_number(score.median("held_mb")) for score in scores.values()))
        drawn.add_row("  at most ever", *(_number(score.peak_mb) for score in scores.values()))
        drawn.add_row("installed, MB", *(_number(score.hello.megabytes) for score in scores.values()))
    return drawn


def _releases(name: str, score: ContenderScore) -> Table:
    drawn = _table(f"{name}: mark to act on, by release threshold")
    for column in ("right", "wrong", "silent"):
        drawn.add_column(column, justify="right")
    for release, acting in score.acting.items():
        used = " (in use)" if release == score.hello.release else ""
        drawn.add_row(f"{release}{used}", *(str(count) for count in (acting.right, acting.wrong, acting.silent)))
    return drawn


def _confusions(name: str, score: ContenderScore) -> Table:
    drawn = _table(f"{name}: characters confused (- is none)")
    for column in ("read as", "times"):
        drawn.add_column(column, justify="right")
    for (true, read), count in _ordered(score.confused):
        drawn.add_row(true or "-", read or "-", str(count))
    return drawn


def _table(title: str) -> Table:
    drawn = Table(title=title, title_justify="left")
    drawn.add_column("")
    return drawn


def _ordered(confused: Counter[tuple[str, str]]) -> list[tuple[tuple[str, str], int]]:
    return sorted(confused.items(), key=lambda pair: (-pair[1], pair[0]))


def _share(share: Proportion | None) -> str:
    return "–" if share is None else f"{share.right}/{share.of} {100 * share.right / share.of:.1f} %"


def _used(score: ContenderScore) -> Acting:
    return score.acting[score.hello.release]


def _acting(score: ContenderScore) -> str:
    used = _used(score)
    return f"{used.right}/{used.wrong}/{used.silent}"


def _unlabelled(score: ContenderScore) -> str:
    share = _used(score).unlabelled
    return f"{share.right} of {share.of}"


def _number(number: float | None) -> str:
    return "–" if number is None else f"{number:,.1f}"
