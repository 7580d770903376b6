"""Walks in time through sites drawn at random: real limits, debounced loops, screens that take a while, people who are slow.

What is measured is the glass: how long a vehicle without grounds stands at the line while 3 can be seen, and why.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import combinations

from lane_agent import events as e
from lane_agent.effects import Show
from lane_agent.frozen import replace
from lane_agent.model import Contact, Fault, Policy, Screen
from lane_agent.rules import RULES, Rules
from lane_agent.wording import Scene
from tools.proof.physical.deeds import LOOPS, OFFICER, WHY, Deed, deeds, do, in_words, level
from tools.proof.physical.exposure import allowed
from tools.proof.physical.machine import BEFORE, TimedLane
from tools.proof.physical.plans import MARKS, PhysicalPlan
from tools.proof.physical.road import GAP, GONE, LINE
from tools.proof.physical.site import NOBODY, Use, begin, exposed, is_over, tell

DISTURBANCES = (
    "late", "referral", "stray", "again", "release", "inspect", "take over", "typing", "write off", "bypass", "runs", "unread",
    "neighbour", "exit dead", "exit stuck", "stop dead", "elsewhere", "withdrawn", "come", "hold", "unladen", "restart",
    "restore", "link", "help", "camera", "doors", "manual", "queue",
)  # fmt: skip
"""What a walk may meet beside the ordinary course: three of these at least are drawn for each."""

REPORT_MS = (50, 200)
"""A loop's level must last so long before it is reported."""
PAINT_MS = (30, 400)
"""A screen paints what it is told after so long."""
CELL_MS = (800, 2_500)
"""A vehicle that has left the line takes so long for a cell."""
LEAVE_MS = 20_000

BOUNDS_MS = {
    "": REPORT_MS[1] + PAINT_MS[1],
    "passing": CELL_MS[1] + REPORT_MS[1] + PAINT_MS[1],
    "merged": CELL_MS[1] + REPORT_MS[1] + PAINT_MS[1],
    "unseen": LEAVE_MS + PAINT_MS[1],
    "officer": LEAVE_MS + PAINT_MS[1],
}
"""How long a vehicle without grounds may stand at the line while 3 can be seen, by the reason (`exposure.allowed`)."""

MEAN_MS: dict[str, int] = {
    "started": 4_000, "cleared": 9_000, "referred": 40_000, "gives up": 60_000, "stray cleared": 20_000, "read": 2_500,
    "unread": 30_000, "doubted": 4_000, "seen again": 4_000, "identified": 5_000, "pressed": 12_000, "release": 15_000, "inspect": 60_000,
    "take over": 40_000, "typing": 15_000, "enters": 4_000, "thinks better": 1_000, "write off": 15_000, "bypass": 90_000,
    "put back": 40_000, "automatic": 20_000, "elsewhere": 60_000, "withdrawn": 60_000, "come": 30_000, "hold": 60_000,
    "dead": 120_000, "stuck": 120_000, "fresh": 3_000, "offline": 60_000, "restart": 60_000,
}  # fmt: skip
"""How long each deed takes to come, in the mean."""
LONGEST_MS = 900_000


@dataclass(slots=True)
class WalksFound:
    """The sums over walks.

    Attributes:
        threes: different sets of three disturbances that were met together.
        releases: times that 3 was told to the screens; `own`: to a vehicle with grounds of its own.
        worst_ms: the longest that a vehicle without grounds stood under 3, by the reason.
        broken: what broke a bound: seed, what, and the way to it.
    """

    runs: int = 0
    vehicles: int = 0
    through: int = 0
    steps: int = 0
    simulated_ms: int = 0
    releases: int = 0
    own: int = 0
    restores: int = 0
    threes: set[frozenset[str]] = field(default_factory=set)
    worst_ms: dict[str, int] = field(default_factory=dict)
    broken: list[dict[str, object]] = field(default_factory=list)


def walk(seed: int, found: WalksFound, rules: Rules = RULES) -> None:
    """One walk, repeated by its seed."""
    _Walk(seed, found, rules).go()


def drawn(chance: random.Random) -> PhysicalPlan:
    """A site with three to five vehicles and three to six disturbances."""
    number = chance.randint(3, 5)
    may = tuple(chance.sample(DISTURBANCES, chance.randint(3, 6)))
    named = "neighbour" in may
    held_up_ms = 60_000 if "queue" in may else 0
    policy = Policy(compound_loop=chance.random() < 0.3, identifier_required=named, held_up_ms=held_up_ms)
    return PhysicalPlan(
        "drawn",
        (*may, "identifier") if named else may,
        tuple(chance.choice((1, 1, 2, 3)) for _ in range(number)),
        tuple(chance.randrange(len(MARKS)) for _ in range(number)),
        tuple(chance.choice(("live", "live", "live", "none", "hold", "approved")) for _ in MARKS),
        policy,
    )


