"""Vehicle registration marks as the core compares them.

The core imports nothing of the lane, so it has its own small function; the rule is domain §3c.1-2: blanks are
disregarded (Cap. 374E reg. 12E(4)) and I, O, Q are never issued, so they can only be 1 and 0.
"""

from __future__ import annotations

import re
import unicodedata

_FOLD = str.maketrans({"I": "1", "O": "0", "Q": "0"})
_DROPPED = re.compile(r"[^0-9A-Z一-鿿]")
_LONGEST = 8  # reg. 12E: at most eight letters and numerals, counting blanks


def normalise(mark: str) -> str:
    """The form in which two marks are compared: upper case, half width, no blanks or separators, I->1, O and Q->0."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", mark).upper()).translate(_FOLD)


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
