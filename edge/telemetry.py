"""How the box is, in figures, for the centre: sent apart from the events, and shed first when the link is poor.

A figure that this machine does not give is left out. Names end in their unit.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.health import free_mb
from sync.client import LinkStatus

Facts = dict[str, int | float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSources:
    """Where the figures come from.

    Attributes:
        store: the store's folder.
        link: the link's state.
        inbox_wait_ms: how long the lane's oldest event waits.
        picture_age_ms: of the reader's newest picture, None without one.
        read_ms: what reading a picture takes, at most for half of the last ones and for 99 of a hundred.
        time_quality: of the records' time.
        root: of /proc and /sys.
    """

    store: Path
    link: Callable[[], LinkStatus]
    inbox_wait_ms: Callable[[], int]
    picture_age_ms: Callable[[], int | None]
    read_ms: Callable[[], tuple[int, int] | None]
    time_quality: Callable[[], str]
    root: Path = Path("/")


def sample(box: BoxSources) -> Facts:
    """One sample."""
    link, read = box.link(), box.read_ms()
    facts: Facts = {
        "journal_waiting": link.waiting,
        "pictures_waiting": link.pictures,
        "refused": sum(link.refused.values()),
        "inbox_wait_ms": box.inbox_wait_ms(),
        "time": box.time_quality(),
        **{f"refused_{reason}": count for reason, count in sorted(link.refused.items())},
    }
    optional = {
        "proof_age_ms": link.proof_age_ms,
        "picture_age_ms": box.picture_age_ms(),
        "read_p50_ms": read[0] if read else None,
        "read_p99_ms": read[1] if read else None,
        "disk_free_mb": _free(box.store),
        "temperature_c": temperature_c(box.root),
        "memory_free_mb": memory_free_mb(box.root),
        "load_1m": load(box.root),
        "uptime_s": uptime_s(box.root),
    }
    return facts | {name: figure for name, figure in optional.items() if figure is not None}


def _free(folder: Path) -> int | None:
    with suppress(OSError):
        return free_mb(folder)
    return None


def temperature_c(root: Path = Path("/")) -> float | None:
    """The warmest of the machine's thermal zones."""
    warmest: float | None = None
    for zone in (root / "sys/class/thermal").glob("thermal_zone*/temp"):
        with suppress(OSError, ValueError):
            warmest = max(warmest or -273.0, int(zone.read_text()) / 1_000)
    return warmest


def memory_free_mb(root: Path = Path("/")) -> int | None:
    """Memory that programs could still have."""
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1_000
    return None


def load(root: Path = Path("/")) -> float | None:
    """Programs that wanted a processor, on average over a minute, for each processor."""
    with suppress(OSError, ValueError, IndexError):
        wanted = float((root / "proc/loadavg").read_text().split()[0])
        return round(wanted / (os.cpu_count() or 1), 2)
    return None


def uptime_s(root: Path = Path("/")) -> int | None:
    """Since the machine's start."""
    with suppress(OSError, ValueError, IndexError):
        return int(float((root / "proc/uptime").read_text().split()[0]))
    return None
