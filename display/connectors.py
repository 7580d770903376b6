"""The connectors of this box and their monitors, as the kernel tells everybody; for those who choose, not for painting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_BLOCKS = (54, 72, 90, 108)  # the four descriptors of an EDID
_BLOCK = 18  # bytes
_NAME = b"\0\0\0\xfc\0"


@dataclass(frozen=True, slots=True)
class Plug:
    """One connector.

    Attributes:
        name: as `screens.*.output` has it.
        connected: a monitor is on it.
        monitor: make and model as the compositor tells them; "" if the monitor says nothing.
    """

    name: str
    connected: bool
    monitor: str


def plugs(root: Path = Path("/")) -> list[Plug]:
    """Every connector of every graphics card, by name.

    Args:
        root: where sys/ is.
    """
    found = (root / "sys/class/drm").glob("card*-*")
    return sorted((_plug(folder) for folder in found), key=lambda plug: plug.name)


def _plug(folder: Path) -> Plug:
    name = folder.name.partition("-")[2]
    return Plug(name, _content(folder / "status").strip() == b"connected", _monitor(_content(folder / "edid")))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _monitor(edid: bytes) -> str:
    """Three letters of the maker, and the name."""
    if len(edid) < 128:
        return ""
    letters = int.from_bytes(edid[8:10], "big")
    make = "".join(chr(64 + (letters >> shift & 31)) for shift in (10, 5, 0))
    blocks = (edid[start : start + _BLOCK] for start in _BLOCKS)
    name = next((block[len(_NAME) :] for block in blocks if block.startswith(_NAME)), b"")
    return f"{make} {name.decode('ascii', 'replace').strip()}".strip()
