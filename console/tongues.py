"""One language at a time: texts that know both, and the choice between them at the very end.

Rules of this file: a text of the page is written once, in English and in Traditional Chinese, as `Both`; it is the English
text to whoever does not ask. Which one is shown is chosen when a view leaves for a browser (`in_tongue`). What people
wrote (reasons, words from the centre) and what a vehicle is called are no `Both` and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Any, Self


class Tongue(Enum):
    """A language of the page; the value is its `lang` attribute."""

    ENGLISH = "en"
    CHINESE = "zh-Hant-HK"

    @classmethod
    def of(cls, text: str) -> Tongue:
        """The language of that value; English for any other."""
        return next((tongue for tongue in cls if tongue.value == text), cls.ENGLISH)


class Both(str):
    """A text in both languages: itself in English, `chinese` beside it."""

    __slots__ = ("chinese",)
    chinese: str

    def __new__(cls, english: str, chinese: str) -> Self:
        """The English text that carries its Chinese."""
        made = super().__new__(cls, english)
        made.chinese = chinese
        return made

    @property
    def english(self) -> str:
        """The English text alone."""
        return str.__str__(self)


def chinese_of(text: str) -> str:
    """The Chinese of a text; one that has none (a mark, a name, what somebody wrote) is the same in both."""
    return text.chinese if isinstance(text, Both) else text


_CHINESE = re.compile(r"\s+(?=[\u3400-\u9fff「（])")


def part(text: str, tongue: Tongue) -> str:
    """A typical reason in one language; it is recorded in both, English first."""
    english, *chinese = _CHINESE.split(text, maxsplit=1)
    return chinese[0] if chinese and tongue is Tongue.CHINESE else english


def joined(between: Both, texts: Sequence[str]) -> str:
    """Texts in a row, in each language with its own sign between; "" for none."""
    if not texts:
        return ""
    return Both(str(between).join(texts), between.chinese.join(chinese_of(text) for text in texts))


def in_tongue(plain: Any, tongue: Tongue) -> Any:
    """Plain data with every text of the page in one language."""
    match plain:
        case Both():
            return plain.chinese if tongue is Tongue.CHINESE else plain.english
        case dict():
            return {key: in_tongue(value, tongue) for key, value in plain.items()}
        case list() | tuple():
            return [in_tongue(value, tongue) for value in plain]
        case _:
            return plain
