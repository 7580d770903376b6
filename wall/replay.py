"""A visit again, moment by moment: what both of the driver's screens showed at each row of the journal (pure).

Rules of this file:
- What a screen shows is what it has confirmed, never what it was ordered to show; where the two differ the moment is in doubt, as on
  the wall. Until a screen has confirmed something within these rows, nothing is known of it.
- Times are the lane's; a clock that was set back does not turn a story round.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console import words
from lane_agent.model import Screen
from lane_agent.wording import Scene
from wall.present import Plain, one_of

_UNKNOWN: Plain = {"scene": "", "says": "", "p": "", "ok": False}


def moments(entries: Iterable[dict[str, Any]]) -> list[Plain]:
    """For each row: milliseconds since the first (`after`), and what each screen shows then.

    Args:
        entries: the rows' entries as the lane wrote them, in order; one that cannot be read is empty.
    """
    lane, first, after, found = _Screens(), 0, 0, []
    for entry in entries:
        at = (entry.get("at") or {}).get("utc_ms")
        if isinstance(at, int):
            first = first or at
            after = max(after, at - first)
        lane.take(entry)
        found.append({"after": after, **{one.value: lane.shows(one) for one in Screen}})
    return found


class _Screens:
    """Both screens as the rows so far tell of them."""

    def __init__(self) -> None:
        self._ordered: dict[str, tuple[str, int]] = {}
        self._painted: dict[str, tuple[str, int]] = {}
        self._parameters: dict[int, str] = {}

    def take(self, entry: dict[str, Any]) -> None:
        """One row: what a screen painted, and what was ordered."""
        event = entry.get("event") or {}
        if event.get("type") == "ScenePainted":
            self._painted[str(event.get("screen"))] = (str(event.get("scene")), _number(event.get("serial")))
        for effect in entry.get("effects") or ():
            if effect.get("type") == "Show":
                serial = _number(effect.get("serial"))
                self._parameters[serial] = str(effect.get("parameter") or "")
                self._ordered |= {one.value: (str(effect.get(one.value)), serial) for one in Screen}

    def shows(self, screen: Screen) -> Plain:
        """What that screen shows now, as the wall draws it."""
        painted = self._painted.get(screen.value)
        scene = one_of(Scene, painted[0]) if painted else None
        if painted is None or scene is None:
            return _UNKNOWN
        return {
            "scene": scene.value,
            "says": words.SCENES[scene].text,
            "p": self._parameters.get(painted[1], ""),
            "ok": self._ordered.get(screen.value, painted) == painted,
        }


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
