"""Certificates of a core and a wall, and the settings by which each uses them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.enrolment.authority import Authority
from core.settings import WallsSection
from runtime.files import PRIVATE, write_whole
from tests.rigs.wall import NOW
from wall.settings import CoreLineSection
from wire.certificates import key_to_pem, new_key


class Papers:
    """An authority, the core's certificate, and a wall's."""

    def __init__(self, folder: Path, wall: str = "wall", *, clock: Callable[[], int] = lambda: NOW) -> None:
        self.folder = folder
        self.authority = Authority.make(folder / "authority", clock)
        (folder / "authority.crt").write_bytes(self.authority.pem)
        for name in ("core", wall):
            key = new_key()
            made = self.authority.for_broker(["localhost"], key.public_key(), days=9_000)
            if name != "core":
                made = self.authority.for_client(name, key.public_key(), days=9_000)
            (folder / f"{name}.crt").write_bytes(made)
            write_whole(folder / f"{name}.key", key_to_pem(key), mode=PRIVATE)

    def door(self, **lanes: tuple[str, ...]) -> WallsSection:
        """The core's side."""
        of_core = {"certificate": self.folder / "core.crt", "key": self.folder / "core.key"}
        return WallsSection(authority=self.folder / "authority.crt", lanes=lanes, **of_core)

    def line(self, port: int, wall: str = "wall") -> CoreLineSection:
        """A wall's side."""
        files = {"certificate": self.folder / f"{wall}.crt", "key": self.folder / f"{wall}.key"}
        return CoreLineSection(host="localhost", port=port, authority=self.folder / "authority.crt", **files)
