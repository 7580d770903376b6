"""`{kid, body, sig}`: signed with Ed25519 over the length-prefixed logical topic and the body.

Rules of this file:
- The signature is checked before any byte of the body is looked at. Only the envelope's own three fields are read
  first, by a decoder that knows nothing else, and only up to `LIMIT` bytes.
- The topic is signed with the body: what was signed for one lane or kind is refused on another.
- A ring holds the keys of one party. A lane's ring holds the core's keys alone; the core has one ring a lane.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wire.errors import Reason, WireRefusedError

LIMIT = 1 << 20
"""Bytes of the largest envelope; a snapshot goes in parts well below it."""


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every MQTT payload under `rocars/v1/` is: a msgpack map of these three."""

    kid: str
    body: bytes
    sig: bytes


_decoder = msgspec.msgpack.Decoder(Envelope)


def signed_bytes(topic: str, body: bytes) -> bytes:
    """What the signature covers: 4 bytes big-endian length of the topic, the topic in UTF-8, the body."""
    name = topic.encode()
    return len(name).to_bytes(4, "big") + name + body


class Signer:
    """A party's own key, under the name (`kid`) by which others know it."""

    def __init__(self, kid: str, key: Ed25519PrivateKey) -> None:
        self.kid = kid
        self._key = key

    @classmethod
    def generate(cls, kid: str) -> Signer:
        """A new key, from the system's randomness."""
        return cls(kid, Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, kid: str, pem: bytes) -> Signer:
        """A key from an unencrypted PKCS 8 PEM.

        Raises:
            ValueError: it is not an Ed25519 private key.
        """
        key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 private key; make one with: openssl genpkey -algorithm ed25519")  # noqa: TRY004 - the file is wrong, not the type
        return cls(kid, key)

    @classmethod
    def of(cls, name: str, pem: bytes) -> Signer:
        """A lane's key from its PEM, under the name that is made of both (`key_id`); raises as `from_pem`."""
        return cls.from_pem(key_id(name, cls.from_pem(name, pem).public), pem)

    def to_pem(self) -> bytes:
        """The private key as an unencrypted PKCS 8 PEM; the caller guards the file (mode 0600)."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def public(self) -> Ed25519PublicKey:
        """The half that others need."""
        return self._key.public_key()

    def ring(self) -> KeyRing:
        """A ring that trusts this key alone."""
        return KeyRing({self.kid: self.public})

    def seal(self, topic: str, body: bytes) -> bytes:
        """The payload to publish on `topic`."""
        return msgspec.msgpack.encode(Envelope(self.kid, body, self.sign(topic, body)))

    def sign(self, topic: str, body: bytes) -> bytes:
        """The signature alone, for what does not travel in an envelope."""
        return self._key.sign(signed_bytes(topic, body))


def public_from_pem(pem: bytes) -> Ed25519PublicKey:
    """A public key from a SubjectPublicKeyInfo PEM.

    Raises:
        ValueError: it is not an Ed25519 public key.
    """
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 public key; get it with: openssl pkey -in KEY.pem -pubout")  # noqa: TRY004 - the file is wrong, not the type
    return key


def key_id(name: str, key: Ed25519PublicKey) -> str:
    """A name, a dot, and eight hexadecimal digits of the key: what a lane's key is called, and how keys are compared."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"{name}.{hashlib.sha256(raw).hexdigest()[:8]}"


def public_to_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as a SubjectPublicKeyInfo PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class KeyRing:
    """The keys of one party, by name; more than one while a key is being replaced."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = dict(keys)

    @property
    def kids(self) -> frozenset[str]:
        """The names of the keys on the ring."""
        return frozenset(self._keys)

    @property
    def prints(self) -> tuple[str, ...]:
        """The keys on the ring, each by its name and eight digits of itself (`key_id`): names alone prove nothing."""
        return tuple(sorted(key_id(kid, key) for kid, key in self._keys.items()))

    def open(self, topic: str, payload: bytes, *, largest: int = LIMIT) -> bytes:
        """The body of `payload`, proven to have been signed for `topic` by a key on the ring.

        What costs least is looked at first: the size (`largest` bytes at most), the envelope, the key's name, and only
        then the signature.

        Raises:
            RefusedError: TOO_BIG, NOT_AN_ENVELOPE, UNKNOWN_KEY or BAD_SIGNATURE.
        """
        envelope = _unwrap(payload, largest)
        self.check(topic, envelope.body, kid=envelope.kid, sig=envelope.sig)
        return envelope.body

    def check(self, topic: str, body: bytes, *, kid: str, sig: bytes) -> None:
        """Returns if `sig` is that key's over `body` for `topic`.

        Raises:
            RefusedError: UNKNOWN_KEY or BAD_SIGNATURE.
        """
        key = self._keys.get(kid)
        if key is None:
            raise WireRefusedError(Reason.UNKNOWN_KEY, f"key {kid[:64]!r} is not one of {sorted(self._keys)}")
        try:
            key.verify(sig, signed_bytes(topic, body))
        except InvalidSignature as error:
            raise WireRefusedError(Reason.BAD_SIGNATURE, f"not signed for {topic} by key {kid!r}") from error

    def become(self, other: KeyRing) -> None:
        """Holds the other ring's keys from now on: whoever was given this ring believes those, and no longer these."""
        self._keys = dict(other._keys)


def _unwrap(payload: bytes, largest: int) -> Envelope:
    if len(payload) > largest:
        raise WireRefusedError(Reason.TOO_BIG, f"{len(payload)} bytes, the limit is {largest}")
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireRefusedError(Reason.NOT_AN_ENVELOPE, str(error)) from error
