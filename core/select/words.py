"""One writing for what is the same word: full and half width, case, accents, hidden signs, Traditional and Simplified.

Rules of this file: pure. Both what a profile looks for and what a shipper wrote are folded before they are compared, so
that nobody passes a profile by another way of writing. What a word means is `families`' business.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from opencc import OpenCC

_BLANKS = re.compile(r"\s+")
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])[\s.\-_·・/]+(?=[{_HAN}])")
_SPACED_OUT = re.compile(r"\b(?:\w[ .\-_*/]){2,}\w\b", re.ASCII)
_NOT_WORD = re.compile(r"[^0-9a-z]")


@functools.cache
def _simplified() -> OpenCC:
    """Traditional characters become Simplified ones; many forms have one, so this side loses no match."""
    return OpenCC("t2s")


@functools.lru_cache(maxsize=4_096)
def fold(text: str) -> str:
    """The form in which texts are compared.

    >>> fold("ＣＩＧＳ"), fold("香煙") == fold("香烟"), fold("c.i.g.s")
    ('cigs', True, 'cigs')
    """
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Mn", "Cf", "Cc"} or sign in "\t\n\r")
    plain = unicodedata.normalize("NFKC", plain).casefold()
    plain = _simplified().convert(plain) if not plain.isascii() else plain
    plain = _BETWEEN_HAN.sub("", _BLANKS.sub(" ", plain).strip())
    return _SPACED_OUT.sub(lambda found: _NOT_WORD.sub("", found[0]), plain)
