"""`rocars-bench voice`: one call of each way from the press to the tones, with the recordings of both ends."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from devices.voice.prompt_files import write_wav
from devices.voice.tone import Samples, chirp, find
from lane_agent.model import Contact
from lane_agent.wording import Scene
from tools.bench.voice import sip
from tools.bench.voice.fuzz import fuzz
from tools.bench.voice.kiosk import Kiosk, Tape, kiosk, play
from tools.bench.voice.page import CHROMIUM, officer_page

LIKE = 0.4
"""A tone that went through a codec and came out has at least so much likeness with itself."""


def run(*, json_file: Path | None, messages: int) -> dict[str, Any]:
    """Both ways, and `messages` of noise; prints the figures as one line of JSON.

    Args:
        json_file: where the figures go too; the recordings go beside it.
        messages: how many of noise, 0 for none.
    """
    with tempfile.TemporaryDirectory() as made:
        beside = json_file.parent if json_file is not None else Path(made)
        figures: dict[str, Any] = {
            way: {"skipped": missing} if (missing := sip.missing(*needed)) else asyncio.run(measure(beside))
            for way, measure, needed in (("webrtc", by_page, (CHROMIUM,)), ("sip", by_telephone, ("/usr/bin/baresip",)))
        }
    if messages:
        figures["fuzz"] = fuzz(messages, seed=1)
    line = json.dumps(figures)
    if json_file is not None:
        json_file.write_text(line + "\n", encoding="utf-8")
    print(line)
    return figures


async def by_page(beside: Path) -> dict[str, Any]:
    """Box and headless Chromium on a computer of its own, over HTTPS."""
    with sip.cable(_fresh()) as (lane, office), tempfile.TemporaryDirectory() as made:
        place = Path(made)
        async with (
            kiosk({"page": True}, netns=lane, host=sip.LANE, folder=place / "kiosk") as box,
            officer_page(box, place / "officer", netns=office) as page,
        ):
            await box.well("sound")
            pressed = time.monotonic()
            await box.lane.pulse(Contact.HELP)
            rang = await page.rings()
            waited = time.monotonic() - rang
            await page.answer()
            await box.sees(Scene.TALK)
            answered = time.monotonic() - waited
            return await _measured("webrtc", beside, (pressed, rang, answered), box, page.environment)


async def by_telephone(beside: Path) -> dict[str, Any]:
    """Box and a second baresip in another network namespace."""
    with sip.cable(_fresh()) as (lane, office), tempfile.TemporaryDirectory() as made:
        place = Path(made)
        voice: dict[str, object] = {"sip": {"address": f"sip:lane@{sip.LANE}", "numbers": [f"sip:100@{sip.OFFICE}"]}}
        async with (
            sip.officer_phone(office, place / "officer") as phone,
            kiosk(voice, netns=lane, folder=place / "kiosk") as box,
        ):
            await box.well("sound", "telephone")
            pressed = time.monotonic()
            await box.lane.pulse(Contact.HELP)
            rang = await phone.hears("CALL_INCOMING", 60)
            waited = time.monotonic() - rang
            phone.does("accept")
            await box.sees(Scene.TALK)
            return await _measured("sip", beside, (pressed, rang, time.monotonic() - waited), box, phone.environment)


def _fresh() -> str:
    return f"rb{os.getpid()}"


async def _measured(
    way: str, beside: Path, moments: tuple[float, float, float], box: Kiosk, officer: dict[str, str]
) -> dict[str, Any]:
    """The tones of a call that talks, the driver's first; `moments` are when Help was pressed, when it rang, when TALK stood."""
    out, heard, out_ms = await through(box.environment, officer)
    into, played, in_ms = await through(officer, box.environment)
    write_wav(beside / f"{way}-officer-heard.wav", heard)
    write_wav(beside / f"{way}-driver-heard.wav", played)
    pressed, rang, answered = moments
    return {
        "ring_ms": round((rang - pressed) * 1_000, 1),
        "answer_ms": round((answered - rang) * 1_000, 1),
        "tone_out_ok": out >= LIKE,
        "tone_in_ok": into >= LIKE,
        "likeness": [round(out, 2), round(into, 2)],
        "delay_ms": [round(out_ms, 1), round(in_ms, 1)],
    }


async def through(said: dict[str, str], heard: dict[str, str], sink: str = "room") -> tuple[float, Samples, float]:
    """A chirp into one end's room, or another sink, and what the other end's loudspeaker plays: likeness, recording, delay in ms."""
    tape = Tape(heard, "kiosk_loudspeaker.monitor")
    await tape.start()
    moment = await play(said, sink, chirp())
    await asyncio.sleep(0.7)
    recording = await tape.stop()
    found = await asyncio.to_thread(find, chirp(), recording)  # the agent of the kiosk runs in this loop
    return found.likeness, recording, (tape.when(found.at_s) - moment) * 1_000


async def carries(said: dict[str, str], heard: dict[str, str], tries: int = 5, *, sink: str = "room") -> bool:
    """Whether a tone said at one end is heard at the other; one that a busy machine tore may be said again."""
    for _ in range(tries):
        likeness, _, _ = await through(said, heard, sink)
        if likeness >= LIKE:
            return True
    return False
