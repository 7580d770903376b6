"""What processes and all that they have started cost, as the kernel counts it (/proc of Linux)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from simulation.children import cpu_s


def family(pid: int) -> Iterator[int]:
    """A process, its children, and theirs; one that has ended meanwhile is left out."""
    yield pid
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from family(int(child))


def program(pid: int) -> str:
    """The file that a process runs, "" once it has ended."""
    try:
        return str(Path(f"/proc/{pid}/exe").readlink())
    except OSError:
        return ""


def cpu_of(*pids: int) -> float:
    """CPU seconds that those of these processes have used that still live."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += cpu_s(pid)
    return total


def waited_s(pid: int) -> float:
    """Seconds that a process's threads, together, were ready to run and had no processor."""
    nanoseconds = 0
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            nanoseconds += int((thread / "schedstat").read_text().split()[1])
    return nanoseconds / 1e9


def peak_mb(*pids: int) -> float:
    """The most memory that each has had resident so far, added up, in MB of 10^6 bytes."""
    return _memory_mb("VmHWM", pids)


def resident_mb(*pids: int) -> float:
    """The memory that they have resident now, added up, in MB of 10^6 bytes."""
    return _memory_mb("VmRSS", pids)


def _memory_mb(line_of: str, pids: tuple[int, ...]) -> float:
    kib = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            kib += next((int(line.split()[1]) for line in lines if line.startswith(f"{line_of}:")), 0)
    return kib * 1_024 / 1e6


def browser_pids(name: str = "chromium") -> list[int]:
    """The processes of a browser that this process has started."""
    return [pid for pid in family(os.getpid()) if name in Path(program(pid)).name]


def own_mb(pid: int) -> float:
    """Memory that is a process's own, in MB of 10^6 bytes: heap and stacks, no file that others may share; 0 once it has ended."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0) * 1_024 / 1e6
    return 0.0


def pss_mb(pid: int) -> float:
    """Memory of a process in MB of 10^6 bytes, shared pages divided among those that share them; 0 once it has ended."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) * 1_024 / 1e6
    return 0.0


def descriptors(pid: int) -> int:
    """How many files, sockets and pipes it holds open; 0 once it has ended."""
    with contextlib.suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return 0


def threads(pid: int) -> int:
    """How many threads it has; 0 once it has ended."""
    with contextlib.suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
    return 0
