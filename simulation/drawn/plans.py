"""What chance decides about a drawn visit: who comes, in which weather, how fast, and who else is about.

`simulation.drawn.approach` draws what is planned here; the same seed and number plan the same visit.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from simulation.drawn.cabs import DrawnTruck
from simulation.drawn.plates import PlateKind, groups
from simulation.drawn.weather import Weather

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
DIGITS = "0123456789"
FPS = 8.0
SHARES = {Weather.DAY: 0.35, Weather.NIGHT: 0.25, Weather.RAIN: 0.25, Weather.SUN: 0.15}
"""How often which weather is drawn."""


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """One visit.

    Attributes:
        seed: of everything that is drawn.
        truck: who comes.
        weather: what the camera has to cope with.
        frames: pictures from its coming into view to the end, at `fps` a second.
        standing_ms: when its wheels stand; `begun_ms`: when the loop under it tells the lane that a visit begins. The
            first picture is taken at 0.
        dirt: 0 to 1; `exposure_ms`: how long the shutter is open.
        quality: of the JPEG stream; 0 for H.264 with the rate factor `factor`.
        second: a vehicle close behind, seen beside the first; `aside`: how far beside, in picture widths.
        neighbour: a vehicle in the next lane; `beyond`: how far beside, in picture widths.
    """

    seed: int
    truck: DrawnTruck
    weather: Weather
    frames: int
    standing_ms: int
    begun_ms: int
    dirt: float
    exposure_ms: float
    quality: int
    factor: int
    second: DrawnTruck | None = None
    aside: float = 0.0
    neighbour: DrawnTruck | None = None
    beyond: float = 0.0
    fps: float = FPS

    def taken_ms(self, number: int) -> int:
        """When picture `number` is taken; the first is 0."""
        return round(number * 1000 / self.fps)


def any_mark(rng: random.Random) -> str:
    """A Hong Kong mark: ordinary ones first."""
    share = rng.random()
    if share < 0.9:
        number = rng.randint(1, 10 ** rng.choices((1, 2, 3, 4), (1, 2, 4, 13))[0] - 1)
        return rng.choice(LETTERS) + rng.choice(LETTERS) + str(number)
    if share < 0.97:
        return "".join(rng.choice(LETTERS + DIGITS) for _ in range(rng.randint(3, 8)))
    return str(rng.randint(1, 9999))


def any_mainland(rng: random.Random) -> str:
    """粤Z…港 for most, the yellow plate of a Mainland lorry for some, none for a few."""
    share = rng.random()
    tail = "".join(rng.choice(DIGITS) for _ in range(3))
    if share < 0.8:
        return f"粤Z{rng.choice(LETTERS)}{tail}{'澳' if rng.random() < 0.05 else '港'}"
    return f"粤{rng.choice('ABS')}{rng.choice(LETTERS)}{tail}{rng.choice(DIGITS)}" if share < 0.9 else ""


def any_rows(rng: random.Random, mark: str) -> int:
    """One row or two; in two at most four characters stand in each (Cap. 374E, personalised marks)."""
    parts = groups(mark, PlateKind.HK_FRONT)
    fits = len(mark) > 1 and (len(parts) == 1 or max(map(len, parts)) <= 4)
    return rng.choice((1, 2)) if fits else 1


def any_truck(rng: random.Random, mark: str) -> DrawnTruck:
    """A vehicle with that mark, a badge and lettering now and then."""
    rows = any_rows(rng, mark)
    badge = rng.choice(("", "", "C250", "FH460", "ACTRS", "700"))
    lettering = rng.choice(("", "HKLTD", "27368" + str(rng.randint(100, 999))))
    return DrawnTruck(mark, any_mainland(rng), rows, badge, lettering, rng.randint(0, 10**6))


def planned(seed: int, number: int) -> VisitPlan:
    """Visit `number` of the series `seed`: one in fifty shows no Hong Kong mark, one in eight has company."""
    rng = random.Random(f"{seed}/visit/{number}")  # noqa: S311  a drawn world, no secrets
    truck = any_truck(rng, "" if rng.random() < 0.02 else any_mark(rng))
    weather = rng.choices(list(SHARES), list(SHARES.values()))[0]
    standing_ms = rng.randint(1_200, 3_800)
    stays_ms = rng.randint(1_400, 3_400)
    second = any_truck(rng, any_mark(rng)) if rng.random() < 0.06 else None
    neighbour = any_truck(rng, any_mark(rng)) if second is None and rng.random() < 0.06 else None
    return VisitPlan(
        seed=rng.getrandbits(48),
        truck=truck,
        weather=weather,
        frames=min(60, max(20, round((standing_ms + stays_ms) * FPS / 1000))),
        standing_ms=standing_ms,
        begun_ms=rng.randint(-1, standing_ms - 250),
        dirt=rng.random() ** 2 if rng.random() < 0.6 else 0.0,
        exposure_ms=rng.uniform(8, 30) if weather is Weather.NIGHT else rng.uniform(1, 16),
        quality=rng.randint(35, 90) if rng.random() < 0.5 else 0,
        factor=rng.randint(22, 33),
        second=second,
        aside=rng.choice((-1, 1)) * rng.uniform(0.27, 0.36),
        neighbour=neighbour,
        beyond=rng.choice((-1, 1)) * rng.uniform(0.47, 0.55),
    )
