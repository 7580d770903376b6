"""`rocars-lane check` as the service runs: by its user and groups, in its environment and behind its sandbox.

What root can open is no proof that the service can, and what a technician's login lacks is no fault of the box. So root's
check is carried out by systemd, in a unit that is the lane's own, drop-ins of the site included, but for what it starts.
Where no systemd runs, user and groups alone are the service's; whoever is not root looks as himself, and is told so.

Rules of this file: the lane's unit is never touched, started or stopped; the unit of the check is gone afterwards.
"""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

UNIT = "rocars-lane.service"
_FOLDERS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
_RUNTIME = Path("/run/systemd/system")
_OF_THE_START = ("Type", "Exec", "NotifyAccess", "Watchdog", "Restart", "Timeout", "OOMPolicy", "KillMode", "Standard")
_CUT_OFF = frozenset({"signal", "core-dump", "timeout", "watchdog", "oom-kill"})
"""Results of a unit whose process did not end by itself (systemd.service, $SERVICE_RESULT)."""
_FAILED = 3
"""The check could not be carried out so; no status of the check itself."""


@dataclass(frozen=True, slots=True)
class SeenAs:
    """How the box was looked at.

    Attributes:
        status: of the command.
        output: what it printed.
        says: in words, such as "as the service runs".
    """

    status: int
    output: str
    says: str


class NotAsServiceError(RuntimeError):
    """It cannot be looked at as the service does; the text says why and what to do."""


def service_text(root: Path = Path("/")) -> str | None:
    """The lane's unit with its drop-ins; None where it is not installed."""
    if _RUNTIME.is_dir() and root == Path("/"):
        told = subprocess.run(["systemctl", "cat", UNIT], capture_output=True, text=True, check=False)
        return told.stdout if told.returncode == 0 else None
    files = (root / folder.relative_to("/") / UNIT for folder in _FOLDERS)
    return next((file.read_text(encoding="utf-8") for file in files if file.is_file()), None)


def service_options(text: str) -> list[tuple[str, str]]:
    """The lines of the section [Service], in order; continued lines joined."""
    section, found = "", list[tuple[str, str]]()
    for line in text.replace("\\\n", " ").splitlines():
        bare = line.strip()
        if bare.startswith("["):
            section = bare
        elif section == "[Service]" and "=" in bare and not bare.startswith(("#", ";")):
            key, _, value = bare.partition("=")
            found.append((key.strip(), value.strip()))
    return found


def program(text: str) -> str:
    """What the service starts.

    Raises:
        NotAsServiceError: the unit does not say.
    """
    started = [value for key, value in service_options(text) if key == "ExecStart" and value]
    if not started:
        raise NotAsServiceError(f"{UNIT} has no ExecStart; install the package again")
    return started[-1].split()[0].lstrip("-@:+!")


def check_unit(text: str, command: Sequence[str], output: Path) -> str:
    """A unit that runs this command as the lane's unit would.

    Args:
        text: the lane's unit with its drop-ins.
        command: what to run.
        output: takes what it prints.
    """
    kept = [f"{key}={value}" for key, value in service_options(text) if not key.startswith(_OF_THE_START)]
    quoted = " ".join('"{}"'.format(word.replace("%", "%%").replace('"', '\\"')) for word in command)
    own = ["Type=oneshot", f"ExecStart={quoted}", f"StandardOutput=truncate:{output}", "StandardError=journal"]
    own += [
        "TimeoutStartSec=120",
        "RuntimeDirectoryPreserve=yes",
    ]  # or its end would take away the running lane's sockets
    return "\n".join(["[Service]", *kept, *own, ""])


def look_as_service(arguments: Sequence[str]) -> SeenAs | None:
    """Runs `rocars-lane check` with these arguments as the service runs.

    Returns:
        None where that cannot be: no root, or no service on this machine.

    Raises:
        NotAsServiceError: systemd does not carry it out; its own words.
    """
    text = service_text()
    if os.geteuid() != 0 or text is None:
        return None
    command = [program(text), "check", *arguments]
    return _by_systemd(text, command) if _RUNTIME.is_dir() else _by_user(text, command)


def _by_systemd(text: str, command: Sequence[str]) -> SeenAs:
    name = f"rocars-lane-check-{os.getpid()}"
    unit, output = _RUNTIME / f"{name}.service", Path(f"/run/{name}.out")
    try:
        unit.write_text(check_unit(text, command, output), encoding="utf-8")
        output.touch(mode=0o600)
        started = _systemctl("start", f"{name}.service")
        shown = _systemctl("show", "--property=ExecMainStatus,Result", f"{name}.service").stdout
        facts = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        return seen_in_unit(name, facts, output.read_text(encoding="utf-8"), started.stderr)
    finally:
        _systemctl("reset-failed", f"{name}.service")
        unit.unlink(missing_ok=True)
        output.unlink(missing_ok=True)


def seen_in_unit(name: str, facts: Mapping[str, str], printed: str, complaint: str) -> SeenAs:
    """What the unit of a check says, once it has ended.

    Args:
        name: of the unit.
        facts: its properties ExecMainStatus and Result.
        printed: what it printed.
        complaint: what systemctl said of its start.

    Raises:
        NotAsServiceError: it did not run, or did not come to its end.
    """
    result = facts.get("Result", "")
    if not printed or result in _CUT_OFF:  # of one that was cut off, the status is the number of a signal
        said = result if printed else complaint.strip() or result
        raise NotAsServiceError(
            f"systemd does not run the check as the service to its end ({said}); journalctl -u {name} has more"
        )
    return SeenAs(
        int(facts.get("ExecMainStatus", _FAILED)), printed, "as the service runs: its user, groups and sandbox"
    )


def _systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)


def _by_user(text: str, command: Sequence[str]) -> SeenAs:
    """User and groups of the unit; a sandbox only systemd can make."""
    options = dict(service_options(text))
    try:
        user = pwd.getpwnam(options.get("User", "root"))
        groups = [grp.getgrnam(name).gr_gid for name in options.get("SupplementaryGroups", "").split()]
    except KeyError as error:
        raise NotAsServiceError(f"{error.args[0]}; make the service's users: systemd-sysusers") from error
    done = subprocess.run(
        command,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=groups,
        env={"PATH": "/usr/bin:/usr/sbin", "LANG": "C.UTF-8", "HOME": user.pw_dir, "USER": user.pw_name},
        cwd="/",
        umask=0o077,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if not done.stdout:
        raise NotAsServiceError(f"{command[0]} did not run as {user.pw_name} (status {done.returncode})")
    return SeenAs(
        done.returncode, done.stdout, "by the service's user and groups, without its sandbox: no systemd runs here"
    )


def this_user() -> str:
    """Who looks, where it is not the service."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
