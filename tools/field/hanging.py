"""Every loop of the site hung in turn (SIGSTOP): who noticed, when, and what stood on the monitors meanwhile.

Rules of this file: the victim is only ever stopped, never told; what comes back comes by the units. One that nobody ends
is let go on by us at the end, which the report says.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lane_agent.model import Contact, Screen
from lane_agent.wording import Scene
from simulation.drawn.trucks import DrawnTruck
from tools.field.driving import Driving
from tools.field.figures import what_it_is
from tools.field.glass import Shown, faceless_ms, now_ms, shown_within
from tools.field.machine import FieldMachine

_PATIENCE_S = 45.0
_LOOK_ON_MS = 2_000
_SETTLE_S = 1.0
"""Within this the lane says that something is gone."""


@dataclass(frozen=True, slots=True)
class Victim:
    """One loop.

    Attributes:
        name: in the report.
        unit: whose it is.
        process: what it is (`figures.what_it_is`); "" for the unit's main process.
        centre: it is on the centre's machine.
        keeper: who must end it; "" if nobody does, and the lane must say so by itself.
        most_ms: no monitor may be without a sign longer than this.
        most_3_ms: no monitor may show screen 3 longer than this after its vehicle has left.
    """

    name: str
    unit: str
    process: str = ""
    centre: bool = False
    keeper: str = "systemd"
    most_ms: int = 1_000
    most_3_ms: int = 3_500


class HangReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one; times in ms from the moment it was stopped, 0 for never.

    Attributes:
        by: who ended it; "" if nobody did and we let it go on.
        ended_ms: when.
        said_ms: when a monitor or the officers' page said something else than before.
        back_ms: when the lane was automatic again with a sign on both monitors.
        dark_ms: the longest that a monitor was without a sign.
        done_ms: how long screen 3 stood on a monitor after its vehicle had left.
        showed: what the monitors said, in order.
    """

    by: str
    ended_ms: int
    said_ms: int
    back_ms: int
    dark_ms: int
    done_ms: int
    showed: tuple[str, ...]

    def problems(self, victim: Victim) -> Iterator[str]:
        """What is not as it must be."""
        if victim.keeper and not self.by:
            yield f"{victim.name} hung and nobody ended it within {_PATIENCE_S:g} s"
        if not victim.keeper and not self.said_ms:
            yield f"{victim.name} hung and the lane did not say so within {_PATIENCE_S:g} s"
        if self.dark_ms > victim.most_ms:
            yield f"{victim.name} hung: a monitor was without a sign for {self.dark_ms} ms, {victim.most_ms} allowed"
        if self.done_ms > victim.most_3_ms:
            yield f"{victim.name} hung: screen 3 stood {self.done_ms} ms after its vehicle had left"


def told(seen: Sequence[Shown], since_ms: int) -> tuple[str, ...]:
    """What the monitors said from a moment on, each change once, as `xdb DONE`."""
    return tuple(f"{one.screen} {one.what}" for one in seen if one.at_ms >= since_ms)


def pid_of(machine: FieldMachine, victim: Victim) -> int:
    """The victim's process, seen from outside; 0 if it does not run."""
    return next(iter(_pids(machine, victim)), 0)


def _pids(machine: FieldMachine, victim: Victim) -> Iterator[int]:
    main = machine.outside("systemctl", "show", "-P", "MainPID", victim.unit).strip()
    for pid in machine.unit_pids(victim.unit):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            inside = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1]
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if what_it_is(command) == victim.process if victim.process else inside == main:
                yield pid


class Hangman:
    """Hangs loops of a site.

    Args:
        driving: everybody at the lane.
    """

    def __init__(self, driving: Driving) -> None:
        self._driving, self._site = driving, driving.site

    async def hang(self, victim: Victim, truck: DrawnTruck | None) -> HangReport:
        """Stops one, with screen 3 on both monitors if there is a (bundled, released) truck, which then drives off.

        Raises:
            NotSeenError: the lane does not come back.
        """
        machine = self._site.centre if victim.centre else self._site.lane
        pid = await asyncio.to_thread(pid_of, machine, victim)
        if not pid:
            raise LookupError(f"{victim.name}: no such process in {victim.unit}")
        if truck is not None:
            await self._driving.to_done(truck)
        began = now_ms()
        os.kill(pid, signal.SIGSTOP)
        await self._driving.watch(
            lambda: _stopped(pid), f"{victim.name} standing still", 2.0
        )  # not at once: the kernel takes its time
        if truck is not None:
            await self._driving.leave(Contact.EXIT_LOOP)
            self._driving.allowed.end(victim.most_3_ms)
        left = now_ms()
        ended, said = await self._watched(victim, pid, began)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT if _stopped(pid) else 0)
        await asyncio.sleep(_SETTLE_S)
        if victim.name in ("agent", "page"):  # the sessions of a page end with it
            await self._driving.open_lane()
        await self._driving.automatic()
        seen, now = self._driving.eye.seen, now_ms()
        return HangReport(
            by=victim.keeper if ended else "",
            ended_ms=ended,
            said_ms=said,
            back_ms=now - began,
            dark_ms=max(faceless_ms(seen, screen, began, now) for screen in Screen),
            done_ms=max(shown_within(seen, screen, Scene.DONE.value, left, now) for screen in Screen),
            showed=told(seen, began)[:24],
        )

    async def _watched(self, victim: Victim, pid: int, began: int) -> tuple[int, int]:
        """When it was ended, and when the lane said something; 0 for never."""
        eye, driving, said = self._driving.eye, self._driving, 0
        before = eye.both(), driving.mode
        while (now := now_ms()) < began + _PATIENCE_S * 1_000:
            if not said and (eye.both(), driving.mode) != before:
                said = now - began
            if not _stopped(pid):
                return now - began, said
            if said and not victim.keeper and now - began > said + _LOOK_ON_MS:
                break
            await asyncio.sleep(0.02)
        return 0, said


def _stopped(pid: int) -> bool:
    """Whether a process is there and stands still."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] in {"T", "t"}
    return False
