"""A profile: what it looks for in a consignment, and the words by which it found it.

Rules of this file: pure. Every criterion that is given must hold. A text is found anywhere in the values it is about, both
folded (`words`); a term that belongs to a family of words finds every word of the family (`families`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from core.model.consignment import CargoInformation
from core.select.families import SHIPPED, WordFamily
from core.select.words import fold

TEXT_CRITERIA = ("articles", "consignor", "consignee", "container", "seal", "packages")
"""The criteria of a profile that look for words."""


class ProfileRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile. Every criterion that is given must hold.

    Attributes:
        name: what the profile is called in records.
        code: the action code it assigns.
        articles: found in the description of any item.
        consignor, consignee: found in the name or the address.
        container, seal: found in that number.
        packages: found in the description of the packages of any item.
        not_schemes: consignments under these schemes are exempt (ITFS: inspected once, here or at the airport).
    """

    name: str
    code: str
    direction: str = ""
    articles: str = ""
    consignor: str = ""
    consignee: str = ""
    container: str = ""
    seal: str = ""
    packages: str = ""
    scheme: str = ""
    not_schemes: tuple[str, ...] = ()


class TermHit(msgspec.Struct, frozen=True):
    """Which term of a profile hit which value.

    Attributes:
        criterion: of the profile.
        term: as the profile has it.
        found: the word that was found, folded: the term, or another of its family.
        part: the field in which it stood.
        value: what the shipper wrote there.
        family: the family by which it was found; "" for the term itself.
    """

    criterion: str
    term: str
    found: str
    part: str
    value: str
    family: str = ""

    @property
    def words(self) -> str:
        """The hit in a line."""
        by = f" (family {self.family})" if self.family else ""
        return f"{self.criterion} {self.term!r} hit {self.found!r}{by} in {self.part} {self.value!r}"


class Vocabulary:
    """Families of words, folded; which words a term stands for.

    Args:
        families: those of configuration; shipped families of the same name get their words.
    """

    def __init__(self, families: Iterable[WordFamily] = ()) -> None:
        words: dict[str, list[str]] = {}
        for family in (*SHIPPED, *families):
            words.setdefault(family.name, []).extend(fold(word) for word in family.words)
        self._families: Mapping[str, tuple[str, ...]] = {
            name: tuple(dict.fromkeys(filter(None, folded))) for name, folded in words.items()
        }
        self._patterns = {name: _pattern(folded) for name, folded in self._families.items()}

    @functools.cached_property
    def _of_word(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, words in self._families.items():
            for word in words:
                found.setdefault(word, []).append(name)
        return found

    def families_of(self, term: str) -> tuple[str, ...]:
        """The families that a folded term belongs to, itself or without its plural s."""
        return tuple(dict.fromkeys([*self._of_word.get(term, []), *self._of_word.get(term.removesuffix("s"), [])]))

    def found_by(self, family: str, text: str) -> str:
        """The word of a family that stands in a folded text; "" for none."""
        found = self._patterns[family].search(text)
        return found[0] if found else ""


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Latin words as whole words, with or without an s; others anywhere, for Chinese has no blanks. Longest first."""
    parts = [
        rf"(?<![a-z0-9]){re.escape(word)}s?(?![a-z0-9])" if word.isascii() else re.escape(word)
        for word in sorted(words, key=len, reverse=True)
    ]
    return re.compile("|".join(parts))


class _Term(NamedTuple):
    """A term of a profile: the place of its criterion in `TEXT_CRITERIA`, folded, its families, and as it was written."""

    criterion: int
    folded: str
    families: tuple[str, ...]
    written: str


class FoldedCargo:
    """A consignment whose texts are folded once, for all profiles."""

    def __init__(self, info: CargoInformation, vocabulary: Vocabulary) -> None:
        self.direction, self.scheme = info.direction.value, info.scheme
        self._vocabulary = vocabulary
        self._texts = [[(part, value, fold(value)) for part, value in _values(info, name)] for name in TEXT_CRITERIA]
        self._joined = ["\n".join(text for _, _, text in texts) for texts in self._texts]
        self._families: dict[tuple[int, str], bool] = {}

    def has(self, terms: Sequence[_Term]) -> bool:
        """Whether every term hits a value, itself or by a family. Asked of every profile, so it makes nothing."""
        joined = self._joined
        for criterion, folded, families, _ in terms:
            if folded not in joined[criterion] and not (families and self._by_family(criterion, families)):
                return False
        return True

    def _by_family(self, criterion: int, families: tuple[str, ...]) -> bool:
        for family in families:
            key = (criterion, family)
            if key not in self._families:
                self._families[key] = bool(self._vocabulary.found_by(family, self._joined[criterion]))
            if self._families[key]:
                return True
        return False

    def hit(self, term: _Term) -> TermHit:
        """What a term hits, of a profile that applies."""
        criterion, folded, families, written = term
        name = TEXT_CRITERIA[criterion]
        for part, value, text in self._texts[criterion]:
            if folded in text:
                return TermHit(name, written, folded, part, value)
        return next(
            TermHit(name, written, word, part, value, family)
            for family in families
            for part, value, text in self._texts[criterion]
            if (word := self._vocabulary.found_by(family, text))
        )


def _values(info: CargoInformation, criterion: str) -> Iterator[tuple[str, str]]:
    if criterion == "articles":
        yield from ((f"goods[{place}].articles", item.articles) for place, item in enumerate(info.goods))
    elif criterion == "packages":
        yield from (
            (f"goods[{place}].package_description", item.package_description) for place, item in enumerate(info.goods)
        )
    elif criterion in {"consignor", "consignee"}:
        yield criterion, getattr(info, criterion)
        yield f"{criterion}_address", getattr(info, f"{criterion}_address")
    else:
        yield criterion, getattr(info, criterion)


class Criteria:
    """A profile made ready: its terms folded, and the families they belong to."""

    def __init__(self, rule: ProfileRule, vocabulary: Vocabulary) -> None:
        self.rule = rule
        self._terms = [
            _Term(place, folded, vocabulary.families_of(folded), term)
            for place, name in enumerate(TEXT_CRITERIA)
            if (term := getattr(rule, name)) and (folded := fold(term))
        ]

    def hits(self, cargo: FoldedCargo) -> tuple[TermHit, ...] | None:
        """What each term of the profile hit; None where the profile does not apply."""
        rule = self.rule
        if cargo.scheme and cargo.scheme in rule.not_schemes:
            return None
        if rule.direction not in {"", cargo.direction} or rule.scheme not in {"", cargo.scheme}:
            return None
        return tuple(map(cargo.hit, self._terms)) if cargo.has(self._terms) else None
