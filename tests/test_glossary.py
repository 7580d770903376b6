"""The glossary gives each word one meaning, where a reader finds it."""

from __future__ import annotations

import re
from pathlib import Path

GLOSSARY = Path(__file__).resolve().parents[1] / "docs" / "glossary.md"

OF_THE_FIELD = (
    *("plate read", "candidate", "settled read", "confidence", "region", "trigger"),
    *("lane", "transaction", "passage", "VRN", "CCRN", "UBR", "bundle", "action code", "LBCP"),
    *("laden", "unladen", "manifest", "will", "retained", "birth", "snapshot", "delta", "epoch"),
    *("journal", "outbox", "port", "adapter", "scene"),
)
"""Words that the code uses as the field does."""


def rows() -> list[str]:
    """The first cell of each row, in order."""
    return re.findall(r"^\| (?!term |---)([^|]+?) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)


def terms() -> list[str]:
    """Every word that is given a meaning; a row may have two that explain each other."""
    return [term for row in rows() for term in re.split(r", | / ", row)]


def test_no_word_has_two_meanings() -> None:
    """Each is defined once."""
    assert sorted({term for term in terms() if terms().count(term) > 1}) == []


def test_every_word_of_the_field_is_there() -> None:
    """A reader who knows plate readers or MQTT, but not this lane, meets no word without a meaning."""
    assert sorted(set(OF_THE_FIELD) - set(terms())) == []


def test_words_stand_in_the_order_of_the_alphabet() -> None:
    """So that one is found without searching."""
    assert rows() == sorted(rows(), key=str.lower)
