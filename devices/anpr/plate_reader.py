"""The plate reader: a picture in, its plates out. Detector, second look, rectification, recogniser, grammar."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.alphabet import CROP
from devices.anpr.background import background_of
from devices.anpr.contrast import levelled
from devices.anpr.ctc import Reading, rows_of
from devices.anpr.ctc import decode as spell
from devices.anpr.detections import CORNERS, SIDE, STRIDE, Detection, apart, beside, peaks, placed
from devices.anpr.engines import Engine
from devices.anpr.grammar import grammar_of
from devices.anpr.look import A_PLATE, NO_LABEL, FindKind, SecondLook, grown, sampled
from devices.anpr.pairing import PLAIN
from devices.anpr.plate_read import PlateRead, Region
from devices.anpr.spacing import DOUBT, middles, spaced
from domain.lettering import like_orange_board, may_be_lettering
from domain.marks import Family, family, too_long_for_rows

Picture = NDArray[np.uint8]


EDGE = 1.0
"""Pixels that must be left between a plate and the picture's edge."""
_LEVELS = np.arange(256, dtype=np.float32) * np.float32(1 / 127.5) - 1  # of the input, by those of the picture
GREY = _LEVELS[128]  # what fills the input beside the picture
CUTS = ((1.06, 1.06), (1.03, 1.03), (1.25, 1.06))
"""How much wider, and how much higher, than the plate as found the cuts are; the first is the best for a single picture.

Plates are found a little too narrow, and a cut through the first letter costs more than some bumper around it. The
pictures of a visit take the cuts in turn, so that what one cut does to a character is not done in every picture. The
widest shows what the others lost beside the plate's ends, and no more of the plate above or below.
"""

OTHER_ROW = {FindKind.UPPER_ROW: -0.5, FindKind.LOWER_ROW: 0.5}
"""How far up the middle of the whole plate is from that of one row's, in heights of a row."""
Found = tuple[Detection, SecondLook]


