"""Container numbers (ISO 6346): owner code, equipment category, serial number, and the check digit over them.

A container's number is a witness beside the mark, shown to an officer: it releases nothing and stops nothing.
Rules of this file: pure functions over strings.
"""

from __future__ import annotations

import re
from itertools import product
from string import ascii_uppercase

_NUMBER = re.compile(r"([A-Z]{3}[UJZ])(\d{6})(\d)")
_VALUES = dict(zip(ascii_uppercase, (n for n in range(10, 39) if n % 11), strict=True)) | {str(n): n for n in range(10)}
_UNFOLDED = {"0": "OQ", "1": "I"}
_DIGIT_OF = {"I": "1", "O": "0", "Q": "0"}


def check_digit(number: str) -> int:
    """Of owner code, category and serial number, ten characters.

    >>> check_digit("CSQU305438")
    3

    Raises:
        KeyError: a character is neither a capital letter nor a digit.
    """
    return sum(_VALUES[char] << place for place, char in enumerate(number)) % 11 % 10


def container_number(text: str) -> str | None:
    """The container number that a text is, checked; None where it is none.

    A plate reader tells no O from 0 and no I from 1, since marks have neither letter: in the owner code they are the
    letters, in the number the digits. Blanks, hyphens and what else separates do not count. Where more than one
    owner code fits the check digit (O or Q), none is certain and the text is no number.

    >>> container_number("CSQU 305438 3"), container_number("0LLU 305438 3")
    ('CSQU3054383', None)
    """
    plain = "".join(char for char in text.upper() if char.isascii() and char.isalnum())
    if len(plain) != 11:
        return None
    heads = product(*(_UNFOLDED.get(char, char) for char in plain[:4]))
    tail = "".join(_DIGIT_OF.get(char, char) for char in plain[4:])
    whole = {"".join(head) + tail for head in heads}
    right = {one for one in whole if _NUMBER.fullmatch(one) and check_digit(one[:10]) == int(one[10])}
    return right.pop() if len(right) == 1 else None
