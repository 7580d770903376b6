"""Packages of Debian as they are on its mirror, whose signature apt verifies: for any architecture, and without being root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tools.package.lock import PackageBuildError
from tools.package.products import Architecture

_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SOURCES = f"""\
deb [signed-by={_KEYS}] http://deb.debian.org/debian bookworm main
deb [signed-by={_KEYS}] http://deb.debian.org/debian bookworm-updates main
deb [signed-by={_KEYS}] http://deb.debian.org/debian-security bookworm-security main
"""


class DebianMirror:
    """Debian 12's packages for one architecture, whatever this machine is.

    Args:
        folder: apt's lists and what was fetched, kept between runs.
        architecture: whose packages.
    """

    def __init__(self, folder: Path, architecture: Architecture) -> None:
        self._folder = folder / architecture.value
        self._name = architecture.value

    def fetch(self, names: Iterable[str]) -> dict[str, Path]:
        """Fetches packages in their newest version; each file by the package's name.

        Raises:
            PackageBuildError: the mirror cannot be reached, lacks one, or its signature is wrong; apt's own words.
        """
        wanted = list(names)
        fetched = self._folder / "fetched"
        for place in (fetched, self._folder / "lists/partial", self._folder / "cache/archives/partial"):
            place.mkdir(parents=True, exist_ok=True)
        (self._folder / "sources.list").write_text(_SOURCES, encoding="ascii")
        (self._folder / "status").touch()
        self._apt("update")
        for old in fetched.iterdir():
            old.unlink()
        self._apt("download", *(f"{name}:{self._name}" for name in wanted))
        return {name: next(fetched.glob(f"{name}_*.deb")) for name in wanted}

    def _apt(self, *words: str) -> None:
        place = self._folder
        options = {
            "APT::Architecture": self._name,
            "APT::Architectures": self._name,
            "APT::Sandbox::User": "",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Dir::Etc::sourcelist": place / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": place / "lists",
            "Dir::State::status": place / "status",
            "Dir::Cache": place / "cache",
        }
        command = ["apt-get", "--quiet", *(f"-o{key}={value}" for key, value in options.items()), *words]
        said = subprocess.run(
            command,
            cwd=place / "fetched",
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        if said.returncode:
            raise PackageBuildError(f"Debian's packages for {self._name}: {said.stderr.strip()[-600:]}")


def field_of(package: Path, name: str) -> str:
    """A field of a package's control file, "" if it has none."""
    asked = subprocess.run(["dpkg-deb", "-f", package, name], capture_output=True, text=True, check=True)
    return asked.stdout.strip()
