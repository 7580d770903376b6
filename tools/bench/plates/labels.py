"""What a folder of labelled pictures shows.

`labels.csv` has the columns file, plate, region, x, y, w, h and, but for crops, layout and quad (four corners clockwise
from the top left, "x y x y x y x y"). Regions: HK, CN-crossborder, CN, MO, and unreadable, which is left out.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from domain.lettering import lettering
from domain.marks import half_of_plate, normalise
from tools.bench.plates.wire import Corners

_SMALLEST = 10  # pixels: a narrower box was not drawn by the labeller, who only gave the text


class LabelsError(Exception):
    """The folder is not one of labelled pictures; the message says what is missing."""


class LabelKind(Enum):
    """What sort of plate; the value is the row of the table."""

    ONE_ROW = "HK one row"
    TWO_ROWS = "HK two rows"
    CROSS_BORDER = "粤Z…港, full"
    MAINLAND = "Mainland, not 粤Z"
    MACAU = "Macau"

    @property
    def hong_kong(self) -> bool:
        """Whether it is a mark that the lane could act on."""
        return self in {LabelKind.ONE_ROW, LabelKind.TWO_ROWS}


_KINDS = {
    "HK": LabelKind.ONE_ROW,
    "CN-crossborder": LabelKind.CROSS_BORDER,
    "CN": LabelKind.MAINLAND,
    "MO": LabelKind.MACAU,
}


@dataclass(frozen=True, slots=True)
class Label:
    """One readable plate; `corners` in pixels of the picture, None where only its text is known."""

    plate: str
    kind: LabelKind
    corners: Corners | None

    @property
    def officers(self) -> bool:
        """Whether a reader that obeys the law never gives this mark, however well it reads (design §2.17).

        Of one row with letters alone or digits alone, up to four, nothing proves that there is no second one; and what is
        lettering by its form never counts.
        """
        rows = (1, 1) if self.kind is LabelKind.TWO_ROWS else ()
        return self.kind.hong_kong and (half_of_plate(normalise(self.plate), rows) or bool(lettering(self.plate)))


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """One picture and its readable plates, which may be none."""

    file: Path
    labels: tuple[Label, ...]


def pictures(folder: Path) -> list[LabelledPicture]:
    """The pictures of `folder` in the order of `labels.csv`.

    A Hong Kong plate has one row unless its layout is `double_row`.

    Raises:
        LabelsError: no `labels.csv`, one of another form, or a picture that it names is missing.
    """
    found: dict[str, list[Label]] = {}
    for row in _rows(folder):
        labels = found.setdefault(row["file"], [])
        if row["region"] != "unreadable":
            labels.append(_label(row))
    return [LabelledPicture(_there(folder / file), tuple(labels)) for file, labels in found.items()]


def kept_crops(folder: Path) -> list[LabelledPicture]:
    """The half of a folder of Mainland crops that is kept for measuring: rows 1, 3, 5 … of `labels.csv`, from 0.

    The other half may be trained with. Raises as `pictures` does.
    """
    return [LabelledPicture(_there(folder / row["file"]), (_crop(row),)) for row in _rows(folder)[1::2]]


def _rows(folder: Path) -> list[dict[str, str]]:
    file = folder / "labels.csv"
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        raise LabelsError(f"{file}: {error.strerror}: give a folder that has labels.csv and its pictures") from error
    if not rows or not {"file", "plate", "region"} <= rows[0].keys():
        raise LabelsError(f"{file}: needs the columns file, plate and region, and at least one row")
    return rows


def _label(row: dict[str, str]) -> Label:
    try:
        kind = _KINDS[row["region"]]
        drawn = int(row["w"]) >= _SMALLEST
        numbers = [float(word) for word in row["quad"].split()]
    except (KeyError, ValueError) as error:
        raise LabelsError(f"labels.csv: {row['file']}: {error!r} is no region, width or corner") from error
    if kind is LabelKind.ONE_ROW and row.get("layout") == "double_row":
        kind = LabelKind.TWO_ROWS
    corners = tuple(zip(numbers[::2], numbers[1::2], strict=False))
    return Label(row["plate"], kind, corners if drawn and len(numbers) == 8 else None)


def _crop(row: dict[str, str]) -> Label:
    try:
        left, top, width, height = (float(row[name]) for name in "xywh")
    except (KeyError, ValueError) as error:
        raise LabelsError(f"labels.csv: {row['file']}: {error!r}: x, y, w and h are to be pixels") from error
    right, bottom = left + width, top + height
    return Label(row["plate"], LabelKind.MAINLAND, ((left, top), (right, top), (right, bottom), (left, bottom)))


def _there(file: Path) -> Path:
    if not file.is_file():
        raise LabelsError(f"{file}: labels.csv names it, but it is not there")
    return file
