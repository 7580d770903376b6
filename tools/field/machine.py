"""A Debian 12 machine that boots under systemd in a folder: a container with a network namespace of its own.

Rules of this file
- The machine is systemd as PID 1 of a container (systemd-nspawn), over a writable layer above the clean base; nothing of
  the machine that runs the field test is inside, but what a technician would carry to a box: packages and an answer file.
- What is typed at its console is counted: those are the commands of an installation.
- A command that needs Debian's mirror borrows the network of the outside machine for itself alone. The units never do.
- Powering off is ending PID 1 of the container: every process goes, and the layer is kept.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulation.children import ChildProcess

_BOOT_S = 60.0
_UP = frozenset({"running", "degraded"})
_ENTER = ("-m", "-p", "-u", "-i", "-C")


class MachineError(RuntimeError):
    """A machine does not boot, or a command on it failed; the text has its last words."""


@dataclass(slots=True)
class TypedCommands:
    """What a person would have typed, in order."""

    typed: list[str] = field(default_factory=list)


class FieldMachine:
    """One machine.

    Args:
        name: its host name.
        folder: everything of it, on a disk that can carry an overlay.
        base: the clean root below it, never written.
        network: the name of its network namespace.
        binds: (outside, inside): files and folders of the outside that its hardware would bring (screens).
    """

    def __init__(
        self, name: str, folder: Path, base: Path, network: str, binds: Sequence[tuple[Path, str]] = ()
    ) -> None:
        self.name, self.root, self.network = name, folder / "root", network
        self.commands = TypedCommands()
        self._folder, self._base, self._binds = folder, base, binds
        self._boots = 0
        self._nspawn = ChildProcess(folder / "console.log")

    @property
    def added(self) -> Path:
        """The layer: what was added to the clean Debian."""
        return self._folder / "upper"

    def build(self, image: Path | None = None) -> None:
        """Lays the writable layer over the base: the machine as it comes from Debian's installer.

        Args:
            image: the layer of another machine, of which this one begins as a copy.
        """
        self._folder.mkdir(parents=True)
        if image is not None:
            subprocess.run(["cp", "--archive", "--reflink=auto", image, self._folder / "upper"], check=True)
        for part in ("root", "upper", "work"):
            (self._folder / part).mkdir(exist_ok=True)
        layers = f"lowerdir={self._base},upperdir={self._folder / 'upper'},workdir={self._folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=True)
        (self.root / "etc/hostname").write_text(f"{self.name}\n", encoding="ascii")
        (self.root / "etc/machine-id").write_text(os.urandom(16).hex() + "\n", encoding="ascii")

    def boot(self) -> float:
        """Powers it on; when PID 1 had started, seconds of the monotonic clock.

        Raises:
            MachineError: systemd does not come up.
        """
        self._boots += 1
        self._nspawn.start(
            "systemd-nspawn",
            *("--quiet", "--register=no", "--keep-unit", "--boot", "--console=pipe", "--resolv-conf=off"),
            f"--machine={self.name}-{os.getpid()}-{self._boots}",
            f"--hostname={self.name}",
            f"--directory={self.root}",
            f"--network-namespace-path=/run/netns/{self.network}",
            *(f"--bind={outside}:{inside}" for outside, inside in self._binds),
        )
        until = time.monotonic() + _BOOT_S
        while time.monotonic() < until:
            with contextlib.suppress(MachineError):
                return _started(self.pid1)
            if self._nspawn.status is not None:
                break
            time.sleep(0.01)
        raise MachineError(f"{self.name} does not boot: {self._nspawn.last_words(6)}")

    def wait_running(self) -> None:
        """Waits until systemd says that its start is over, whatever came of it.

        Raises:
            MachineError: it says so in no time.
        """
        until = time.monotonic() + _BOOT_S
        while (said := self.outside("systemctl", "is-system-running", check=False).strip()) not in _UP:
            if time.monotonic() > until:
                raise MachineError(f"{self.name} does not come up: systemd says {said}")
            time.sleep(0.05)

    @property
    def pid1(self) -> int:
        """The process id of its PID 1, seen from outside.

        Raises:
            MachineError: it does not run.
        """
        with contextlib.suppress(OSError, ValueError, IndexError):
            holder = self._nspawn.pid
            children = Path(f"/proc/{holder}/task/{holder}/children").read_text(encoding="ascii").split()
            pid = int(children[-1])
            if Path(f"/proc/{pid}/comm").read_bytes() == b"systemd\n" and _is_first(pid):
                return pid
        raise MachineError(f"{self.name} does not run")

    def typed(self, command: str, *, mirror: bool = False, check: bool = True, seconds: float = 300.0) -> str:
        """Types a command as root at the machine's console, and counts it; what it printed.

        Args:
            command: a line for its shell.
            mirror: it may reach Debian's mirror.
            check: raise where its status is not 0.
            seconds: how long it may take.

        Raises:
            MachineError: it failed.
        """
        self.commands.typed.append(command)
        return self._run(("bash", "-c", command), mirror=mirror, check=check, seconds=seconds)

    def outside(self, *words: str, check: bool = True, seconds: float = 60.0) -> str:
        """Runs a command of the test's own on the machine: looking, and what belongs to no installation."""
        return self._run(words, mirror=False, check=check, seconds=seconds)

    def _run(self, words: Sequence[str], *, mirror: bool, check: bool, seconds: float) -> str:
        net = () if mirror else ("-n",)
        enter = ["nsenter", "-t", str(self.pid1), *_ENTER, *net, "--", "env", "-i", *_environment(), *words]
        try:
            ran = subprocess.run(
                enter, capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired as late:
            raise MachineError(f"{self.name}: {shlex.join(words)} is not done after {seconds:g} s") from late
        if check and ran.returncode:
            said = " / ".join((ran.stdout + ran.stderr).strip().splitlines()[-8:])
            raise MachineError(f"{self.name}: {shlex.join(words)} ended with {ran.returncode}: {said}")
        return ran.stdout + ran.stderr if not check else ran.stdout

    def power_off(self) -> None:
        """Pulls the plug."""
        with contextlib.suppress(MachineError, ProcessLookupError):
            os.kill(self.pid1, signal.SIGKILL)
        self._nspawn.end(patience=10.0)

    def reboot(self) -> float:
        """`systemctl reboot`, typed; as `boot`, when the new PID 1 had started. The container is started again by us."""
        self.typed("systemctl reboot", check=False)
        try:
            self._nspawn.wait(40.0)
        except subprocess.TimeoutExpired as late:
            raise MachineError(f"{self.name} does not go down for a reboot") from late
        return self.boot()

    def take_down(self) -> None:
        """Powers it off and removes its layer's mount."""
        self.power_off()
        subprocess.run(["umount", "--lazy", self.root], check=False, capture_output=True)

    def unit_pids(self, unit: str) -> list[int]:
        """Every process of a unit, by its id outside."""
        group = self.outside("systemctl", "show", "-P", "ControlGroup", unit).strip()
        if not group:
            return []
        return [pid for pid in _children_of_all(self.pid1) if _in_group(pid, group)]


def _environment() -> tuple[str, ...]:
    return ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
            "DEBIAN_FRONTEND=noninteractive", "TERM=dumb")  # fmt: skip


def _is_first(pid: int) -> bool:
    """Whether a process is PID 1 of its namespace, and has come as far as having its own files."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    names = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
    return names[-1] == "1" and len(names) > 2


def _started(pid: int) -> float:
    """When a process began, in seconds of the clock that counts from the machine's start (CLOCK_BOOTTIME)."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children_of_all(pid: int) -> list[int]:
    """A process and all its descendants."""
    found, open_ = [], [pid]
    while open_:
        one = open_.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                open_ += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _in_group(pid: int, group: str) -> bool:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines()
        return any(line.split(":", 2)[2].endswith(group) or f"{group}/" in line for line in lines)
    return False
