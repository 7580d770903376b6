"""Debian's repmgr over four PostgreSQL servers, by the files that we ship: three at one site, of which the primary dies, or all of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psycopg
import pytest

from simulation.children import ChildProcess
from tests.rigs.places import ROOT

BIN = Path("/usr/lib/postgresql/15/bin")
NODES = (1, 2, 3, 4)
OFFSITE = 4
PATIENCE_S = 60.0
MOST_PAUSE_S = 40.0
"""Of the writer, on a busy machine; 8 to 10 s on a quiet one, of which repmgrd waits 6 before it believes that the primary is dead."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="servers run as the user postgres"),
    pytest.mark.skipif(not (BIN / "repmgr").exists(), reason="apt-get install postgresql-15-repmgr"),
]


def as_postgres(*command: str | Path) -> str:
    """Runs a command as Debian's user; what it said."""
    words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/", timeout=120)
    assert not done.returncode, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def filled(text: str, **values: str) -> str:
    """A shipped file with other values in its lines; each has to be there."""
    for name, value in values.items():
        text, times = re.subn(rf"^{name} = .*$", lambda _, line=f"{name} = '{value}'": line, text, flags=re.MULTILINE)
        assert times == 1, name
    return text


class Node:
    """One machine's server and its repmgr."""

    def __init__(self, folder: Path, number: int) -> None:
        self.name, self.folder = f"core_db_{number}", folder / f"n{number}"
        self.data, self.config = self.folder / "data", self.folder / "repmgr.conf"
        self.folder.mkdir()
        shutil.chown(self.folder, "postgres", "postgres")
        self.dsn = f"host={self.folder} user=repmgr dbname=repmgr connect_timeout=2"
        repmgr, ctl = f"{BIN}/repmgr -f {self.config}", f"{BIN}/pg_ctl -D {self.data} -w"
        start = f'{ctl} -l {self.folder}/server.log -o "-k {self.folder} -c listen_addresses=" start'
        shipped = (ROOT / "config" / "repmgr.conf.example").read_text(encoding="utf-8")
        text = filled(
            shipped,
            node_id=str(number),
            node_name=self.name,
            conninfo=self.dsn,
            data_directory=str(self.data),
            promote_command=f"{repmgr} standby promote --log-to-file",
            follow_command=f"{repmgr} standby follow --log-to-file --upstream-node-id=%n",
            service_start_command=start,
            service_stop_command=f"{ctl} -m fast stop",
            service_restart_command=f"{ctl} -m fast restart",
            service_reload_command=f"{BIN}/pg_ctl -D {self.data} reload",
            log_file=str(self.folder / "repmgr.log"),
        )
        if number == OFFSITE:
            text = filled(text, location="offsite", priority="0")
        self.config.write_text(text, encoding="utf-8")
        self.start_words = start
        self.daemon = ChildProcess(self.folder / "repmgrd.out")

    def repmgr(self, *words: str) -> str:
        """Runs repmgr here."""
        return as_postgres(BIN / "repmgr", "-f", self.config, *words)

    def start(self) -> None:
        """Starts the server."""
        as_postgres("sh", "-c", self.start_words)

    def watch(self) -> None:
        """Starts repmgrd."""
        words = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig", "KILL")
        self.daemon.start(*words, BIN / "repmgrd", "-f", self.config, "--daemonize=false", "--no-pid-file")

    def watch_no_more(self) -> None:
        """Ends repmgrd; one that looks for a server which is gone hears nothing else for half a minute."""
        if self.daemon.pid is not None:
            self.daemon.end(signal.SIGKILL)

    def crash(self) -> None:
        """Ends every process of the server by SIGKILL."""
        first = int((self.data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii").split()
        for pid in (first, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Asks the server."""
        with closing(psycopg.connect(self.dsn, autocommit=True)) as db:
            done = db.execute(sql.encode())
            return done.fetchall() if done.description else []

    def end(self) -> None:
        """Daemon and server."""
        self.watch_no_more()
        with suppress(AssertionError):
            as_postgres(BIN / "pg_ctl", "-D", self.data, "-m", "immediate", "stop")


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    """A primary, two stand-bys and an off-site copy, as `docs/offsite.md` sets them up, watched by repmgrd."""
    with (
        tempfile.TemporaryDirectory(prefix="rocars-rm-", dir="/tmp", ignore_cleanup_errors=True) as place,
        ExitStack() as ends,
    ):
        folder = Path(place)
        folder.chmod(0o755)
        made = [Node(folder, number) for number in NODES]
        for one in made:
            ends.callback(one.end)
        first = made[0]
        as_postgres(BIN / "initdb", "-D", first.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        shipped = (ROOT / "config" / "postgresql.conf.example").read_text(encoding="utf-8")
        settings = filled(shipped, synchronous_standby_names="", wal_keep_size="256MB")
        with (first.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(settings)
        first.start()
        as_postgres("createuser", "-h", first.folder, "-s", "repmgr")
        as_postgres("createdb", "-h", first.folder, "-O", "repmgr", "repmgr")
        first.repmgr("primary", "register")
        for one in made[1:]:
            one.repmgr("-h", str(first.folder), "-U", "repmgr", "-d", "repmgr", "standby", "clone", "--fast-checkpoint")
            one.start()
            one.repmgr("standby", "register")
        names = re.search(r"^synchronous_standby_names = '(.*)'$", shipped, re.MULTILINE)
        assert names is not None
        for one in made:
            text = (one.data / "postgresql.conf").read_text(encoding="utf-8")
            text = filled(text, synchronous_standby_names="" if one is made[-1] else names[1])
            (one.data / "postgresql.conf").write_text(text, encoding="utf-8")
            as_postgres(BIN / "pg_ctl", "-D", one.data, "reload")
            one.watch()
        until(lambda: states(first) == ["async", "quorum", "quorum"])
        yield made


def states(primary: Node) -> list[object]:
    """How its stand-bys follow it."""
    return [
        row[0] for row in primary.ask("SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming' ORDER BY 1")
    ]


def until(is_so: Callable[[], bool]) -> None:
    """Waits for it."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with suppress(psycopg.OperationalError):
            if is_so():
                return
        time.sleep(0.1)
    pytest.fail("not in time")


def test_the_primary_dies_and_one_of_the_others_takes_its_place(nodes: list[Node]) -> None:
    """By itself; a writer that names all of them, as core.database does, loses nothing that was acknowledged."""
    hosts = ",".join(str(one.folder) for one in nodes)
    dsn = f"host={hosts} user=repmgr dbname=repmgr target_session_attrs=read-write connect_timeout=2"
    acknowledged: list[int] = []
    longest, last = 0.0, time.monotonic()

    def write(number: int) -> bool:
        nonlocal longest, last
        with closing(psycopg.connect(dsn, autocommit=True)) as db:
            db.execute("INSERT INTO written VALUES (%s) ON CONFLICT DO NOTHING", (number,))
        acknowledged.append(number)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
        return True

    nodes[0].ask("CREATE TABLE written (number int PRIMARY KEY)")
    for number in range(200):
        if number == 100:
            nodes[0].crash()
        until(lambda number=number: write(number))  # type: ignore[misc]
    survivors = nodes[1:3]  # the one off-site has priority 0
    (primary,) = (one for one in survivors if one.ask("SELECT pg_is_in_recovery()") == [(False,)])
    assert [row[0] for row in primary.ask("SELECT number FROM written ORDER BY number")] == acknowledged
    assert longest < MOST_PAUSE_S, f"no commit for {longest:.1f} s"

    primary.ask("CHECKPOINT")  # before it the rewound server would follow the old timeline, and be refused for ever
    nodes[0].repmgr("node", "rejoin", "-d", primary.dsn, "--force-rewind")
    until(lambda: states(primary) == ["async", "quorum", "quorum"])
    until(lambda: nodes[0].ask("SELECT count(*) FROM written") == [(200,)])
    assert "* running" in primary.repmgr("cluster", "show")


def test_the_first_site_dies_and_comes_back_by_the_written_steps(nodes: list[Node]) -> None:
    """Nobody is promoted by himself; people promote the off-site copy, and later give the first site its place again."""
    *home, away = nodes
    home[0].ask("CREATE TABLE written (number int PRIMARY KEY)")
    until(lambda: away.ask("SELECT count(*) FROM written") == [(0,)])
    for one in home:
        one.crash()
        one.watch_no_more()
    time.sleep(15)  # more than repmgrd waits
    assert away.ask("SELECT pg_is_in_recovery()") == [(True,)]
    away.repmgr("standby", "promote")
    away.ask("INSERT INTO written VALUES (1)")

    away.ask("CHECKPOINT")
    home[0].repmgr("node", "rejoin", "-d", away.dsn, "--force-rewind")
    for one in home[1:]:
        one.repmgr(
            "-h", str(away.folder), "-U", "repmgr", "-d", "repmgr", "standby", "clone", "--force", "--fast-checkpoint"
        )
        one.start()
        one.repmgr("standby", "register", "--force")
    until(lambda: states(away) == ["async"] * 3)
    away.repmgr("service", "pause")
    away.watch_no_more()
    as_postgres(BIN / "pg_ctl", "-D", away.data, "-w", "-m", "fast", "stop")
    home[0].repmgr("standby", "promote")
    for one in home[1:]:
        one.repmgr("standby", "follow")
    until(lambda: len(states(home[0])) == 2)
    assert home[0].ask("SELECT number FROM written") == [(1,)]
