"""Our own core keeps every clause, over a real broker, with a real store and its own operators' socket."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from core.office.admin import AdminClient
from core.office.service import ImportedBundle
from domain.crossing import Direction
from simulation.private_core import PrivateCore
from tools.conformance.clauses import ClauseTimes, ClauseVerdict, chosen, tried
from tools.conformance.core import CHAPTERS

PACE = ClauseTimes(nonce=0.2, patience=15.0, quiet=0.3)


class OwnCore(PrivateCore):
    """The shipped core, which grows its list, orders, and renews the lane's keys as the kit asks."""

    def __init__(self, folder: Path, broker: Any, territory: Any) -> None:
        self._territory = territory
        pictures = '[pictures]\nfolder = "pictures"\n'
        super().__init__(folder, broker, lanes={territory.LANE: territory.LANE_KEY.public}, sections=pictures)

    def __enter__(self) -> Self:
        self.start()
        asyncio.run(self.ready())
        return self

    def __exit__(self, *_: object) -> None:
        assert self.end() == 0

    def _ask(self, what: Callable[[AdminClient], Any]) -> None:
        async def asked() -> None:
            async with self.admin() as client:
                await what(client)

        asyncio.run(asked())

    def grow(self, number: int) -> None:
        """The list grows by a hold and a bundle."""
        cargo = ((str(3_000_000_000 + number), "release", ""),)
        made = ImportedBundle(
            vrn=f"KB{number}", direction=Direction.INBOUND, earliest_ms=0, valid_until_ms=2**50, cargo=cargo
        )
        self._ask(lambda client: client.hold(f"KT{number}", reason="conformance kit"))
        self._ask(lambda client: client.take_over([made]))

    def have_keys(self, step: int) -> None:
        """The register has these keys of the lane's; the core notices within a second."""
        name, further = self._territory.LANE, self._territory.FURTHER_LANE_KEY
        for wanted, key in ((step != 2, self._territory.LANE_KEY), (step != 3, further)):
            lane = name if key.kid == name else key.kid
            if wanted:
                self.register(lane, key.public)
            else:
                (self.folder / "lane-keys" / f"{lane}.pub").unlink(missing_ok=True)

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


@pytest.mark.long
def test_the_command_tests_a_core_with_the_commands_it_is_given(territory: Any) -> None:
    """List and orders are caused by other programs; one that fails leaves its clause unobserved."""
    with territory.broker() as (folder, broker), OwnCore(folder, broker, territory):
        (folder / "lane.key").write_bytes(territory.LANE_KEY.to_pem())
        (folder / "lane.password").write_text(broker.password(territory.LANE), encoding="utf-8")
        ask = f"{Path(sys.executable).with_name('rocars-core')} {{}} --config {folder}/core.toml"
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
