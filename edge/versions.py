"""`rocars-lane slots`: which versions of the software are on this box, and the way back to the one before.

Rules of this file: the store is never copied back. A restored copy would be a copy of the past, which is a fault
(design §2.16), and rows recorded since would be lost; instead a version says which older ones may write on in its store
(`runtime.sqlite_store`), and the way back is closed to all others.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from edge.settings.load import parse
from runtime.slots import SlotError, SlotFacts, SlotRoot
from runtime.sqlite_store import opens_from

Say = Callable[[str], None]


def print_versions(root: SlotRoot, say: Say) -> None:
    """One line a version."""
    for slot in root.slots():
        mark = "current" if slot.current else "previous" if slot.previous else ""
        say(f"{slot.name}  {mark}".rstrip())


def go_back(root: SlotRoot, config: Path, *, to: str, restart: bool, say: Say) -> None:
    """Makes the version before the current one again.

    Args:
        root: where the versions are.
        config: the lane's file, for its store.
        to: another version, by name; "" for the one before.
        restart: restart the lane, too.
        say: takes lines for a person.

    Raises:
        SlotError: there is no way back, or that version cannot read the lane's store; nothing was switched.
        LaneSettingsError: the lane's file cannot be read, so nobody can tell.
        StoreError: the store cannot be read.
    """
    name = to or root.previous
    if name is None:
        raise SlotError("there is no version before this one on this box")
    if name == root.current:
        raise SlotError(f"version {name} is the current one already")
    facts = SlotFacts.of(root.folder(name))
    if config.exists():
        _readable(parse(config).lane.store, facts)
    root.switch(name)
    say(f"version {name} is current; the way forth again: rocars-lane slots back")
    if restart:
        subprocess.run(["systemctl", "restart", "rocars-lane.service"], check=True)
        say("the lane was restarted")
    else:
        say("the lane goes on with the version it runs. Between two vehicles: systemctl restart rocars-lane")


def _readable(store: Path, facts: SlotFacts) -> None:
    if not store.exists():
        return
    least = opens_from(store)
    if facts.schema < least:
        raise SlotError(
            f"version {facts.version} knows the store's form {facts.schema}, and {store} may be written by {least} and later "
            "only. Nothing was switched; stay with this version, or ask its maintainers"
        )
