"""The officers' file: hashes only, nobody by default, closed to others."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from console.errors import OfficersFileError
from console.officers import OfficerBook

GOOD = "the quick brown fox"


@pytest.fixture
def book(tmp_path: Path) -> OfficerBook:
    """A book with a quick hasher and no file yet."""
    return OfficerBook(tmp_path / "officers.json", hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_an_added_officer_is_verified_and_nobody_else(book: OfficerBook) -> None:
    """Right name and right password together."""
    book.add("chan", GOOD, shown="CHAN Tai-man")
    assert book.verify("chan", GOOD)
    assert not book.verify("chan", "the quick brown dog")
    assert not book.verify("wong", GOOD)
    assert (book.names(), book.shown("chan"), book.shown("wong")) == (("chan",), "CHAN Tai-man", "wong")


def test_the_file_holds_argon2_hashes_and_is_closed_to_others(book: OfficerBook, tmp_path: Path) -> None:
    """Whoever reads a backup learns no password."""
    book.add("chan", GOOD)
    content = (tmp_path / "officers.json").read_text()
    assert "$argon2id$" in content
    assert GOOD not in content
    assert stat.S_IMODE((tmp_path / "officers.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["officers.json"]


def test_without_a_file_nobody_gets_in_and_the_remedy_is_named(book: OfficerBook) -> None:
    """There is no default officer."""
    with pytest.raises(OfficersFileError, match="rocars-lane officer add"):
        book.verify("admin", "admin")


def test_a_file_open_to_others_is_refused_with_the_command_that_closes_it(book: OfficerBook, tmp_path: Path) -> None:
    """A careless copy is not silently trusted."""
    book.add("chan", GOOD)
    (tmp_path / "officers.json").chmod(0o640)
    with pytest.raises(OfficersFileError, match="chmod 600"):
        book.names()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"officers": {"chan": {"hash": 1, "shown": ""}}}', b"[1]", b'{"officers": {"\xff": 1}}']
)
def test_a_damaged_file_is_named(book: OfficerBook, tmp_path: Path, content: bytes) -> None:
    """No traceback, no half list of officers."""
    path = tmp_path / "officers.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(OfficersFileError, match="is not an officers' file"):
        book.names()


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("chan", "short"),
        ("chan", "a" * 20),
        ("chan", "my name is chan ok"),
        ("Chan", GOOD),
        ("", GOOD),
        ("chan", "x" * 257),
    ],
)
def test_weak_passwords_and_odd_names_are_refused(book: OfficerBook, name: str, password: str) -> None:
    """Each refusal is a ValueError that says what is wanted."""
    with pytest.raises(ValueError, match=r"^a (login|password)"):
        book.add(name, password)


def test_a_changed_password_changes_the_fingerprint_and_a_removed_officer_has_none(book: OfficerBook) -> None:
    """Sessions hang on it."""
    book.add("chan", GOOD)
    before = book.fingerprint("chan")
    book.add("chan", GOOD)
    assert book.fingerprint("chan") not in {before, ""}
    book.remove("chan")
    assert book.fingerprint("chan") == ""
    with pytest.raises(KeyError):
        book.remove("chan")
