"""`rocars-bench voice --echo`: how much of the loudspeaker the kiosk's echo canceller takes out of its microphone.

A synthetic room stands between them: what the loudspeaker plays, met by noise that decays (a direct sound, then Polack's model of
what follows it, 60 dB less within `RT60_S`), is played into the microphone's sink, `ECHO_DB` softer than it was said. The
sound server is the shipped one, with the shipped module and settings; recorded are the microphone in front of the canceller
and the source that telephone and page record from. Echo return loss enhancement is the one over the other while the far end alone
speaks, after the canceller has had `LEARN_S` to learn it.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from devices.voice.prompt_files import one
from devices.voice.prompts import PROMPTS, SpokenLanguage
from devices.voice.settings import Echo
from devices.voice.sound import Loudspeaker, SoundServer
from devices.voice.tone import RATE, Samples, chirp, find, level_db
from tools.bench.voice.kiosk import Tape

RT60_S: Final = 0.25
ECHO_DB: Final = -6.0
LEAD_S: Final = 1.0
LEARN_S: Final = 6.0
PART_S: Final = 5.0
"""Of far speech alone that is measured; then as much of both, and as much of the near speech alone."""

DELAYS_MS: Final = (5, 40, 80)
"""From loudspeaker to microphone, besides what the sound server knows of its own buffers."""

_BEGIN: Final = chirp()
_MARK: Final = chirp(low=2_800.0, high=600.0)
"""Said by the near end after all else: it is no echo, stays in every recording, and tells where the rest lies in it."""

_MARKED_S: Final = LEAD_S + LEARN_S + 3 * PART_S + 0.5
_WHOLE_S: Final = _MARKED_S + 1.0


def run_echo(*, json_file: Path | None) -> dict[str, Any]:
    """The command: each canceller in a room of each delay; prints the figures as one line of JSON."""
    found = {
        method.value: {f"{delay} ms": asyncio.run(cancelled(method, delay)) for delay in DELAYS_MS} for method in Echo
    }
    figures = {"echo": found, "load": round(os.getloadavg()[0], 2)}
    line = json.dumps(figures)
    if json_file is not None:
        json_file.write_text(line + "\n", encoding="utf-8")
    print(line)
    return figures


async def cancelled(method: Echo, delay_ms: float) -> dict[str, float]:
    """One canceller in one room.

    Returns:
        `erle_db`; `residual_db`, how loud the echo still is; `near_alone_db` and `near_both_db`, how much of the driver's voice is
        left behind the canceller, alone and while the officer speaks; `echo_ms`, from what the loudspeaker is given to what
        the microphone hears, as both were recorded.
    """
    far, near = _speech()
    room = _mixed(echoed(far, delay_ms), near)
    with tempfile.TemporaryDirectory() as made:
        server = SoundServer(Path(made) / "sound", microphone="null", loudspeaker="null", echo=method)
        await server.start()
        try:
            environment = server.environment
            tapes = [Tape(environment, each) for each in ("kiosk_loudspeaker.monitor", "room.monitor", "microphone")]
            for tape in tapes:
                await tape.start()
            speakers = Loudspeaker(environment, "loudspeaker"), Loudspeaker(environment, "room")
            await asyncio.gather(speakers[0].play(far), speakers[1].play(room))
            await asyncio.sleep(0.3)
            played, raw, clean = [await tape.stop() for tape in tapes]
        finally:
            await server.stop()
    said, heard = (tape.when(find(_BEGIN, each).at_s) for tape, each in zip(tapes[:2], (played, raw), strict=True))
    echo = [_part(each, LEAD_S + LEARN_S) for each in (raw, clean)]
    alone = [_part(each, LEAD_S + LEARN_S + 2 * PART_S) for each in (raw, clean)]
    both = _part(near, LEAD_S + LEARN_S + PART_S), _part(clean, LEAD_S + LEARN_S + PART_S)
    return {
        "erle_db": round(level_db(echo[0]) - level_db(echo[1]), 1),
        "residual_db": round(level_db(echo[1]), 1),
        "near_alone_db": round(share_db(*alone), 1),
        "near_both_db": round(share_db(*both), 1),
        "echo_ms": round((heard - said) * 1_000, 1),
    }


def echoed(sound: Samples, delay_ms: float, *, seed: int = 1) -> Samples:
    """What a microphone hears of it in the synthetic room."""
    noise = np.random.default_rng(seed).normal(size=int(RT60_S * RATE))
    tail = noise * 10 ** (-3 * np.arange(len(noise)) / len(noise)) * 0.02
    response = np.concatenate((np.zeros(int(delay_ms * RATE / 1_000)), [1.0], tail))
    size = 1 << (len(sound) + len(response)).bit_length()
    wave = np.fft.irfft(np.fft.rfft(sound.astype(np.float64), size) * np.fft.rfft(response, size), size)[: len(sound)]
    wanted = np.sqrt(np.mean(sound.astype(np.float64) ** 2)) * 10 ** (ECHO_DB / 20)
    return np.asarray(np.clip(wave * wanted / np.sqrt(np.mean(wave**2)), -32_768, 32_767), dtype=np.int16)


def share_db(before: Samples, after: Samples) -> float:
    """How much of `before` is in `after`, dB: 0 for all of it, however much else is there. Both begin within 0.1 s of each other."""
    whole = before.astype(np.float64)
    size = 1 << (2 * len(whole)).bit_length()
    spectrum = np.fft.rfft(after.astype(np.float64), size) * np.conj(np.fft.rfft(whole, size))
    match = np.fft.irfft(spectrum, size)
    reach = RATE // 10
    best = float(np.max(np.abs(np.concatenate((match[:reach], match[-reach:])))))
    power = float(np.sum(whole**2))
    return 20 * float(np.log10(max(best, 1e-6 * power) / power)) if power else 0.0


def _speech() -> tuple[Samples, Samples]:
    """What the officer says, and what the driver says: the prompts in English and in Cantonese."""
    far, near = np.zeros(int(_WHOLE_S * RATE), np.int16), np.zeros(int(_WHOLE_S * RATE), np.int16)
    far[: len(_BEGIN)] = _BEGIN
    _lay(far, _talk(SpokenLanguage.ENGLISH, LEARN_S + 2 * PART_S), LEAD_S)
    _lay(near, _talk(SpokenLanguage.CANTONESE, 2 * PART_S), LEAD_S + LEARN_S + PART_S)
    _lay(near, _MARK, _MARKED_S)
    return far, near


def _talk(language: SpokenLanguage, seconds: float) -> Samples:
    said = np.concatenate([one(scene, language, None) for scene in PROMPTS])
    return np.resize(said, int(seconds * RATE))


def _lay(track: Samples, sound: Samples, at_s: float) -> None:
    at = int(at_s * RATE)
    track[at : at + len(sound)] = sound


def _mixed(one_sound: Samples, other: Samples) -> Samples:
    return np.asarray(np.clip(one_sound.astype(np.int32) + other, -32_768, 32_767), dtype=np.int16)


def _part(recording: Samples, at_s: float) -> Samples:
    """`PART_S` of a recording, from the story's own time."""
    begin = int((find(_MARK, recording).at_s - _MARKED_S + at_s) * RATE)
    return recording[max(0, begin) : max(0, begin) + int(PART_S * RATE)]
