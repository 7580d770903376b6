"""Writing on containers and lorries that has the form of a mark and is none.

Nearly every text of up to eight letters and digits has the form of a personalised mark (domain §3a), and a container is
covered with such texts. Sources: ISO 6346 (owner code, equipment category, serial number and check digit; size and type
codes; the mark of height, in metres and feet, in black on yellow on what is higher than 2.6 m; maximum gross mass, tare
and capacity), and what the IMO's dangerous goods code has written on and beside its placards: classes and UN numbers.
Seals, fleets and telephones have numbers of five digits and more, and of four behind other than two letters; an ordinary
mark has two letters and four digits at most.

Rules of this file: pure functions over strings; nothing here releases anything. Whoever does bear such a mark goes to
the officer.
"""

from __future__ import annotations

import re

from domain.marks import CONFUSIONS, Family, family, normalise

_UNITS = "KG|KGS|LB|LBS|CUFT|CUM|CBM|M3|FT|MM|CM|M"
_FLEETS = "A(D|MN|P|SU?|SB|T(ENU|EU|E|R|S)|V[A-Z]{1,4})|3A(D|V|SV)|[EV]6[A-Z]"
"""Classes of Hong Kong's franchised buses, which stand before a number on front and rear."""
_WORDS = {
    "a label of height": ("CAUTION", "HIGH", "HIGHCUBE", "SUPERHIGH", "HEIGHT"),
    "a warning": (
        *("DANGER", "WARNING", "FLAMMABLE", "EXPLOSIVE", "OXIDIZER", "CORROSIVE", "TOXIC", "POISON", "HAZCHEM"),
        *("MARINE", "LIMITED", "FUMIGATED"),
    ),
    "a statement of weight": ("MAXGROSS", "MAXGR", "GROSS", "MAXGW", "MGW", "TARE", "PAYLOAD", "CUCAP"),
    "lettering of a lorry": (
        *("LONG", "VEHICLE", "SUPER", "HEAVY"),
        *("ACTROS", "ISUZU", "SCANIA", "VOLVO", "IVECO", "NISSAN", "HINO300", "HINO500", "HINO700"),
    ),
    "lettering of a bus": ("CITYBUS", "FIRSTBUS", "LONGWIN"),
    "a road sign or a board": (
        "STOP",
        "SLOW",
        "POLICE",
        "CUSTOMS",
        "KEEPLEFT",
        "NOENTRY",
        "CLOSED",
        "ACCIDENT",
        "PARKING",
    ),
}


def _blurred(word: str) -> str:
    """A pattern of the word, each character or one that is easily read for it."""
    return "".join(f"[{char}{CONFUSIONS.get(char, '')}]" for char in normalise(word))


# The first that fits wins. Written for texts after `normalise`: 0 and 1 may stand for O and I.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a container's owner code and number", re.compile(r"[A-Z01]{3}[UJZ]\d{0,7}")),
    ("a serial or telephone number", re.compile(r"[A-Z01]{0,4}\d{5,}|([A-Z]|[A-Z]{3,4})\d{4}")),
    ("a bus's fleet number", re.compile(rf"({_FLEETS})\d{{1,4}}")),
    ("a container's size and type", re.compile(r"[1-4A-HK-NP][0245689C-FL-NP][ABGHKNPR-V][0-9A-Z]")),
    ("a label of height", re.compile(rf"\d{{1,4}}(H1?G?H?|{_blurred('HIGH')})|\d{{2,3}}M\d{{2,3}}")),
    ("a warning", re.compile(rf"{_blurred('CLASS')}[1-9]\d?|UN0\d{{3}}")),
    ("a road sign or a board", re.compile(rf"{_blurred('LANE')}\d{{1,2}}|{_blurred('EXIT')}\d{{1,2}}[A-Z]?")),
    ("a statement of weight", re.compile(rf"\d{{2,6}}({_UNITS})")),
    *((kind, re.compile("|".join(map(_blurred, words)))) for kind, words in _WORDS.items()),
)


_EITHER = re.compile(r"UN\d{4}|(F[EHLM]|[CLX]F|XG)\d{2}0|T\d{5}|\d{5}T")
_ORANGE_BOARD = re.compile(r"[0-9BSZ]{2,3}\d{4}")  # 8, 5, 2 and a slanted 7 are read so


def may_be_lettering(text: str) -> bool:
    """Whether an ordinary mark is lettering as well.

    UN and four digits stand on every load of dangerous goods; FH460, XF480 and their like on the front of the lorry, being
    two makers' names for it; T and five digits are a trade plate's number and what is seen of many a seal's.
    """
    return _EITHER.fullmatch(normalise(text)) is not None


def like_orange_board(text: str, rows: int) -> bool:
    """Whether two or three digits over four were read, one or more of them perhaps as letters.

    So stand the number of a danger and that of a substance on loads of dangerous goods; BS, SZ and their like over four
    digits are an ordinary mark as well.
    """
    return rows == 2 and _ORANGE_BOARD.fullmatch(normalise(text)) is not None


def lettering(text: str) -> str:
    """What the text is if it is no registration mark but lettering of that form, in words; "" otherwise.

    What has the form of an ordinary, trailer or trade mark is never called lettering.

    >>> lettering("96H1GH"), lettering("22G1"), lettering("LT3482")
    ('a label of height', "a container's size and type", '')
    """
    plain = normalise(text)
    if family(plain) not in {Family.PERSONALISED, Family.UNKNOWN}:
        return ""
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(plain)), "")
