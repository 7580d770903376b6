"""Keys from files, and whom to believe."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from wire.codec import decode
from wire.envelope import Envelope, KeyRing, Signer, public_from_pem
from wire.errors import WireRefusedError


class KeyFileError(ValueError):
    """A key file cannot be used; the text says what to do."""


def private_key(text: str, *, lane: str = "") -> Signer:
    """A signing key from `FILE` or `FILE=KID`.

    Args:
        text: without a KID the key has the name that enrolment gives a lane's key (`envelope.key_id`); a core's, the
            file's name without its ending.
        lane: whose it is, "" for the core's.

    Raises:
        KeyFileError: the file cannot be read or is no Ed25519 private key.
    """
    path, _, kid = text.partition("=")
    try:
        pem = Path(path).read_bytes()
        return Signer.of(lane, pem) if lane and not kid else Signer.from_pem(kid or Path(path).stem, pem)
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{path}: {error}") from error


def public_key(path: Path) -> Ed25519PublicKey:
    """A public key from its file.

    Raises:
        KeyFileError: the file cannot be read or is no Ed25519 public key.
    """
    try:
        return public_from_pem(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{path}: {error}") from error


class Trust:
    """The keys of the side under test, whatever names it gives them.

    Args:
        keys: its public keys.
    """

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = tuple(keys)

    def open(self, topic: str, payload: bytes) -> bytes:
        """The body of an envelope that one of the keys has signed for this topic.

        Raises:
            RefusedError: it is no envelope, or none of them has.
        """
        kid = decode(Envelope, payload).kid
        last: WireRefusedError | None = None
        for key in self._keys:
            try:
                return KeyRing({kid: key}).open(topic, payload)
            except WireRefusedError as error:
                last = error
        assert last is not None, "a trust of no key"
        raise last
