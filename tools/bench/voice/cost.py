"""`rocars-bench voice --cost`: what a voice takes, at rest and in a call, and what the lane's other work makes of it.

`rocars-bench lane` runs as a process of its own, again and again, on a machine without a voice, beside one that waits for a call,
and beside one that talks, by telephone and by page, with the shipped echo canceller. The officer's end (his telephone, his browser)
runs on the same machine, so that what is lost beside a call is rather too much than too little.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from lane_agent.model import Contact
from lane_agent.wording import Scene
from tools.bench.processes import cpu_of, family, pss_mb
from tools.bench.voice import sip
from tools.bench.voice.ear import both_speak
from tools.bench.voice.kiosk import Kiosk, kiosk
from tools.bench.voice.page import CHROMIUM, officer_page

_LANE: Final = "from tools.bench.cli import main; main()"
_CODES: Final = 300
_WORK: Final = ("event_to_effect", "picture_to_read")
Phases = dict[str, list[dict[str, Any]]]


def run_cost(*, rounds: int, json_file: Path | None) -> dict[str, Any]:
    """The command; prints the figures as one line of JSON."""
    missing = sip.missing("/usr/bin/baresip", CHROMIUM)
    figures = {"cost": {"skipped": missing} if missing else asyncio.run(costs(rounds))}
    line = json.dumps(figures)
    if json_file is not None:
        json_file.write_text(line + "\n", encoding="utf-8")
    print(line)
    return figures


async def costs(rounds: int, *, trucks: int = 100, visits: int = 6) -> dict[str, Any]:
    """So many rounds of each: no voice, idle, by telephone, by page.

    Returns:
        For each: `cpu_percent` of one core and `pss_mb` of the voice process and its children (median of the rounds; none where there is
        no voice), and of each of the lane's figures the median of the rounds' medians, 99th percentiles, and those of the bare
        disk or networks that were measured in turn with it, in ms.
    """
    phases: Phases = {"no voice": [], "idle": [], "by telephone": [], "by page": []}
    for _ in range(rounds):
        phases["no voice"].append(await _lane(trucks, visits))
        with sip.cable(f"rk{os.getpid()}") as ends, tempfile.TemporaryDirectory() as made:
            await _voiced(ends, Path(made), phases, (trucks, visits))
    return {name: _medians(found) for name, found in phases.items()} | {"load": round(os.getloadavg()[0], 2)}


async def _voiced(ends: tuple[str, str], place: Path, phases: Phases, work: tuple[int, int]) -> None:
    lane, office = ends
    voice: dict[str, object] = {
        "page": True,
        "echo": "webrtc",
        "sip": {"address": f"sip:lane@{sip.LANE}", "numbers": [f"sip:100@{sip.OFFICE}"]},
    }
    async with (
        sip.officer_phone(office, place / "phone") as phone,
        kiosk(voice, netns=lane, host=sip.LANE, folder=place / "kiosk") as box,
    ):
        await box.well("sound", "telephone")
        phases["idle"].append(await _beside(box, work))
        await box.lane.pulse(Contact.HELP)
        await phone.hears("CALL_INCOMING", 60)
        phone.does("accept")
        await box.sees(Scene.TALK)
        async with both_speak(box.environment, phone.environment):
            phases["by telephone"].append(await _beside(box, work))
        phone.does("hangup")
        await box.leaves(Scene.TALK)
        async with officer_page(box, place / "page", netns=office) as page:
            await box.lane.pulse(Contact.HELP)
            await page.answer()
            await box.sees(Scene.TALK)
            async with both_speak(box.environment, page.environment):
                phases["by page"].append(await _beside(box, work))


async def _beside(box: Kiosk, work: tuple[int, int]) -> dict[str, Any]:
    """The lane's work beside this kiosk, and what its voice took meanwhile; the call must have lasted."""
    scene = box.lane.agent.lane.face.aiop
    pids = list(family(box.process.pid))
    began, spent = time.monotonic(), cpu_of(*pids)
    found = await _lane(*work)
    percent = 100 * (cpu_of(*pids) - spent) / (time.monotonic() - began)
    if box.lane.agent.lane.face.aiop is not scene:
        raise RuntimeError(f"the call did not last: the driver reads {box.lane.agent.lane.face.aiop.value}")
    return found | {"cpu_percent": percent, "pss_mb": sum(pss_mb(pid) for pid in pids)}


async def _lane(trucks: int, visits: int) -> dict[str, Any]:
    """The lane's figures: name to median, 99th percentile, and that of the floor beside it, ms."""
    with tempfile.TemporaryDirectory(dir=Path(), prefix="bench-") as made:
        file = Path(made) / "lane.json"
        asked = ("lane", "--folder", made, "--trucks", str(trucks), "--visits", str(visits), "--codes", str(_CODES))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _LANE, *asked, "--json", str(file),
            env=os.environ | {"PYTHONPATH": str(Path.cwd())},
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"rocars-bench lane: {said.decode(errors='replace')[-400:]}")
        figures = json.loads(file.read_text(encoding="utf-8"))
    return {
        line["name"]: (line["p50_us"] / 1_000, line["p99_us"] / 1_000, line["floor"]["p99_us"] / 1_000)
        for part in _WORK
        for line in figures[part]
    }


def _medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in rounds[0]:
        values = [one[name] for one in rounds]
        if isinstance(values[0], tuple):
            found[name] = [round(statistics.median(column), 2) for column in zip(*values, strict=True)]
        else:
            found[name] = round(statistics.median(values), 1)
    return found
