"""Refusals in the three languages of the trade: a code, its values, and the sentence in each language.

Rules of this file: a sentence says what is wrong and what to do about it. Whatever a person supplied is a value of the
sentence and the same in all three. English is what logs and the audit log keep.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from core.model import fields
from core.model.refusal_texts import TEXTS

LONGEST_VALUE = 60
"""Characters of a value that a sentence repeats; of more it shows the beginning."""


class FormLanguage(StrEnum):
    """The languages of seed 004, by the names of BCP 47."""

    ENGLISH = "en"
    TRADITIONAL = "zh-Hant"
    SIMPLIFIED = "zh-Hans"


class CentreRefusal(msgspec.Struct, frozen=True):
    """Why something was refused, or what is advised.

    Attributes:
        code: the key of `TEXTS`; programs go by it.
        values: what the sentence is about, name to text.
        part: the field it is about, for a form to mark, as `goods[0].articles`; "" for none.
        consignment: which of a batch, from 1; 0 where there is one alone.
    """

    code: str
    values: dict[str, str] = {}
    part: str = ""
    consignment: int = 0

    def text(self, language: FormLanguage = FormLanguage.ENGLISH) -> str:
        """The sentence in a language."""
        place = list(FormLanguage).index(language)
        first = TEXTS["batch_item"][place].format(number=self.consignment) if self.consignment else ""
        return first + TEXTS[self.code][place].format_map({**self.values, "label": fields.label(self.part, place)})

    def __str__(self) -> str:
        """The English sentence."""
        return self.text()


def refusal(code: str, *, part: str = "", **values: object) -> CentreRefusal:
    """Makes a refusal; its values become text, and long ones are cut."""
    return CentreRefusal(code, {name: _short(str(value)) for name, value in values.items()}, part)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
