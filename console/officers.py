"""Who may act: a JSON file of officers with Argon2id hashes. There is no default officer and no default password.

Rules of this file: written whole or not at all; readable by its owner alone; an unknown name costs as much time to
refuse as a wrong password.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from console.errors import OfficersFileError
from runtime.files import PRIVATE, write_whole

MIN_PASSWORD: Final = 12
MOST_GUESTS: Final = 1_000
"""People let in by another's word whose names are remembered."""
_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")


class OfficerRole(Enum):
    """What somebody may do at a wall of lanes (`wall.people`). On a lane's own page a viewer only watches; the others act."""

    VIEWER = "viewer"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"


class Officer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One officer: the name shown to others, and the Argon2id hash of the password in its usual text form.

    The role is left out where it is the usual one, so that a file without others is read by every version.
    """

    shown: str
    hash: str
    role: OfficerRole = OfficerRole.OFFICER


class _OfficersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    officers: dict[str, Officer]


class OfficersTaken(NamedTuple):
    """Logins that an import has added, changed and removed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class OfficerBook:
    """The officers' file. Read anew whenever it is asked, so that an added officer can log in at once."""

    def __init__(self, path: Path, *, hasher: PasswordHasher | None = None) -> None:
        self._path = path
        self._hasher = hasher or PasswordHasher()
        self._guests: dict[str, str] = {}
        self._decoy = self._hasher.hash(secrets.token_hex(16))

    def names(self) -> tuple[str, ...]:
        """Every officer's login, sorted.

        Raises:
            OfficersFileError: the file cannot be used; says what to do.
        """
        return tuple(sorted(self._read()))

    def verify(self, name: str, password: str) -> bool:
        """Whether this is the officer's password. Takes as long for an unknown name: tens of milliseconds.

        Raises:
            OfficersFileError: the file cannot be used; says what to do.
        """
        officer = self._read().get(name)
        try:
            self._hasher.verify(officer.hash if officer else self._decoy, password)
        except (VerificationError, InvalidHashError):
            return False
        return officer is not None

    def fingerprint(self, name: str) -> str:
        """Changes when the officer's password does; "" for nobody. A session of an older one has ended.

        Raises:
            OfficersFileError: the file cannot be used; says what to do.
        """
        officer = self._read().get(name)
        return hashlib.sha256(officer.hash.encode()).hexdigest() if officer else ""

    def shown(self, name: str) -> str:
        """The officer's name as others see it; the login itself if none was given, or the file cannot be used.

        It keeps nobody out: who came from the wall sees this page, whatever became of the lane's own file.
        """
        try:
            officer = self._read().get(name)
        except OfficersFileError:
            officer = None
        if officer is None:
            return self._guests.get(name, name)
        return officer.shown or name

    def called(self) -> dict[str, str]:
        """Logins and the names by which others see them; of the file where it can be used, and of whoever was let in besides."""
        try:
            officers = self._read()
        except OfficersFileError:
            officers = {}
        return self._guests | {name: officer.shown or name for name, officer in officers.items()}

    def introduce(self, name: str, shown: str) -> None:
        """Somebody who is in no file was let in, and is called so; forgotten when this process ends."""
        while len(self._guests) >= MOST_GUESTS:
            self._guests.pop(next(iter(self._guests)))
        self._guests[name] = shown

    def known(self, name: str) -> bool:
        """Whether somebody has an account here, or was let in since the start."""
        return name in self._guests or name in self._read()

    def role(self, name: str) -> OfficerRole:
        """The officer's role; of somebody who is not in the file, a viewer's.

        Raises:
            OfficersFileError: the file cannot be used; says what to do.
        """
        officer = self._read().get(name)
        return officer.role if officer else OfficerRole.VIEWER

    def add(self, name: str, password: str, *, shown: str = "", role: OfficerRole = OfficerRole.OFFICER) -> None:
        """Adds an officer, or replaces the password, shown name and role of one. Creates the file (mode 0600) if there is none.

        Raises:
            ValueError: the name or the password is not acceptable; says why.
            OfficersFileError: the file cannot be used or written; says what to do.
        """
        check_name(name)
        check_password(name, password)
        officers = self._read() if self._path.exists() else {}
        self._write({**officers, name: Officer(shown=shown, hash=self._hasher.hash(password), role=role)})

    def remove(self, name: str) -> None:
        """Removes an officer; sessions of theirs end at their next action.

        Raises:
            KeyError: there is no such officer.
            OfficersFileError: the file cannot be used or written; says what to do.
        """
        officers = self._read()
        del officers[name]
        self._write(officers)

    def export(self, file: Path) -> tuple[str, ...]:
        """Writes every officer to `file` (mode 0600), for other lanes; returns their logins.

        Raises:
            OfficersFileError: one of the two files cannot be used or written; says what to do.
        """
        OfficerBook(file, hasher=self._hasher)._write(officers := self._read())  # noqa: SLF001 -- another of our own
        return tuple(sorted(officers))

    def take(self, file: Path, *, only: bool = False) -> OfficersTaken:
        """Takes over the officers of another lane's export; their passwords are what they were there.

        Args:
            file: the export.
            only: officers who are not in it are removed.

        Raises:
            ValueError: a login that is none, or nobody in the file.
            OfficersFileError: one of the two files cannot be used or written; says what to do.
        """
        there = officers_in(file)
        if not there:
            raise ValueError(f"{file} names no officer: nobody could log in")
        for name, officer in there.items():
            check_name(name)
            if not officer.hash.startswith("$argon2id$"):
                raise ValueError(f"{file}: {name} has no Argon2id hash; export the file anew")
        here = self._read() if self._path.exists() else {}
        gone = tuple(sorted(here.keys() - there.keys())) if only else ()
        self._write(there if only else {**here, **there})
        changed = (name for name in there.keys() & here.keys() if there[name] != here[name])
        return OfficersTaken(tuple(sorted(there.keys() - here.keys())), tuple(sorted(changed)), gone)

    def _read(self) -> dict[str, Officer]:
        return officers_in(self._path)

    def _write(self, officers: dict[str, Officer]) -> None:
        body = msgspec.json.format(msgspec.json.encode(_OfficersFile(officers=officers)), indent=2)
        try:
            folder = self._path.parent.stat()  # root writes for the lane's user, whose folder it is
            owner = (folder.st_uid, folder.st_gid) if os.geteuid() == 0 else None
            write_whole(self._path, body + b"\n", mode=PRIVATE, owner=owner)
        except OSError as error:
            raise OfficersFileError(
                f"{self._path} cannot be written ({error.strerror}): run as the lane's user"
            ) from error


