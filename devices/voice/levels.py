"""How loud a side is, and whether anything comes from it at all."""

from __future__ import annotations

from devices.voice.tone import SILENCE_DB, Samples, level_db


class LevelMeter:
    """Takes one side's frames and tells of them a few times a second."""

    def __init__(self) -> None:
        self._loudest = SILENCE_DB
        self._flowed = False

    def take(self, frame: Samples) -> None:
        """One frame has passed."""
        self._flowed = True
        self._loudest = max(self._loudest, level_db(frame))

    def drain(self) -> tuple[bool, float]:
        """Whether frames have passed since the last time, and the loudest of them, dB below full scale."""
        told = self._flowed, round(self._loudest, 1)
        self._flowed, self._loudest = False, SILENCE_DB
        return told
