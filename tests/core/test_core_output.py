"""The commands print whatever lanes and strangers supply as text: no markup, no orders to the terminal, no early end."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.cli.app import main
from core.cli.output import shown
from core.link.gateway import LaneMessage
from core.logins import own_login
from core.model.people import TRADE, Account, Role
from core.office import people
from core.office.admin import AdminServer
from core.office.admin_handler import AdminHandler
from core.office.door import PeopleDoor
from simulation.ledgers import database_at
from wire import messages as wire
from wire.envelope import Signer, public_to_pem

HOSTILE = "[/red][bold]AB1[link=x]\x1b[2J\x9b31m\u202etxt\u2028\r\nlane x: done 火"
"""Markup that closes what was not opened, orders to a terminal in two alphabets, text turned round, lines of its own."""


class Desk:
    """A core without a network whose operators' socket is served in a thread, and the command line."""

    def __init__(self, folder: Path, lane: Any) -> None:
        self.folder, self.lane = folder, lane
        self.serial = 0
        self.broke: BaseException | None = None
        self.loop = asyncio.new_event_loop()
        self.core: Any = None
        self.listening = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def begin(self, make: Callable[[], Any]) -> None:
        """Makes the core in the thread that will use it, and serves it."""
        self.make = make
        self.thread.start()
        self.listening.wait()
        if self.broke is not None:
            raise self.broke

    def _serve(self) -> None:
        async def run() -> None:
            self.core = core = self.make()
            roles = tuple(set(Role) - TRADE)
            with core.store.transaction() as connection:
                people.add_account(connection, Account(name="desk", roles=roles, login=own_login()))
            handler = AdminHandler(
                door=PeopleDoor(core.store, core.clock),
                store=core.store,
                log=core.log,
                office=core.office,
                exchange=core.exchange,
                intake=core.intake,
                projection=core.projection,
                compound=core.compound,
                gallery=core.gallery,
                clock=core.clock,
                publish=lambda _: None,
                brokers=dict,
            )
            server = AdminServer(self.folder / "s", handler.serve, self.listening.set)
            self.task = asyncio.create_task(server.run())
            with contextlib.suppress(asyncio.CancelledError):
                await self.task
            core.store.close()

        try:
            self.loop.run_until_complete(run())
        except BaseException as error:  # noqa: BLE001 -- whoever waits for it raises it
            self.broke = error
        finally:
            self.listening.set()

    def hears(self, *messages: LaneMessage) -> None:
        """The core hears them, in its own thread."""

        async def hear() -> None:
            self.core.exchange.hear(list(messages))

        asyncio.run_coroutine_threadsafe(hear(), self.loop).result(10)

    def run(self, *words: str) -> str:
        """Runs a command, as the entry point does; it must succeed."""
        out = io.StringIO()
        code: object = None
        line, sys.argv = sys.argv, ["rocars-core", words[0], "--config", str(self.folder / "core.toml"), *words[1:]]
        try:
            with contextlib.redirect_stdout(out):
                main()
        except SystemExit as left:
            code = left.code
        finally:
            sys.argv = line
        assert not code
        return out.getvalue()

    def end(self) -> None:
        """Ends the thread."""
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.loop.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, make_lane: Any, core_class: Any, clock_class: Any) -> Iterator[Desk]:
    """A core that has heard a hostile lane, and a stranger who signs nothing; the commands look, and change nothing."""
    folder, lane, core_signer = tmp_path_factory.mktemp("desk"), make_lane("szb-in-01"), Signer.generate("core-1")
    made = Desk(folder, lane)
    (folder / "keys").mkdir()
    (folder / "keys" / f"{lane.name}.pub").write_bytes(public_to_pem(lane.signer.public))
    (folder / "core-1.key").write_bytes(core_signer.to_pem())
    (folder / "core-1.key").chmod(0o600)
    (folder / "core-1.pub").write_bytes(public_to_pem(core_signer.public))
    database = database_at(folder / "core.db")
    (folder / "core.toml").write_text(
        f'[core]\ndatabase = "{database}"\nsigning_key = "core-1.key"\nlane_keys = "keys"\nadmin_socket = "s"\n'
        '[[broker]]\nhost = "127.0.0.1"\nport = 1\n[points]\nSZB = "Shenzhen Bay"\n'
    )
    made.begin(lambda: core_class(folder / "core.db", [lane], core_signer, clock_class()))
    facts = [["vrn", HOSTILE], ["outcome", HOSTILE], ["officer", HOSTILE], [HOSTILE, HOSTILE]]
    record = {"type": "Record", "visit": 1, "facts": facts}
    made.hears(
        LaneMessage(lane.topics.event, Signer.generate(HOSTILE).seal(lane.topics.event, b"")),
        *lane.sends(
            lane.write({**record, "kind": HOSTILE[:60]}, {**record, "kind": "VisitEnded"}, utc_ms=2**53),
            lane.write({"type": "Alarm", "kind": HOSTILE[:60], "visit": 1, "detail": HOSTILE}),
            lane.write({**record, "kind": "SentToCompound"}),
            lane.uses(1, HOSTILE[:32]),
        ),
        lane.says(lane.topics.presence, wire.Presence(lane=lane.name, status="online", session=1, software=HOSTILE)),
        lane.says(
            lane.topics.state,
            wire.LaneState(lane=lane.name, session=1, serial=1, facts={"core_keys": [HOSTILE], HOSTILE: [HOSTILE]}),
        ),
    )
    yield made
    made.end()


