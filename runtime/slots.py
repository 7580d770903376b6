"""Versions of the software side by side, one of them current: how a package puts a new one in place, and the way back.

    ROOT/slots/0.1.0/     a version, whole or not there at all
    ROOT/slots/0.2.0/
    ROOT/current          a link to the one that starts
    ROOT/previous         a link to the one before it

Rules of this file
- A version is built under another name beside the others, brought to the medium, tried, and renamed; then the link is
  replaced in one step. Whatever breaks it off, at whatever moment, `current` leads to a whole version.
- A process that runs keeps the version it was started from: launchers resolve the link, and a version that a process
  still has mapped is not removed.
- Standard library alone: the package's script runs it before anything of ours is in place.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.files import flush_folder

FACTS = "slot.json"
_PATIENCE_S = 180


class SlotError(RuntimeError):
    """The version was not put in place, or cannot be the current one; what ran before still does. Says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFacts:
    """What `slot.json` says of a version.

    Attributes:
        version: its number.
        build: tells two builds of one number apart.
        schema: the newest form of the store that it knows.
        trial: modules that must load before it may be current.
    """

    version: str
    build: str
    schema: int
    trial: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> SlotFacts:
        """Reads them.

        Raises:
            SlotError: there is no version in this folder.
        """
        try:
            told = json.loads((folder / FACTS).read_bytes())
            return cls(
                version=str(told["version"]),
                build=str(told["build"]),
                schema=int(told["schema"]),
                trial=tuple(map(str, told["trial"])),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SlotError(f"{folder}: no version of this software is there ({error}); install the package") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One version that is in place."""

    name: str
    facts: SlotFacts
    current: bool
    previous: bool


class SlotRoot:
    """The versions below one folder.

    Args:
        root: such as /opt/rocars-lane.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._slots = root / "slots"

    @classmethod
    def of_this_process(cls) -> SlotRoot:
        """The one that this process was started from.

        Raises:
            SlotError: it was not started from a package's.
        """
        here = Path(sys.prefix).resolve()
        if here.parent.name != "slots" or not (here / FACTS).is_file():
            raise SlotError(f"{here} is no version that a package put in place; a checkout has only itself")
        return cls(here.parent.parent)

    @property
    def current(self) -> str | None:
        """The name of the version that starts."""
        return self._leads("current")

    @property
    def previous(self) -> str | None:
        """The name of the one before it."""
        return self._leads("previous")

    def folder(self, name: str) -> Path:
        """Where a version is."""
        return self._slots / name

    def slots(self) -> list[Slot]:
        """Every whole version, by name."""
        return list(self._found())

    def _found(self) -> Iterator[Slot]:
        if not self._slots.is_dir():
            return
        current, previous = self.current, self.previous
        for folder in sorted(self._slots.iterdir()):
            if not folder.name.startswith("."):
                with suppress(SlotError):
                    yield Slot(
                        name=folder.name,
                        facts=SlotFacts.of(folder),
                        current=folder.name == current,
                        previous=folder.name == previous,
                    )

    def install(self, brought: Path) -> str:
        """Puts a version in place and makes it the current one.

        Args:
            brought: its files as the package unpacked them, on the same disk: they are linked and take no room twice.

        Returns:
            Its name: the number, with a suffix where another build of that number is there already.

        Raises:
            SlotError: it is not in place; what was current still is.
        """
        facts = SlotFacts.of(brought)
        name = self._name(facts)
        try:
            if not self.folder(name).exists():
                self._build(brought, facts, name)
            self._make_current(name)
        except OSError as error:
            raise SlotError(
                f"{self._root}: {error}; make room or mend the disk, then install the package again"
            ) from error
        self._sweep()
        return name

    def switch(self, name: str) -> None:
        """Makes a version that is in place the current one.

        Raises:
            SlotError: there is none of that name, it does not load, or the disk cannot be written.
        """
        facts = SlotFacts.of(self.folder(name))
        self._try(self.folder(name), facts)
        try:
            self._make_current(name)
        except OSError as error:
            raise SlotError(f"{self._root}: {error}; nothing was switched") from error

    def _name(self, facts: SlotFacts) -> str:
        number, name = 1, facts.version
        while self.folder(name).exists() and SlotFacts.of(self.folder(name)).build != facts.build:
            number += 1
            name = f"{facts.version}-{number}"
        return name

    def _build(self, brought: Path, facts: SlotFacts, name: str) -> None:
        building = self._slots / f".{name}.building"
        if building.exists():  # left behind by a power cut
            shutil.rmtree(building)
        self._slots.mkdir(parents=True, exist_ok=True)
        shutil.copytree(brought, building, symlinks=True, copy_function=_link)
        os.sync()
        self._try(building, facts)
        building.rename(self.folder(name))
        flush_folder(self._slots)

    def _try(self, folder: Path, facts: SlotFacts) -> None:
        """Loads what must load, by that version's own interpreter: a version that cannot start is never current."""
        script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
        command = [str(folder / "bin/python"), "-I", "-B", "-c", script, *facts.trial]
        try:
            with tempfile.TemporaryDirectory() as aside:  # some libraries leave files where they are loaded
                tried = subprocess.run(
                    command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S, cwd=aside
                )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SlotError(
                f"version {facts.version} does not start ({error}); it was not made the current one"
            ) from error
        if tried.returncode:
            last = (tried.stderr.strip().splitlines() or [f"status {tried.returncode}"])[-1]
            raise SlotError(f"version {facts.version} does not load ({last}); it was not made the current one")

    def _make_current(self, name: str) -> None:
        was = self.current
        if was == name:
            return
        if was is not None:
            self._lead("previous", was)
        self._lead("current", name)

    def _leads(self, link: str) -> str | None:
        try:
            return (self._root / link).readlink().name
        except OSError:
            return None

    def _lead(self, link: str, name: str) -> None:
        fresh = self._root / f".{link}.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("slots") / name)
        fresh.replace(self._root / link)
        flush_folder(self._root)

    def _sweep(self) -> None:
        """Removes what is neither current nor the one before, and what no process runs. Never the reason for a failure."""
        with suppress(OSError):
            kept = {self.current, self.previous}
            for folder in list(self._slots.iterdir()):
                if folder.name not in kept and not _mapped(folder):
                    aside = folder.with_name(f".{folder.name.lstrip('.')}.removing")
                    folder.rename(aside)
                    shutil.rmtree(aside, ignore_errors=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}:
            raise
        shutil.copy2(source, target, follow_symlinks=False)


def _mapped(folder: Path) -> bool:
    """Whether a process has a library of this version mapped: each of ours has some."""
    wanted = os.fsencode(f"{folder}/")
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with suppress(OSError):
            if wanted in maps.read_bytes():
                return True
    return False


def main(arguments: list[str]) -> int:
    """`python -m runtime.slots ROOT BROUGHT`: the package's script."""
    root, brought = map(Path, arguments)
    try:
        name = SlotRoot(root).install(brought)
    except SlotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"version {name} is current in {root}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