class _Walk:
    """One walk: the site, its clock, and what the glass shows."""

    def __init__(self, seed: int, found: WalksFound, rules: Rules) -> None:
        self.seed, self.found, self.chance = seed, found, random.Random(seed)
        self.plan = drawn(self.chance)
        self.machine = TimedLane(rules)
        self.site = begin(self.plan, self.machine, 0)
        self.path: list[str] = []
        self.glass_three = False
        self.reports: dict[int, int] = {}
        self.moves: dict[int, int] = {}
        self.paints: dict[int, int] = {}
        self.since: dict[str, int] = {}
        self.end = self.machine.mono_ms + LONGEST_MS

    def go(self) -> None:
        """Walks until every vehicle is gone, or the time is over."""
        begun = self.machine.mono_ms
        while not is_over(self.site) and self.machine.mono_ms < self.end and not self.found.broken:
            self._expect()
            self._next()
            self._measure()
        found = self.found
        found.runs += 1
        found.vehicles += len(self.plan.lengths)
        found.through += sum(vehicle.head == GONE for vehicle in self.site.road)
        found.steps += self.machine.steps
        found.simulated_ms += self.machine.mono_ms - begun
        found.threes |= {frozenset(three) for three in combinations(sorted(set(self.plan.may) & set(DISTURBANCES)), 3)}

    # --- what is due ---------------------------------------------------------------------------------------------

    def _expect(self) -> None:
        """What will happen by itself: a level that lasts is reported, a vehicle under way moves, a screen paints."""
        now, heard = self.machine.mono_ms, self.machine.lane.contacts
        for place, loop in enumerate(LOOPS[: 3 if self.plan.policy.compound_loop else 2]):
            if level(self.plan, self.site, loop) is (loop in heard):
                self.reports.pop(place, None)
            else:
                self.reports.setdefault(place, now + self.chance.randint(*REPORT_MS))
        for number, vehicle in enumerate(self.site.road):
            if GAP <= vehicle.head < GONE:
                self.moves.setdefault(number, now + self.chance.randint(*CELL_MS))
            else:
                self.moves.pop(number, None)
        for _, order in self.machine.orders:  # a newer order takes the older one's place, and its turn
            turn = next(iter(self.paints.values()), now + self.chance.randint(*PAINT_MS))
            self.paints = {order.serial: turn}
        self.machine.orders.clear()

    def _next(self) -> None:
        due, what = min(self._due(), default=(self.end, ("end", NOBODY)))
        possible = [(deed, 1 / self._mean(deed)) for deed in (*self._deeds(), *self._more())]
        total = sum(rate for _, rate in possible)
        wait = self.chance.expovariate(total) if total else self.end
        if self.machine.mono_ms + wait >= due:
            self.machine.mono_ms = max(self.machine.mono_ms, due)
            self._happens(what)
            return
        self.machine.mono_ms += max(1, int(wait))
        (deed,) = self.chance.choices([one for one, _ in possible], [rate for _, rate in possible])
        self._happens(deed)

    def _due(self) -> list[tuple[int, Deed]]:
        due = [(at, ("reports", place)) for place, at in self.reports.items()]
        due += [(at, ("drives", number)) for number, at in self.moves.items()]
        due += [(at, ("paints", serial)) for serial, at in self.paints.items()]
        due += [(at, (f"{name} runs out", NOBODY)) for name, (at, _) in self.machine.timers.items()]
        return [(self.end, ("end", NOBODY)), *due]

    def _deeds(self) -> list[Deed]:
        found = []
        for deed in deeds(self.plan, self.machine, self.site):
            by_itself = deed[0] == "reports" or (deed[0] == "drives" and self.site.road[deed[1]].head >= GAP)
            if not by_itself:
                found.append(deed)
        return found

    def _mean(self, deed: Deed) -> int:
        name, number = deed
        if name != "drives":
            return MEAN_MS.get(name, 30_000)
        if self.site.road[number].head < LINE:
            return 900
        told = number in (self.site.three_for, self.site.four_for)
        return (30_000 if "queue" in self.plan.may else 2_000) if told else 40_000

    def _more(self) -> list[Deed]:
        """What only walks know."""
        may, lane = self.plan.may, self.machine.lane
        more: list[Deed] = []
        if "help" in may:
            more.append(("help ended" if lane.help.value != "none" else "help", NOBODY))
        if "camera" in may:
            more.append(("camera works" if Fault.CAMERA in lane.faults else "camera fails", NOBODY))
        if "doors" in may:
            more.append(("closed" if lane.opened else "opened", NOBODY))
        if "manual" in may:
            more.append(("automatic" if lane.manual else "manual", NOBODY))
        if "restore" in may:
            more.append(("restore", NOBODY))
        return more

    # --- what happens --------------------------------------------------------------------------------------------

    def _happens(self, deed: Deed) -> None:
        name, number = deed
        if name == "end":
            return
        before = self.site
        self.path.append(f"{(self.machine.mono_ms - 1_000_000) / 1000:.1f} {in_words(deed)}")
        if name == "paints":
            self._paints(number)
        elif name == "drives":
            self._drives(number)
        elif name in ("restart", "restore"):
            self._starts_anew(restored=name == "restore")
        elif name.endswith("runs out"):
            self.machine.timers.pop(name.removesuffix(" runs out"), None)
            if name == "debt runs out":
                self._nothing_owed(begun=NOBODY if self.site.over else self.site.begun)
            self.site = do(self.plan, self.machine, self.site, deed)
        elif (event := self._event(name)) is not None:
            self.site = tell(self.plan, self.machine, self.site, event)
        else:
            self.reports.pop(number, None) if name == "reports" else None
            self.site = do(self.plan, self.machine, self.site, deed)
        if self.site.three and not before.three:
            self.found.releases += 1
            self.found.own += self.site.three_for != NOBODY

    def _nothing_owed(self, *, begun: int) -> None:
        """Immigration answers no more for a vehicle that left before: the debt has lapsed, or the box was long away."""
        self.site = self.site._replace(begun=begun, over=False, owed=NOBODY)

    def _event(self, name: str) -> e.Event | None:
        now = self.machine.now_ms()
        events: dict[str, e.Event] = {
            "help": e.ContactChanged(Contact.HELP, True, now),
            "help ended": e.HelpEnded(OFFICER, "advised"),
            "camera fails": e.FaultRaised(Fault.CAMERA, "walk"),
            "camera works": e.FaultCleared(Fault.CAMERA),
            "closed": e.LaneClosed(OFFICER, WHY),
            "opened": e.LaneOpened(OFFICER),
            "manual": e.ManualOrdered(OFFICER, WHY),
        }
        return events.get(name)

    def _paints(self, serial: int) -> None:
        self.paints.clear()
        face = self.machine.lane.face
        if face.serial != serial:
            return
        self.glass_three = Scene.DONE in (face.xdb, face.aiop)
        paints = Show(serial, face.xdb, face.aiop)
        self.site = tell(self.plan, self.machine, self.site, *_confirmed(paints))

    def _drives(self, number: int) -> None:
        self.moves.pop(number, None)
        if ("drives", number) in deeds(self.plan, self.machine, self.site):
            self.site = do(self.plan, self.machine, self.site, ("drives", number))

    def _starts_anew(self, *, restored: bool) -> None:
        """The box starts again, as it was or from a backup. Its screens show their safe face meanwhile.

        After a backup it goes on under a new journal (design §2.16), and the core knows of every use.
        """
        machine, plan = self.machine, self.plan
        machine.timers.clear()
        machine.orders.clear()
        self.paints.clear()
        self.glass_three = False
        if restored:
            self.found.restores += 1
            machine.lane = self.chance.choice(machine.earlier[-200:])
            self.plan = replace(plan, policy=replace(plan.policy, journal=f"journal-{machine.steps}"))
            uses = tuple(Use(BEFORE if use.visit > 0 else use.visit, use.vehicle) for use in self.site.uses)
            self.site = self.site._replace(uses=uses, read=NOBODY, four_for=NOBODY)
            self._nothing_owed(begun=NOBODY)
        self.site = do(self.plan, machine, self.site, ("restart", NOBODY))

    # --- what is seen --------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Follows how long, and why, a vehicle without grounds has been at the line under a 3 that can be seen."""
        now, site = self.machine.mono_ms, self.site
        under = exposed(self.plan, site._replace(three=self.glass_three))
        kind = None if under == NOBODY else self._kind()
        for name in [name for name in self.since if name != kind]:
            begun = self.since.pop(name)
            self._lasted(name, now - begun)
        if kind is not None:
            self._lasted(kind, now - self.since.setdefault(kind, now))

    def _kind(self) -> str:
        return allowed(self.plan, self.machine, self.site) if self.site.three else ""

    def _lasted(self, kind: str, ms: int) -> None:
        worst = self.found.worst_ms
        worst[kind] = max(worst.get(kind, 0), ms)
        if ms > BOUNDS_MS[kind] and not self.found.broken:
            self.found.broken.append(
                {"seed": self.seed, "kind": kind, "ms": ms, "plan": repr(self.plan), "path": self.path}
            )


def _confirmed(order: Show) -> tuple[e.Event, ...]:
    return (
        e.ScenePainted(Screen.XDB, order.xdb, order.serial),
        e.ScenePainted(Screen.AIOP, order.aiop, order.serial),
    )
