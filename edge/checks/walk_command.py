"""`rocars-lane check --walk` and `--nightly` as a command: who is asked, what is printed, where the report lies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edge.checks.probe import lane_runs
from edge.checks.walk import Technician, WalkRefused, beside_the_lane, good, look_at_camera, seal, walk
from edge.devices_command import rows_of_the_lane
from edge.settings.load import load


def walk_command(
    config: Path,
    *,
    nightly: bool,
    say: Callable[[str], None],
    agree: Callable[[str], bool],
    ask: Callable[[str], str],
) -> int:
    """The whole command; returns its exit status.

    Raises:
        LaneSettingsError: the file cannot be used.
        WalkRefused: the lane runs.
        OSError: the report cannot be written.
    """
    settings = load(config)
    runs = lane_runs(settings)
    if runs and not nightly:
        raise WalkRefused("the lane runs, and a board has one master: close the lane, systemctl stop rocars-lane")
    name = "" if nightly else ask("Your name, for the report")
    technician = Technician(name, say, (lambda _: False) if nightly else agree)
    if runs:
        tried = beside_the_lane(rows_of_the_lane(settings))
    else:
        tried = asyncio.run(walk(settings, technician, nightly=nightly))
        tried += look_at_camera(settings, technician, settings.lane.store.parent, nightly=nightly)
    for one in tried:
        say(f"{one.result:7} {one.name}: {one.seen}")
    place = seal(settings, tried, technician, nightly=nightly, at=datetime.now(UTC))
    say(f"report: {place}")
    return 0 if good(tried) else 1
