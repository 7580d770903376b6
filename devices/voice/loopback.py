"""Microphone and loudspeaker proved together: the kiosk plays a rising tone and must hear it.

It goes around the echo canceller, which would take it for what it is. Done at the start, each night, and when a technician
asks; never in a call. What is found is an alarm of the part it is about, which ends when it is found well again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import numpy as np

from devices.voice.sound import FRAME_MS, Loudspeaker, Microphone, SoundError
from devices.voice.tone import SILENCE_DB, chirp, find, level_db

LIKENESS: Final = 0.25
"""What a tone that was heard has at the least; what is not in a recording stays below 0.15."""

_LISTEN_S: Final = 2.5
_BEFORE_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class SoundProof:
    """What was found; each is "" if it is well.

    Attributes:
        microphone, loudspeaker: what is wrong with it.
        likeness: how much of the tone was heard, 0 to 1.
        level_db: how loud the microphone was.
        delay_ms: from the order to play to what was heard, the sound card's delays in it.
    """

    microphone: str = ""
    loudspeaker: str = ""
    likeness: float = 0.0
    level_db: float = SILENCE_DB
    delay_ms: float = 0.0


async def prove(microphone: Microphone, loudspeaker: Loudspeaker) -> SoundProof:
    """Plays the tone once and says what was heard of it."""
    sound = chirp()
    frames: list[np.ndarray] = []
    playing: asyncio.Task[bool] | None = None
    began = 0
    try:
        async with asyncio.timeout(_LISTEN_S + 3):
            async for frame in microphone.frames():
                frames.append(frame)
                if playing is None and len(frames) * FRAME_MS >= _BEFORE_S * 1_000:
                    began = len(frames)
                    playing = asyncio.create_task(loudspeaker.play(sound), name="proof tone")
                if (len(frames) - began) * FRAME_MS >= _LISTEN_S * 1_000 and playing is not None:
                    break
    except TimeoutError:
        pass
    except SoundError as error:
        return SoundProof(microphone=str(error), loudspeaker=str(error))
    finally:
        played = await playing if playing is not None else False
    if not frames:
        return SoundProof(microphone="the microphone gives no sound: is it plugged in, is voice.microphone right?")
    recording = np.concatenate(frames)
    level = level_db(recording)
    if level <= SILENCE_DB:
        return SoundProof(
            microphone="the microphone gives silence to the last bit: it is muted, unplugged or the wrong one"
        )
    found = find(sound, recording)
    delay_ms = found.at_s * 1_000 - began * FRAME_MS
    if not played:
        return SoundProof("", "the loudspeaker takes no sound: is voice.loudspeaker right?", found.likeness, level)
    if found.likeness < LIKENESS:
        why = "the microphone does not hear the loudspeaker: one of them is dead, too quiet or too far away"
        return SoundProof("", why, found.likeness, level)
    return SoundProof("", "", round(found.likeness, 3), round(level, 1), round(delay_ms, 1))
