"""Log lines in systemd's journal: what goes to its socket, and what does not."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.alarm_traits import Priority
from domain.alarms import LaneAlarmKind
from runtime.journald import LEVELS, JournalHandler, encoded, is_journal, message_id, priority, told_people
from tests.rigs.places import ROOT


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    """A journal's socket."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "socket"))
    heard.settimeout(5)
    yield heard
    heard.close()


Logger = Callable[[Path], logging.Logger]


@pytest.fixture
def logger() -> Iterator[Logger]:
    """Makes loggers that write to the journal in a folder alone."""
    handlers: list[JournalHandler] = []

    def make(folder: Path) -> logging.Logger:
        handler = JournalHandler("rocars-lane", folder / "socket")
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        handlers.append(handler)
        log = logging.Logger("rocars.test")  # noqa: LOG001 -- of this test alone
        log.addHandler(handler)
        return log

    yield make
    for handler in handlers:
        handler.close()


def fields(raw: bytes) -> dict[str, str]:
    """What a message says, of one-line fields."""
    return dict(line.partition("=")[::2] for line in raw.decode().splitlines() if "=" in line)


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.CRITICAL, "2"), (logging.ERROR, "3"), (logging.WARNING, "4"), (logging.INFO, "6"), (logging.DEBUG, "7")],
)
def test_a_line_has_the_priority_of_its_level(
    tmp_path: Path, journal: socket.socket, logger: Logger, level: int, number: str
) -> None:
    """All 447 lines of a day were once of priority 6."""
    logger(tmp_path).log(level, "the camera is gone")
    said = fields(journal.recv(65_536))
    assert (said["PRIORITY"], said["MESSAGE"]) == (number, "rocars.test: the camera is gone")
    assert (said["SYSLOG_IDENTIFIER"], said["LOGGER"]) == ("rocars-lane", "rocars.test")


def test_a_line_about_an_alarm_has_its_identifier_and_fields(
    tmp_path: Path, journal: socket.socket, logger: Logger
) -> None:
    """By which `journalctl -x` finds cause and remedy."""
    logger(tmp_path).error("x", extra=told_people("FaultRaised", ALARM="FaultRaised/0/camera"))
    said = fields(journal.recv(65_536))
    assert (said["MESSAGE_ID"], said["ALARM"]) == (message_id("FaultRaised"), "FaultRaised/0/camera")


def test_no_text_can_write_a_field(tmp_path: Path, journal: socket.socket, logger: Logger) -> None:
    """A lane, or a camera, supplies much of what is logged."""
    logger(tmp_path).warning("broken\nPRIORITY=0\nMESSAGE_ID=%s", "0" * 32)
    raw = journal.recv(65_536)
    text = b"rocars.test: broken\nPRIORITY=0\nMESSAGE_ID=" + b"0" * 32
    assert raw.startswith(b"MESSAGE\n" + len(text).to_bytes(8, "little") + text + b"\nPRIORITY=4\n")
    assert encoded({"A": "x", "B": "y\nz"}) == b"A=x\nB\n\x03\x00\x00\x00\x00\x00\x00\x00y\nz\n"


def test_a_journal_that_is_gone_costs_no_line(
    tmp_path: Path, logger: Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error output has it."""
    logger(tmp_path / "nowhere").error("the camera is gone")
    assert capsys.readouterr().err == "rocars.test: the camera is gone\n"


def test_the_journal_is_known_by_the_stream_it_reads(tmp_path: Path) -> None:
    """A child whose output goes elsewhere inherits the variable and is not fooled."""
    with (tmp_path / "out").open("w") as out:
        seen = os.fstat(out.fileno())
        named = {"JOURNAL_STREAM": f"{seen.st_dev}:{seen.st_ino}"}
        assert is_journal(named, out.fileno())
        assert not is_journal(named, 2)
        assert not is_journal({}, out.fileno())
    assert not is_journal(named, 9_999)


def test_an_identifier_never_changes() -> None:
    """Somebody has a rule on it; and the catalogue explains it."""
    assert message_id("FaultRaised") == "af6122c1085e46a25d59cbadb9f1a726"
    assert f"-- {message_id('FaultRaised')}\nSubject: Equipment fault" in (ROOT / "config/rocars.catalog").read_text()
    assert [priority(LEVELS[one]) for one in Priority] == [2, 3, 4, 6]


_STORY = """
set -e
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
/lib/systemd/systemd-journald 2>/dev/null &
for _ in $(seq 100); do [ -S /run/systemd/journal/socket ] && break; sleep 0.1; done
"$1" - <<'PY'
import json
import logging
from runtime.journald import JournalHandler, told_people
log = logging.Logger("rocars.test")
log.addHandler(JournalHandler("rocars-lane"))
log.error("the camera\\nis gone", extra=told_people("FaultRaised", ALARM="FaultRaised/0/camera"))
log.info("all is well")
PY
journalctl --sync
journalctl -D /run/log/journal -o json --no-pager -t rocars-lane -p err
kill %1
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a journal of one's own needs root")
def test_systemds_own_journal_understands_it() -> None:
    """The real journald, in a mount namespace of its own: what -p err finds is the error, with its fields."""
    told = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "bash", "-c", _STORY, "story", sys.executable],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    (entry,) = map(json.loads, told.stdout.splitlines())
    assert (entry["MESSAGE"], entry["PRIORITY"]) == ("the camera\nis gone", "3")
    assert (entry["MESSAGE_ID"], entry["ALARM"]) == (message_id("FaultRaised"), "FaultRaised/0/camera")


def test_systemd_takes_the_catalogue(tmp_path: Path) -> None:
    """And finds the remedy by the identifier."""
    shipped = tmp_path / "usr/lib/systemd/catalog"
    shipped.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    shutil.copy(ROOT / "config/rocars.catalog", shipped)
    subprocess.run(["journalctl", "--update-catalog", "--root", str(tmp_path)], check=True)
    asked = ["journalctl", "--dump-catalog", "--root", str(tmp_path), message_id("RunThrough")]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    assert f"Remedy: {LaneAlarmKind.RUN_THROUGH.remedy}" in told
