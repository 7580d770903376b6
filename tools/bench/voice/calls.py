"""`rocars-bench voice --calls N`: so many calls one after the other, and what the box's processes hold on the way.

Each call is the whole of it: Help is pressed, the officer answers, the driver reads TALK, each end hears what the other says
(`tools.bench.voice.ear`), the officer ends it, the driver reads something else. What a kiosk would leak into is counted while
no call is open: the voice process with its tasks, its sound server and its telephone. Agent and page run inside the bench, whose
journal is a list in memory: its memory grows with the calls, and only its descriptors, threads and tasks are looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from lane_agent.model import Contact
from lane_agent.wording import Scene
from tools.bench.processes import descriptors, family, own_mb, program, pss_mb, threads
from tools.bench.voice import sip
from tools.bench.voice.counted import counted_by
from tools.bench.voice.ear import DRIVER, OFFICER, both_speak
from tools.bench.voice.kiosk import Kiosk, kiosk, until
from tools.bench.voice.page import CHROMIUM, officer_page

LIKE: Final = 0.4
"""A chirp that went through a codec and came out has at least so much likeness with itself."""

_HEARD_S: Final = 15.0
_SETTLE_S: Final = 3.0
_WARM: Final = 0.2
"""The first fifth of a run is not judged: caches fill, the heap finds its size."""

_COUNTED: Final = (
    *("voice_fds", "voice_threads", "voice_tasks", "children", "sound_fds", "telephone_fds"),
    *("bench_fds", "bench_threads", "bench_tasks"),
)
_SLACK: Final = 8
"""So many more are no leak: a pool of threads fills, a browser's connections come and go. One a call is soon above it."""

_GROWTH_KB: Final = 10.0
"""A call may leave so much in the voice process and its children: 240 calls a day are then 2.4 MB."""

_JUDGED: Final = 100
"""Of fewer calls the memory says nothing: baresip lets go of a call half a minute after it (RFC 3261, timers H and J)."""


@dataclass(frozen=True, slots=True)
class CalledParty:
    """Who is called.

    Attributes:
        answer, end: what he does; each returns when it is done.
        environment: of his sound server.
        forget: lets go of what the bench keeps of the call that is over.
    """

    answer: Callable[[], Awaitable[object]]
    end: Callable[[], Awaitable[object]]
    environment: dict[str, str]
    forget: Callable[[], None] = lambda: None


