"""One lane as a process of its own: real store, link and shell; its hardware is a socket (`hardware`).

    python -m tools.torture.lane_process SETTINGS.json

| from the hardware | meaning |
|---|---|
| {"contact": "stop_loop", "active": true} | a level; the first of each after the start is no edge |
| {"sees": "AB1234"} | what the camera reads from now on, "" for nothing |
| {"painted": "xdb", "scene": "STOP", "serial": 7} | a screen has painted |
| {"officer": "open"}, {"officer": "take_over", "visit": 3} | a button of the officers' page |
| {"officer": "manual"}, {"officer": "automatic"} | the mode is ordered, or the order ends |
| {"officer": "bypass", "loop": "exit_loop", "bypassed": true} | a loop is bypassed, or put back |
| {"disk": "full"}, {"disk": "free"}, {"disk": "broken"} | see `disk` |

It answers with {"show": …}, {"status": …}; and says {"status": …} four times a second, so that its screens know it lives.
Without it the process ends: no lane outlives the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from edge.clock import ClockWatch
from edge.health import StoreWatch, look
from edge.wiring import core_ring, wall_facts
from lane_agent.effects import Alarm, AlarmEnded, Effect, Show
from lane_agent.events import (
    Event,
    LaneOpened,
    LoopBypassed,
    ManualEnded,
    ManualOrdered,
    OfficerTookOver,
    ScenePainted,
)
from lane_agent.model import Contact, Moment, Screen
from lane_agent.state import Lane
from lane_agent.wording import Scene
from runtime.clocks import Clocks, machine_boot
from runtime.mqtt import Broker, Options
from simulation.hardwareless_lane import LaneWithoutHardware
from sync.client import JournalAnewError
from tools.torture.disk import break_fsync, limit_files
from wire.envelope import Signer

BEAT_S = 0.25

ANEW = 75
"""Exit status of a lane whose journal has another name now: it is to be started again (EX_TEMPFAIL of sysexits.h)."""

LIMITS = (
    ("immigration_start", 8_000),
    ("immigration", 8_000),
    ("read", 4_000),
    ("link", 2_000),
    ("decision", 4_000),
    ("unladen", 1_500),
    ("leave", 12_000),
)
"""Shorter waiting limits, by configuration: the kit has no driver who hesitates."""


class TortureLaneSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where one lane's things are.

    Attributes:
        time_source: this box's clock is kept; what the machine's own kernel says of it does not count here.
        taken_over_s: wait after another client has taken its name.
    """

    lane: str
    point: str
    port: int
    password: str
    store: str
    key: str
    core_keys: str
    socket: str
    time_source: bool
    taken_over_s: float = 5.0


class TorturedLane(LaneWithoutHardware):
    """One lane's process. As `edge.lane.LaneBox`, without the parts that have processes of their own."""

    def __init__(self, settings: TortureLaneSettings, writer: asyncio.StreamWriter) -> None:
        self.settings = settings
        self._writer = writer
        options = Options(
            brokers=(Broker("127.0.0.1", settings.port),),
            client_id=settings.lane,
            subscriptions=(),
            user_name=settings.lane,
            password=settings.password,
            retry_max=2.0,
            taken_over=settings.taken_over_s,
        )
        super().__init__(
            Path(settings.store),
            options,
            signer=Signer.of(settings.lane, Path(settings.key).read_bytes()),
            ring=core_ring(Path(settings.core_keys)),
            boot=secrets.token_hex(8),
            software="torture",
            utc_ms=Clocks(disciplined=lambda: settings.time_source).kept_utc,
            machine_boot=machine_boot(),
            policy={"point": settings.point, "limits": LIMITS},
        )

    def say(self, **what: Any) -> None:
        """One line to the hardware."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps(what).encode() + b"\n")

    def show(self, order: Show) -> None:
        """Both screens paint."""
        self.say(show={"serial": order.serial, "xdb": order.xdb.value, "aiop": order.aiop.value})

    def stepped(self, event: Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable."""
        super().stepped(event, at, effects, lane)
        self.link.publish_state(wall_facts(lane))
        self.say_status()

    def say_status(self) -> None:
        """How the lane is."""
        found, lane = self.link.status(), self.agent.lane
        facts = wall_facts(lane) | {"link": found.link.value, "version": found.version, "waiting": found.waiting}
        self.say(status=facts | {"doubt": found.doubt, "refused": found.refused, "xdb": lane.face.xdb.value})

    def obey(self, word: dict[str, Any]) -> None:
        """One line from the hardware."""
        match word:
            case {"contact": str(name), "active": bool(active)}:
                self.tell(self.switch(Contact(name), active))
            case {"sees": str(vrn)}:
                self.comes_into_view(vrn)
            case {"painted": str(screen), "scene": str(scene), "serial": int(serial)}:
                self.tell(ScenePainted(Screen(screen), Scene(scene), serial))
            case {"officer": str(_)}:
                self.tell(_act_of_officer(word))
            case {"disk": "broken"}:
                break_fsync()
            case {"disk": str(room)}:
                limit_files(full=room == "full")
            case _:
                raise ValueError(f"the hardware says what no lane knows: {word}")

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Obeys until the hardware is gone."""
        while line := await reader.readline():
            self.obey(json.loads(line))

    async def _beat(self) -> None:
        while True:
            self.link.check()
            self.say_status()
            await asyncio.sleep(BEAT_S)

    def _watch(self) -> StoreWatch:
        return StoreWatch(
            look=lambda: look(Path(self.settings.store).parent),
            tell=lambda found: None if isinstance(found, Alarm | AlarmEnded) else self.tell(found),
            every_s=1.0,
            min_free_mb=0,
            warn_free_mb=0,
        )

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Runs until SIGTERM, or until the hardware is gone."""
        async with self:
            works = (self._beat(), self._watch().run(), ClockWatch(self.tell, core=self.link.clock_doubt).run())
            tasks = [asyncio.create_task(work) for work in works]
            ears = asyncio.create_task(self.listen(reader))
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ears.cancel)
            try:
                await asyncio.wait([ears, self.work, *tasks], return_when=asyncio.FIRST_COMPLETED)
                for task in (self.work, *tasks):
                    if task.done():
                        task.result()
            finally:
                for task in (ears, *tasks):
                    task.cancel()
                await asyncio.gather(ears, *tasks, return_exceptions=True)


def _act_of_officer(word: dict[str, Any]) -> Event:
    """What the button of that name tells the lane."""
    match word:
        case {"officer": "open"}:
            return LaneOpened("chan")
        case {"officer": "take_over", "visit": int(visit)}:
            return OfficerTookOver(visit, "chan", "by hand")
        case {"officer": "manual"}:
            return ManualOrdered("chan", "a loop is stuck")
        case {"officer": "automatic"}:
            return ManualEnded("chan")
        case {"officer": "bypass", "loop": str(loop), "bypassed": bool(bypassed)}:
            return LoopBypassed(Contact(loop), bypassed, "chan", "a loop is stuck")
        case _:
            raise ValueError(f"the officers' page has no such button: {word}")


async def _main(settings: TortureLaneSettings) -> None:
    reader, writer = await asyncio.open_unix_connection(settings.socket)
    with contextlib.closing(writer):
        await TorturedLane(settings, writer).run(reader)


def main() -> None:
    """Runs the lane that a settings file describes."""
    logging.basicConfig(level=logging.INFO)
    try:
        asyncio.run(_main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=TortureLaneSettings)))
    except JournalAnewError as error:
        logging.getLogger(__name__).warning("%s", error)
        sys.exit(ANEW)


if __name__ == "__main__":
    main()
