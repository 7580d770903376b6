"""A settings file that cannot even be read: one line that says why, whatever an editor or a power cut did to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.toml_file import TomlFileError, read_toml

GOOD = b'[lane]\nid = "sbc-in-07"\nstall_s = 3\n'


def wrong(path: Path) -> str:
    """Why it cannot be read, in one line."""
    with pytest.raises(TomlFileError) as error:
        read_toml(path, example="config/lane.toml")
    line = str(error.value)
    assert "\n" not in line
    assert line.isprintable()
    return line


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The place of the file."""
    return tmp_path / "lane.toml"


def test_line_ends_of_windows_and_tabs_are_no_mistake(file: Path) -> None:
    """What TOML allows is read."""
    file.write_bytes(GOOD.replace(b"\n", b"\r\n").replace(b" = ", b"\t=\t"))
    assert read_toml(file, example="config/lane.toml") == {"lane": {"id": "sbc-in-07", "stall_s": 3}}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xef\xbb\xbf" + GOOD, "begins with a byte order mark; save it as UTF-8 without one (no BOM)"),
        (GOOD.decode().encode("utf-16"), "is not UTF-8 text; save it as UTF-8: it is UTF-16"),
        (GOOD.replace(b"sbc", b"s\xe9c"), "is not UTF-8 text; save it as UTF-8: line 2 has the byte 0xe9"),
        (GOOD + b"\0" * 4096, "has NUL bytes from line 4 on; it was damaged; put a copy of it in place"),
        (GOOD.replace(b"\n", b"\r"), "has lines that end in CR alone; save it with the line ends of Unix (LF)"),
        (
            GOOD.replace(b"id =", "id\u00a0=".encode()),
            "has the character U+00A0 NO-BREAK SPACE in line 2; write that line anew with plain characters",
        ),
        (
            GOOD.replace(b'"sbc-in-07"', "“sbc-in-07”".encode()),
            "has the character U+201C LEFT DOUBLE QUOTATION MARK in line 2; write that line anew with plain characters",
        ),
        (
            GOOD.replace(b"stall_s", "st\u0430ll_s".encode()),
            "has the character U+0430 CYRILLIC SMALL LETTER A in line 3; write that line anew with plain characters",
        ),
        (
            GOOD + b"\x1a",
            "has the character U+001A CONTROL CHARACTER in line 4; write that line anew with plain characters",
        ),
        (GOOD + b"stall_s = 4", "is not TOML: line 4 gives stall_s a second time; remove one of the two"),
        (GOOD + b"[lane]\nfps = 3", "is not TOML: line 4 gives [lane] a second time; remove one of the two"),
        (
            b"[lane]\nloop = { line = 3, line = 4 }",
            "is not TOML: line 2 gives loop a second time; remove one of the two",
        ),
        (GOOD.replace(b"= 3", b"= 3,5"), "is not TOML: line 3 has a decimal comma; write a decimal point, such as 3.5"),
        (b"x = " + b"[" * 3000 + b"]" * 3000, "has brackets nested too deeply"),
        (b"x = " + b"{ a = " * 3000, "has brackets nested too deeply"),
        (b"x = " + b"9" * 5000, "is not TOML: Exceeds the limit (4300 digits)"),
        (b"#" * 2_000_000, "has 2000000 bytes; that is no settings file; copy config/lane.toml and fill it in"),
        (
            b'[lane]\nid = "sbc',
            "is not TOML: Unterminated string (at end of document); correct that place; texts are written in quotes",
        ),
    ],
)
def test_what_keeps_a_file_from_being_toml_is_named(file: Path, content: bytes, line: str) -> None:
    """With the line it is in, and what to do."""
    file.write_bytes(content)
    assert wrong(file).startswith(f"the file: {line}")


def test_text_in_quotes_and_comments_may_be_chinese(file: Path) -> None:
    """A mistake elsewhere in the line is not blamed on them."""
    file.write_text('name = "深圳灣" 3  # 口岸\n', encoding="utf-8")
    assert "is not TOML: Expected newline" in wrong(file)


def test_a_place_without_a_readable_file_is_named(tmp_path: Path) -> None:
    """Nothing there, a folder, a pipe that nobody writes to, a link to itself."""
    assert wrong(tmp_path / "none").startswith("the file: does not exist; copy config/lane.toml there and fill it in")
    assert wrong(tmp_path).startswith("the file: cannot be read (Is a directory); give the right path with --config")
    os.mkfifo(tmp_path / "pipe")
    assert wrong(tmp_path / "pipe").startswith("the file: cannot be read (it is no regular file)")
    (tmp_path / "link").symlink_to(tmp_path / "link")
    assert wrong(tmp_path / "link").startswith("the file: cannot be read (Too many levels of symbolic links)")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else_is_named(file: Path) -> None:
    """The lane's user is not the one who wrote it."""
    file.write_bytes(GOOD)
    file.chmod(0)
    assert wrong(file).startswith("the file: cannot be read (Permission denied)")
