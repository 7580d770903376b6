"""What the recogniser can say, and the shapes it works in: shared by the reader and by the training."""

from __future__ import annotations

from typing import Final

PROVINCES: Final = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
"""The first character of a Mainland plate (GA 36: provinces, autonomous regions and municipalities)."""
TAILS: Final = "港澳学警挂领使"
"""The last character of a Mainland plate of a special kind: cross-border, learner, police, trailer, consulate."""
ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ" + PROVINCES + TAILS
"""Class 0 is blank, class k is `ALPHABET[k - 1]`. I and O are on no plate of this road; Q on Mainland ones only."""
CLASS: Final[dict[str, int]] = {char: place + 1 for place, char in enumerate(ALPHABET)}
CROP: Final = (160, 64)
"""Width and height of a rectified plate, in pixels."""
COLUMNS: Final = 40
"""Output columns of each of the three rows: the single row, the upper of two, the lower of two."""
