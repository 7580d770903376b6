"""The part of the lock that a product needs at run time, versions and hashes as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_FIRST = re.compile(r"^([a-z0-9][a-z0-9._-]*)==")
_VIA = re.compile(r"^    #(?: via|  ) +([^ ]+)")


INSTALLERS = frozenset({"pip", "setuptools"})
"""Named by libraries for commands of theirs that nobody calls in the field (22 MB)."""


class PackageBuildError(RuntimeError):
    """The package cannot be built; the text says what to do."""


def locked(lock: str, libraries: Iterable[str]) -> str:
    """The entries of these libraries and of whatever they need, which the lock says in its `# via` remarks.

    Args:
        lock: the text of `config/requirements.lock`.
        libraries: by name.

    Raises:
        PackageBuildError: one of them is not in the lock.
    """
    entries = dict(_entries(lock))
    wanted = set(libraries)
    if missing := wanted - set(entries):
        raise PackageBuildError(f"not in the lock: {', '.join(sorted(missing))}; make it anew (CONTRIBUTING.md)")
    parents = {name: set(_parents(text)) for name, text in entries.items()}
    while more := {name for name, of in parents.items() if of & wanted} - wanted:
        wanted |= more
    wanted -= INSTALLERS
    return "".join(text for name, text in entries.items() if name in wanted)


def system_packages(file: Path, role: str) -> list[str]:
    """The Debian packages with this word in `config/debian-packages.txt`."""
    lines = (line.split("#")[0].split() for line in file.read_text(encoding="utf-8").splitlines())
    return [words[0] for words in lines if role in words[1:]]


def _entries(lock: str) -> Iterator[tuple[str, str]]:
    name, lines = "", list[str]()
    for line in lock.splitlines(keepends=True):
        if (first := _FIRST.match(line)) is not None:
            if name:
                yield name, "".join(lines)
            name, lines = first[1], []
        if name:
            lines.append(line)
    if name:
        yield name, "".join(lines)


def _parents(entry: str) -> Iterator[str]:
    for line in entry.splitlines():
        if (via := _VIA.match(line)) is not None:
            yield via[1]
