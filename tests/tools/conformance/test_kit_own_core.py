"""Our own core keeps every clause, over a real broker, with a real store and its own operators' socket."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from core.enrolment.keys import make_signing_key
from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.office.admin import AdminClient
from core.service import CoreParts, CoreService
from core.settings import load
from tools.conformance.clauses import ClauseTimes, ClauseVerdict, chosen, tried
from tools.conformance.core import CHAPTERS
from wire.envelope import Signer, public_from_pem, public_to_pem

PACE = ClauseTimes(nonce=0.2, patience=15.0, quiet=0.3)


class OwnCore:
    """The shipped core, all of it, in a thread of its own."""

    def __init__(self, folder: Path, broker: Any, territory: Any) -> None:
        self._folder, self._territory = folder, territory
        (folder / "password").write_text(broker.password("core"), encoding="utf-8")
        (folder / "keys").mkdir()
        (folder / "keys" / f"{territory.LANE}.pub").write_bytes(public_to_pem(territory.LANE_KEY.public))
        (folder / "core.toml").write_text(
            '[core]\nstore = "core.db"\nsigning_key = "core-1.key"\nlane_keys = "keys"\nadmin_socket = "s"\n'
            f'[[broker]]\nhost = "127.0.0.1"\nport = {broker.port}\nuser_name = "core"\npassword_file = "password"\n'
            '[points]\nSZB = "Shenzhen Bay"\n[pictures]\nfolder = "pictures"\n',
            encoding="utf-8",
        )
        self.public = public_from_pem(make_signing_key(folder / "core-1.key").read_bytes())
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="own core", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        settings, now = load(self._folder / "core.toml"), self._territory.utc_ms
        with contextlib.closing(CoreStore(self._folder / "core.db", create=True)) as store:
            log = ReplicatedLog(store, Signer.from_pem("core-1", (self._folder / "core-1.key").read_bytes()))
            with store.transaction():
                log.restart(at_ms=now(), reason="test")
        await CoreService(CoreParts(settings, now), self._ready.set).run(self._over)

    def _ask(self, what: Callable[[AdminClient], Any]) -> None:
        async def asked() -> None:
            async with AdminClient(self._folder / "s", who="kit") as client:
                await what(client)

        asyncio.run(asked())

    def grow(self, number: int) -> None:
        """The list grows."""
        self._ask(lambda client: client.hold(f"KT{number}", reason="conformance kit"))

    def have_keys(self, step: int) -> None:
        """The register has these keys of the lane's; the core notices within a second."""
        keys = self._folder / "keys"
        name, further = self._territory.LANE, self._territory.FURTHER_LANE_KEY
        for wanted, key in ((step != 2, self._territory.LANE_KEY), (step != 3, further)):
            file = keys / f"{name}.pub" if key.kid == name else keys / f"{key.kid}.pub"
            if wanted:
                file.write_bytes(public_to_pem(key.public))
            else:
                file.unlink(missing_ok=True)

    def order(self, number: int) -> None:
        """A command is sent."""
        lane, text = self._territory.LANE, f"conformance kit {number}"
        self._ask(lambda client: client.command(lane, "message", text=text))


def test_our_core_keeps_every_clause(territory: Any) -> None:
    """All of them; none is broken, and none goes unobserved."""
    with (
        territory.broker() as (folder, broker),
        OwnCore(folder, broker, territory) as core,
        territory.kit_lane(
            broker,
            core.public,
            PACE,
            grow=core.grow,
            order=core.order,
            further=(territory.FURTHER_LANE_KEY, core.have_keys),
        ) as lane,
    ):
        found = list(tried(chosen(CHAPTERS, ()), lane))
    assert [(one.number, one.detail) for one in found if one.verdict is not ClauseVerdict.HOLDS] == []
    assert len(found) == sum(len(chapter.clauses) for chapter in CHAPTERS)


def test_the_command_tests_a_core_with_the_commands_it_is_given(territory: Any) -> None:
    """List and orders are caused by other programs; one that fails leaves its clause unobserved."""
    with territory.broker() as (folder, broker), OwnCore(folder, broker, territory):
        (folder / "lane.key").write_bytes(territory.LANE_KEY.to_pem())
        (folder / "lane.password").write_text(broker.password(territory.LANE), encoding="utf-8")
        ask = f"{Path(sys.executable).with_name('rocars-core')} {{}} --config {folder}/core.toml --officer kit"
        line = [sys.executable, "-m", "tools.conformance", "core", "--broker", f"127.0.0.1:{broker.port}"]
        line += ["--lane", territory.LANE, "--lane-key", f"{folder}/lane.key={territory.LANE}"]
        line += ["--core-pub", str(folder / "core-1.pub"), "--password-file", str(folder / "lane.password")]
        order = (
            f"sleep 4; {ask.format('command')} {territory.LANE} message --text kit"  # longer than a silence is borne
        )
        line += ["--order", f"sh -c '{order}'", "--grow", "false"]
        line += ["--only", "C50,C22,C31", "--patience", "60"]
        found = subprocess.run(line, capture_output=True, text=True, timeout=240, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert "2 holds, 0 BROKEN, 1 not observed" in found.stdout
    assert "the command to cause it failed" in found.stdout
