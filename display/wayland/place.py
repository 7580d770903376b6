"""Which output is a screen's, and what is wrong with it. Pure.

A screen that is not certain of its place shows the safe face and nothing else: the board's message on the panel, or the
panel's on the board of another lane, is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from display.errors import BadSizeError
from display.settings import Size, largest_fit
from display.wayland.client import WaylandOutput
from lane_agent.model import Screen


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a screen belongs.

    Attributes:
        output: the connector's name; "" if the settings could not be read and none is remembered.
        monitor: what the monitor there says of itself must contain this; "" for any.
        size: of the sign, in pixels.
    """

    screen: Screen
    output: str
    monitor: str
    size: Size


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is shown.

    Attributes:
        output: None if there is nothing to show it on.
        size: of the sign there.
        trouble: why nothing but the safe face may be shown, in words for a technician; "" if all is well.
    """

    output: WaylandOutput | None
    size: Size
    trouble: str = ""


def find(wanted: Wanted, outputs: Sequence[WaylandOutput]) -> Place:
    """The place of a screen among the outputs that have a monitor, by name."""
    if not wanted.output:
        return _anywhere(wanted, outputs)
    mine = next((each for each in outputs if each.name == wanted.output), None)
    if mine is None:
        return Place(None, wanted.size, f"no monitor on {wanted.output}; {_seen(outputs)}")
    if wanted.monitor and wanted.monitor not in mine.monitor:
        return _face_only(wanted, mine, _stranger(wanted, mine, outputs))
    if mine.size[0] < wanted.size[0] or mine.size[1] < wanted.size[1]:
        return _face_only(wanted, mine, f"{mine.name} has {_by(mine.size)} pixels, the sign {_by(wanted.size)}")
    return Place(mine, wanted.size)


def _anywhere(wanted: Wanted, outputs: Sequence[WaylandOutput]) -> Place:
    """Without settings each screen takes an output of its own, so that no monitor stays dark."""
    order = 0 if wanted.screen is Screen.XDB else 1
    trouble = f"the settings do not say which output is the screen's; {_seen(outputs)}"
    return _face_only(wanted, outputs[order], trouble) if len(outputs) > order else Place(None, wanted.size, trouble)


def _face_only(wanted: Wanted, output: WaylandOutput, trouble: str) -> Place:
    wide, tall = output.size
    if wide >= wanted.size[0] and tall >= wanted.size[1]:
        return Place(output, wanted.size, trouble)
    try:
        return Place(output, largest_fit(wanted.screen, output.size), trouble)
    except BadSizeError:
        return Place(None, wanted.size, trouble)


def _stranger(wanted: Wanted, mine: WaylandOutput, outputs: Sequence[WaylandOutput]) -> str:
    said = f"{mine.name} has the monitor '{mine.monitor}', not '{wanted.monitor}'"
    other = next((each.name for each in outputs if wanted.monitor in each.monitor), "")
    return f"{said}, which is on {other}: swap the cables" if other else said


def _seen(outputs: Sequence[WaylandOutput]) -> str:
    if not outputs:
        return "no output has one"
    return "there is " + ", ".join(f"{each.name} '{each.monitor}' {_by(each.size)}" for each in outputs)


def _by(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
