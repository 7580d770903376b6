"""`rocars-lane check` looks as the service does; the same inside a booted Debian is in the field test."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from edge.checks.as_service import (
    NotAsServiceError,
    _by_user,
    check_unit,
    program,
    seen_in_unit,
    service_options,
    service_text,
)
from tests.rigs.places import ROOT

UNIT = (ROOT / "systemd/rocars-lane.service").read_text()
DROP_IN = """
# /etc/systemd/system/rocars-lane.service.d/site.conf
[Service]
IPAddressAllow=
IPAddressAllow=localhost 10.20.0.5
Environment=SITE=north
"""
COMMAND = ("/usr/bin/rocars-lane", "check", "--here", "--json", "--config", '/etc/rocars-lane/50 % "lane".toml')


def test_the_unit_of_the_check_is_the_lanes_but_for_what_it_starts() -> None:
    """User, groups, environment, folders and every line of the sandbox, drop-ins of the site included, in their order."""
    unit = check_unit(UNIT + DROP_IN, COMMAND, Path("/run/out"))
    starts = ("Exec", "Type", "Watchdog", "Restart", "Timeout", "OOMPolicy", "KillMode", "NotifyAccess", "Standard")
    wanted = [f"{key}={value}" for key, value in service_options(UNIT + DROP_IN) if not key.startswith(starts)]
    lines = unit.splitlines()
    assert [line for line in lines if line in wanted][: len(wanted)] == wanted
    for line in (
        "User=rocars-lane",
        "ProtectSystem=strict",
        "IPAddressAllow=localhost 10.20.0.5",
        "Environment=SITE=north",
    ):
        assert line in lines
    assert not [line for line in lines if line.startswith(("ExecStartPre", "Watchdog", "Restart="))]
    assert "RuntimeDirectoryPreserve=yes" in lines
    assert "StandardError=journal" in lines, "or what libraries say would stand between the findings"


def test_systemd_understands_the_unit_of_the_check(tmp_path: Path) -> None:
    """With names that need quoting."""
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is missing: apt-get install --no-install-recommends systemd")
    file = tmp_path / "rocars-lane-check-1.service"
    file.write_text(check_unit(UNIT, ("/bin/true", *COMMAND[1:]), Path("/run/out")))
    seen = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", file], capture_output=True, text=True, check=False
    )
    assert (seen.returncode, seen.stderr) == (0, "")


def test_the_check_is_made_by_the_version_that_the_service_starts() -> None:
    """And not by the one in the technician's path."""
    assert program(UNIT) == "/usr/bin/rocars-lane"
    assert program("[Service]\nExecStart=-/opt/x run\n") == "/opt/x"


def test_the_unit_is_found_where_the_package_or_the_site_puts_it(tmp_path: Path) -> None:
    """The site's own goes first; without either there is no service to look as."""
    assert service_text(tmp_path) is None
    for folder in ("lib/systemd/system", "etc/systemd/system"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "rocars-lane.service").write_text(folder)
        assert service_text(tmp_path) == folder


@pytest.mark.parametrize(("status", "printed"), [("11", "[]"), ("9", ""), ("0", "")])
def test_a_check_that_was_cut_off_has_found_nothing(status: str, printed: str) -> None:
    """The number of the signal that ended it is no status of a check, whatever it printed before."""
    facts = {"ExecMainStatus": status, "Result": "core-dump" if status == "11" else "signal"}
    with pytest.raises(NotAsServiceError, match=f"{facts['Result']}.*journalctl -u rocars-lane-check-7 has more"):
        seen_in_unit("rocars-lane-check-7", facts, printed, "")


def test_a_check_that_found_a_fault_came_to_its_end() -> None:
    """Systemd calls a unit failed whose process ended with 1."""
    assert seen_in_unit("c", {"ExecMainStatus": "1", "Result": "exit-code"}, "[]", "Job failed").status == 1


def test_without_systemd_user_and_groups_are_the_services(tmp_path: Path) -> None:
    """What root can open is no proof: the looking process has the service's user, groups and none of root's environment."""
    if os.geteuid() != 0:
        pytest.fail("this test becomes another user: run it as root, as CI does")
    looker = tmp_path / "look"
    looker.write_text("#!/bin/sh\nid -un; id -Gn; umask; env\n")
    looker.chmod(0o755)
    for folder in [tmp_path, *tmp_path.parents]:
        if str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    os.environ["DISPLAY"] = ":7"
    try:
        seen = _by_user("[Service]\nUser=daemon\nSupplementaryGroups=video dialout\n", [str(looker)])
    finally:
        del os.environ["DISPLAY"]
    user, groups, umask, *environment = seen.output.splitlines()
    assert (user, umask) == ("daemon", "0077")
    assert set(groups.split()) == {"daemon", "video", "dialout"}
    assert not [line for line in environment if line.startswith("DISPLAY=")]
    assert "without its sandbox" in seen.says