def fitted(image: Picture, side: int) -> tuple[NDArray[np.float32], float]:
    """The picture as the detector takes it, and the scale it was brought to.

    The longer side becomes `side`; right and below it is filled up to multiples of 64.
    """
    scale = side / max(image.shape[:2])
    height, width = (max(32, round(edge * scale)) for edge in image.shape[:2])
    small = cv2.resize(_halved(image, scale), (width, height), interpolation=cv2.INTER_LINEAR)
    batch = np.empty((1, 3, -(-height // 64) * 64, -(-width // 64) * 64), np.float32)
    batch[..., height:, :] = GREY
    batch[..., :height, width:] = GREY
    for plane, target in enumerate(batch[0]):
        cv2.LUT(cv2.extractChannel(small, plane), _LEVELS, target[:height, :width])
    return batch, scale


def _halved(image: Picture, scale: float) -> Picture:
    """The picture halved as often as it can be without falling below what is wanted; every pixel counts.

    Halving by twos is many times quicker than the area average of any other factor, and no worse for finding plates.
    """
    while scale <= 0.5 and min(image.shape[:2]) > 1:
        image = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        scale *= 2
    return image


def rectified(image: Picture, corners: NDArray[np.float32], cut: tuple[float, float] = CUTS[0]) -> Picture:
    """The plate straightened, (64, 160, 3), with a little of its surroundings.

    Args:
        image: the whole picture.
        corners: of the plate.
        cut: how much wider, and how much higher, than the plate it is.
    """
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 4
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 4
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    more = signs[:, :1] * along * (cut[0] - 1) + signs[:, 1:] * down * (cut[1] - 1)
    wide = (corners + more).astype(np.float32)
    width, height = CROP
    factor = int(np.clip(round(float(np.linalg.norm(wide[1] - wide[0])) / width), 1, 4))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) * factor
    warp = cv2.getPerspectiveTransform(wide, target)
    big = cv2.warpPerspective(image, warp, (width * factor, height * factor), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(big, CROP, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What the detector made of a picture.

    Attributes:
        found: where plates are, best first; their corners in pixels of the picture.
        features: what it saw, (channels, rows, columns of cells).
        scale: from pixels of the picture to those that it looked at.
    """

    found: list[Detection]
    features: NDArray[np.float32]
    scale: float

    def look_at(self, corners: NDArray[np.float32]) -> NDArray[np.float32]:
        """What it saw of a find, as the second look takes it; `corners` in pixels of the picture."""
        return sampled(self.features, np.asarray(corners * self.scale / STRIDE - 0.5, np.float32))


class PlateReader:
    """Reads every plate of a picture.

    Args:
        engine: what runs the networks.
        side: the longer side, in pixels, that the detector looks at the picture with.
        threshold: detector scores below it are no plates.
    """

    def __init__(self, engine: Engine, *, side: int = SIDE, threshold: float = 0.35) -> None:
        self.engine = engine
        self.side = side
        self.threshold = threshold

    def read(self, image: Picture, *, turn: int = 0) -> tuple[PlateRead, ...]:
        """The plates of a picture (height, width, 3) blue-green-red, the surest first.

        Args:
            image: the picture.
            turn: its number among the pictures of a visit; it chooses the cut.
        """
        view = self.view(image)
        found = self.seen(view)
        if not found:
            return ()
        cut = CUTS[turn % len(CUTS)]
        crops = [rectified(image, plate.corners, cut) for plate, _ in found]
        output = self.engine.run("recogniser", np.stack([levelled(_grey(crop)) for crop in crops])[:, None])
        return tuple(
            _read(each, crop, chances, whole=_whole(each[0], image))
            for each, crop, chances in zip(found, crops, output, strict=True)
        )

    def seen(self, view: View) -> list[Found]:
        """What a second look makes of the finds; of one row of a plate that has two, the whole plate."""
        looked = self._look(view, view.found)
        halves = [(plate, look) for plate, look in looked if look.kind in OTHER_ROW]
        if not halves:
            return looked
        whole = [
            Detection(plate.score, grown(plate.corners, 1.0, 2.0, up=OTHER_ROW[look.kind])) for plate, look in halves
        ]
        mended = [each for each in self._look(view, whole) if each[1].kind is FindKind.TWO_ROWS]
        return _apart([*mended, *looked])

    def _look(self, view: View, found: list[Detection]) -> list[Found]:
        if not found:
            return []
        chances = self.engine.run("look", np.stack([view.look_at(plate.corners) for plate in found]))
        return [(plate, SecondLook(tuple(map(float, row)))) for plate, row in zip(found, chances, strict=True)]

    def view(self, image: Picture) -> View:
        """What the detector makes of the picture."""
        batch, scale = fitted(image, self.side)
        output = self.engine.run("detector", batch)[0]
        heat, features = output[0], output[1:]
        at = peaks(heat, threshold=self.threshold)
        offsets = self.engine.run("corners", beside(features, at)) if len(at) else np.empty((0, CORNERS), np.float32)
        found = placed(heat, at, offsets)
        whole = [Detection(one.score, np.asarray(one.corners / scale, np.float32)) for one in found]
        return View(whole, features, scale)


def _apart(found: list[Found]) -> list[Found]:
    """Without those that share most of their area with a surer one: what is surely whole first."""
    kept: list[Found] = []
    for plate, look in sorted(found, key=lambda each: -max(each[1].plate(1), each[1].plate(2))):
        if all(apart(plate.corners, other.corners) for other, _ in kept):
            kept.append((plate, look))
    return sorted(kept, key=lambda each: -each[0].score)


def _grey(cut: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(cut, cv2.COLOR_BGR2GRAY), np.uint8)


def _whole(plate: Detection, image: Picture) -> bool:
    """Whether all of it is in the picture; for a plate that is cut off the detector returns corners outside.

    Of such a plate, as a vehicle leaves, the last characters are gone, and what is left is read with all confidence.
    """
    far = np.array(image.shape[1::-1]) - 1 - EDGE
    return bool((plate.corners >= EDGE).all() and (plate.corners <= far).all())


def _is_board(reading: Reading, lengths: tuple[int, ...], explained: float, score: float) -> bool:
    """Whether so much speaks for a label or a board that no character of it is sure, however clearly it is read.

    Args:
        reading: a Hong Kong mark by its form.
        lengths: of its rows; empty where that is not certain.
        explained: how surely the second look sees a plate.
        score: the detector's.
    """
    if may_be_lettering(reading.text) and (explained < NO_LABEL or score < PLAIN):
        return True
    if like_orange_board(reading.text, reading.rows):
        return explained < A_PLATE or family(reading.text) is not Family.ORDINARY
    upright = lengths == (1, 1)  # two of a container's characters, one above the other
    return upright or too_long_for_rows(lengths)


def _read(found: Found, crop: Picture, chances: NDArray[np.float32], *, whole: bool) -> PlateRead:
    plate, look = found
    grammar = grammar_of(background_of(crop, chances))
    reading = spell(chances, grammar)
    region = reading.form.region if reading.form else Region.UNKNOWN
    characters = spaced(reading.characters, chances)
    explained = look.plate(reading.rows)
    lengths = tuple(len(middles(row)) for row in rows_of(chances))
    lengths = lengths if sum(lengths) == len(reading.text) else ()
    board = region is Region.HONG_KONG and _is_board(reading, lengths, explained, plate.score)
    if board or not look.explains(reading.rows):
        characters = tuple((char, min(chance, DOUBT)) for char, chance in characters)
    confidence = min((chance for _, chance in characters), default=0.0)
    score = round(plate.score, 4)
    return PlateRead(
        reading.text,
        region,
        reading.rows,
        plate.corners,
        confidence,
        characters,
        score,
        inside=whole,
        lengths=lengths,
        explained=round(explained, 4),
    )
