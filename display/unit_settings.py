"""What a screen's own unit needs of the lane's settings, and how it does without.

Rules of this file:

1. Only the section `[screens]` counts: a mistake anywhere else darkens no screen.
2. What was read is remembered beside the safe faces. A file that cannot be used changes nothing: the remembered place
   counts on. Without one, the screen shows the safe face where there is room and hears nobody.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import msgspec

from display.led.settings import LedSettings
from display.light import LightSettings
from display.settings import DEFAULT_SIZE, ScreensSettings, Size
from lane_agent.model import Screen
from runtime.toml_file import TomlFileError, read_toml
from runtime.toml_table import TableReader

log = logging.getLogger("display")


class UnitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One screen's.

    Attributes:
        output, monitor: as in `display.wayland.place.Wanted`.
        led: the line to an LED board, instead of an output.
        size: of the sign.
        socket: where the agent listens; "" if there is nobody to hear.
        silent_s: seconds of silence until the safe face.
        wording: the file of the site's own words; "" for none.
        light: as in the section.
        paint_log: the file; "" for none.
        simulated: the ribbon is shown from the start.
    """

    output: str = ""
    monitor: str = ""
    led: LedSettings | None = None
    size: Size
    socket: str = ""
    silent_s: float = 2.0
    wording: str = ""
    light: LightSettings = LightSettings()
    paint_log: str = ""
    simulated: bool = False


def read(file: Path, screen: Screen) -> UnitSettings:
    """This screen's part of the lane's file.

    Raises:
        ValueError: it cannot be used; the text says why.
    """
    try:
        table = read_toml(file, example="config/lane.toml")
    except TomlFileError as error:
        raise ValueError(f"{file}: {error.problem}") from error
    found = _section(table, file)
    each = found.of(screen)
    if not found.in_units or (each.output is None and each.led is None):
        raise ValueError(f'{file}: screens.mode: is "{found.mode.value}"; the screens\' units need "fullscreen"')
    return UnitSettings(
        output=each.output or "",
        led=each.led,
        monitor=each.monitor or "",
        size=each.size,
        socket=str(found.socket),
        silent_s=found.silent_s,
        wording="" if found.wording is None else str(found.wording),
        light=found.light,
        paint_log="" if found.paint_log is None else str(found.paint_log / f"{screen.value}.jsonl"),
        simulated=table.get("simulation") is True,
    )


def _section(table: dict[str, Any], file: Path) -> ScreensSettings:
    if "screens" not in table:
        raise ValueError(f"{file}: screens: is missing; add a section [screens]")
    reader = TableReader(file.absolute().parent, on_this_box=False)
    found = reader.read(ScreensSettings, table["screens"], "screens")
    if found is None or reader.problems():
        raise ValueError("\n".join(f"{file}: {problem}" for problem in reader.problems()))
    return found


class Remembered:
    """The settings as they were when they could be used last.

    Args:
        folder: where they are kept; None keeps nothing.
        screen: whose.
    """

    def __init__(self, folder: Path | None, screen: Screen) -> None:
        self._path = None if folder is None else folder / f"{screen.value}.json"
        self._screen = screen

    def or_new(self, file: Path) -> UnitSettings:
        """Those of the file, which are remembered; else the remembered ones; else none but a size."""
        try:
            found = read(file, self._screen)
        except ValueError as error:
            log.warning("%s: %s", self._screen.value, error)
            return self._load()
        self._keep(found)
        return found

    def _load(self) -> UnitSettings:
        unknown = UnitSettings(size=DEFAULT_SIZE[self._screen])
        if self._path is None:
            return unknown
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=UnitSettings)
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s: no settings are remembered (%s): safe face only", self._screen.value, error)
            return unknown
        log.warning("%s: the settings of before count until the file can be used", self._screen.value)
        return found

    def _keep(self, found: UnitSettings) -> None:
        content = msgspec.json.encode(found)
        if self._path is None:
            return
        new = self._path.with_suffix(".new")
        try:
            if self._path.exists() and self._path.read_bytes() == content:
                return
            new.write_bytes(content)
            new.replace(self._path)
        except OSError as error:
            log.warning("the settings cannot be remembered at %s: %s", self._path, error)


def stamp(file: Path) -> tuple[int, int, int] | None:
    """What changes when somebody writes the file."""
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns, facts.st_size
