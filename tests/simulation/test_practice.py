"""`rocars-lane demo --stay`: people practise at the page; no robot decides in their place, and nobody judges them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from simulation.officer import SimulatedOfficer
from tests.rigs.signals import hear_ctrl_c

pytestmark = pytest.mark.long

PATIENCE_S = 120


def test_a_truck_waits_for_a_person_and_goes_where_he_sends_it() -> None:
    """It stands as long as nobody decides; sent to the compound it goes there, and the judge has nothing against that."""
    program = Path(sys.executable).with_name("rocars-lane")
    with tempfile.TemporaryDirectory(prefix="rl-") as folder:
        report = Path(folder) / "report.json"
        wanted = ["--headless", "--speed", "4", "--scenario", "laden", "--stay"]
        arguments = [program, "demo", *wanted, "--folder", Path(folder) / "world", "--report", report]
        told_by = {"stderr": subprocess.PIPE, "text": True, "preexec_fn": hear_ctrl_c}
        with subprocess.Popen(arguments, **told_by) as demo:
            try:
                assert demo.stderr is not None
                said = ""
                while "Staying" not in said:
                    said += demo.stderr.readline()
                words = " ".join(said.split())
                found = re.search(r"(http://\S+)\s+\(officer: chan, password:\s+(\S+)\)", words)
                assert found, words
                asyncio.run(_practise(SimulatedOfficer(found[1], "chan", found[2])))
            finally:
                demo.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    demo.communicate(timeout=60)
        told = json.loads(report.read_text())
    assert told["verdict"] == ["as it should be"]
    assert [truck["scenario"] for truck in told["trucks"]] == ["laden"]


async def _practise(person: SimulatedOfficer) -> None:
    await person.log_in()
    await asyncio.to_thread(person._post, "/simulation", {"do": "truck", "scenario": "unbundled"})
    await _until(lambda: "OFFICER NEEDED" in str(person.view.get("headline")))
    stands = person.visit
    await asyncio.sleep(6)
    assert person.visit == stands, "somebody decided in the person's place"
    await person.act("inspect", visit=stands, reason="Exercise")
    await _until(lambda: person.visit == 0)
    assert person.view["past"][0]["outcome"] == "Inspect"
    person.leave()


async def _until(holds: object) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "the page never shows it"
        await asyncio.sleep(0.1)
