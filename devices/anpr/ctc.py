"""From the recogniser's columns to a text: which rows, a small beam search under the grammar, a confidence for every character.

The output has three rows of columns: a single row, the upper of two, the lower of two (`alphabet.COLUMNS` each).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.anpr.alphabet import ALPHABET, CLASS, COLUMNS
from devices.anpr.grammar import Form, Grammar, fitting

WIDTH = 16  # texts kept at each column
_HOPELESS = 1e-4  # a text so much less likely than the likeliest is not kept
_NOTHING = 0.9995  # a column so surely blank adds nothing to any text
Columns = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """A decoded text: `form` is None where no grammar was satisfied."""

    text: str
    rows: int
    characters: tuple[tuple[str, float], ...]
    form: Form | None


def _written(row: Columns) -> tuple[float, float]:
    """How many columns say a character: of the single row, and of the two together."""
    written = 1 - row[:, :, 0]
    return float(written[0].sum()), float(written[1:].sum())


def rows_of(output: NDArray[np.float32]) -> Columns:
    """The row or the two rows that the plate has, (1 or 2, COLUMNS, classes)."""
    row = output.astype(np.float64).reshape(3, COLUMNS, -1)
    single, double = _written(row)
    return row[:1] if single >= double else row[1:]


def layout(output: NDArray[np.float32]) -> tuple[int, Columns, float]:
    """How many rows the plate has, the columns of those rows with a blank between, and the share that agrees."""
    single, double = _written(output.astype(np.float64).reshape(3, COLUMNS, -1))
    share = max(single, double) / max(1e-6, single + double)
    rows = rows_of(output)
    if len(rows) == 1:
        return 1, rows[0], share
    blank = np.zeros((1, rows.shape[2]))
    blank[0, 0] = 1
    return 2, np.concatenate([rows[0], blank, rows[1]]), share


@dataclass(slots=True)
class _Beginning:
    """A beginning of marks: the chance that it ends in blank, that it ends in its last character; forms it can become."""

    blank: float
    other: float
    alive: int


def beam_search(columns: Columns, grammar: Grammar) -> dict[str, float]:
    """The likeliest beginnings of marks and their probabilities, by prefix search over the columns."""
    beams = {"": _Beginning(1.0, 0.0, grammar.all)}
    order = np.argsort(-columns, 1)[:, :6].tolist()
    for column, best in zip(columns.tolist(), order, strict=True):
        if column[0] > _NOTHING:
            for one in beams.values():
                one.blank, one.other = one.blank + one.other, 0.0
            continue
        beams = _widened(beams, column, [k for k in best if k and column[k] > 1e-4], grammar)
    return {text: one.blank + one.other for text, one in beams.items()}


def _widened(
    beams: dict[str, _Beginning], column: list[float], likely: list[int], grammar: Grammar
) -> dict[str, _Beginning]:
    ends: dict[str, _Beginning] = {}
    for text, one in beams.items():
        same = ends.setdefault(text, _Beginning(0.0, 0.0, one.alive))
        same.blank += (one.blank + one.other) * column[0]
        if text:
            same.other += one.other * column[CLASS[text[-1]]]
        for k in likely:
            char = ALPHABET[k - 1]
            alive = grammar.after(one.alive, len(text), char)
            if alive:
                before = one.blank if text.endswith(char) else one.blank + one.other
                ends.setdefault(text + char, _Beginning(0.0, 0.0, alive)).other += before * column[k]
    best = sorted(ends.items(), key=lambda end: -(end[1].blank + end[1].other))[:WIDTH]
    least = _HOPELESS * (best[0][1].blank + best[0][1].other)
    return {text: one for text, one in best if one.blank + one.other >= least}


def _dense(columns: Columns) -> Columns:
    """The columns, of each run of surely blank ones only the first: all say the same."""
    blank = columns[:, 0] > _NOTHING
    again = blank & np.concatenate([[False], blank[:-1]])
    return np.asarray(columns[~again])


def align(columns: Columns, text: str) -> tuple[tuple[str, float], ...]:
    """Each character of `text` with its confidence, by the likeliest way the columns spell it.

    The confidence is the character's best column, and no more than what the columns beside it leave for there being no
    other character: a 1 that was dropped must make its neighbours doubtful.
    """
    states = [0] + [value for char in text for value in (CLASS[char], 0)]
    path = _viterbi(np.log(columns[:, states] + 1e-12), states)
    stray = _stray(columns, path, states)
    found = []
    for place, char in enumerate(text):
        mine = float(columns[path == 2 * place + 1, CLASS[char]].max(initial=0.0))
        beside = float(stray[(path == 2 * place) | (path == 2 * place + 2)].max(initial=0.0))
        found.append((char, round(min(mine, 1 - beside), 4)))
    return tuple(found)


def _stray(columns: Columns, path: NDArray[np.int64], states: list[int]) -> NDArray[np.float64]:
    """For each column, the chance of a character that the text does not have there.

    A character's own class in the column right beside it is its edge, not another character.
    """
    others = columns.copy()
    others[:, 0] = 0
    for shift in (-1, 1):
        side = np.roll(path, shift)
        side[-1 if shift < 0 else 0] = 0
        others[np.arange(len(path)), np.asarray(states)[side]] = 0
    return np.where(path % 2 == 0, others.max(1), 0.0)


def _viterbi(chances: NDArray[np.float64], states: list[int]) -> NDArray[np.int64]:
    """The likeliest state of each column; a path begins in one of the first two states and ends in one of the last two.

    Plain lists: with a dozen states and a few dozen columns, numpy's calls cost more than the arithmetic.
    """
    count, never = len(states), float("-inf")
    skips = [i > 1 and states[i] != 0 and states[i] != states[i - 2] for i in range(count)]
    first, *rest = chances.tolist()
    score = [chance if i < 2 else never for i, chance in enumerate(first)]
    back: list[list[int]] = []
    for column in rest:
        steps, ends = [], []
        for i, chance in enumerate(column):
            best, step = score[i], 0
            if i and score[i - 1] > best:
                best, step = score[i - 1], 1
            if skips[i] and score[i - 2] > best:
                best, step = score[i - 2], 2
            steps.append(step)
            ends.append(best + chance)
        score = ends
        back.append(steps)
    at = count - 1 if count == 1 or score[-1] >= score[-2] else count - 2
    path = [at]
    for steps in reversed(back):
        at -= steps[at]
        path.append(at)
    return np.array(path[::-1], np.int64)


def greedy(columns: Columns) -> str:
    """The text of the likeliest class of each column; what is shown where no grammar fits."""
    best = columns.argmax(1)
    return "".join(ALPHABET[k - 1] for k, last in zip(best, [0, *best[:-1]], strict=True) if k and k != last)


def decode(output: NDArray[np.float32], grammar: Grammar) -> Reading:
    """The text of one plate under the forms it can have.

    Args:
        output: (3 * COLUMNS, classes) probabilities.
        grammar: of its background.
    """
    rows, columns, share = layout(output)
    columns = _dense(columns)
    plain = _plain(columns, grammar)
    if plain is not None:
        return _found(plain, rows, columns, share)
    chances = beam_search(columns, grammar)
    fits = [(chance * form.prior, text, form) for text, chance in chances.items() if (form := fitting(text, grammar))]
    if not fits:
        text = greedy(columns)
        return Reading(text, rows, align(columns, text), None)
    _, text, form = max(fits, key=lambda fit: fit[0])
    return _found((text, form), rows, columns, share)


def _plain(columns: Columns, grammar: Grammar) -> tuple[str, Form] | None:
    """The text that needs no search: so likely that no other can outweigh it, whatever its form."""
    text = greedy(columns)
    form = fitting(text, grammar)
    if form is None:
        return None
    chance = probability(columns, text)
    return (text, form) if chance * form.prior > (1 - chance) * grammar.highest else None


def probability(columns: Columns, text: str) -> float:
    """How likely the columns spell `text`, over all the ways in which they can."""
    states = [0] + [value for char in text for value in (CLASS[char], 0)]
    skips = [i > 1 and states[i] != 0 and states[i] != states[i - 2] for i in range(len(states))]
    first, *rest = columns[:, states].tolist()
    ways = [chance if i < 2 else 0.0 for i, chance in enumerate(first)]
    for column in rest:
        ways = [
            (way + (ways[i - 1] if i else 0.0) + (ways[i - 2] if skips[i] else 0.0)) * column[i]
            for i, way in enumerate(ways)
        ]
    return sum(ways[-2:])


def _found(plain: tuple[str, Form], rows: int, columns: Columns, share: float) -> Reading:
    text, form = plain
    characters = tuple((char, min(chance, round(share, 4))) for char, chance in align(columns, text))
    return Reading(text, rows, characters, form)
