"""The road past the kiosk: cells, vehicles of some length on them, and which loop lies under which cell.

    … 0 | 1 the line, under it the stop loop | 2 | 3 the way-out loop | gone
                      turned off behind the line: 2 | 3 the compound loop, where there is one | gone

Vehicles come in order and never overtake; bumper to bumper is allowed. One that was told 4 turns off behind the line.
"""

from __future__ import annotations

from typing import NamedTuple

from lane_agent.model import Contact

LINE, GAP, OUT = 1, 2, 3
GONE = 9


class RoadVehicle(NamedTuple):
    """A vehicle and what people have decided about it.

    Attributes:
        head: the cell of its front, `GONE` when all of it is past the way out.
        off: it turned off to the compound.
        seen: a loop on its way out has reported it.
        cleared, referred: Immigration's decision about this very vehicle.
        officer: an officer looked at it and decided to release it; `sent`: he sent it off, by that or by taking over.
        parted: the stop loop has opened behind it.
        missed: it came onto the way-out loop before the loop had opened behind the vehicle ahead, or over a bypassed one.
        pressed: its driver pressed Unladen Vehicle.
    """

    head: int
    off: bool = False
    seen: bool = False
    cleared: bool = False
    referred: bool = False
    officer: bool = False
    sent: bool = False
    parted: bool = False
    missed: bool = False
    pressed: bool = False


Road = tuple[RoadVehicle, ...]


def queue(lengths: tuple[int, ...]) -> Road:
    """All vehicles before the line, bumper to bumper."""
    heads = [-sum(lengths[:place]) for place in range(len(lengths))]
    return tuple(RoadVehicle(head) for head in heads)


def covers(vehicle: RoadVehicle, length: int, cell: int) -> bool:
    """Whether some wheel of it stands on the cell."""
    return vehicle.head - length < cell <= vehicle.head != GONE


def at_line(road: Road, lengths: tuple[int, ...]) -> int:
    """The number of the vehicle at the line, -1 for none; two cannot stand there."""
    for number, vehicle in enumerate(road):
        if covers(vehicle, lengths[number], LINE):
            return number
    return -1


def pressed_by_wheels(road: Road, lengths: tuple[int, ...], loop: Contact) -> bool:
    """Whether a vehicle stands on the loop."""
    if loop is Contact.STOP_LOOP:
        return at_line(road, lengths) >= 0
    off = loop is Contact.COMPOUND_LOOP
    return any(
        vehicle.off is off and covers(vehicle, length, OUT) for vehicle, length in zip(road, lengths, strict=True)
    )


def is_free(road: Road, lengths: tuple[int, ...], number: int, *, off: bool) -> bool:
    """Whether the next cell before a vehicle is free; behind the line the two ways part."""
    cell = road[number].head + 1
    for other in range(number):
        ahead = road[other]
        if covers(ahead, lengths[other], cell) and (cell <= LINE or ahead.off is off):
            return False
    return True
