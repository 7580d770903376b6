"""Which versions of the software are on this machine, and the way back to the one before: `rocars-lane slots`, `rocars-core slots`.

Rules of this file: the store is never copied back. A restored copy would be a copy of the past, which is a fault
(design §2.16), and rows recorded since would be lost; instead a version says which older ones may write on in its store
(`StoreForm`), and the way back is closed to all others.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.slots import SlotError, SlotFacts, SlotRoot
from runtime.sqlite_store import opens_from

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StoreForm:
    """A store that versions share: what it is called, and the oldest form that may still write in it."""

    name: str
    least: int

    @classmethod
    def of_file(cls, path: Path) -> StoreForm | None:
        """That of an SQLite file; None where there is none yet."""
        return cls(str(path), opens_from(path)) if path.exists() else None


def print_versions(root: SlotRoot, say: Say) -> None:
    """One line a version."""
    for slot in root.slots():
        mark = "current" if slot.current else "previous" if slot.previous else ""
        say(f"{slot.name}  {mark}".rstrip())


def go_back(root: SlotRoot, store: StoreForm | None, *, to: str, service: str, restart: bool, say: Say) -> None:
    """Makes the version before the current one again.

    Args:
        root: where the versions are.
        store: what the service writes to; None where it is not set up yet, or empty.
        to: another version, by name; "" for the one before.
        service: what runs the software.
        restart: restart it, too.
        say: takes lines for a person.

    Raises:
        SlotError: there is no way back, or that version cannot read the store; nothing was switched.
        StoreError: the store cannot be read, so nobody can tell.
    """
    name = to or root.previous
    if name is None:
        raise SlotError("there is no version before this one on this machine")
    if name == root.current:
        raise SlotError(f"version {name} is the current one already")
    facts = SlotFacts.of(root.folder(name))
    if store is not None:
        _readable(store, facts)
    root.switch(name)
    say(f"version {name} is current; the way forth again is the same command")
    if restart:
        subprocess.run(["systemctl", "restart", service], check=True)
        say(f"{service} was restarted")
    else:
        say(f"{service} goes on with the version it runs. When nothing is under way: systemctl restart {service}")


def _readable(store: StoreForm, facts: SlotFacts) -> None:
    if facts.schema < store.least:
        raise SlotError(
            f"version {facts.version} knows the store's form {facts.schema}, and {store.name} may be written by {store.least} "
            "and later "
            "only. Nothing was switched; stay with this version, or ask its maintainers"
        )
