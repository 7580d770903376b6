"""Databases of cores that live in a folder: one private cluster for this process, started when it is first needed.

A core's database is named here by a path that is not there as a file, such as `folder/core.db`: what lies in one folder is copied,
put back and forgotten together, and a test that needs no core starts no server.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
from concurrent.futures import Future
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from core.ledger.store import CoreStore, the_row
from simulation.cluster import PrivateCluster

_TEMPLATE = "rocars_template"
_MOST_SPARE = 12
_FORM = 11
_OWN = frozenset({"sql_files", "list_writers", "lease"})
"""What belongs to a database and not to the core that lives in it."""

_clusters: dict[int, PrivateCluster] = {}
_named: dict[Path, str] = {}
_elsewhere: dict[Path, str] = {}
_spare: list[str] = []
_numbers = iter(range(1, 10**9))


def shared_cluster() -> PrivateCluster:
    """The cluster of this process."""
    found = _clusters.get(os.getpid())
    if found is None:
        found = PrivateCluster()
        _keep(found)
        _clusters[os.getpid()] = found
        atexit.register(end_shared)
        CoreStore(found.create(_TEMPLATE), create=True).close()
    return found


def _keep(cluster: PrivateCluster) -> None:
    """Starts it from a thread of its own: the kernel ends it with that, and whoever asks first may be gone soon."""
    started = Future[None]()

    def run() -> None:
        try:
            cluster.start()
        except BaseException as error:  # noqa: BLE001 -- whoever waits for it raises it
            started.set_exception(error)
            return
        started.set_result(None)
        threading.Event().wait()

    threading.Thread(target=run, name="cluster", daemon=True).start()
    started.result()


def end_shared() -> None:
    """Ends the cluster of this process, if it has one; its databases are gone."""
    found = _clusters.pop(os.getpid(), None)
    if found is not None:
        _named.clear()
        _spare.clear()
        _shape_made.cache_clear()
        found.stop()


def has_database(path: Path) -> bool:
    """Whether the path names a database."""
    return path.absolute() in _named or path.absolute() in _elsewhere


def name_database(path: Path, dsn: str) -> None:
    """Lets a path name a database of another cluster, whose tables a core has made."""
    _elsewhere[path.absolute()] = dsn


def databases_in(folder: Path) -> list[Path]:
    """The paths in a folder that name databases, in their order."""
    return sorted(path for path in _named if path.parent == folder.absolute())


def database_at(path: Path) -> str:
    """The connection string of the database that a path names; one with empty tables is made where there is none."""
    path = path.absolute()
    if path in _elsewhere:
        return _elsewhere[path]
    cluster = shared_cluster()
    if path not in _named:
        _recycle()
        _named[path] = _spare.pop() if _spare else _made(cluster)
    return cluster.dsn(_named[path])


def _made(cluster: PrivateCluster) -> str:
    name = f"core_{next(_numbers)}"
    cluster.create(name, template=_TEMPLATE)
    return name


def _recycle() -> None:
    """Databases whose folder is gone are emptied, for the next."""
    for path in [one for one in _named if not one.parent.exists()]:
        forget_database(path)


def forget_below(folder: Path) -> None:
    """Likewise those of a folder, and of the folders in it."""
    for path in [one for one in _named if one.is_relative_to(folder.absolute())]:
        forget_database(path)


def forget_database(path: Path) -> None:
    """The path names no database any more."""
    name = _named.pop(path.absolute(), None)
    if name is None:
        return
    cluster = shared_cluster()
    with psycopg.connect(cluster.dsn(name), autocommit=True) as connection:
        is_spoilt = len(_spare) >= _MOST_SPARE or _shape(connection) != _shape_made()
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (name,),
        )
        if not is_spoilt:
            _empty(connection)
            _spare.append(name)
    if is_spoilt:  # a test may drop a table
        cluster.drop(name)


@cache
def _shape_made() -> tuple[object, ...]:
    with psycopg.connect(shared_cluster().dsn(_TEMPLATE)) as connection:
        return _shape(connection)


def _shape(connection: psycopg.Connection[tuple[Any, ...]]) -> tuple[object, ...]:
    found = connection.execute(
        "SELECT (SELECT array_agg((relname, relnatts) ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND NOT relispartition), "
        "(SELECT array_agg(sql_files ORDER BY number) FROM sql_files), (SELECT count(*) FROM pg_trigger)"
    )
    return the_row(found)


def _tables(connection: psycopg.Connection[tuple[str]], *, written: bool = False) -> list[str]:
    """Those of a core; `written`: only those that have, or had, rows."""
    sql = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
    if written:
        sql += " AND (relkind = 'p' OR pg_relation_size(oid) > 0)"
    return [name for (name,) in connection.execute(sql.encode()) if name not in _OWN]


def _empty(connection: psycopg.Connection[tuple[str]]) -> None:
    statements = [f'DELETE FROM "{name}"' for name in _tables(connection, written=True)]  # noqa: S608 (from the catalogue)
    parts = "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = to_regclass('events') AND inhrelid <> 'events_other'::regclass"
    statements += [
        f"DROP TABLE {name}" for (name,) in connection.execute(parts.encode())
    ]  # months that a core has made
    sequences = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'"
    statements += [f'ALTER SEQUENCE "{name}" RESTART' for (name,) in connection.execute(sequences.encode())]
    statements += ["UPDATE list_writers SET signer = 0, strangers = 0", "UPDATE lease SET holder = '', beat = beat + 1"]
    connection.execute("; ".join(statements).encode())


def copy_database(source: Path, target: Path) -> Path:
    """What a backup of one moment has, also while somebody writes: all tables of one database, into another."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if has_database(target):
        forget_database(target)
    copy_tables(database_at(source), database_at(target))
    return target


def copy_tables(source: str, target: str) -> None:
    """Replaces the content of one database, which a core has made, by that of another."""
    with psycopg.connect(source) as old, psycopg.connect(target) as new:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        new.execute("SET session_replication_role = replica")  # no trigger notes what is put back
        _empty(new)
        for name in _tables(old):
            with (
                old.cursor().copy(f'COPY (SELECT * FROM "{name}") TO STDOUT (FORMAT binary)'.encode()) as out,  # noqa: S608
                new.cursor().copy(f'COPY "{name}" FROM STDIN (FORMAT binary)'.encode()) as into,
            ):
                for part in out:
                    into.write(part)
        for name, last in old.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
        ):
            new.execute("SELECT setval(%s, %s)", (name, last))


def put_back_database(copy: Path, store: Path) -> None:
    """The copy takes the place of a database that nobody has open."""
    copy_tables(database_at(copy), database_at(store))


def exported(source: Path, file: Path) -> Path:
    """All tables of one moment as an SQLite file, for who judges afterwards and may not ask a server.

    Args:
        source: by what the database is called here.
        file: made anew.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with psycopg.connect(database_at(source)) as old, closing(sqlite3.connect(file)) as new:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name in _tables(old):
            columns = [
                one
                for (one,) in old.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attname <> 'place' "
                    "ORDER BY attnum",
                    (name,),
                )
            ]
            has_place = name in {"log", "events"}
            listed = ", ".join(f'"{one}"' for one in columns)
            new.execute(f'CREATE TABLE "{name}" ({listed})')
            rows = old.execute(f'SELECT {listed} FROM "{name}"{" ORDER BY place" if has_place else ""}'.encode())  # noqa: S608
            new.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" for _ in columns)})', rows)  # noqa: S608
        new.execute(f"PRAGMA user_version = {_FORM}")  # as `core.ledger.sqlite_import` takes it
        new.commit()
    return file
