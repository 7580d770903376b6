"""The units as systemd's own tools see them. They need the Debian package systemd (no running systemd)."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rigs.places import ROOT

SYSTEMD = ROOT / "systemd"
SCREENS = ("rocars-lane-screen@xdb.service", "rocars-lane-screen@aiop.service")
UNITS = (
    "rocars-lane.service",
    "rocars-core.service",
    "rocars-lane-compositor.service",
    *SCREENS,
    "rocars-lane-page.service",
    "rocars-lane-voice.service",
)
LIMITS = dict(zip(UNITS, (19, 13, 12, 4, 4, 13, 19), strict=True))


def tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs one of systemd's tools; a machine without it fails with what to install, and is not skipped."""
    if shutil.which(name) is None:
        pytest.fail(f"{name} is missing: apt-get install --no-install-recommends systemd")
    return subprocess.run([name, *arguments], capture_output=True, text=True, check=False)


def source(unit: str) -> Path:
    """The unit's file; of an instance, that of its template."""
    template, at, kind = unit.partition("@")
    return SYSTEMD / (f"{template}@.{kind.partition('.')[2]}" if at else unit)


def settled(unit: str, folder: Path) -> Path:
    """The unit with programs that exist on this machine: systemd looks for them. Also those it wants."""
    for each in {unit, *UNITS} if unit == "rocars-lane.service" else {unit, "rocars-lane-compositor.service"}:
        _settle(each, folder)
    return folder / unit


def _settle(unit: str, folder: Path) -> None:
    lines = source(unit).read_text().splitlines()
    changed = ["=".join([line.split("=")[0], "/bin/true"]) if line.startswith("Exec") else line for line in lines]
    (folder / unit).write_text("\n".join(changed) + "\n")


def options(unit: str) -> configparser.SectionProxy:
    """The [Service] section; a repeated key keeps its last value."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read(source(unit))
    return parser["Service"]


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_reads_the_unit_without_a_complaint(unit: str, tmp_path: Path) -> None:
    """Unknown keys are only warnings to systemd; here they are mistakes."""
    seen = tool("systemd-analyze", "verify", "--recursive-errors=no", settled(unit, tmp_path))
    assert (seen.returncode, seen.stderr) == (0, "")


def test_the_test_before_would_notice_a_misspelt_key(tmp_path: Path) -> None:
    """A key that systemd does not know must show, or hardening could be misspelt away."""
    unit = settled(UNITS[0], tmp_path)
    unit.write_text(unit.read_text().replace("ProtectSystem=", "ProtectSytem="))
    assert "ProtectSytem" in tool("systemd-analyze", "verify", "--recursive-errors=no", unit).stderr


@pytest.mark.parametrize(("unit", "exposure"), LIMITS.items())
def test_the_exposure_stays_below_its_limit(unit: str, exposure: int, tmp_path: Path) -> None:
    """Systemd's own estimate, in tenths; the limits are what was reached, so that nothing is loosened unnoticed."""
    seen = tool("systemd-analyze", "security", "--offline=true", f"--threshold={exposure}", settled(unit, tmp_path))
    assert seen.returncode == 0, seen.stdout


def test_the_lane_refuses_simulation_and_wrong_settings_before_it_starts() -> None:
    """And only these: a lane without link, camera or broker must start, in manual mode."""
    before = options("rocars-lane.service")["ExecStartPre"].split()
    assert before[1] == "check"
    assert {"--refuse-simulation", "--settings-only"} <= set(before)
    assert before[before.index("--config") + 1] == "/etc/rocars-lane/lane.toml"


def test_the_lane_is_watched_restarted_and_outlives_its_reader() -> None:
    """The watchdog needs notify; a reader killed for its memory must not take the lane with it."""
    lane = options("rocars-lane.service")
    assert lane["Type"] == "notify"
    assert float(lane["WatchdogSec"]) == 10  # four feedings, each of which the agent's idle turn of a second can meet
    assert lane["Restart"] == "always"
    assert lane["OOMPolicy"] == "continue"


def test_a_page_that_hangs_is_ended_within_four_seconds() -> None:
    """Fed four times in its limit; nothing but the loop feeds it (`edge.page_process`)."""
    page = options("rocars-lane-page.service")
    assert 3 <= float(page["WatchdogSec"]) <= 4
    assert (page["Type"], page["Restart"], page["WatchdogSignal"]) == ("notify", "always", "SIGKILL")


def test_the_screens_outlive_the_lane_and_are_ended_fast_when_they_hang() -> None:
    """Nothing of the lane or of its settings is needed to start them; a hung one cannot be asked to end, only killed."""
    for unit in ("rocars-lane-compositor.service", *SCREENS):
        whole = source(unit).read_text()
        assert not any(word in whole for word in ("Requires=", "BindsTo=", "PartOf=", "rocars-lane.service"))
        assert "DefaultDependencies=no" in whole
        screen = options(unit)
        assert (screen["Type"], screen["Restart"], screen["WatchdogSignal"]) == ("notify", "always", "SIGKILL")
        assert screen["User"] == "rocars-screen"
    assert float(options(SCREENS[0])["WatchdogSec"]) <= 1
    assert float(options("rocars-lane-compositor.service")["WatchdogSec"]) <= 2
    assert "char-drm" not in source("rocars-lane.service").read_text()


def test_the_users_of_the_units_are_made(tmp_path: Path) -> None:
    """systemd-sysusers makes every user and group that the units name."""
    (tmp_path / "etc").mkdir()
    made = tool("systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "rocars-lane.sysusers.conf")
    assert made.returncode == 0, made.stderr
    users = {line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0] for line in (tmp_path / "etc/group").read_text().splitlines()}
    assert {options(unit)["User"] for unit in UNITS} <= users
    base = {"audio", "dialout", "video"}  # of every Debian
    wanted = {group for unit in UNITS for group in options(unit).get("SupplementaryGroups", "").split()}
    assert wanted <= groups | base


def test_the_folders_are_made_private(tmp_path: Path) -> None:
    """systemd-tmpfiles makes the lane's folders; nobody else may look into its records."""
    (tmp_path / "etc").mkdir()
    tool("systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "rocars-lane.sysusers.conf")
    made = tool("systemd-tmpfiles", f"--root={tmp_path}", "--create", SYSTEMD / "rocars-lane.tmpfiles.conf")
    assert made.stderr == ""
    folders = ("var/lib/rocars-lane", "run/rocars-lane", "run/rocars-lane-screens")
    modes = [(tmp_path / name).stat().st_mode & 0o7777 for name in folders]
    assert modes == [0o700, 0o700, 0o2750]
    assert (tmp_path / "etc/rocars-lane/keys/core").is_dir()


def test_the_compositor_may_do_what_it_cannot_start_without() -> None:
    """Weston drops privileges before its shell's client, and reads the site's outputs; refused, both screens stay dark."""
    lines = (SYSTEMD / "rocars-lane-compositor.service").read_text().splitlines()
    filters = [line for line in lines if line.startswith("SystemCallFilter=")]
    assert filters.index("SystemCallFilter=setresuid") > filters.index("SystemCallFilter=~@privileged @resources")
    assert "rocars-lane" in options("rocars-lane-compositor.service")["SupplementaryGroups"].split()


@pytest.mark.parametrize("file", sorted(path.name for path in SYSTEMD.glob("*.service")))
def test_every_unit_starts_what_the_package_installs(file: str) -> None:
    """A checkout's interpreter is on no box: the unit would end with 203/EXEC, for ever."""
    assert ".venv" not in (SYSTEMD / file).read_text()
