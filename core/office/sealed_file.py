"""A file that the core has signed: one line of JSON that has the name of the key, the signature, and what was signed as text.

    {"kid":"core-1","sig":"<128 hexadecimal digits>","body":"{...}"}

Rules of this file: there is one way to write such a file, and one that is written otherwise is refused, so that each byte of it is
either signed or fixed. The signature is over a topic of its own: nothing that travels to a lane can be taken for it, and no seal of
pages for a record.
"""

from __future__ import annotations

import msgspec

from core.errors import RefusedError
from core.model.refusals import refusal
from wire.envelope import KeyRing, Signer
from wire.errors import WireError

STORY_TOPIC = "rocars/v1/file/story"
"""What a story is signed for; no broker has it."""

PAGES_TOPIC = "rocars/v1/file/pages"
"""What the seal of pages is signed for (`core.office.sealed_story`); no broker has it."""

_SIGNATURE = 64


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kid: str
    sig: str
    body: str


def seal_file(signer: Signer, body: bytes, *, topic: str = STORY_TOPIC) -> bytes:
    """The signed file; `body` is UTF-8."""
    sealed = _Sealed(signer.kid, signer.sign(topic, body).hex(), body.decode())
    return msgspec.json.encode(sealed) + b"\n"


def open_file(ring: KeyRing, file: bytes, *, topic: str = STORY_TOPIC) -> bytes:
    """What was signed, for that topic.

    Raises:
        RefusedError: it is no such file, was written otherwise, or is not signed by a key on the ring.
    """
    try:
        sealed = msgspec.json.decode(file, type=_Sealed)
        signature = bytes.fromhex(sealed.sig)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise RefusedError(refusal("file_changed", error=error)) from error
    if msgspec.json.encode(sealed) + b"\n" != file or signature.hex() != sealed.sig or len(signature) != _SIGNATURE:
        raise RefusedError(refusal("file_written_otherwise"))
    body = sealed.body.encode()
    try:
        ring.check(topic, body, kid=sealed.kid, sig=signature)
    except WireError as error:
        raise RefusedError(refusal("file_unsigned", error=error)) from error
    return body
