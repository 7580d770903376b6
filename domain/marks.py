"""Registration marks as text: their comparison form, near-misses, and the grammar of each family (domain §3, design §2.6).

Rules of this file: pure functions over strings; nothing here releases anything. A near-miss is a reason to stop.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import Enum

_FOLD = str.maketrans({"I": "1", "O": "0", "Q": "0"})
_KEEP = re.compile(r"[^0-9A-Z一-鿿]")
_LONGEST = 8  # Cap. 374E reg. 12E: at most eight letters and numerals, counting blanks

# domain §3c.4, after folding. Each string is one group; a pair is listed when both letters share a group.
_GROUPS = ("0D", "1LT7", "2Z", "4A", "5S", "6G", "8B3", "UV", "VY", "MNWH", "CG", "KX", "EF", "PR")


def normalise(text: str) -> str:
    """The comparison form of a mark: upper case, half width, no blanks or separators, I->1, O and Q->0.

    Blanks are disregarded when marks are compared (Cap. 374E reg. 12E(4)); I, O and Q are never issued.
    """
    wide = unicodedata.normalize("NFKC", text).upper()
    return _KEEP.sub("", wide).translate(_FOLD)


def mark_problem(mark: str) -> str:
    """What is wrong with `mark` as a Hong Kong registration mark, "" if nothing is.

    Deliberately wide: the form of a personalised mark excludes almost nothing (domain §1h).
    """
    plain = normalise(mark)
    if not plain:
        return (
            f"vehicle registration mark {mark!r} has no letter or digit; give it as on the plate, for instance AB1234"
        )
    if len(plain) > _LONGEST or not plain.isascii():
        return f"vehicle registration mark {mark!r} is not a Hong Kong mark (at most {_LONGEST} letters and digits)"
    return ""


def _confusions() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for group in _GROUPS:
        for letter in group:
            found.setdefault(letter, set()).update(set(group) - {letter})
    return {letter: "".join(sorted(others)) for letter, others in found.items()}


CONFUSIONS: dict[str, str] = _confusions()
"""For each character, those it is easily read as (after `normalise`)."""


def substitutions(mark: str) -> Iterator[str]:
    """Every mark that differs from `mark` by one substitution of a listed confusion pair."""
    for place, letter in enumerate(mark):
        for other in CONFUSIONS.get(letter, ""):
            yield mark[:place] + other + mark[place + 1 :]


def deletions(mark: str) -> frozenset[str]:
    """Every mark that is `mark` with one character lost. An index of these finds the added-character neighbours."""
    return frozenset(mark[:place] + mark[place + 1 :] for place in range(len(mark))) - {mark}


def is_near_miss(one: str, other: str) -> bool:
    """Whether two normalised marks are neighbours: one listed substitution, or one character added or lost."""
    if one == other:
        return False
    if len(one) == len(other):
        return other in set(substitutions(one))
    shorter, longer = sorted((one, other), key=len)
    return shorter in deletions(longer)


_ADDED = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
"""What a mark can have after `normalise`; Chinese characters stand on Mainland plates, which are no keys."""


def neighbours(mark: str) -> frozenset[str]:
    """Every near-miss of a normalised mark (`is_near_miss`): what to look for in an index of marks."""
    added = {mark[:place] + one + mark[place:] for place in range(len(mark) + 1) for one in _ADDED}
    return frozenset(substitutions(mark)) | deletions(mark) | added


class Family(Enum):
    """Which grammar a mark fits; position help only, never a reason to reject (domain §3c.3)."""

    ORDINARY = "ordinary"
    NO_PREFIX = "no-prefix"
    TRAILER = "trailer"
    TRADE = "trade"
    VILLAGE = "village"
    PERSONALISED = "personalised"
    CROSS_BORDER = "cross-border"
    MAINLAND = "mainland"
    UNKNOWN = "unknown"


# Order matters: the first grammar that fits wins. Written for marks after `normalise`, so 1 may stand for I.
_GRAMMAR: tuple[tuple[Family, re.Pattern[str]], ...] = (
    (Family.ORDINARY, re.compile(r"(?!VV)[A-HJ-NPR-Z]{2}[1-9]\d{0,3}")),
    (Family.NO_PREFIX, re.compile(r"[1-9]\d{0,3}")),
    (Family.TRAILER, re.compile(r"[1-9]\d{0,4}T")),
    (Family.TRADE, re.compile(r"T[1-9]\d{0,4}")),
    (Family.VILLAGE, re.compile(r"VV\d+")),
    (Family.CROSS_BORDER, re.compile(r"粤Z[0-9A-HJ-NP-Z]{4}[港澳]")),
    (Family.MAINLAND, re.compile(r"[一-鿿][A-Z][0-9A-HJ-NP-Z]{5,6}")),
    (Family.PERSONALISED, re.compile(r"(?!.*(.)\1{4})[A-HJ-NPR-Z0-9]{1,8}")),
)


def family(mark: str) -> Family:
    """The family a mark belongs to by its form alone; `mark` is normalised first."""
    text = normalise(mark)
    for name, pattern in _GRAMMAR:
        if pattern.fullmatch(text):
            return name
    return Family.UNKNOWN


ROW = 4
"""In two rows at most four characters stand in each (Cap. 374E)."""


def half_of_plate(text: str, rows: Sequence[int]) -> bool:
    """Whether the text may be one row of a plate whose other row was not seen.

    Letters stand over digits on a plate of two rows, and a row under dirt or beside the find leaves no trace: letters
    alone, or digits alone, that fit into one row are half a plate as long as no second row was read. Nothing in a
    picture shows that there is none.

    Args:
        text: as read.
        rows: how many characters were read in each row, the upper first; empty where that is not known.
    """
    alone = text.isascii() and (text.isdigit() or text.isalpha())
    return alone and len(text) <= ROW and not (len(rows) == 2 and all(rows))


def too_long_for_rows(rows: Sequence[int]) -> bool:
    """Whether more characters were read in one row of two than a plate can have there: it is a board, and no mark.

    Args:
        rows: how many characters were read in each row; empty where that is not known.
    """
    return len(rows) == 2 and max(rows) > ROW


HONG_KONG = frozenset(
    {Family.ORDINARY, Family.NO_PREFIX, Family.TRAILER, Family.TRADE, Family.VILLAGE, Family.PERSONALISED}
)
"""Families that can be a Hong Kong mark, the key of every record (domain §3b)."""