def run_calls(*, number: int, ways: Sequence[str], json_file: Path | None) -> bool:
    """The command; prints the figures as one line of JSON, and returns whether all calls carried and nothing leaked."""
    figures: dict[str, Any] = {}
    every = max(1, min(100, number // 10))
    for way in ways:
        missing = sip.missing(CHROMIUM if way == "webrtc" else "/usr/bin/baresip")
        figures[way] = {"skipped": missing} if missing else asyncio.run(many(way, number, every=every))
    line = json.dumps({"calls": figures})
    if json_file is not None:
        json_file.write_text(line + "\n", encoding="utf-8")
    print(line)
    return all(not one.get("leaks") and one.get("carried") == number for one in figures.values())


async def many(way: str, number: int, *, every: int = 100) -> dict[str, Any]:
    """So many calls of one way: "webrtc" or "sip".

    Returns:
        `calls`, `carried` (each end heard the other), `talk_ms` and `heard_ms` (median and worst: from the answer to TALK, and
        from TALK till both had heard), `held` (what the processes hold: at the start, every so many calls, at the end),
        `growth_kb` a call (a line through what is held after the first fifth), `leaks`, `load`.
    """
    with sip.cable(f"rc{os.getpid()}") as ends, tempfile.TemporaryDirectory() as made:
        place = Path(made)
        async with _called(way, ends, place) as (box, party):
            quiet = len(list(family(box.process.pid)))
            held = [await _holds(box, place / "counted", 0, quiet)]
            talk: list[float] = []
            heard: list[float] = []
            failures: list[str] = []
            async with both_speak(box.environment, party.environment) as (driver, officer):
                for call in range(1, number + 1):
                    try:
                        await box.lane.pulse(Contact.HELP)
                        await party.answer()
                        talk.append(await box.sees(Scene.TALK))
                        driver.forget()
                        officer.forget()
                        heard.append(
                            max(
                                await asyncio.gather(
                                    driver.hears(OFFICER, like=LIKE, within_s=_HEARD_S),
                                    officer.hears(DRIVER, like=LIKE, within_s=_HEARD_S),
                                )
                            )
                        )
                    except TimeoutError:
                        failures.append(f"call {call}: {box.lane.notes()[-4:]}")
                    await party.end()
                    await box.leaves(Scene.TALK)
                    party.forget()
                    box.lane.scenes.clear()
                    if call % every == 0 or call == number:
                        held.append(await _holds(box, place / "counted", call, quiet))
            growth, leaks = judge(held)
            return {
                "calls": number,
                "carried": number - len(failures),
                "failures": failures[:20],
                "talk_ms": _two(talk),
                "heard_ms": _two(heard),
                "held": held,
                "growth_kb": growth,
                "leaks": leaks,
                "load": round(os.getloadavg()[0], 2),
            }


def judge(held: list[dict[str, Any]]) -> tuple[float, list[str]]:
    """Kilobytes that a call leaves, and what has leaked: whatever is counted and is more at the end than when it was warm.

    Args:
        held: samples of `_holds`, in order, at least two.
    """
    last = held[-1]["call"]
    warm = [one for one in held if one["call"] >= _WARM * last] or held
    leaks = [name for name in _COUNTED if warm[-1].get(name, 0) > warm[0].get(name, 0) + _SLACK]
    memory = [1_000 * sum(one.get(f"{name}_own_mb", 0.0) for name in ("voice", "sound", "telephone")) for one in warm]
    growth = float(np.polyfit([one["call"] for one in warm], memory, 1)[0]) if len(warm) > 1 else 0.0
    judged = last >= _JUDGED and growth > _GROWTH_KB
    return round(growth, 2), leaks + (["memory"] if judged else [])


@asynccontextmanager
async def _called(way: str, ends: tuple[str, str], place: Path) -> AsyncIterator[tuple[Kiosk, CalledParty]]:
    """A kiosk whose voice process counts itself, and who is called from it."""
    lane, office = ends
    counted = ("tools.bench.voice.counted", str(place / "counted"))
    async with AsyncExitStack() as stack:
        if way == "webrtc":
            box = await stack.enter_async_context(
                kiosk({"page": True}, netns=lane, host=sip.LANE, folder=place / "kiosk", program=counted, idle_s=86_400)
            )
            page = await stack.enter_async_context(officer_page(box, place / "officer", netns=office))
            await box.well("sound")
            yield box, CalledParty(page.answer, page.ends, page.environment)
            return
        phone = await stack.enter_async_context(sip.officer_phone(office, place / "officer"))
        voice: dict[str, object] = {"sip": {"address": f"sip:lane@{sip.LANE}", "numbers": [f"sip:100@{sip.OFFICE}"]}}
        box = await stack.enter_async_context(kiosk(voice, netns=lane, folder=place / "kiosk", program=counted))
        await box.well("sound", "telephone")

        async def answer() -> None:
            await phone.hears("CALL_INCOMING", 60)
            phone.does("accept")

        async def end() -> None:
            phone.does("hangup")

        yield box, CalledParty(answer, end, phone.environment, phone.heard.clear)


async def _holds(box: Kiosk, file: Path, call: int, quiet: int) -> dict[str, Any]:
    """What is held while no call is open: once no more than `quiet` processes stand, or after some seconds."""
    with contextlib.suppress(TimeoutError):
        await until(lambda: len(list(family(box.process.pid))) <= quiet, _SETTLE_S)
    found: dict[str, Any] = {"call": call} | _of_voice(box.process.pid)
    own = os.getpid()
    found |= {"bench_pss_mb": round(pss_mb(own), 1), "bench_fds": descriptors(own), "bench_threads": threads(own)}
    found |= {"bench_tasks": len(asyncio.all_tasks()), "journal": len(box.lane.journal.entries)}
    return found | await asyncio.to_thread(counted_by, box.process.pid, file)


def _of_voice(own: int) -> dict[str, Any]:
    """The voice process and its children."""
    pids = list(family(own))
    found: dict[str, Any] = {"children": len(pids) - 1}
    for pid in pids:
        name = {"pulseaudio": "sound", "baresip": "telephone"}.get(Path(program(pid)).name, "other")
        name = "voice" if pid == own else name
        for what, value in (
            ("pss_mb", pss_mb(pid)),
            ("own_mb", own_mb(pid)),
            ("fds", descriptors(pid)),
            ("threads", threads(pid)),
        ):
            found[f"{name}_{what}"] = round(found.get(f"{name}_{what}", 0) + value, 2)
    return found


def _two(seconds: list[float]) -> list[float]:
    """Median and worst in ms."""
    return [round(1_000 * float(np.median(seconds)), 1), round(1_000 * max(seconds), 1)] if seconds else []