def officers_in(path: Path) -> dict[str, Officer]:
    """Every officer in the file, by login.

    Raises:
        OfficersFileError: the file cannot be used; says what to do.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError:
        raise OfficersFileError(
            f"{path} does not exist: add a first officer with `rocars-lane officer add NAME`"
        ) from None
    except OSError as error:
        raise OfficersFileError(f"{path} cannot be read ({error.strerror}): give it to the lane's user") from error
    if stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise OfficersFileError(f"{path} is open to other users: chmod 600 {path}")
    try:
        return msgspec.json.decode(content, type=_OfficersFile).officers
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OfficersFileError(
            f"{path} is not an officers' file ({error}): restore it or add officers anew"
        ) from error


def is_login(name: str) -> bool:
    """Whether a text has the form of a login."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> None:
    """Checks a login's form.

    Raises:
        ValueError: not 2 to 32 of a-z, 0-9, dot, dash, underscore, beginning with a letter.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a login is 2 to 32 of a-z, 0-9, dot, dash and underscore, and begins with a letter")


def check_password(name: str, password: str) -> None:
    """Checks a new password.

    Raises:
        ValueError: shorter than 12 characters, longer than 256, or made of the login or of one or two characters.
    """
    if not MIN_PASSWORD <= len(password) <= 256:
        raise ValueError(f"a password has at least {MIN_PASSWORD} characters (a sentence is good) and at most 256")
    if name in password.lower() or len(set(password)) < 5:
        raise ValueError("a password does not contain the login and has at least 5 different characters")
