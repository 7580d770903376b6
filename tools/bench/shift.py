"""A shift at the wall: eight hours at speed-up, every lane's share of a day's trucks, three scripted officers, the day's page printed.

Rules of this file:
- Lanes play in processes of their own, each the shipped agent with its own HTTPS page (`simulation.point`); the wall is `rocars-wall run`;
  the officers come through its doors alone (`shift_officers`), in this process.
- What is sped up: trucks, the lanes' waiting times, and the officers. What is not: the wall, its clock and its limits. So the bench measures
  each wait by the wall's own store, makes it one of the shift, and compares that with the limit of the settings (`[queue]`).
- The core is away all shift long and started after it: it is then told who was on shift, and its crossings are what the lanes wrote of
  each visit that ended, with times of the shift, by SQL: nobody signs them here. The day's page is the wall's own over these.
- Everything shares this machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import ssl
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from playwright.async_api import async_playwright

from core.enrolment.authority import Authority
from domain.alarm_traits import Priority
from domain.alarms import care_of
from domain.times import hong_kong, start_of
from runtime.clocks import utc_ms
from runtime.files import PRIVATE, write_whole
from simulation.broker import PrivateBroker
from simulation.children import ChildProcess, free_port
from simulation.point import JOURNAL
from simulation.private_core import PrivateCore
from simulation.private_wall import PrivatePoint, lane_names
from tools.bench.processes import cpu_of, family, resident_mb
from tools.bench.shift_officers import ScriptedOfficer
from tools.bench.wall import CHROMIUM
from wall.needs import NOT_HEARD, SECOND_OFFICER
from wall.settings import QueueSection
from wire.certificates import key_to_pem, new_key
from wire.topics import WALL

A_DAY = 16_701
"""Goods vehicles of an average day (seed 001); a shift has a third of them."""

SHARES = {"release": 87.5, "inspect": 6.0, "": 1.5, "near": 1.0, "unread": 1.8, "help": 1.8, "runs": 0.4}
"""Per hundred trucks. Nobody has published them: assumed, so that some six in a hundred need an officer, and six the compound."""

OFFICERS = ("chan", "wong", "lee")
_BEGINS_H = 7
_STEP_S = 3.0
"""Between two things that happen to a truck: it stands some 20 s."""
_PATIENCE_S = 300.0
"""For the lanes to come, and the core: where others work on the machine sixty-four lanes take some minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPlan:
    """What is played.

    Attributes:
        lanes, processes: simulated lanes, and the processes that they play in.
        hours: of the shift; speed: seconds of it in one of ours.
        trucks: that come in eight hours to 64 lanes; other plans have their share.
        shares: what they are like (`simulation.point.PointSettings.shares`).
        seed: of chance.
    """

    lanes: int = 64
    processes: int = 2
    hours: float = 8.0
    speed: float = 16.0
    trucks: int = A_DAY // 3
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))
    seed: int = 1

    @property
    def real_s(self) -> float:
        """How long it takes here."""
        return self.hours * 3_600 / self.speed

    @property
    def each_s(self) -> float:
        """Seconds here from one truck of a lane to the next."""
        return 8 * 3_600 * 64 / self.trucks / self.speed


@dataclass(slots=True)
class QueueStory:
    """What became of needs, by the wall's own store.

    Attributes:
        waits: (seconds of the shift, limit, title) of each wait that ended, by somebody's click or by itself.
        taken, by_itself, twice, escalated, handed, returned: how many.
        late: waits over their limit, in words.
        left: waiting untaken at the end; overdue: of these over their limit.
    """

    waits: list[tuple[float, float, str]] = field(default_factory=list)
    titles: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    by_itself: int = 0
    twice: int = 0
    escalated: int = 0
    handed: int = 0
    returned: int = 0
    left: int = 0
    overdue: int = 0

    @property
    def late(self) -> list[str]:
        """Waits over their limit."""
        return [f"{title}: {wait:.0f} s of {limit:.0f} s" for wait, limit, title in self.waits if wait > limit]


def limit_s(title: str) -> float:
    """How long a need of that title may wait, by the settings as they are shipped."""
    usual = Priority.HIGH if title in {NOT_HEARD, SECOND_OFFICER} else care_of(title).priority
    return QueueSection().limit_ms(usual) / 1_000


