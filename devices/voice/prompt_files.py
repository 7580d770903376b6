"""The prompts as sounds: recorded files where a site has them, else espeak-ng's voice; a chime before, equal loudness.

A recorded file is `KEY.LANGUAGE.wav`, such as `EXAMINE.yue.wav`: mono, 16 bit, any rate. Each takes the place of one synthetic
one, so that a site can go over text by text.
"""

from __future__ import annotations

import io
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from devices.voice.prompts import ESPEAK, PROMPTS, Prompt, SpokenLanguage
from devices.voice.tone import RATE, Samples, level_db, tone
from lane_agent.wording import Scene

LOUDNESS_DB: Final = -20.0
"""What every text is brought to (RMS of what is not silent), so that one voice is as loud as the next."""

_PEAK: Final = 0.89
_PAUSE_S: Final = 0.35
_ESPEAK_S: Final = 10.0
_QUIET_DB: Final = -50.0


class PromptError(ValueError):
    """A prompt cannot be made; the text says which and what to do."""


def chime() -> Samples:
    """Two falling tones, before whatever is said: they tell a driver that words follow, in whatever language."""
    return np.concatenate((tone(784, 0.18, db=-18), tone(587, 0.28, db=-18), _pause()))


def spoken(scene: Scene, folder: Path | None) -> Samples:
    """The whole prompt of a scene: chime, then each language, as often as the table says.

    Args:
        scene: one of `PROMPTS`.
        folder: of recorded files; None for none.

    Raises:
        PromptError: espeak-ng is missing, or a file is none.
    """
    prompt = PROMPTS[scene]
    said = [part for language in SpokenLanguage for part in (one(scene, language, folder), _pause())]
    return np.concatenate((chime(), *(said * prompt.times)))


def one(scene: Scene, language: SpokenLanguage, folder: Path | None) -> Samples:
    """One text in one language, recorded or synthetic, at the common loudness.

    Raises:
        PromptError: as `spoken`.
    """
    file = None if folder is None else folder / f"{scene.value}.{language.value}.wav"
    if file is not None and file.exists():
        try:
            return levelled(read_wav(file.read_bytes()))
        except (OSError, ValueError) as error:
            raise PromptError(f"{file}: {error}: record it anew as mono, 16 bit WAV, or take it away") from error
    return levelled(_synthetic(PROMPTS[scene], language))


def _synthetic(prompt: Prompt, language: SpokenLanguage) -> Samples:
    command = ("espeak-ng", "-v", ESPEAK[language], "-s", "150", "--stdout", prompt.text(language))
    try:
        made = subprocess.run(command, capture_output=True, timeout=_ESPEAK_S, check=True)
        return read_wav(made.stdout)
    except FileNotFoundError as error:
        raise PromptError("espeak-ng is not installed: apt install espeak-ng, or record every prompt") from error
    except (subprocess.SubprocessError, ValueError) as error:
        raise PromptError(f"espeak-ng does not say {prompt.text(language)!r}: {error}") from error


def write_all(out: Path, folder: Path | None) -> Iterator[tuple[str, float, float]]:
    """Writes every text in every language, and each prompt as it is said; name, seconds and loudness (dB) of each file.

    Raises:
        PromptError: as `spoken`.
        OSError: the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    for scene in PROMPTS:
        parts = {language.value: one(scene, language, folder) for language in SpokenLanguage}
        for name, sound in (*parts.items(), ("whole", spoken(scene, folder))):
            file = f"{scene.value}.{name}.wav"
            write_wav(out / file, sound)
            yield file, len(sound) / RATE, loudness_db(sound)


def read_wav(content: bytes) -> Samples:
    """A mono 16 bit WAV at our rate.

    Raises:
        ValueError: it is none.
    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise ValueError("is not mono with 16 bit")
            rate, content = file.getframerate(), file.readframes(1 << 26)
    except (wave.Error, EOFError) as error:
        raise ValueError(f"is no WAV file ({error})") from error
    samples = np.frombuffer(content[: len(content) // 2 * 2], dtype=np.int16)
    if not len(samples):
        raise ValueError("is empty")
    if rate == RATE:
        return samples
    at = np.arange(int(len(samples) * RATE / rate)) * (rate / RATE)
    return np.asarray(np.interp(at, np.arange(len(samples)), samples), dtype=np.int16)


def write_wav(path: Path, samples: Samples) -> None:
    """Writes a mono 16 bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def loudness_db(samples: Samples) -> float:
    """RMS of the 20 ms stretches that are not silent, dB below full scale."""
    size = RATE // 50
    rows = samples[: len(samples) // size * size].reshape(-1, size)
    loud = [row for row in rows if level_db(row) > _QUIET_DB]
    return level_db(np.concatenate(loud)) if loud else level_db(samples)


def levelled(samples: Samples) -> Samples:
    """Without silence at its ends, at the common loudness, or as near to it as its peaks allow."""
    heard = np.flatnonzero(np.abs(samples.astype(np.int32)) > 100)
    samples = samples[heard[0] : heard[-1] + 1] if len(heard) else samples
    gain = 10 ** ((LOUDNESS_DB - loudness_db(samples)) / 20)
    peak = float(np.abs(samples.astype(np.float64)).max(initial=1.0)) / 32_768
    return np.asarray(samples * min(gain, _PEAK / peak), dtype=np.int16)


def _pause() -> Samples:
    return np.zeros(int(_PAUSE_S * RATE), np.int16)
