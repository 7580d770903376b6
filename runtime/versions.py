"""Which versions of the software are on this machine, and the way back to the one before: `rocars-lane slots`, `rocars-core slots`.

Rules of this file: the store is never copied back. A restored copy would be a copy of the past, which is a fault
(design §2.16), and rows recorded since would be lost; instead a version says which older ones may write on in its store
(`runtime.sqlite_store`), and the way back is closed to all others.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from runtime.slots import SlotError, SlotFacts, SlotRoot
from runtime.sqlite_store import opens_from

Say = Callable[[str], None]


def print_versions(root: SlotRoot, say: Say) -> None:
    """One line a version."""
    for slot in root.slots():
        mark = "current" if slot.current else "previous" if slot.previous else ""
        say(f"{slot.name}  {mark}".rstrip())


def go_back(root: SlotRoot, store: Path | None, *, to: str, service: str, restart: bool, say: Say) -> None:
    """Makes the version before the current one again.

    Args:
        root: where the versions are.
        store: what the service writes to; None where it is not set up yet.
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
    if store is not None and store.exists():
        _readable(store, facts)
    root.switch(name)
    say(f"version {name} is current; the way forth again is the same command")
    if restart:
        subprocess.run(["systemctl", "restart", service], check=True)
        say(f"{service} was restarted")
    else:
        say(f"{service} goes on with the version it runs. When nothing is under way: systemctl restart {service}")


def _readable(store: Path, facts: SlotFacts) -> None:
    least = opens_from(store)
    if facts.schema < least:
        raise SlotError(
            f"version {facts.version} knows the store's form {facts.schema}, and {store} may be written by {least} and later "
            "only. Nothing was switched; stay with this version, or ask its maintainers"
        )