def queue_story(rows: Iterable[tuple[int, str, str, str, str]], speed: float, end_ms: int) -> QueueStory:
    """Reads (when, need, title, what, detail) in order.

    Args:
        rows: of the wall's store.
        speed: seconds of the shift in one of the wall's.
        end_ms: when the shift was over, by the wall's clock; what came later is not counted.
    """
    found, waiting, held = QueueStory(), dict[str, tuple[int, str]](), set[str]()

    def waited(key: str, at_ms: int, title: str) -> None:
        since, _ = waiting.pop(key)
        found.waits.append(((at_ms - since) * speed / 1_000, limit_s(title), title))

    for at_ms, key, title, what, detail in rows:
        if at_ms > end_ms:
            break
        if what == "appeared":
            found.titles[title] += 1
            waiting[key] = at_ms, title
        elif what == "taken":
            found.taken += 1
            found.twice += key in held and not detail
            held.add(key)
            if key in waiting:
                waited(key, at_ms, title)
        elif what == "over":
            held.discard(key)
            if key in waiting:
                found.by_itself += 1
                waited(key, at_ms, title)
        elif what == "returned":
            found.returned += 1
            held.discard(key)
            waiting[key] = at_ms, title
        found.handed += what == "handed"
        found.escalated += what == "escalated"
    open_ = [((end_ms - since) * speed / 1_000, limit_s(title)) for since, title in waiting.values()]
    found.left, found.overdue = len(open_), sum(wait > limit for wait, limit in open_)
    return found


