"""Copies of the past, as faults: a store is put back from an older copy, or edited while nobody has it open.

Rules of this file:
- A store that is left is kept, for the checker: what had been acknowledged of it must still be somewhere.
- A core is put back only while every lane is connected and level: the bound of row A6 in `docs/attacks.md`. Until the
  lanes are level again no other fault is at work.
- What a copy no longer knows is tried at once: the vehicle whose bundle was used after it, one that is held.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from core.ledger.store import the_row
from runtime.clocks import utc_ms
from simulation.children import ChildProcess
from simulation.ledgers import copy_database, database_at, databases_in, exported, put_back_database
from simulation.waiting import until
from tools.torture.scene import FaultSite
from tools.torture.site import SHIPPED_LISTEN_S, TortureSite
from wire.codec import decode_record, encode
from wire.hashes import StateHash
from wire.records import BundleRecord, CargoRecord, HoldRecord, Record

LEVEL_S = 90.0
"""How long the lanes may take to be level before and after the core is put back."""

REFUSES_S = 60.0
"""Within this a core has to end by itself that was started on an edited list; on a starved machine its start alone takes 20 s."""

_OLDER = 0.3
"""How often the core gets any copy of its epoch instead of the newest."""


_STALLS = 0.3
"""How often it then stands still as soon as it can hear, for longer than it listens."""

STALLED_S = 5.0


def copied(store: Path, to: Path) -> Path:
    """Copies a store as a backup does: whole, and as of one moment, also while somebody writes."""
    to.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def put_back(copy: Path, store: Path, left: Path) -> None:
    """The copy takes the place of the store, which nobody has open; what is left of that is kept at `left`."""
    copied(store, left)
    for end in ("", "-wal", "-shm"):
        store.with_name(store.name + end).unlink(missing_ok=True)
    shutil.copy(copy, store)


def journal_of(store: Path) -> str:
    """The present name of a lane's journal."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        return str(db.execute("SELECT value FROM meta WHERE name = 'journal'").fetchone()[0])


def rows_had(copy: Path) -> dict[str, int]:
    """How many rows of each journal a copy of the core's database has."""
    with psycopg.connect(database_at(copy)) as db:
        return dict(db.execute("SELECT journal, seq FROM streams").fetchall())


def epoch_of(store: Path) -> str:
    """The epoch of the list in a core's database, by its name here."""
    with psycopg.connect(database_at(store)) as db:
        return str(the_row(db.execute("SELECT epoch FROM head"))[0])


def edit_list(store: Path, held: str) -> str:
    """Lets a vehicle go in the core's store, and computes the head anew, as somebody would who has no key.

    Args:
        store: the core's database, by its name here; the core is stopped.
        held: the mark whose hold is taken out; where it is not held, an inspection becomes a release.

    Returns:
        What was changed, "" if there was nothing to change.
    """
    with psycopg.connect(database_at(store)) as db:
        found = db.execute("SELECT kind, key, body FROM rows WHERE kind = 'hold' AND key = %s", (held,)).fetchall()
        found += db.execute("SELECT kind, key, body FROM rows ORDER BY kind DESC, key").fetchall()
        for kind, key, body in found:
            better = _let_go(decode_record(body))
            if better is None:
                continue
            db.execute("UPDATE rows SET body = %s WHERE kind = %s AND key = %s", (encode(better), kind, key))
            state = StateHash.of(decode_record(one) for (one,) in db.execute("SELECT body FROM rows"))
            db.execute("UPDATE head SET state_hash = %s, total = %s", (state.digest(), state.total()))
            db.commit()
            return f"{kind} {key}"
    return ""


def _let_go(row: Record) -> Record | None:
    """The row as it would be if it stopped nobody; None where it stops nobody."""
    match row:
        case HoldRecord(deleted=False):
            return HoldRecord(row.vrn, row.reason, deleted=True)
        case BundleRecord(deleted=False, used_by="") if any(one.code != "release" for one in row.cargo):
            cargo = tuple(CargoRecord(one.ccrn, "release") for one in row.cargo)
            return BundleRecord(row.ubr, row.vrn, row.direction, row.point, row.earliest_ms, row.valid_until_ms, cargo)
        case _:
            return None


