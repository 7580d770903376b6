"""Which characters may stand where, by the ground they stand on (domain §3).

A form is a sequence of character sets. The prior says how much likelier than its characters alone a form makes a text:
an ordinary Hong Kong mark needs less evidence than a personalised one, but no form is ever forced on the letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from devices.anpr.alphabet import PROVINCES, TAILS
from devices.anpr.reads import Ground, Region

LETTER = "ABCDEFGHJKLMNPRSTUVWXYZ"
DIGIT = "0123456789"
NONZERO = "123456789"
ANY = DIGIT + LETTER


@dataclass(frozen=True, slots=True)
class Form:
    """One shape of mark."""

    region: Region
    prior: float
    slots: tuple[str, ...]

    def begins(self, text: str) -> bool:
        """Whether `text` can be the beginning of such a mark."""
        return len(text) <= len(self.slots) and all(c in slot for c, slot in zip(text, self.slots, strict=False))


@dataclass(frozen=True, eq=False)
class Grammar:
    """The forms that a plate of one ground can have."""

    forms: tuple[Form, ...]


@lru_cache(maxsize=1 << 16)
def begins(grammar: Grammar, text: str) -> bool:
    """Whether `text` can be the beginning of any mark; remembered, since the beam asks the same again and again."""
    return any(form.begins(text) for form in grammar.forms)


def _forms(region: Region, prior: float, *shapes: tuple[str, ...]) -> tuple[Form, ...]:
    return tuple(Form(region, prior, shape) for shape in shapes)


_ORDINARY = _forms(Region.HONG_KONG, 1.0, *((LETTER, LETTER, NONZERO, *(DIGIT,) * n) for n in range(4)))
_NO_PREFIX = _forms(Region.HONG_KONG, 0.3, *((NONZERO, *(DIGIT,) * n) for n in range(4)))
_TRAILER = _forms(Region.HONG_KONG, 0.3, *((NONZERO, *(DIGIT,) * n, "T") for n in range(5)))
_TRADE = _forms(Region.HONG_KONG, 0.3, *(("T", NONZERO, *(DIGIT,) * n) for n in range(5)))
_PERSONALISED = _forms(Region.HONG_KONG, 0.005, *((ANY,) * n for n in range(1, 9)))
_OFFICE, _SERIAL = LETTER + "Q", ANY + "Q"  # Mainland plates use Q, Hong Kong ones do not
_CROSS_BORDER = _forms(Region.CROSS_BORDER, 1.0, ("粤", "Z", *(_SERIAL,) * 4, "港")) + _forms(
    Region.CROSS_BORDER,
    0.1,  # at Hong Kong's boundary; a Macau one here comes by the bridge alone
    ("粤", "Z", *(_SERIAL,) * 4, "澳"),
)
_ELSEWHERE = PROVINCES.replace("粤", "")
_MAINLAND = (
    _forms(
        Region.MAINLAND,
        0.5,
        ("粤", _OFFICE.replace("Z", ""), *(_SERIAL,) * 5),
    )
    + _forms(
        Region.MAINLAND,
        0.15,  # what crosses here is registered in Guangdong, with few exceptions
        (_ELSEWHERE, _OFFICE, *(_SERIAL,) * 5),
    )
    + _forms(Region.MAINLAND, 0.05, (PROVINCES, _OFFICE, *(_SERIAL,) * 4, TAILS.strip("港澳")))
)
_GREEN = _forms(Region.MAINLAND, 0.5, (PROVINCES, _OFFICE, *(_SERIAL,) * 6))
_MACAU = _forms(Region.MACAU, 0.5, ("M", LETTER, DIGIT, DIGIT, DIGIT, DIGIT))

_HONG_KONG = _ORDINARY + _NO_PREFIX + _TRAILER + _TRADE + _PERSONALISED
# At night yellow, green and white look alike, and so do blue and black: only light and dark part the grammars. A light
# plate that plainly reads 粤Z…港 is taken at its word; the other way round, no dark plate can be a Hong Kong mark.
_LIGHT = Grammar(_HONG_KONG + _MAINLAND + _GREEN + _CROSS_BORDER)
_DARK = Grammar(_CROSS_BORDER + _MAINLAND + _MACAU)
_NONE = Grammar(())


def grammar_of(ground: Ground) -> Grammar:
    """The grammar of a plate of that ground."""
    if ground is Ground.OTHER:
        return _NONE
    return _LIGHT if ground.light else _DARK


def fitting(text: str, grammar: Grammar) -> Form | None:
    """The likeliest form that `text` fills completely, or None."""
    full = [form for form in grammar.forms if len(form.slots) == len(text) and form.begins(text)]
    return max(full, key=lambda form: form.prior, default=None)
