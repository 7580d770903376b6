"""What belongs to the box and not to the lane: time servers, sleep, the units. By Debian's own files and commands."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from runtime.files import write_whole

SCREENS = ("rocars-lane-compositor.service", "rocars-lane-screen@xdb.service", "rocars-lane-screen@aiop.service")
"""Those that are installed; a lane whose screens are children of its agent has none."""
LANE = ("rocars-lane-page.service", "rocars-lane.service")
_SLEEP = ("sleep.target", "suspend.target", "hibernate.target", "hybrid-sleep.target")
_UNIT_FOLDERS = (Path("etc/systemd/system"), Path("lib/systemd/system"))


class UnitsError(RuntimeError):
    """The box does not do what it was asked; its own words."""


def set_time_servers(servers: Sequence[str], root: Path = Path("/")) -> str:
    """Names them to whichever time source is installed; returns what was done, in words.

    Raises:
        OSError: its file cannot be written.
    """
    if (root / "usr/sbin/chronyd").exists():
        file, text = (
            root / "etc/chrony/sources.d/rocars-lane.sources",
            "".join(f"server {one} iburst\n" for one in servers),
        )
        service = "chrony.service"
    elif (root / "lib/systemd/systemd-timesyncd").exists():
        file, text = root / "etc/systemd/timesyncd.conf.d/rocars-lane.conf", f"[Time]\nNTP={' '.join(servers)}\n"
        service = "systemd-timesyncd.service"
    else:
        return "no time source is installed: apt-get install systemd-timesyncd, then run this again"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, text.encode())
    if runs_systemd():
        systemctl("enable", service)
        systemctl("restart", service)
    return f"{', '.join(servers)}, asked by {service}"


def runs_systemd() -> bool:
    """Whether PID 1 is systemd."""
    return Path("/run/systemd/system").is_dir()


def forbid_sleep() -> None:
    """A sleep is a clock fault."""
    systemctl("mask", *_SLEEP)


def start_units(units: Sequence[str], root: Path = Path("/")) -> list[str]:
    """Starts those of the units that are installed, now and at every boot; returns their names.

    Raises:
        UnitsError: one does not start.
    """
    present = [name for name in units if any((root / folder / _file(name)).exists() for folder in _UNIT_FOLDERS)]
    if not present:
        return []
    systemctl("daemon-reload")
    done = systemctl("enable", "--now", *present)
    if done.returncode:
        raise UnitsError(f"{done.stderr.strip()}; journalctl -u rocars-lane has more")
    return present


def _file(unit: str) -> str:
    name, at, _ = unit.partition("@")
    return f"{name}@.service" if at else unit


def systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs it."""
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)
