"""Versions side by side: whatever breaks an installation off, `current` leads to a whole version, the old or the new one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.slots import SlotError, SlotRoot, main
from tests.rigs.places import ROOT

BREAK = """
import errno, os, signal, sys
sys.path.insert(0, {root!r})
import runtime.slots as slots
how, at = {how!r}, {at}
seen = 0
def broken(true):
    def call(*given, **named):
        global seen
        seen += 1
        if seen == at:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, "No space left on device")
        return true(*given, **named)
    return call
for name in ("mkdir", "link", "symlink", "rename", "replace", "fsync", "unlink"):
    setattr(os, name, broken(getattr(os, name)))
os.sync = broken(lambda: None)
status = slots.main([{base!r}, {brought!r}])
print("CALLS", seen)
sys.exit(status)
"""


def package(folder: Path, version: str, *, works: bool = True, build: str = "") -> Path:
    """A version as a package would bring it: an interpreter, a launcher that says its number, some files."""
    (folder / "bin").mkdir(parents=True)
    (folder / "lib/deep").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)
    (folder / "bin/say").write_text('#!/bin/sh\ncat "$(dirname "$(readlink -f $0)")/../lib/deep/number"\n')
    (folder / "bin/say").chmod(0o755)
    (folder / "lib/deep/number").write_text(version)
    (folder / "lib/again").symlink_to("deep")
    facts = {
        "version": version,
        "build": build or version,
        "schema": 3,
        "trial": ["json" if works else "no_such_module"],
    }
    (folder / "slot.json").write_text(json.dumps(facts))
    return folder


def said(root: Path) -> str:
    """What the current version says of itself."""
    return subprocess.run([root / "current/bin/say"], capture_output=True, text=True, check=True).stdout


def broken_off(root: Path, brought: Path, how: str, at: int) -> subprocess.CompletedProcess[str]:
    """Installs, and breaks the installation off at its n-th call that changes the disk."""
    script = BREAK.format(root=str(ROOT), how=how, at=at, base=str(root), brought=str(brought))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A box on which 1.0 is current."""
    SlotRoot(tmp_path / "opt").install(package(tmp_path / "brought-1", "1.0"))
    return tmp_path / "opt"


def test_a_new_version_is_current_and_the_old_one_stays(root: Path, tmp_path: Path) -> None:
    """And what the package brought was linked, so that it takes no room twice."""
    assert main([str(root), str(package(tmp_path / "brought-2", "2.0"))]) == 0
    assert (said(root), SlotRoot(root).previous) == ("2.0", "1.0")
    assert (root / "slots/2.0/lib/deep/number").samefile(tmp_path / "brought-2/lib/deep/number")
    assert (root / "slots/2.0/lib/again").is_symlink()


def test_the_way_back_and_forth_is_a_switch(root: Path, tmp_path: Path) -> None:
    """Nothing is copied and nothing is lost."""
    slots = SlotRoot(root)
    slots.install(package(tmp_path / "brought-2", "2.0"))
    slots.switch("1.0")
    assert (said(root), slots.previous) == ("1.0", "2.0")
    slots.switch("2.0")
    assert (said(root), slots.previous) == ("2.0", "1.0")


def test_the_same_version_again_changes_nothing(root: Path, tmp_path: Path) -> None:
    """The package is installed again, by hand or by a repair."""
    SlotRoot(root).install(tmp_path / "brought-1")
    assert [slot.name for slot in SlotRoot(root).slots()] == ["1.0"]


def test_another_build_of_a_number_stands_beside_it(root: Path, tmp_path: Path) -> None:
    """The running one is not changed under its feet."""
    assert SlotRoot(root).install(package(tmp_path / "again", "1.0", build="other")) == "1.0-2"
    assert SlotRoot(root).previous == "1.0"


def test_a_version_that_does_not_load_is_never_current(root: Path, tmp_path: Path) -> None:
    """A library is missing, or the interpreter is another: the box goes on with what it has."""
    with pytest.raises(SlotError, match=r"version 2\.0 does not load .*no_such_module.*not made the current one"):
        SlotRoot(root).install(package(tmp_path / "brought-2", "2.0", works=False))
    assert said(root) == "1.0"
    assert [slot.name for slot in SlotRoot(root).slots()] == ["1.0"]


def test_of_many_versions_the_last_two_stay(root: Path, tmp_path: Path) -> None:
    """A box does not fill up."""
    for number in ("2.0", "3.0", "4.0"):
        SlotRoot(root).install(package(tmp_path / f"brought-{number}", number))
    assert sorted(path.name for path in (root / "slots").iterdir()) == ["3.0", "4.0"]


def test_a_version_that_still_runs_is_not_removed(root: Path, tmp_path: Path) -> None:
    """A lane that was not restarted for two updates loads from its own version to its end."""
    library = next(Path(sys.base_prefix).rglob("_json*.so"), None) or pytest.fail("no library to map")
    shutil.copy(library, root / "slots/1.0/lib/mapped.so")
    script = f"import mmap\nf = open({str(root / 'slots/1.0/lib/mapped.so')!r}, 'rb')\nm = mmap.mmap(f.fileno(), 0, prot=1)\nprint('up', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        for number in ("2.0", "3.0", "4.0"):
            SlotRoot(root).install(package(tmp_path / f"brought-{number}", number))
        assert (root / "slots/1.0/lib/deep/number").read_text() == "1.0"
        child.communicate(b"\n")
    SlotRoot(root).install(package(tmp_path / "brought-5", "5.0"))
    assert not (root / "slots/1.0").exists()


@pytest.mark.parametrize("how", ["kill", "full"])
def test_broken_off_at_every_step_one_of_two_versions_is_current_and_works(
    root: Path, tmp_path: Path, how: str
) -> None:
    """Kill -9 and a full disk, at each single call that changes the disk; and installing again always mends it."""
    second = package(tmp_path / "brought-2", "2.0")
    state = tmp_path / "state"
    shutil.copytree(root, state, symlinks=True)
    seen = set[str]()
    for at in range(1, 100):
        shutil.rmtree(root)
        shutil.copytree(state, root, symlinks=True)
        done = broken_off(root, second, how, at)
        seen.add(said(root))
        if "CALLS" in done.stdout and int(done.stdout.split()[-1]) < at:
            break
        assert done.returncode == (-signal.SIGKILL if how == "kill" else done.returncode)
        assert main([str(root), str(second)]) == 0
        assert said(root) == "2.0"
    assert at > 12, "the steps were found"
    assert seen == {"1.0", "2.0"}


def test_a_really_full_disk_leaves_the_old_version(tmp_path: Path) -> None:
    """No room for a byte, as the kernel says it: on a disk of its own, and copied, because links cannot cross."""
    if os.geteuid() != 0:
        pytest.fail("this test mounts a small disk: run it as root, as CI does")
    with small_disk(tmp_path) as disk:
        SlotRoot(disk / "opt").install(package(tmp_path / "brought-1", "1.0"))
        second = package(tmp_path / "brought-2", "2.0")
        (second / "lib/much").write_bytes(bytes(4_000_000))
        with pytest.raises(SlotError, match=r"No space left on device.*make room"):
            SlotRoot(disk / "opt").install(second)
        assert said(disk / "opt") == "1.0"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    place = Path(tempfile.mkdtemp(dir=folder))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_checkout_says_that_it_has_no_versions() -> None:
    """`rocars-lane slots` in development."""
    with pytest.raises(SlotError, match="no version that a package put in place"):
        SlotRoot.of_this_process()