@pytest.mark.parametrize(
    "words",
    [
        "crossings",
        "alarms",
        "alarms --all",
        "compound",
        "disputed-uses",
        "quarantine",
        "lanes",
        "commands",
        "pictures",
        "signing-keys",
        "status",
        "enquire AB1",
    ],
)
def test_no_command_ends_or_is_painted_over_by_what_a_lane_wrote(
    desk: Desk, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every character that is printed is a visible one; nothing is swallowed as markup."""
    monkeypatch.setenv("COLUMNS", "400")  # so that no cell is folded
    printed = desk.run(*words.split())
    assert shown(printed.replace("\n", "")) == printed.replace("\n", "")
    if words in {"crossings", "alarms", "lanes"}:
        assert "[/red]" in printed
        assert "x1b" in printed


@pytest.mark.parametrize("words", ["crossings", "alarms", "lanes", "quarantine", "compound"])
def test_json_is_ascii_and_says_the_same(desk: Desk, words: str) -> None:
    """Escaped as JSON escapes it, so that a terminal shows it and a program reads it."""
    printed = desk.run(words, "--json")
    assert printed.isascii()
    assert all(one.isprintable() or one == "\n" for one in printed)
    assert json.loads(printed)


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -float("inf")])
def test_telemetry_that_is_no_figure_is_refused_and_box_goes_on(desk: Desk, figure: float) -> None:
    """It is an alarm; the sample before stands."""
    lane, refused = desk.lane, desk.core.exchange.refused["malformed"]

    def sample(**facts: Any) -> LaneMessage:
        desk.serial += 1
        body = wire.Telemetry(lane=lane.name, session=1, serial=desk.serial, age_ms=0, shed=0, facts=facts)
        return lane.says(lane.topics.telemetry, body)

    desk.hears(sample(load=0.5, **{HOSTILE: HOSTILE}))
    desk.hears(sample(load=figure))
    printed = desk.run("box", lane.name)
    assert "load                     0.5" in printed
    assert len(printed.strip().splitlines()) == 3
    assert desk.core.exchange.refused["malformed"] == refused + 1


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("AB 1234 粤Z", "AB 1234 粤Z"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x9b\u202e\u200b\ufeff", "\\x9b\\u202e\\u200b\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_not_visible_is_shown_as_what_it_is(text: str, printed: str) -> None:
    """Control characters, those that turn or hide text, halves of a character."""
    assert shown(text) == printed


def test_a_terminal_that_lacks_a_letter_gets_its_number(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session in the POSIX locale must not end a command."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(sys, "argv", ["rocars-core", "alarms", "--config", str(desk.folder / "core.toml")])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    out.flush()
    assert b"u706b" in out.buffer.getvalue()
