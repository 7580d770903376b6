"""Tables read into structs: values, contradictions, and what this box lacks, each in one line and all at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest

from runtime.sections import (
    GivenSecret,
    Host,
    NamedFile,
    NamedFolder,
    PlaceInFolder,
    PlaceOfSocket,
    Problem,
    SecretFile,
    Section,
    is_host,
    is_loopback,
    shown,
)
from runtime.toml_table import TableReader


class Inner(Section, frozen=True, kw_only=True):
    """A section in a list."""

    low: int
    high: int

    def contradictions(self) -> Iterator[Problem]:
        """In order."""
        if self.low > self.high:
            yield Problem("high", "is below low", "write more")


class Outer(Section, frozen=True, kw_only=True):
    """A section with everything in it."""

    host: Host = "localhost"
    pairs: tuple[Inner, ...] = ()
    names: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    file: Annotated[Path, NamedFile("put {path} there")] | None = None
    secret: Annotated[Path, SecretFile()] | None = None
    given: Annotated[Path, GivenSecret()] | None = None
    folder: Annotated[Path, NamedFolder()] | None = None
    place: Annotated[Path, PlaceInFolder("mkdir -p {folder}")] | None = None
    socket: Annotated[Path, PlaceOfSocket("mkdir -p {folder}")] | None = None


def problems(folder: Path, table: dict[str, Any], *, on_this_box: bool = True) -> list[str]:
    """What is wrong with the table."""
    reader = TableReader(folder, on_this_box=on_this_box)
    reader.read(Outer, table)
    return [str(problem) for problem in reader.problems()]


def test_values_come_before_contradictions_and_those_before_what_is_missing(tmp_path: Path) -> None:
    """In each group, in the order of the file; keys are those of the whole file."""
    found = problems(
        tmp_path,
        {"file": "none.pem", "pairs": [{"low": 2, "high": 1}, {"low": 1}, {"low": "1", "high": 2}], "host": "a..b"},
    )
    assert found == [
        'host: is the text "a..b"; write a host name or address, such as "10.20.0.5"',
        "pairs[1].high: is missing; add high = a whole number",
        'pairs[2].low: is the text "1"; write a whole number',
        "pairs[0].high: is below low; write more",
        f"file: {tmp_path}/none.pem does not exist; put {tmp_path}/none.pem there",
    ]


def test_a_plan_is_read_without_looking_at_this_box(tmp_path: Path) -> None:
    """An example names files that nobody has."""
    assert problems(tmp_path, {"file": "none.pem", "folder": "none"}, on_this_box=False) == []


def test_files_that_are_no_files_are_told(tmp_path: Path) -> None:
    """Folders in the place of files, files in the place of folders, secrets open to all, links to themselves."""
    (tmp_path / "open").write_text("secret")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert problems(tmp_path, {"file": ".", "secret": "open", "folder": "open", "place": "open/x"}) == [
        f"file: {tmp_path} is no file; put {tmp_path} there",
        f"secret: {tmp_path}/open is open to other users; chmod 600 {tmp_path}/open",
        f"folder: {tmp_path}/open is no folder; correct the path, or put the file there",
        f"place: the folder {tmp_path}/open does not exist; mkdir -p {tmp_path}/open",
    ]
    (loop,) = problems(tmp_path, {"file": "loop"})
    assert "loop cannot be reached (Too many levels of symbolic links)" in loop


def test_a_socket_with_too_long_a_name_is_told_before_it_is_bound(tmp_path: Path) -> None:
    """The kernel takes 107 bytes."""
    (line,) = problems(tmp_path, {"socket": "s" * 108})
    assert "is longer than 107 bytes; choose a shorter path" in line


@pytest.mark.parametrize("path", ["", "lane.db ", "lane\u00a0.db", "lane\0.db", "a\nb"])
def test_a_path_with_characters_that_nobody_sees_is_no_path(tmp_path: Path, path: str) -> None:
    """It would be made, and never found again."""
    (line,) = problems(tmp_path, {"file": path})
    assert line.startswith("file: is ")
    assert line.endswith("; write a path in quotes")
    assert line.isprintable()


def test_numbers_that_cannot_be_printed_are_told(tmp_path: Path) -> None:
    """Python refuses to print an integer of more than 4300 digits."""
    (line,) = problems(tmp_path, {"host": 16**5000})
    assert line.startswith("host: is a number out of all bounds; write a host name")


def test_characters_that_look_like_others_are_named() -> None:
    """A technician cannot see a no-break space; Chinese, he can."""
    assert shown("sbc–in\u00a007") == "sbc<U+2013 EN DASH>in<U+00A0 NO-BREAK SPACE>07"
    assert shown("皇崗") == "皇崗"


@pytest.mark.parametrize("host", ["10.20.0.5", "::1", "fe80::1%eth0", "localhost", "broker-a.example", "BROKER_A.lan."])
def test_hosts_are_addresses_or_names(host: str) -> None:
    """What the resolver takes."""
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "10..20.0.5",
        "10.20.0.256",
        "127.1",
        "10,20,0,5",
        "10.20.0.5:8883",
        "mqtt://a",
        "[::1]",
        "a b",
        "a" * 64,
        "-a",
    ],
)
def test_what_names_no_host_is_refused(host: str) -> None:
    """Mistyped addresses must not be taken for names."""
    assert not is_host(host)


def test_loopback_is_this_box() -> None:
    """Whatever it is called."""
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST")))
    assert not any(map(is_loopback, ("10.20.0.5", "localhost.example")))


def test_a_secret_may_be_a_credential_of_the_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where systemd hands it over; its mode shows the mask of an access list, and is systemd's care."""
    given = tmp_path / "credentials"
    given.mkdir()
    (given / "camera").write_text("secret")
    (given / "camera").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    assert problems(tmp_path, {"given": "credential:camera"}) == []
    reader = TableReader(tmp_path, on_this_box=True)
    found = reader.read(Outer, {"given": "credential:camera"})
    assert found is not None
    assert found.given == given / "camera"
    (absent,) = problems(tmp_path, {"given": "credential:other"})
    assert absent == (
        "given: the credential other is not given to this process; write LoadCredential=other:FILE into the unit, or name a file"
    )
    (outside,) = problems(tmp_path, {"given": "credential:../camera"})
    assert "is not given to this process" in outside


def test_without_credentials_the_unit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as when somebody runs the command by hand."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (line,) = problems(tmp_path, {"given": "credential:camera"})
    assert "the credential camera is not given to this process; write LoadCredential=camera:FILE into the unit" in line
