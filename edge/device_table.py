"""What every device of a lane last said: one row each, for `rocars-lane devices` and the box's health page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from devices.settings import Output, OutputSettings
from lane_agent.events import ContactChanged, Event, IdentifierRead, ImmigrationSignalled
from lane_agent.model import Contact

Troubles = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device.

    Attributes:
        name: as the settings name it.
        place: its line or port.
        state: "on", "off", what it last said, or "?" before it said anything.
        seconds: since when, None for never.
        times: how often it became active.
        trouble: what is wrong with it, "" for nothing.
    """

    name: str
    place: str
    state: str
    seconds: float | None
    times: int
    trouble: str = ""

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in ("name", "place", "state", "seconds", "times", "trouble")}


class DeviceTable:
    """The rows of one lane.

    Args:
        inputs: the line of each contact.
        outputs: the line of each output.
        others: port of each other device that speaks: "immigration", "identifier".
        troubles: what is wrong now, by name; of the contacts as `ContactFaults.causes` has it.
        lit: what the lane wants of its outputs now.
    """

    def __init__(
        self,
        *,
        inputs: Iterable[tuple[Contact, int]] = (),
        outputs: Mapping[Output, OutputSettings] = MappingProxyType({}),
        others: Mapping[str, str] = MappingProxyType({}),
        troubles: Troubles = dict,
        lit: Callable[[], Mapping[Output, bool]] = dict,
    ) -> None:
        self._inputs, self._outputs, self._others = dict(inputs), dict(outputs), dict(others)
        self._troubles, self._lit = troubles, lit
        self._said: dict[str, tuple[str, int]] = {}
        self._times: dict[str, int] = {}

    def stepped(self, event: Event, now_ms: int) -> None:
        """Something was said."""
        match event:
            case ContactChanged(contact, active, _):
                self._say(contact.value, "on" if active else "off", now_ms, counts=active)
            case ImmigrationSignalled(signal, _, vrn, _):
                said = signal.value.removeprefix("immigration_")
                self._say("immigration", f"{said} {vrn}".strip(), now_ms, counts=True)
            case IdentifierRead(_, vrn, _, _):
                self._say("identifier", vrn, now_ms, counts=True)
            case _:
                pass

    def rows(self, now_ms: int) -> list[DeviceRow]:
        """All of them: what is wrong first, then in the order of the settings."""
        troubles = dict(self._troubles())
        rows = [self._row(contact.value, f"line {line}", now_ms, troubles) for contact, line in self._inputs.items()]
        lit = self._lit()
        for output, wired in self._outputs.items():
            state = "on" if lit.get(output, False) else "off"
            trouble = troubles.pop(f"order to {output.value}", "") or troubles.pop(output.value, "")
            rows.append(DeviceRow(output.value, f"output {wired.line}", state, None, 0, trouble))
        rows += [self._row(name, port, now_ms, troubles) for name, port in self._others.items()]
        return [*(DeviceRow(name, "", "?", None, 0, why) for name, why in troubles.items()), *rows]

    def _row(self, name: str, place: str, now_ms: int, troubles: dict[str, str]) -> DeviceRow:
        state, at = self._said.get(name, ("?", None))
        seconds = None if at is None else (now_ms - at) / 1_000
        return DeviceRow(name, place, state, seconds, self._times.get(name, 0), troubles.pop(name, ""))

    def _say(self, name: str, state: str, now_ms: int, *, counts: bool) -> None:
        self._said[name] = (state, now_ms)
        self._times[name] = self._times.get(name, 0) + counts