class ShiftBench:
    """One shift, in a folder.

    Args:
        plan: what is played.
        folder: for all of it; short, for the core's socket.
        tell: is told how far it is.
    """

    def __init__(self, plan: ShiftPlan, folder: Path, tell: Callable[[str], None]) -> None:
        self.plan, self.folder, self._tell = plan, folder, tell
        self.names = lane_names(plan.lanes)
        self.visits = folder / "visits.jsonl"
        self._memory: list[float] = []
        self._began_ms = self._ended_ms = 0
        self._cores: dict[str, float] = {}

    def measure(self, pdf: Path | None) -> dict[str, Any]:
        """Plays it, and prints the day's page to `pdf`.

        Raises:
            TimeoutError: wall, lanes or core do not come.
            RuntimeError: the wall refused what an officer must be able to do.
        """
        with PrivateBroker(self.folder / "broker", lanes=self.names) as broker:
            port = free_port()
            point = PrivatePoint(self.folder / "point", broker, self.names, port=port, pictures=True)
            core = self._core(point, broker)
            wall = ChildProcess(self.folder / "wall.log")
            try:
                self._play(point)
                point.wait_for_pages(patience_s=_PATIENCE_S)
                wall.start(Path(sys.executable).with_name("rocars-wall"), "run", "--config", point.config)
                url = f"http://127.0.0.1:{port}/"
                point.ready(url, patience_s=_PATIENCE_S)
                figures = asyncio.run(self._shift(url, wall, point))
                point.stop()
                rows = self._rows()
                self._fill(core, rows)
                printed, figures["day_page"], told = asyncio.run(self._day(core, url, point))
            finally:
                point.stop()
                wall.end()
                core.end()
        if pdf is not None:
            pdf.write_bytes(printed)
        return figures | {"trucks": len(rows), "shift_acts_in_the_audit_log": told} | self._told()

    def _play(self, point: PrivatePoint) -> None:
        plan, fault = self.plan, 8 * 3_600 / self.plan.speed
        step = _STEP_S / plan.speed
        busy: dict[str, Any] = {"each_s": plan.each_s, "step_s": step, "decide_s": 0.0, "speed": plan.speed}
        busy |= {"shares": plan.shares, "fault_each_s": fault, "visits": str(self.visits), "seed": plan.seed}
        point.play(plan.processes, over_s=plan.real_s + 20, **busy)

    def _officer(self, url: str, point: PrivatePoint, name: str) -> ScriptedOfficer:
        trust = ssl.create_default_context(cafile=point.folder / "authority" / "authority.pem")
        rng = random.Random(f"{self.plan.seed}/{name}")
        place, password = OFFICERS.index(name), point.passwords[name]
        return ScriptedOfficer(url, name, password, trust=trust, speed=self.plan.speed, rng=rng, place=place)

    async def _shift(self, url: str, wall: ChildProcess, point: PrivatePoint) -> dict[str, Any]:
        officers = [self._officer(url, point, name) for name in OFFICERS]
        for officer in officers:
            await officer.begin()
        assert wall.pid is not None, wall.last_words()
        self._began_ms, began = utc_ms(), time.monotonic()
        pids = {"server": list(family(wall.pid)), "lanes": point.pids, "officers": [os.getpid()]}
        before = {name: cpu_of(*each) for name, each in pids.items()}
        hour_s, hours = 3_600 / self.plan.speed, max(1, round(self.plan.hours))
        for hour in range(hours + 1):
            await asyncio.sleep(max(0.0, began + min(hour * hour_s, self.plan.real_s) - time.monotonic()))
            self._memory.append(round(resident_mb(*family(wall.pid)), 1))
            self._tell(f"hour {hour} of {self.plan.hours:g}: wall {self._memory[-1]} MB, load {os.getloadavg()[0]:.1f}")
        self._ended_ms = utc_ms()
        taken = time.monotonic() - began
        self._cores = {f"{name}_cores": round((cpu_of(*each) - before[name]) / taken, 3) for name, each in pids.items()}
        load = round(os.getloadavg()[0], 1)
        left = []
        for officer, to in zip(officers, (*OFFICERS[1:], ""), strict=True):
            left.append(await officer.end(to, f"Handover of {officer.name}: see the queue."))
        for officer in officers:
            await officer.leave()
        counts: Counter[str] = sum((officer.did for officer in officers), Counter())
        return {"machine_load": load, "left_in_hand": left, "officers_did": dict(sorted(counts.items()))}

    def _core(self, point: PrivatePoint, broker: PrivateBroker) -> PrivateCore:
        """A core that the wall will find, with a door for it; not started."""
        papers, port = self.folder / "papers", free_port()
        authority = Authority.make(papers / "authority", utc_ms)
        (papers / "authority.crt").write_bytes(authority.pem)
        for name in ("core", WALL):
            key = new_key()
            of_core = authority.for_broker(["localhost"], key.public_key(), days=2)
            made = of_core if name == "core" else authority.for_client(name, key.public_key(), days=2)
            (papers / f"{name}.crt").write_bytes(made)
            write_whole(papers / f"{name}.key", key_to_pem(key), mode=PRIVATE)

        def files(name: str) -> str:
            return (
                f'port = {port}\nauthority = "{papers}/authority.crt"\n'
                f'certificate = "{papers}/{name}.crt"\nkey = "{papers}/{name}.key"\n'
            )

        listed = ", ".join(f'"{lane}"' for lane in self.names)
        with point.config.open("a", encoding="utf-8") as config:
            config.write(f'\n[core]\nhost = "localhost"\n{files(WALL)}')
        return PrivateCore(self.folder / "c", broker, sections=f"[walls]\nlanes.{WALL} = [{listed}]\n{files('core')}")

    def _rows(self) -> list[tuple[Any, ...]]:
        """The visits that ended in the shift, as the core has crossings, with times of the shift."""
        start = start_of(hong_kong(self._began_ms).date()) + _BEGINS_H * 3_600_000

        def at(ms: int) -> int:
            return start + round((ms - self._began_ms) * self.plan.speed)

        rows = []
        for line in self.visits.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            facts = {name: str(at(int(text))) if name.endswith("_ms") else text for name, text in row["facts"].items()}
            arrived = int(row["facts"].get("arrived_ms", row["at_ms"]))
            if self._began_ms <= arrived and row["at_ms"] <= self._ended_ms:
                base = json.dumps(facts, separators=(",", ":"))
                rows.append(
                    (row["lane"], JOURNAL, row["visit"], at(arrived), at(row["at_ms"]), facts.get("vrn", ""), base)
                )
        return rows

    def _fill(self, core: PrivateCore, rows: list[tuple[Any, ...]]) -> None:
        with psycopg.connect(core.database, autocommit=True) as db, db.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO crossings(lane, journal, visit, first_ms, last_ms, vrn, base, records, ubrs) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, '[]', '[]')",
                rows,
            )

    async def _day(self, core: PrivateCore, url: str, point: PrivatePoint) -> tuple[bytes, dict[str, int], int]:
        """The core comes and is told the shifts; the day's page as PDF, what is on it, and how many acts the core was told."""
        await core.start_ready()
        told = await self._shifts_told(core)
        day = hong_kong(self._began_ms).date()
        async with async_playwright() as tool:
            browser = await tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            await page.goto(f"{url}login")
            await page.fill("#name", "lee")
            await page.fill("#password", point.passwords["lee"])
            await page.click("button.go")
            await page.wait_for_selector("#grid")
            await page.goto(f"{url}numbers?day={day}")
            shown = await page.locator(".cards dd").first.text_content(timeout=30_000)
            names = await page.locator('[aria-labelledby="n6"] tbody tr').count()
            printed = await page.pdf(format="A4", prefer_css_page_size=True)
            await browser.close()
        return printed, {"vehicles": int(shown or 0), "on_shift": names, "pdf_bytes": len(printed)}, told

    async def _shifts_told(self, core: PrivateCore) -> int:
        """Waits until the core's audit log has every officer's beginning and end; how many it has."""
        found, end = 0, time.monotonic() + _PATIENCE_S
        while found < 2 * len(OFFICERS) and time.monotonic() < end:
            await asyncio.sleep(1.0)
            with psycopg.connect(core.database, autocommit=True) as db:
                (found,) = db.execute("SELECT count(*) FROM audit WHERE what = 'shift'").fetchone() or (0,)
        return found

    def _told(self) -> dict[str, Any]:
        """The figures of the queue, from the wall's store, which has been closed."""
        with closing(sqlite3.connect(f"file:{self.folder / 'point' / 'wall.db'}?mode=ro", uri=True)) as db:
            rows = db.execute(
                "SELECT at_ms, need, title, what, detail FROM deeds WHERE at_ms >= ? ORDER BY id", (self._began_ms,)
            )
            found = queue_story(rows, self.plan.speed, self._ended_ms)
        waits = sorted(wait for wait, _, _ in found.waits)
        return {
            "limits_s": {
                "urgent": QueueSection().urgent_s,
                "high": QueueSection().high_s,
                "medium": QueueSection().medium_s,
            },
            "exceptions": sum(found.titles.values()),
            "by_title": dict(found.titles.most_common()),
            "taken": found.taken,
            "over_by_itself": found.by_itself,
            "late": found.late,
            "longest_wait_s": round(waits[-1], 1) if waits else None,
            "p50_wait_s": round(statistics.median(waits), 1) if waits else None,
            "p99_wait_s": round(waits[min(len(waits) - 1, int(0.99 * len(waits)))], 1) if waits else None,
            "escalated_by_the_wall": found.escalated,
            "taken_twice": found.twice,
            "waiting_at_the_end": found.left,
            "lost": found.overdue,
            "server_mb_each_hour": self._memory,
            **self._cores,
        }


