"""Tones: made, and found again in what was recorded. Sound is mono, 16 bit, 48,000 samples a second throughout.

A tone that is sent must be the tone that is heard, and its delay is the distance of their beginnings: a chirp, whose
correlation with itself has one sharp peak, says it to the millisecond where a steady tone would not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

RATE: Final = 48_000
SILENCE_DB: Final = -120.0

Samples = npt.NDArray[np.int16]
_Floats = npt.NDArray[np.float64]


def tone(hertz: float, seconds: float, *, db: float = -12.0) -> Samples:
    """A steady tone, `db` below full scale, faded in and out over 5 ms so that it does not click."""
    at = np.arange(int(seconds * RATE)) / RATE
    return _pcm(np.sin(2 * np.pi * hertz * at) * 10 ** (db / 20))


def chirp(seconds: float = 0.25, *, low: float = 600.0, high: float = 2_800.0, db: float = -8.0) -> Samples:
    """A tone that rises through the telephone's band."""
    at = np.arange(int(seconds * RATE)) / RATE
    return _pcm(np.sin(2 * np.pi * (low * at + (high - low) * at**2 / (2 * seconds))) * 10 ** (db / 20))


def _pcm(wave: _Floats) -> Samples:
    edge = min(len(wave) // 2, RATE // 200)
    fade = np.ones(len(wave))
    if edge:
        fade[:edge], fade[-edge:] = np.linspace(0, 1, edge), np.linspace(1, 0, edge)
    return np.asarray(np.clip(wave * fade, -1, 1) * 32_767, dtype=np.int16)


def level_db(samples: Samples) -> float:
    """How loud, in dB below full scale (RMS; a full sine is -3); -120 for silence and for nothing."""
    if not len(samples):
        return SILENCE_DB
    rms = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    return max(SILENCE_DB, 20 * float(np.log10(rms / 32_768))) if rms else SILENCE_DB


def purity(samples: Samples, hertz: float) -> float:
    """How much of the power lies within 2 % of `hertz`: 1 for the tone alone, near 0 for anything else."""
    if not len(samples):
        return 0.0
    power = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples)))) ** 2
    whole = float(power.sum())
    step = RATE / len(samples)
    half = max(2.0 * step, hertz * 0.02)
    first, last = int((hertz - half) / step), int((hertz + half) / step) + 1
    return float(power[max(0, first) : last].sum()) / whole if whole else 0.0


def loudest(samples: Samples, seconds: float = 0.5) -> Samples:
    """The stretch of so many seconds that is loudest."""
    size = int(seconds * RATE)
    if len(samples) <= size:
        return samples
    energy = np.concatenate(([0.0], np.cumsum(samples.astype(np.float64) ** 2)))
    at = int(np.argmax(energy[size:] - energy[:-size]))
    return samples[at : at + size]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a sound lies in a recording.

    Attributes:
        at_s: seconds from the beginning.
        likeness: 1 for the sound itself, however loud; what is not in it has about 0.1.
    """

    at_s: float
    likeness: float


def find(sound: Samples, recording: Samples) -> Found:
    """Where `sound` is in `recording`, by its correlation."""
    if len(recording) < len(sound):
        return Found(0.0, 0.0)
    wave = recording.astype(np.float64)
    size = 1 << (len(wave) + len(sound) - 1).bit_length()
    spectrum = np.fft.rfft(wave, size) * np.conj(np.fft.rfft(sound.astype(np.float64), size))
    match = np.fft.irfft(spectrum, size)[: len(wave) - len(sound) + 1]
    energy = np.concatenate(([0.0], np.cumsum(wave**2)))
    local = np.sqrt(energy[len(sound) :] - energy[: -len(sound)])
    own = float(np.linalg.norm(sound.astype(np.float64)))
    floor = max(1.0, 0.05 * float(local.max(initial=0.0)))  # what is all but silent resembles anything
    like = np.abs(match) / (own * np.maximum(local, floor))
    at = int(np.argmax(like))
    return Found(at / RATE, float(like[at]))
