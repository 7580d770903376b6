"""Libraries lose their symbols and nothing else."""

from __future__ import annotations

import ctypes
import shutil
import struct
import subprocess
from pathlib import Path

import lxml.etree
import pytest

from tools.package import symbols
from tools.package.lock import PackageBuildError
from tools.package.products import Architecture

LIBRARY = Path(lxml.etree.__file__)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of a wheel, alone in a folder."""
    return Path(shutil.copy(LIBRARY, tmp_path / LIBRARY.name))


def move_a_segment(library: Path) -> None:
    """As `strip` does to what `auditwheel` has moved: the first segment begins where no page does."""
    with library.open("r+b") as file:
        (table,) = struct.unpack_from("<Q", file.read(64), 32)
        headers = file.seek(table + 8)
        (offset,) = struct.unpack("<Q", file.read(8))
        file.seek(headers)
        file.write(struct.pack("<Q", offset + 8))


def test_a_library_whose_segment_begins_in_no_page_is_not_loadable(library: Path) -> None:
    """The loader says so, too; else the check is no check."""
    assert symbols.loadable(library)
    move_a_segment(library)
    assert not symbols.loadable(library)
    with pytest.raises(OSError, match="not page-aligned"):
        ctypes.CDLL(str(library))


def test_one_that_cannot_be_stripped_unharmed_stays_as_it_was(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, and nothing lies beside it."""
    before = library.read_bytes()
    monkeypatch.setattr(symbols, "loadable", lambda _library: False)
    symbols.strip_symbols(library.parent, Architecture.AMD64)
    assert library.read_bytes() == before
    assert list(library.parent.iterdir()) == [library]


def test_what_is_no_library_is_named(tmp_path: Path) -> None:
    """With the words of the tool."""
    (tmp_path / "broken.so").write_bytes(b"no library")
    with pytest.raises(PackageBuildError, match=r"broken\.so"):
        symbols.strip_symbols(tmp_path, Architecture.AMD64)


@pytest.mark.parametrize("architecture", Architecture)
def test_the_tool_of_each_architecture_comes_with_the_system_packages(architecture: Architecture) -> None:
    """`config/install` installs it."""
    told = subprocess.run([architecture.tools + "strip", "--version"], capture_output=True, text=True, check=True)
    assert "GNU strip" in told.stdout
