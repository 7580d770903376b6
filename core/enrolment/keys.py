"""Key files: the core's signing key (mode 0600) and the public keys of the lanes.

Rules of this file: a private key is written once, never over another, never printed and never logged. The name of a
key (`kid`) is its file's name without the ending, so that a new key beside an old one is told apart.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from core.errors import CoreSettingsError
from core.files import read_secret
from wire.envelope import KeyRing, Signer, key_id, public_from_pem, public_to_pem
from wire.topics import check_lane


def make_signing_key(path: Path) -> Path:
    """Makes the core's key pair: `path` (private, 0600) and beside it the `.pub` file that lanes get.

    Returns:
        The public key's file.

    Raises:
        CoreSettingsError: a key is there already, or the files cannot be written.
    """
    signer = Signer.generate(path.stem)
    public = path.with_suffix(".pub")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(signer.to_pem())
        public.write_bytes(public_to_pem(signer.public))
    except FileExistsError as error:
        raise CoreSettingsError(
            f"{path}: there is a key already; keep it, or name another file for a new one"
        ) from error
    except OSError as error:
        raise CoreSettingsError(f"{path}: cannot be written ({error.strerror}); check its directory") from error
    return public


def load_signing_key(path: Path) -> Signer:
    """The core's signing key.

    Raises:
        CoreSettingsError: it is missing, readable by others, or no Ed25519 key.
    """
    pem = read_secret(path, "signing key", "run rocars-core init")
    try:
        return Signer.from_pem(path.stem, pem)
    except TypeError as error:  # the library's word for: encrypted
        raise CoreSettingsError(
            f"{path}: has a passphrase; take it off with: openssl pkey -in FILE -out FILE"
        ) from error
    except ValueError as error:
        raise CoreSettingsError(f"{path}: {error}") from error


def next_signing_key(path: Path) -> Path:
    """Where the key after this one goes: `core-1.key`, `core-2.key`, and so on past those that ever were."""
    found = re.fullmatch(r"(.*?)(\d*)", path.stem)
    assert found is not None
    name, number = found[1], int(found[2] or 1)
    while (following := path.with_name(f"{name}{number}{path.suffix}")).with_suffix(".pub").exists() or (
        following == path
    ):
        number += 1
    return following


def keys_to_give(path: Path) -> dict[str, str]:
    """The public keys (PEM) that lanes need: of the core's key `path` and of every one beside it that can still sign.

    Of a key that was replaced only the `.pub` stays, to prove what it signed; lanes need that no more.

    Raises:
        CoreSettingsError: one of them is no Ed25519 public key.
    """
    beside = sorted(path.parent.glob("*.pub"))
    found = {file.stem: file for file in beside if file.with_suffix(path.suffix).exists()}
    if path.stem not in found:
        raise CoreSettingsError(f"{path.with_suffix('.pub')}: is missing; restore it from the backup of {path}")
    _ring_of(found)
    return {kid: file.read_text(encoding="utf-8") for kid, file in found.items()}


def load_core_ring(path: Path) -> KeyRing:
    """The public keys beside the signing key, replaced ones included: those that may have signed the log.

    Raises:
        CoreSettingsError: one of them is no Ed25519 public key.
    """
    return _ring_of({file.stem: file for file in sorted(path.parent.glob("*.pub"))})


def _ring_of(files: dict[str, Path]) -> KeyRing:
    found = {}
    for kid, file in files.items():
        try:
            found[kid] = public_from_pem(file.read_bytes())
        except ValueError as error:
            raise CoreSettingsError(f"{file}: {error}") from error
    return KeyRing(found)


def load_lane_keys(folder: Path) -> dict[str, KeyRing]:
    """The registered lanes: `<lane>.pub`, and while a key is being replaced also `<lane>.<anything>.pub`.

    Raises:
        CoreSettingsError: the folder is missing, or files in it are no public keys of lanes; each is named.
    """
    rings, problems = read_lane_keys(folder)
    if problems:
        raise CoreSettingsError(*problems)
    return rings


def read_lane_keys(folder: Path) -> tuple[dict[str, KeyRing], list[str]]:
    """The lanes whose keys are usable, and what is wrong with the files of the others.

    A key in `<lane>.pub` goes by two names, the lane's and the one lanes give it themselves (`key_id`).

    Raises:
        CoreSettingsError: the folder is missing.
    """
    if not folder.is_dir():
        raise CoreSettingsError(f"{folder}: there is no such directory; make it and put each lane's public key there")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.pub")):
        found.setdefault(path.name.split(".", 1)[0], []).append(path)
    problems: list[str] = []
    rings = {lane: ring for lane, files in found.items() if (ring := _ring(folder, lane, files, problems))}
    return rings, problems


def _ring(folder: Path, lane: str, files: list[Path], problems: list[str]) -> KeyRing | None:
    try:
        check_lane(lane)
        keys = {file.stem: public_from_pem(file.read_bytes()) for file in files}
        own = {key_id(lane, key): key for kid, key in keys.items() if kid == lane}
        return KeyRing(keys | own)
    except (ValueError, OSError) as error:
        problems.append(f"{folder / lane}.pub: {error}")
        return None
