"""What the recogniser can say, and the shapes it works in: shared by the reader and by the training."""

from __future__ import annotations

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ粤港澳"
"""Class 0 is blank, class k is `ALPHABET[k - 1]`. I, O and Q are never issued in Hong Kong (domain §3a)."""
CLASS: Final[dict[str, int]] = {char: place + 1 for place, char in enumerate(ALPHABET)}
CROP: Final = (160, 64)
"""Width and height of a rectified plate, in pixels."""
COLUMNS: Final = 40
"""Output columns of each of the three rows: the single row, the upper of two, the lower of two."""
