"""The command: answers, steps, check, start; every refusal in one line with what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.checks.as_service import NotAsServiceError, this_user
from edge.checks.command import check_as_service, check_command, seen_by, this_box
from edge.checks.probe import look_through_camera
from edge.settings.load import LaneSettingsError
from edge.setup.answers import read_answers
from edge.setup.interview import interview
from edge.setup.steps import REFUSALS, Agree, Say, carry_out, explained, start_lane, start_screens


def setup_command(
    config: Path, answers: Path | None, save: Path | None, *, say: Say, agree: Agree, ask: Callable[..., Any]
) -> int:
    """The whole of `rocars-lane setup`; returns its exit status (`edge.setup.steps`).

    Args:
        config: where the lane's file goes.
        answers: a file of answers; None: a person is asked.
        save: where typed answers are written, too.
        say: takes lines for a person.
        agree: asks a person yes or no.
        ask: asks a person for a text, as `typer.prompt` does.
    """
    try:
        given = read_answers(answers) if answers is not None else interview(config, save, say=say, agree=agree, ask=ask)
        status = carry_out(given, config, say=say, agree=agree)
        if status:
            return status
        start_screens(given)
        found = _check(config, say)
        start_lane(given.setup, faults=found != 0, say=say)
    except LaneSettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except REFUSALS as error:
        sys.stderr.write(f"rocars-lane setup: {explained(error)}\n")
        return 1
    return found


def _check(config: Path, say: Say) -> int:
    say("check")
    try:
        status = check_as_service(config)
    except NotAsServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if status is not None:
        return status
    return check_command(config, this_box(look_through_camera), seen_as=seen_by(this_user()))
