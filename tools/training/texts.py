"""Random marks, in the shares that teach: ordinary Hong Kong marks first, then the plates stacked under them."""

from __future__ import annotations

import random

from devices.anpr.alphabet import PROVINCES
from simulation.drawn.plates import PlateKind

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
DIGITS = "0123456789"
MISTAKEN = "CGEFPRBDHNMWUVKXLTJ"


def ordinary(rng: random.Random) -> str:
    """Two letters and 1 to 9999 without leading zero; what is easily mistaken comes more often."""
    count = rng.choices((1, 2, 3, 4), (1, 1, 3, 7))[0]
    hard = rng.random() < 0.4
    letters = "".join(rng.choices(MISTAKEN if hard else LETTERS, k=2))
    digits = rng.choices("1180638974" if hard else DIGITS, k=count)
    return letters + rng.choice("1123456789") + "".join(digits[1:])


def short(rng: random.Random) -> str:
    """Two letters and one digit or two: the narrowest plates that are common."""
    return "".join(rng.choices(LETTERS, k=2)) + str(rng.randint(1, 9 if rng.random() < 0.6 else 99))


def personalised(rng: random.Random) -> str:
    """Up to eight letters and digits; more ones than by chance, since a bare 1 is soon taken for an edge.

    In every third one a 1 stands beside a letter with a stem, of which it may seem a part; every third one is letters
    alone, and many have blanks, which count among the eight.
    """
    if rng.random() < 0.33:
        return _spaced(rng, "".join(rng.choices(LETTERS, k=rng.randint(1, 8))))
    text = "".join(rng.choice(LETTERS + DIGITS + "111") for _ in range(rng.randint(1, 8)))
    if len(text) < 8 and rng.random() < 0.33:
        place = rng.randint(0, len(text))
        text = (
            text[:place]
            + rng.choice(("L1", "1M", "1P", "1B", "H1", "N1", "1K", "1R", "1"))[: 8 - len(text)]
            + text[place:]
        )
    return _spaced(rng, text)


def _spaced(rng: random.Random, text: str) -> str:
    """The text, often with a blank or two where there is room for them."""
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        if 2 <= len(text) < 8:
            place = rng.randint(1, len(text) - 1)
            text = f"{text[:place].strip()} {text[place:].strip()}"
    return text


def rare(rng: random.Random) -> str:
    """No prefix, trailer, trade plate."""
    number = str(rng.randint(1, 99999))
    return rng.choice((number[:4], number + "T", "T" + number))


def cross_border(rng: random.Random) -> str:
    """粤Z, four characters, 港 or 澳."""
    tail = [rng.choice(DIGITS) for _ in range(4)]
    for place in rng.choices(((0,), (3,), (0, 1), (0, 3), (2,), ()), (8, 4, 3, 1, 1, 1))[0]:
        tail[place] = rng.choice(LETTERS + "Q")
    return "粤Z" + "".join(tail) + ("澳" if rng.random() < 0.12 else "港")


def mainland(rng: random.Random, length: int) -> str:
    """A province, a letter, and `length` characters; sometimes the last one says what kind of vehicle it is."""
    tail = [rng.choice(DIGITS if rng.random() < 0.7 else LETTERS + "Q") for _ in range(length)]
    if length == 5 and rng.random() < 0.04:
        tail[-1] = rng.choice("学警挂领使")
    province = "粤" if rng.random() < 0.3 else rng.choice(PROVINCES)
    offices = LETTERS.replace("Z", "Q") if province == "粤" else LETTERS + "Q"  # 粤Z is the cross-border form
    return province + rng.choice(offices) + "".join(tail)


def macau(rng: random.Random) -> str:
    """M, a letter, four digits."""
    return "M" + rng.choice(LETTERS) + f"{rng.randint(0, 9999):04d}"


def mark(rng: random.Random) -> tuple[str, PlateKind, int]:
    """A random (text, kind, rows)."""
    share = rng.random()
    light = rng.choice((PlateKind.HK_FRONT, PlateKind.HK_FRONT, PlateKind.HK_REAR))
    if share < 0.42:
        return ordinary(rng), light, rng.choice((1, 2))
    if share < 0.54:
        text = personalised(rng)
        return text, light, rng.choice((1, 2)) if len(text.replace(" ", "")) > 1 else 1
    if share < 0.59:
        text = rare(rng)
        return text, light, rng.choice((1, 1, 2)) if 1 < len(text) <= 4 else 1
    if share < 0.81:
        return cross_border(rng), PlateKind.CROSS_BORDER, rng.choice((1, 1, 1, 1, 2))
    if share < 0.98:
        kind = rng.choice((PlateKind.CN_BLUE, PlateKind.CN_BLUE, PlateKind.CN_YELLOW, PlateKind.CN_GREEN))
        return mainland(rng, 6 if kind is PlateKind.CN_GREEN else 5), kind, 1
    return macau(rng), PlateKind.MACAU, 1
