"""`make install`, broken off at every step: `.venv` is the old one or the new one, whole, and it works."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rigs.places import ROOT

STUB = """#!/bin/sh
# Stands for python3, and for the pip and uv of the folder that it makes; at its n-th call it fails, or kills the script.
count=$(( $(cat {folder}/count 2>/dev/null || echo 0) + 1 )); echo $count > {folder}/count
if [ "$count" = "$(cat {folder}/at)" ]; then
  if [ "$(cat {folder}/how)" = kill ]; then kill -9 $PPID; sleep 5; fi
  echo 'no network' >&2; exit 1
fi
case "$1" in
  -c) exec {python} "$@" ;;
  config/switch_venv.py) exec {python} "$@" ;;
esac
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3/bin"; cp "$0" "$3/bin/uv"; cp "$0" "$3/bin/python"; echo new > "$3/which"
fi
"""

BREAK = """
import os, signal, sys
sys.path.insert(0, {config!r})
import switch_venv
from pathlib import Path
seen = 0
def broken(true):
    def call(*given, **named):
        global seen
        seen += 1
        if seen == {at}:
            os.kill(os.getpid(), signal.SIGKILL)
        return true(*given, **named)
    return call
for name in ("symlink", "rename", "replace", "unlink", "rmdir"):
    setattr(os, name, broken(getattr(os, name)))
switch_venv.switch(Path({new!r}), Path({link!r}))
print(seen)
"""


class Checkout:
    """A folder with the real script, packages that cost nothing, and an old `.venv`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config").mkdir(parents=True)
        for name in ("install", "switch_venv.py"):
            shutil.copy(ROOT / "config" / name, folder / "config" / name)
        (folder / "config/debian-packages.txt").write_text("# none\n")
        (folder / "config/requirements.lock").write_text("one==1\n")
        (folder / "pyproject.toml").write_text("")
        (folder / ".venv/bin").mkdir(parents=True)
        (folder / ".venv/which").write_text("old\n")
        (folder / "tools").mkdir()
        stub = folder / "tools/python3"
        stub.write_text(STUB.format(folder=folder, python=sys.executable))
        stub.chmod(0o755)
        shutil.copy(stub, folder / ".venv/bin/python")

    def install(self, *, how: str = "", at: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs it, and breaks it off at the n-th program it starts."""
        (self.folder / "at").write_text(f"{at}\n")
        (self.folder / "how").write_text(f"{how}\n")
        (self.folder / "count").unlink(missing_ok=True)
        path = f"{self.folder / 'tools'}:{os.environ['PATH']}"
        command = [self.folder / "config/install"]
        return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False, timeout=60)

    @property
    def which(self) -> str:
        """The packages that `.venv` has; it fails where there are none, or not all."""
        assert (self.folder / ".venv/bin/python").exists()
        return (self.folder / ".venv/which").read_text().strip()


@pytest.mark.parametrize("how", ["fail", pytest.param("kill", marks=pytest.mark.long)])
def test_an_installation_broken_off_at_every_step_leaves_a_whole_one(how: str, tmp_path: Path) -> None:
    """No network, or kill -9, at each program that the script starts; the next run puts the new one in place."""
    seen, at = list[str](), 0
    for at in range(1, 30):
        checkout = Checkout(tmp_path / str(at))
        done = checkout.install(how=how, at=at)
        seen.append(checkout.which)
        if done.returncode == 0:
            if int((checkout.folder / "count").read_text()) < at:
                break
            continue  # a step that may fail: ensurepip
        assert checkout.install().returncode == 0
        assert checkout.which == "new"
    assert at > 6
    assert seen[:4] == ["old"] * 4
    assert seen[-1] == "new"


def test_without_a_network_it_says_that_nothing_was_changed(tmp_path: Path) -> None:
    """Where that is so; a first installation has nothing that could go on."""
    checkout = Checkout(tmp_path / "one")
    assert ".venv is as it was" in checkout.install(how="fail", at=3).stdout
    shutil.rmtree(checkout.folder / ".venv")
    assert "NOT installed: it needs a network" in checkout.install(how="fail", at=3).stdout
    assert checkout.install().returncode == 0


@pytest.mark.parametrize("link", [True, False], ids=["link", "folder"])
def test_the_switch_killed_at_every_call_leaves_a_whole_one(link: bool, tmp_path: Path) -> None:
    """Also where `.venv` is still a folder, as it was before there were several."""
    for at in range(1, 40):
        folder = tmp_path / str(at)
        for name, place in (
            ("old", ".venvs/old" if link else ".venv"),
            ("new", ".venvs/new"),
            ("older", ".venvs/older"),
        ):
            (folder / place).mkdir(parents=True)
            (folder / place / "which").write_text(name)
        if link:
            (folder / ".venv").symlink_to(".venvs/old")
        given = {"config": str(ROOT / "config"), "new": str(folder / ".venvs/new"), "link": str(folder / ".venv")}
        script = BREAK.format(at=at, **given)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert (folder / ".venv/which").read_text() in {"old", "new"}
        if done.returncode != -signal.SIGKILL:
            break
    assert done.returncode == 0, done.stderr
    assert at > 4
    assert (folder / ".venv/which").read_text() == "new"
    kept = {path.name for path in (folder / ".venvs").iterdir()}
    assert kept == ({"new", "old"} if link else {"new", "before"})
