"""H.264 with start codes, as far as it must be known to pass pictures on undecoded (ITU-T H.264, 7.4.1 and annex B). Pure."""

from __future__ import annotations

_START = b"\0\0\1"
_SLICE, _WHOLE, _SETS = 1, 5, 7
"""Types of NAL units: part of a picture that needs others; of one that needs none (IDR); what a decoder must know first."""


def _units(body: bytes) -> dict[int, int]:
    """Where each type of unit begins, up to the first that is picture."""
    found: dict[int, int] = {}
    at = body.find(_START)
    while 0 <= at < len(body) - len(_START):
        kind = body[at + len(_START)] & 0x1F
        found.setdefault(kind, at + len(_START))
        if kind in {_SLICE, _WHOLE}:
            break
        at = body.find(_START, at + len(_START))
    return found


def is_passable(sets: bytes) -> bool:
    """Whether a stream whose parameter sets these are has start codes; there may be none where pictures carry their own."""
    return not sets or sets.startswith((_START, b"\0" + _START))


def whole_picture(body: bytes, sets: bytes) -> tuple[str, bytes]:
    """A key frame that a decoder can begin with.

    Args:
        body: the picture.
        sets: parameter sets that came beside the stream, with start codes.

    Returns:
        What browsers call the coding (RFC 6381), and the picture behind its parameter sets; ("", body) where no decoder
        can begin with it.
    """
    units = _units(body)
    if _WHOLE not in units:
        return "", body
    if _SETS not in units:
        body = sets + body
        units = _units(body)
    at = units.get(_SETS)
    profile = body[at + 1 : at + 4] if at is not None else b""
    return (f"avc1.{profile.hex().upper()}", body) if len(profile) == 3 else ("", body)
