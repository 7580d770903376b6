"""`rocars-bench voice`: one call of each way from the press to the tones, with the recordings of both ends."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from devices.voice.prompt_files import write_wav
from devices.voice.tone import RATE, Samples, chirp, find
from lane_agent.model import Contact
from lane_agent.wording import Scene
from tools.bench.voice import sip
from tools.bench.voice.fuzz import fuzz
from tools.bench.voice.kiosk import Tape, kiosk, play
from tools.bench.voice.page import officer_page

LIKE = 0.4
"""A tone that went through a codec and came out has at least so much likeness with itself."""

_BLOCK = 1_024


def run(*, json_file: Path | None, messages: int) -> dict[str, Any]:
    """Both ways, and `messages` of noise; prints the figures as one line of JSON.

    Args:
        json_file: where the figures go too; the recordings go beside it.
        messages: how many of noise, 0 for none.
    """
    with tempfile.TemporaryDirectory() as made:
        beside = json_file.parent if json_file is not None else Path(made)
        figures: dict[str, Any] = {"webrtc": asyncio.run(by_page(beside))}
        figures["sip"] = asyncio.run(by_telephone(beside)) if sip.possible() else {"skipped": "needs root and baresip"}
    if messages:
        figures["fuzz"] = fuzz(messages, seed=1)
    line = json.dumps(figures)
    if json_file is not None:
        json_file.write_text(line + "\n", encoding="utf-8")
    print(line)
    return figures


async def by_page(beside: Path) -> dict[str, Any]:
    """Box and headless Chromium."""
    with tempfile.TemporaryDirectory() as made:
        microphone = Path(made) / "officer.wav"
        write_wav(microphone, np.concatenate((chirp(), np.zeros(RATE * 2, np.int16))))
        async with kiosk({"page": True}, folder=Path(made) / "kiosk") as box, officer_page(box, microphone) as page:
            await box.well("sound")
            pressed = time.monotonic()
            await box.lane.pulse(Contact.HELP)
            await page.tab.wait_for_selector('button[data-act="answer"]:not([disabled])')
            rang = time.monotonic()
            await page.answer()
            await box.sees(Scene.TALK)
            answered = time.monotonic()
            out, heard, out_ms = await _page_hears(page, box)
            into, played, in_ms = await _page_speaks(page, box)
            write_wav(beside / "webrtc-officer-heard.wav", heard)
            write_wav(beside / "webrtc-driver-heard.wav", played)
            return _figures(pressed, rang, answered, (out, out_ms), (into, in_ms))


async def by_telephone(beside: Path) -> dict[str, Any]:
    """Box and a second baresip in another network namespace."""
    with sip.cable(f"rb{int(time.time()) % 10_000}") as (lane, office), tempfile.TemporaryDirectory() as made:
        place = Path(made)
        voice: dict[str, object] = {"sip": {"address": f"sip:lane@{sip.LANE}", "numbers": [f"sip:100@{sip.OFFICE}"]}}
        async with sip.desk(office, place / "desk") as phone, kiosk(voice, netns=lane, folder=place / "kiosk") as box:
            await box.well("sound", "telephone")
            pressed = time.monotonic()
            await box.lane.pulse(Contact.HELP)
            rang = await phone.hears("CALL_INCOMING", 60)
            phone.does("accept")
            taken = time.monotonic()
            await box.sees(Scene.TALK)
            answered = time.monotonic() - taken + rang
            out, heard, out_ms = await through(box.environment, phone.environment)
            into, played, in_ms = await through(phone.environment, box.environment)
            write_wav(beside / "sip-officer-heard.wav", heard)
            write_wav(beside / "sip-driver-heard.wav", played)
            return _figures(pressed, rang, answered, (out, out_ms), (into, in_ms))


async def through(said: dict[str, str], heard: dict[str, str]) -> tuple[float, Samples, float]:
    """A chirp into one end's room, and what the other end's loudspeaker plays: likeness, recording, delay in ms."""
    tape = Tape(heard, "kiosk_loudspeaker.monitor")
    await tape.start()
    moment = await play(said, "room", chirp())
    await asyncio.sleep(0.7)
    recording = await tape.stop()
    found = find(chirp(), recording)
    return found.likeness, recording, (tape.when(found.at_s) - moment) * 1_000


async def _page_hears(page: Any, box: Any) -> tuple[float, Samples, float]:
    await page.tape("heard")
    await asyncio.sleep(0.5)
    moment = await play(box.environment, "room", chirp())
    utc = moment + time.time() - time.monotonic()
    await asyncio.sleep(1.0)
    heard, ends = await page.taken("heard")
    found = find(chirp(), heard)
    return found.likeness, heard, (_when(found.at_s, ends) - utc) * 1_000


async def _page_speaks(page: Any, box: Any) -> tuple[float, Samples, float]:
    tape = Tape(box.environment, "kiosk_loudspeaker.monitor")
    await tape.start()
    await page.tape("said")
    await asyncio.sleep(4.0)
    said, ends = await page.taken("said")
    played = await tape.stop()
    first = find(chirp(), said)
    began = _when(first.at_s, ends) - time.time() + time.monotonic()
    skip = max(0, int((began - tape.when(0.0)) * RATE))  # the file is said again and again: the same one counts
    found = find(chirp(), played[skip : skip + RATE])
    return found.likeness, played, (tape.when(skip / RATE + found.at_s) - began) * 1_000


def _when(at_s: float, ends: list[float]) -> float:
    block = min(len(ends) - 1, int(at_s * RATE / _BLOCK))
    return ends[block] - _BLOCK / RATE + at_s - block * _BLOCK / RATE


def _figures(
    pressed: float, rang: float, answered: float, out: tuple[float, float], into: tuple[float, float]
) -> dict[str, Any]:
    return {
        "ring_ms": round((rang - pressed) * 1_000, 1),
        "answer_ms": round((answered - rang) * 1_000, 1),
        "tone_out_ok": out[0] >= LIKE,
        "tone_in_ok": into[0] >= LIKE,
        "likeness": [round(out[0], 2), round(into[0], 2)],
        "delay_ms": [round(out[1], 1), round(into[1], 1)],
    }
