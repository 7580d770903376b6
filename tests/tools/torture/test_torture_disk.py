"""The two broken disks, in a process of their own: a filter of system calls stays for its life."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rigs.places import ROOT
from tools.torture.disk import Medium

STORY = """
import os, sqlite3, sys
from tools.torture.disk import break_fsync, limit_files
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE t (x)")

def write():
    try:
        db.execute("INSERT INTO t VALUES (zeroblob(20000))")
        return "written"
    except sqlite3.Error as error:
        return str(error)

said = [write()]
limit_files(full=True)
said.append(write())
limit_files(full=False)
said.append(write())
break_fsync()
said.append(write())
os.write(1, "\\n".join(said).encode())
"""


def test_a_process_without_room_and_one_whose_fsync_fails(tmp_path: Path) -> None:
    """SQLite says so; with room again it writes again; and a commit that could not be synced has failed."""
    command = [sys.executable, "-c", STORY, tmp_path / "t.db"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    first, full, again, broken = done.stdout.splitlines()
    assert (first, again) == ("written", "written")
    assert "full" in full or "I/O" in full
    assert "I/O" in broken


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a tmpfs; without root the kit limits the process instead")
def test_a_disk_of_its_own_is_filled_freed_and_kept(tmp_path: Path) -> None:
    """Full means ENOSPC; afterwards there is room; taken away, its files are still there."""
    folder = tmp_path / "disk"
    folder.mkdir()
    medium = Medium(folder)
    if not medium.own:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        (folder / "before").write_bytes(bytes(10_000))
        assert not medium.excuses
        medium.fill()
        assert medium.excuses
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(bytes(100_000))
        medium.free()
        (folder / "more").write_bytes(bytes(100_000))
    finally:
        medium.close()
    assert (folder / "before").stat().st_size == 10_000
    assert (folder / "more").stat().st_size == 100_000
    assert not folder.is_mount()
