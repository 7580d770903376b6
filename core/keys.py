"""Key files: the core's signing key (mode 0600) and the public keys of the lanes.

Rules of this file: a private key is written once, never over another, never printed and never logged. The name of a
key (`kid`) is its file's name without the ending, so that a new key beside an old one is told apart.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.errors import SettingsError
from sync.wire.envelope import KeyRing, Signer, public_from_pem, public_to_pem
from sync.wire.topics import check_lane


def make_signing_key(path: Path) -> Path:
    """Makes the core's key pair: `path` (private, 0600) and beside it the `.pub` file that lanes get.

    Returns:
        The public key's file.

    Raises:
        SettingsError: a key is there already, or the files can not be written.
    """
    signer = Signer.generate(path.stem)
    public = path.with_suffix(".pub")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(signer.to_pem())
        public.write_bytes(public_to_pem(signer.public))
    except FileExistsError as error:
        raise SettingsError(f"{path}: there is a key already; keep it, or name another file for a new one") from error
    except OSError as error:
        raise SettingsError(f"{path}: can not be written ({error.strerror}); check its directory") from error
    return public


def load_signing_key(path: Path) -> Signer:
    """The core's signing key.

    Raises:
        SettingsError: it is missing, readable by others, or no Ed25519 key.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path}: the signing key can not be read ({error.strerror}); run rocars-core init"
        ) from error
    if mode & 0o077:
        raise SettingsError(f"{path}: others can read the signing key (mode {mode:04o}); run chmod 600 on it")
    try:
        return Signer.from_pem(path.stem, pem)
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error


def load_core_ring(path: Path) -> KeyRing:
    """The public keys beside the signing key, replaced ones included: those that may have signed the log.

    Raises:
        SettingsError: one of them is no Ed25519 public key.
    """
    found = {}
    for file in sorted(path.parent.glob("*.pub")):
        try:
            found[file.stem] = public_from_pem(file.read_bytes())
        except ValueError as error:
            raise SettingsError(f"{file}: {error}") from error
    return KeyRing(found)


def load_lane_keys(folder: Path) -> dict[str, KeyRing]:
    """The registered lanes: `<lane>.pub`, and while a key is being replaced also `<lane>.<anything>.pub`.

    Raises:
        SettingsError: the folder is missing, or files in it are no public keys of lanes; each is named.
    """
    if not folder.is_dir():
        raise SettingsError(f"{folder}: there is no such directory; make it and put each lane's public key there")
    found: dict[str, dict[str, bytes]] = {}
    for path in sorted(folder.glob("*.pub")):
        found.setdefault(path.name.split(".", 1)[0], {})[path.stem] = path.read_bytes()
    problems: list[str] = []
    rings = {lane: ring for lane, pems in found.items() if (ring := _ring(folder, lane, pems, problems))}
    if problems:
        raise SettingsError(*problems)
    return rings


def _ring(folder: Path, lane: str, pems: dict[str, bytes], problems: list[str]) -> KeyRing | None:
    try:
        check_lane(lane)
        return KeyRing({kid: public_from_pem(pem) for kid, pem in pems.items()})
    except ValueError as error:
        problems.append(f"{folder / lane}.pub: {error}")
        return None