async def level(site: TortureSite) -> bool:
    """Waits until every lane is fresh at the head and has sent everything; False where they are not in time."""
    end = asyncio.get_running_loop().time() + LEVEL_S
    while asyncio.get_running_loop().time() < end:
        version = await site.office.version()
        if version is not None and all(post.is_level(version) for post in site.posts.values()):
            return True
        await asyncio.sleep(0.1)
    return False


async def lane_restore(scene: FaultSite) -> None:
    """The lane's store is put back from a copy made some vehicles ago, or from one before that."""
    post = scene.post
    post.copies.append(copied(post.store, post.folder / "copies" / f"{len(post.copies):04}.db"))
    await asyncio.sleep(scene.seconds)
    await post.kill()
    try:
        copy = post.copies[-1] if scene.rng.random() < 0.7 else scene.rng.choice(post.copies)
        put_back(copy, post.store, post.folder / "left" / f"{len(post.copies):04}.db")
    finally:
        post.start()
    post.again.extend(list(post.used)[-2:])
    await post.simulated.until(lambda status: status["link"] == "fresh", LEVEL_S)
    post.again.extend(list(post.used)[-1:])


async def core_restore(scene: FaultSite) -> None:
    """The core's database is put back from a copy made before some vehicles were held, bundled and released, or an older one."""
    site, folder = scene.site, scene.site.core.folder / "copies"
    copy = copy_database(site.core.store, folder / f"{utc_ms():015}.db")
    if scene.rng.random() < _OLDER:
        epoch = epoch_of(copy)
        copy = scene.rng.choice([one for one in databases_in(folder) if epoch_of(one) == epoch])
    for post in site.posts.values():
        post.tempts.append("held")
    await asyncio.sleep(scene.seconds)
    async with site.gate.alone():
        if not await level(site):
            return
        await site.children.end("core", signal.SIGKILL)
        try:
            present = {post.lane: journal_of(post.store) for post in site.posts.values()}
            site.told.write(lane="", present=present, had=rows_had(copy))
            now = utc_ms()
            exported(site.core.store, site.core.folder / "left" / f"{now:015}.db")
            put_back_database(copy, site.core.store)
        finally:
            begins = site.core.process.log.stat().st_size
            site.start_core(listen_s=SHIPPED_LISTEN_S)
        if scene.rng.random() < _STALLS:
            await _stalled(site.core.process, begins)
        if not await level(site):
            site.children.crashed.append(f"core put back to {copy.name}: lanes are not level {LEVEL_S:g} s later")


async def _stalled(core: ChildProcess, begins: int) -> None:
    """Its machine has no time for it once it is connected; `begins`: where its log of this start does."""
    await until(lambda: b": connected" in core.log.read_bytes()[begins:], LEVEL_S, every_s=0.02)
    core.send(signal.SIGSTOP)
    try:
        await asyncio.sleep(STALLED_S)
    finally:
        core.send(signal.SIGCONT)


async def core_edit(scene: FaultSite) -> None:
    """Somebody takes a hold out of the core's store while it is stopped; people then begin a new epoch."""
    site, post = scene.site, scene.post
    post.tempts.append("held")
    await asyncio.sleep(scene.seconds)
    async with site.gate.alone():
        if not await level(site):
            return
        work = asyncio.create_task(_edited(site, post.held), name="core_edit")
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await work  # an edited store cannot be left so
            raise
        await level(site)


async def _edited(site: TortureSite, held: str) -> None:
    """The edited core is started: it has to end by itself. Then it is mended as `docs/centre.md` says."""
    await site.children.end("core", signal.SIGKILL)
    changed = edit_list(site.core.store, held)
    if changed:
        site.told.write(lane="", edited=changed)
        site.core.start()
        try:
            await until(lambda: site.core.process.status is not None, REFUSES_S, every_s=0.05)
        except TimeoutError:
            site.children.crashed.append(f"core went on with an edited list: {changed}")
            await site.core.process.ended(signal.SIGKILL)
        said = ("restart-log", "--reason", "somebody changed the store")
        await asyncio.to_thread(site.core.command, *said)
    site.start_core()
