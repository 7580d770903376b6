"""A box in the lane's shadow: it reads and decides beside it and drives nothing; at the end, where it and the officers differ.

Rules of this file: nobody works at its page but to open it once. What the officers did is written down as they would write
it, and held against the shadow's records by the shadow's own command.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from simulation.officer import SimulatedOfficer
from tools.field.driving import Decision
from tools.field.machine import MachineError
from tools.field.papers import OFFICER, SHADOW
from tools.field.site import Site

_TABLE = "/root/decisions.csv"
_PATIENCE_S = 60.0
_SETTLE_S = 10.0
"""A visit is in the shadow's records when it has ended there."""
HARMFUL = "wrongly_released"


class ShadowFindings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shadow and the officers differ.

    Attributes:
        vehicles: of both.
        counts: how many of each verdict (`edge.shadow_report`).
        noticed: that vehicle which the officers' table was changed to have stopped, as the report then names it first; "" for not.
        outputs: lines that the shadow has switched.
        crossings: visits of the shadow that the core has.
    """

    vehicles: int
    counts: dict[str, int]
    noticed: str
    outputs: int
    crossings: int

    def problems(self, decided: int, by_hand: int) -> Iterator[str]:
        """What is not as it must be.

        Args:
            decided: vehicles that the lane decided by itself.
            by_hand: those that an officer released with the link cut, which a shadow leaves to him, too.
        """
        if self.counts["agreed"] < decided:
            yield f"the shadow agreed on {self.counts['agreed']} vehicles of {decided}: {self.counts}"
        if self.counts["to_officer"] != by_hand or self.vehicles != decided + by_hand:
            yield f"the shadow saw {self.vehicles} vehicles of {decided + by_hand}: {self.counts}"
        if not self.noticed:
            yield "the shadow's report does not name a vehicle that it would have released and the officers stopped"
        if self.outputs or self.crossings:
            yield f"the shadow drove {self.outputs} outputs, and the core has {self.crossings} visits of it"


class ShadowBox:
    """The box in the shadow, from its papers to its report.

    Args:
        site: whose lane it stands beside.
        address: of its page.
    """

    def __init__(self, site: Site, address: str) -> None:
        self._site = site
        self._officer = SimulatedOfficer(address, OFFICER, site.password)

    async def begin(self) -> list[str]:
        """Sets it up and opens it; what its check found at fault.

        Raises:
            MachineError: a step of it failed.
            TimeoutError: it does not become automatic.
        """
        faults = await asyncio.to_thread(self._site.install_shadow)
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                await self._officer.log_in()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.2)
        await self._until(lambda: bool(self._officer.view), "its page")
        await self._officer.act("open")
        await self._until(lambda: self.automatic, "automatic")
        return [f"shadow: {fault}" for fault in faults]

    def end(self) -> None:
        """Nobody watches its page any more."""
        self._officer.leave()

    @property
    def version(self) -> int:
        """Of its codes."""
        return self._officer.version

    @property
    def automatic(self) -> bool:
        """It decides by itself."""
        return self._mode == "Automatic"

    @property
    def _mode(self) -> str:
        return str(self._officer.view.get("headline", {}).get("mode", ""))

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + _PATIENCE_S
        while not holds():
            if time.monotonic() > until:
                raise TimeoutError(f"the shadow's box: {what} not seen within {_PATIENCE_S:g} s; mode {self._mode!r}")
            await asyncio.sleep(0.02)

    def report(self, decisions: Sequence[Decision], crossings: Sequence[dict[str, Any]]) -> ShadowFindings:
        """Holds both against each other, twice: as it was, and as if the officers had stopped the first vehicle.

        Args:
            decisions: the officers'.
            crossings: all that the core has.
        """
        until = time.monotonic() + _SETTLE_S
        status, found = self._compared(decisions)
        while found["counts"]["unseen"] and time.monotonic() < until:
            time.sleep(0.5)
            status, found = self._compared(decisions)
        if status:
            raise MachineError(f"rocars-lane shadow-report ended with {status}: {found}")
        stopped, *others = decisions
        status, changed = self._compared([stopped._replace(decision="stopped"), *others])
        worst = changed["differences"][0] if changed["differences"] else {}
        named = status == 1 and worst.get("verdict") == HARMFUL and stopped.vrn in str(worst.get("officers"))
        return ShadowFindings(
            vehicles=found["vehicles"],
            counts=found["counts"],
            noticed=f"{worst['officers']}; {worst['shadow']}" if named else "",
            outputs=sum(self._site.yard.board.shadow_outputs.values()),
            crossings=sum(one["lane"] == SHADOW for one in crossings),
        )

    def _compared(self, decisions: Sequence[Decision]) -> tuple[int, dict[str, Any]]:
        """Exit status and report of the shadow's own command."""
        machine = self._site.shadow
        (machine.root / _TABLE[1:]).write_text(table_of(decisions), encoding="utf-8")
        command = f"rocars-lane shadow-report /var/lib/rocars-lane/lane.db --officers {_TABLE} --json; echo $?"
        *said, status = machine.outside("bash", "-c", command, check=False).splitlines()
        try:
            return int(status), json.loads(said[-1])
        except (ValueError, IndexError) as wrong:
            raise MachineError(f"rocars-lane shadow-report says {said}, status {status}") from wrong


def table_of(decisions: Sequence[Decision]) -> str:
    """As the officers write it down: `time,vrn,decision`."""
    rows = [f"{_minute(one.at)},{one.vrn},{one.decision}" for one in decisions]
    return "\n".join(["time,vrn,decision", *rows]) + "\n"


def _minute(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