def measure(
    plan: ShiftPlan, folder: Path, *, pdf: Path | None = None, tell: Callable[[str], None] = print
) -> dict[str, Any]:
    """Plays a shift in a folder; its figures."""
    (folder / "papers").mkdir(parents=True, exist_ok=True)
    asked = {"lanes": plan.lanes, "hours": plan.hours, "speed": plan.speed, "seed": plan.seed, "shares": plan.shares}
    return asked | {"machine_cores": os.cpu_count()} | ShiftBench(plan, folder, tell).measure(pdf)


def passed(figures: dict[str, Any]) -> bool:
    """Whether nothing was late, lost or taken twice, and the day's page has the trucks and everybody's shift."""
    nothing = not figures["late"] and not figures["lost"] and not figures["taken_twice"]
    day = figures["day_page"]
    whole = day["vehicles"] == figures["trucks"] > 0 and day["on_shift"] == len(OFFICERS) and day["pdf_bytes"] > 0
    return nothing and whole and figures["shift_acts_in_the_audit_log"] == 2 * len(OFFICERS)


def run(plan: ShiftPlan, *, json_file: Path | None, pdf: Path | None) -> bool:
    """The command: plays, prints one JSON line, and says whether it passed."""
    with tempfile.TemporaryDirectory(prefix="rocars-shift-") as place:
        figures = measure(plan, Path(place), pdf=pdf, tell=lambda text: print(text, file=sys.stderr))
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures))
    return passed(figures)
