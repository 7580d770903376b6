"""What the units cost and how tightly they are held, measured on the running machine from outside."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from simulation.children import cpu_s
from tools.field.machine import FieldMachine, MachineError

_EXPOSURE = re.compile(r"Overall exposure level for \S+: ([\d.]+)")
_ROLLUP = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)
_WRITTEN = re.compile(r"^write_bytes: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Load:
    """What a set of processes has used so far: processor seconds, and bytes sent to the disk."""

    cpu_s: float
    written: int


def ready_ms(machine: FieldMachine, unit: str) -> int:
    """When a unit was last up by its own word, in ms since the outside machine's start.

    Raises:
        MachineError: it is not up.
    """
    said = machine.outside("systemctl", "show", "-P", "ActiveEnterTimestampMonotonic", unit).strip()
    if not said.isdecimal() or said == "0":
        raise MachineError(f"{unit} is not up: {said!r}")
    return int(said) // 1_000


def exposure(machine: FieldMachine, unit: str) -> float:
    """Systemd's own estimate, 0 (held tightly) to 10, of the unit as it runs there.

    Raises:
        MachineError: systemd says none.
    """
    said = machine.outside("systemd-analyze", "security", "--no-pager", unit, check=False)
    return exposure_of(said, unit)


def exposure_of(said: str, unit: str) -> float:
    """The figure in what `systemd-analyze security UNIT` prints.

    Raises:
        MachineError: there is none.
    """
    found = _EXPOSURE.search(said)
    if found is None:
        raise MachineError(f"systemd-analyze says no exposure of {unit}: {said[-300:]}")
    return float(found.group(1))


def pss_mb(rollup: str) -> float:
    """Memory of a process in MB, shared pages divided among those that share them (`/proc/PID/smaps_rollup`)."""
    found = _ROLLUP.search(rollup)
    return 0.0 if found is None else int(found.group(1)) / 1_000


def what_it_is(command: str) -> str:
    """A short name of a process by its command line."""
    for mark, name in _NAMES.items():
        if mark in command:
            return name
    words = command.split()
    return Path(words[0]).name if words else "gone"


_NAMES: Mapping[str, str] = {
    "devices.reader_child": "reader",
    "--screen xdb": "screen xdb",
    "--screen aiop": "screen aiop",
    "resource_tracker": "resource tracker",
    "spawn_main": "sign renderer",
    "edge.page_process": "page",
    "edge.cli": "agent",
    "core.cli.app": "core",
}


def memory(pids: Iterable[int]) -> dict[str, float]:
    """PSS in MB of each process, by what it is; the kernel's own order."""
    found: dict[str, float] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            name = what_it_is(command)
            found[name] = round(found.get(name, 0.0) + pss_mb(rollup), 1)
    return found


def load(pids: Iterable[int]) -> Load:
    """What these processes have used."""
    seconds, written = 0.0, 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError):
            seconds += cpu_s(pid)
            found = _WRITTEN.search(Path(f"/proc/{pid}/io").read_text(encoding="ascii"))
            written += int(found.group(1)) if found else 0
    return Load(seconds, written)


def idle_percent(pids: list[int], seconds: float) -> float | None:
    """Share of one core that these processes use while nothing happens, in per cent; takes `seconds`.

    None where one of them ended meanwhile: what it had used would be missing.
    """
    before = load(pids)
    began = time.monotonic()
    time.sleep(seconds)
    used = load(pids).cpu_s - before.cpu_s
    if not all(Path(f"/proc/{pid}").exists() for pid in pids):
        return None
    return round(100 * used / (time.monotonic() - began), 1)


def added_mb(layer: Path) -> float:
    """What an installation added to the clean Debian, MB as the disk counts it.

    Apt's own caches, the packages as they were carried, and journals are not counted.
    """
    seen: set[int] = set()
    blocks = 0
    for folder, names, files in os.walk(layer):
        here = Path(folder).relative_to(layer)
        names[:] = [name for name in names if str(here / name) not in _NOT_ADDED]
        for name in files:
            facts = Path(folder, name).lstat()
            if facts.st_ino not in seen:
                seen.add(facts.st_ino)
                blocks += facts.st_blocks
    return round(blocks * 512 / 1_000_000, 1)


_NOT_ADDED = frozenset({"var/cache/apt", "var/lib/apt/lists", "var/log", "root"})
