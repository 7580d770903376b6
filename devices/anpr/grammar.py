"""Which characters may be where, by the background of the plate (domain §3).

A form is a sequence of character sets. The prior says how much likelier than its characters alone a form makes a text:
an ordinary Hong Kong mark needs less evidence than a personalised one, but no form is ever forced on the letters.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.anpr.alphabet import PROVINCES, TAILS
from devices.anpr.plate_read import Background, Region
from domain.marks import HONG_KONG, family

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

    def fits(self, text: str) -> bool:
        """Whether `text` is such a mark, whole."""
        return len(text) == len(self.slots) and all(c in slot for c, slot in zip(text, self.slots, strict=True))


class Grammar:
    """The forms that a plate of one background can have.

    A mark is spelt character by character; which forms it can still become is a set of bits, so that a step of the
    search costs one look-up and one `&`, however many forms there are.
    """

    def __init__(self, forms: tuple[Form, ...]) -> None:
        self.forms = forms
        self.all = (1 << len(forms)) - 1
        self.highest = max((form.prior for form in forms), default=0.0)
        longest = max((len(form.slots) for form in forms), default=0)
        self._allow: list[dict[str, int]] = [{} for _ in range(longest)]
        for bit, form in enumerate(forms):
            for place, slot in enumerate(form.slots):
                for char in slot:
                    self._allow[place][char] = self._allow[place].get(char, 0) | 1 << bit

    def after(self, alive: int, place: int, char: str) -> int:
        """Of the forms `alive` (bits), those that can have `char` at `place` (from 0); 0 for none."""
        return alive & self._allow[place].get(char, 0) if place < len(self._allow) else 0


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
# At night yellow, green and white look alike, and so do blue and black: only light and dark have grammars of their own. A light
# plate that plainly reads 粤Z…港 is taken at its word; the other way round, no dark plate can be a Hong Kong mark.
_LIGHT = Grammar(_HONG_KONG + _MAINLAND + _GREEN + _CROSS_BORDER)
_DARK = Grammar(_CROSS_BORDER + _MAINLAND + _MACAU)
_NONE = Grammar(())


def grammar_of(background: Background) -> Grammar:
    """The grammar of a plate of that background."""
    if background is Background.OTHER:
        return _NONE
    return _LIGHT if background.light else _DARK


def fitting(text: str, grammar: Grammar) -> Form | None:
    """The likeliest form that `text` fills completely, or None; a Hong Kong mark must be one for the lane, too."""
    ours = family(text) in HONG_KONG
    full = [form for form in grammar.forms if form.fits(text) and (ours or form.region is not Region.HONG_KONG)]
    return max(full, key=lambda form: form.prior, default=None)
