"""A private PostgreSQL for demonstrations, tests and torture: a cluster of its own, a child of this process.

Rules of this file:
- It listens on a Unix socket in its own folder alone, and dies with the process that started it (`simulation.children`).
- PostgreSQL refuses to run as root: then it runs as Debian's user `postgres`, and its folder is that user's.
- Made to be thrown away it does not wait for the disk (`durable=False`); whoever cuts its power makes it durable.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from simulation.children import ChildProcess

_PLACES = "/usr/lib/postgresql/15/bin:/usr/lib/postgresql/16/bin:/usr/lib/postgresql/17/bin:/usr/local/bin"
_OWNER = "postgres"
_QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
_SMALL = ("shared_buffers=32MB", "max_connections=200", "listen_addresses=", "max_wal_size=256MB", "jit=off")


class ClusterError(RuntimeError):
    """The private cluster did not start; the text says what a technician does."""


def _program(name: str) -> str:
    found = shutil.which(name, path=_PLACES) or shutil.which(name)
    if found is None:
        raise ClusterError(f"{name} is missing: install the Debian package with `apt-get install postgresql-15`")
    return found


def _as_owner() -> tuple[str, ...]:
    """Words before a command, so that it does not run as root; the kernel ends it with this process all the same."""
    if os.geteuid():
        return ()
    return ("setpriv", f"--reuid={_OWNER}", f"--regid={_OWNER}", "--init-groups", "--pdeathsig", "QUIT")


def _lives(pid: int) -> bool:
    """Whether a process runs; one that is only waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
    except OSError:
        return False


class PrivateCluster:
    """One private PostgreSQL.

    Args:
        folder: a folder of its own, which may not be there yet; a temporary one, gone with the cluster, if left out.
        durable: whether what it has committed outlives a power cut.
        settings: more of its settings, `name=value`.

    Start it from a thread that lives as long as it is wanted: the kernel ends it with that thread.
    """

    def __init__(self, folder: Path | None = None, *, durable: bool = False, settings: tuple[str, ...] = ()) -> None:
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="rocars-pg-", dir="/tmp"))
        self.folder.mkdir(exist_ok=True, parents=True)
        self._settings = (*_SMALL, *(() if durable else _QUICK), *settings)
        self._child = ChildProcess(self.folder / "server.log")
        self.data = self.folder / "data"

    @property
    def pid(self) -> int | None:
        """The server's process id, None while it does not run."""
        return self._child.pid

    def dsn(self, database: str = "postgres", *, user: str = _OWNER) -> str:
        """How to connect."""
        return f"host={self.folder} dbname={database} user={user}"

    def make(self) -> None:
        """Makes an empty cluster in its folder."""
        if not os.geteuid():
            shutil.chown(self.folder, _OWNER, _OWNER)
        self.folder.chmod(0o755)
        words = ("-D", self.data, "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self._run(_program("initdb"), *words)

    @property
    def name(self) -> str:
        """What it calls itself where it follows another."""
        return self.folder.name.replace("-", "_")

    def _source(self, other: PrivateCluster, through: Path | None) -> str:
        return f"host={through or other.folder} dbname=postgres user={_OWNER} application_name={self.name}"

    def copy_of(self, other: PrivateCluster, *, through: Path | None = None) -> None:
        """Makes it a stand-by of another cluster, which runs: `pg_basebackup`.

        Args:
            other: whom it follows from then on.
            through: where a relay to that one listens, in place of the server itself.
        """
        if not os.geteuid():
            shutil.chown(self.folder, _OWNER, _OWNER)
        self.folder.chmod(0o755)
        source = self._source(other, through)
        self._run(
            _program("pg_basebackup"), "-D", self.data, "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync"
        )

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run([*_as_owner(), *command], capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise ClusterError(f"{Path(command[0]).name}: {done.stderr.strip() or done.stdout.strip()}")

    def start(self, *, patience: float = 30.0) -> None:
        """Starts it, made if it is not there yet, and returns when it accepts connections.

        Raises:
            ClusterError: PostgreSQL is not installed, ended at once, or did not accept within `patience` seconds.
        """
        if not self.data.exists():
            self.make()
        options = [word for one in self._settings for word in ("-c", one)]
        self._child.start(
            *_as_owner(),
            _program("postgres"),
            "-D",
            self.data,
            "-c",
            f"unix_socket_directories={self.folder}",
            *options,
        )
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self._child.status is not None:
                break
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.dsn()):
                return
            time.sleep(0.02)
        raise ClusterError(f"the private PostgreSQL does not come up: {self._child.last_words()}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ends it: SIGINT in good order, SIGQUIT as a power cut of the server's process would."""
        self._child.end(number)
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """Ends it as a power cut would, all its processes at once."""
        self._child.end(signal.SIGQUIT)

    def crash(self) -> None:
        """Ends it by SIGKILL, each of its processes by its id: none of them has a last word or a last write."""
        pids = [pid for pid in (self.pid, *self._workers()) if pid is not None]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._child.wait()
        while any(map(_lives, pids)):  # what is left of it holds its memory, and no server starts before that is free
            time.sleep(0.01)

    def start_anew(self, other: PrivateCluster) -> None:
        """Makes it, ended, a stand-by of another that runs: what it had alone is gone."""
        shutil.rmtree(self.data)
        self.copy_of(other)
        self.start()

    def rewind_to(self, other: PrivateCluster) -> None:
        """Makes it, ended, a stand-by of another that runs and was once its copy: `pg_rewind`. What it had alone is gone.

        Needs `wal_log_hints` among its settings.
        """
        with psycopg.connect(other.dsn(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")  # until the first after its promotion it still names the timeline before
        options = ("-D", self.data, f"--source-server={self._source(other, None)}", "-R", "--no-sync")
        self._run(_program("pg_rewind"), *options)
        self.start()

    def follow(self, other: PrivateCluster) -> None:
        """It runs as a stand-by, and follows another from now on."""
        self.set("primary_conninfo", self._source(other, None))

    def halt(self) -> None:
        """Ends it in good order, after its stand-bys have everything; its files stay."""
        self._child.end(signal.SIGINT)

    def set(self, name: str, value: str) -> None:
        """Changes a setting while it runs; a copy made later has it too."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    def freeze(self, *, frozen: bool) -> None:
        """Stops its processes where they are, or lets them go on."""
        for pid in (*self._workers(), self.pid):
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def _workers(self) -> Iterator[int]:
        if self.pid is not None:
            yield from map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split())

    def promote(self) -> None:
        """Makes a stand-by the primary."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")

    def create(self, database: str, *, template: str = "template1") -> str:
        """Makes a database; its connection string."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"'.encode())
        return self.dsn(database)

    def drop(self, database: str) -> None:
        """Drops a database, whoever is connected to it."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'.encode())
