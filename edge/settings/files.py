"""The files a lane's settings name: there, readable, and private where they are secret."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from devices.errors import LabelsWrong
from devices.identifier import LabelTable
from edge.settings.sections import (
    CameraKind,
    CameraSettings,
    ConsoleSection,
    IdentifierSettings,
    LaneSettings,
    LinkSettings,
    ReaderSettings,
    ScreensSettings,
)
from runtime.toml_table import Problem

Problems = Iterator[Problem]

ENROL = "correct the path, or enrol the lane: rocars-lane enrol --config FILE"


def file_problems(sections: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the files named by the sections that could be read."""
    found: list[Problem] = []
    for name, rule in _RULES.items():
        if name in sections:
            found += rule(sections[name])
    return found


def _lane(lane: LaneSettings) -> Problems:
    yield from _folder_for("lane.store", lane.store)
    yield from _folder_for("lane.evidence", lane.evidence)


def _camera(camera: CameraSettings) -> Problems:
    if camera.path is None or camera.kind not in {CameraKind.FOLDER, CameraKind.VIDEO}:
        return  # a device may be plugged in later: that is a fault of the lane, not of its file
    right = camera.path.is_dir() if camera.kind is CameraKind.FOLDER else camera.path.is_file()
    if not right:
        yield Problem("camera.path", f"{camera.path} is no {camera.kind.value}", "correct the path")


def _reader(reader: ReaderSettings) -> Problems:
    if reader.weights is not None and not reader.weights.is_dir():
        yield Problem(
            "reader.weights", f"{reader.weights} is no folder", "name the folder of the models, or leave the key out"
        )


def _identifier(identifier: IdentifierSettings) -> Problems:
    if identifier.labels is None:
        return
    try:
        LabelTable(identifier.labels)
    except LabelsWrong as problem:
        wrong, _, remedy = str(problem).rpartition(": ")
        yield Problem("identifier.labels", wrong, remedy)


def _screens(screens: ScreensSettings) -> Problems:
    yield from _folder_for("screens.socket", screens.socket)


def _link(link: LinkSettings) -> Problems:
    yield from _secret("link.lane_key", link.lane_key, ENROL)
    if not link.core_keys.is_dir():
        yield Problem("link.core_keys", f"{link.core_keys} is no folder", ENROL)
    yield from _file("link.authority", link.authority, ENROL)
    yield from _file("link.certificate", link.certificate, ENROL)
    yield from _secret("link.key", link.key, ENROL)
    yield from _secret(
        "link.password_file", link.password_file, f"write the password as one line into {link.password_file}"
    )


def _console(console: ConsoleSection) -> Problems:
    yield from _secret(
        "console.officers",
        console.officers,
        "add a first officer: rocars-lane officer add NAME --config FILE writes it",
    )
    yield from _file("console.tls_certificate", console.tls_certificate)
    yield from _secret("console.tls_key", console.tls_key, "get it with the page's certificate, and put it there")


def _folder_for(key: str, path: Path) -> Problems:
    if not path.parent.is_dir():
        yield Problem(key, f"the folder {path.parent} does not exist", f"mkdir -p {path.parent}, for the lane's user")


def _file(key: str, path: Path | None, make: str = "correct the path, or put the file there") -> Problems:
    if path is None:
        return
    if not path.is_file():
        yield Problem(key, f"{path} does not exist", make)
    elif not os.access(path, os.R_OK):
        yield Problem(key, f"{path} cannot be read", "give it to the lane's user: chown rocars-lane")


def _secret(key: str, path: Path | None, make: str) -> Problems:
    if path is None:
        return
    if not path.is_file():
        yield Problem(key, f"{path} does not exist", make)
        return
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        yield Problem(key, f"{path} is open to other users", f"chmod 600 {path}")
    yield from _file(key, path)


_RULES: dict[str, Callable[..., Problems]] = {
    "lane": _lane,
    "camera": _camera,
    "reader": _reader,
    "identifier": _identifier,
    "screens": _screens,
    "link": _link,
    "console": _console,
}
