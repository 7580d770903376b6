"""Container numbers: owner, category, serial number and check digit (ISO 6346)."""

from __future__ import annotations

import re
from itertools import count

_NUMBER = re.compile(r"[A-Z]{4}\d{7}")
_WORTH = dict(zip("0123456789", range(10), strict=True)) | dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (worth for worth in count(10) if worth % 11), strict=False)
)
"""What each sign counts: digits themselves, letters from 10 on without the multiples of 11."""


def plain_container(text: str) -> str:
    """A container number without blanks and hyphens, in capitals."""
    return re.sub(r"[\s\-/]", "", text).upper()


def looks_whole(number: str) -> bool:
    """Whether a plain number has the form of one: four letters, seven digits. The slides' own sample has S for the category."""
    return _NUMBER.fullmatch(number) is not None


def check_digit(number: str) -> int:
    """The check digit that belongs to the first ten signs of a plain number."""
    return sum(_WORTH[sign] << place for place, sign in enumerate(number[:10])) % 11 % 10
