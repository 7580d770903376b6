"""`rocars-lane check --walk`: every button pressed, every loop driven over, every lamp looked at, and a signed report.

    0  everything was found good      1  something was not      2  the settings cannot be used, or the lane runs

A technician walks through the lane; each contact is asked for by its name and must come and go within a time, each output is
switched and looked at. With `--nightly` nobody is asked: the lamps that have a read-back are switched for a moment, and everything
that speaks by itself is listened to; beside a running lane, which has the board, nothing is switched.

The report is JSON sealed with the lane's own key, as its events are: who walked, when, what was found. It lies beside the store.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import cv2

from devices.camera import Newest
from devices.camera_condition import CameraCondition, small_grey
from devices.settings import MOVES_VEHICLES, Output
from edge import wiring
from edge.open_devices import OpenDevices
from edge.settings.load import Settings
from lane_agent.contacts import CONTACTS, LOOPS
from lane_agent.events import ContactChanged, TroubleReported
from lane_agent.model import Contact

TOPIC: Final = "walk"
"""What the seal is for: a report cannot pass for an event."""
REACH_S = 6.0
"""A board that says nothing for so long is not there."""
PRESS_S, DRIVE_S = 60.0, 180.0
"""How long the technician has for a press, and for driving or laying a loop tester over a loop."""
FOLLOWS_S = 4.0
"""How long an output is on in the nightly test, and its read-back has to follow."""

ASKED: Final = {
    Contact.UNLADEN: "Press the Unladen Vehicle button and let go",
    Contact.HELP: "Press the Help button and let go",
    Contact.DROP_BOX: "Drop a sheet of paper into the drop-in box",
    Contact.BOX_LID: "Open the lid of the drop-in box and close it",
    Contact.BOX_NEARLY_FULL: "Hold your hand before the 'nearly full' sensor of the drop-in box and take it away",
    Contact.BOX_FULL: "Hold your hand before the 'full' sensor of the drop-in box and take it away",
    Contact.BOX_JAM: "Hold a sheet in the slot of the drop-in box and take it out",
    Contact.CABINET: "Open the door of the cabinet and close it",
    Contact.IMMIGRATION_STARTED: "Have Immigration start a vehicle",
    Contact.IMMIGRATION_CLEARED: "Have Immigration clear it",
    Contact.IMMIGRATION_REFERRED: "Have Immigration refer a vehicle",
}
"""What the technician is asked to do; loops are driven over."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing tried: "good", "bad", or "skipped" by the technician, and what was seen."""

    name: str
    result: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Technician:
    """Who walks: how things are said and asked.

    Attributes:
        name: for the report, "" for nobody (nightly).
        say: tells a line.
        agree: asks a question of yes and no; may be asked in a thread.
    """

    name: str
    say: Callable[[str], None]
    agree: Callable[[str], bool]


class WalkRefused(OSError):  # noqa: N818 - what it is, not that it is an error
    """It cannot be begun; says what to do."""


async def walk(settings: Settings, technician: Technician, *, nightly: bool) -> list[Tried]:
    """Tries everything; never raises for what is broken."""
    tried: list[Tried] = []
    async with OpenDevices(settings) as devices:
        board = await devices.until(lambda: _board_speaks(devices, settings), REACH_S)
        tried.append(
            Tried("board", "good" if board else "bad", devices.trouble or f"{settings.contacts.board.value} speaks")
        )
        if settings.immigration.port:
            there = "immigration" not in {row.name for row in devices.table.rows(0) if row.trouble}
            tried.append(Tried("immigration", "good" if there else "bad", devices.trouble))
        if board:
            tried += await (_alone(settings, devices) if nightly else _asked(settings, devices, technician))
    return tried


def _board_speaks(devices: OpenDevices, settings: Settings) -> bool:
    heard = {event.contact for event in devices.heard if isinstance(event, ContactChanged)}
    return heard >= set(settings.contacts.inputs) and not devices.trouble


async def _asked(settings: Settings, devices: OpenDevices, technician: Technician) -> list[Tried]:
    tried = [await _contact(contact, devices, technician) for contact in settings.contacts.inputs]
    return tried + [await _output(output, devices, technician) for output in settings.contacts.outputs]


async def _contact(contact: Contact, devices: OpenDevices, technician: Technician) -> Tried:
    """It comes and goes, and nothing else does with it: two contacts on one wire are found here."""
    loop = contact in LOOPS or CONTACTS[contact].witness
    ask = f"Drive a vehicle over the {CONTACTS[contact].says.lower()}" if loop else ASKED[contact]
    technician.say(f"{ask} ...")
    before = len(devices.heard)

    def moves(active: bool) -> list[ContactChanged]:
        since = [event for event in devices.heard[before:] if isinstance(event, ContactChanged)]
        return [event for event in since if event.active is active]

    was_on = contact in devices.active
    came = await devices.until(lambda: any(one.contact is contact for one in moves(True)), DRIVE_S if loop else PRESS_S)
    went = came and await devices.until(lambda: contact not in devices.active, PRESS_S)
    others = {one.contact.value for one in moves(True) if one.contact is not contact} if not loop else set()
    if was_on:
        return Tried(contact.value, "bad", "was on before anybody touched it")
    if not came:
        return Tried(contact.value, "bad", "nothing was heard")
    if not went:
        return Tried(contact.value, "bad", "stayed on")
    if others:
        return Tried(contact.value, "bad", f"{', '.join(sorted(others))} came with it: look at the wiring")
    return Tried(contact.value, "good", "came and went")


async def _output(output: Output, devices: OpenDevices, technician: Technician) -> Tried:
    if output in MOVES_VEHICLES and not await asyncio.to_thread(
        technician.agree, f"{output.value} will be switched on: is the lane empty and closed to vehicles?"
    ):
        return Tried(output.value, "skipped", "the lane was not free")
    devices.switch(output, on=True)
    try:
        seen = await asyncio.to_thread(technician.agree, f"Is {output.value} on?")
    finally:
        devices.switch(output, on=False)
    off = await asyncio.to_thread(technician.agree, f"Is {output.value} off again?")
    return Tried(output.value, "good" if seen and off else "bad", f"seen on: {seen}, seen off: {off}")


async def _alone(settings: Settings, devices: OpenDevices) -> list[Tried]:
    """What can be tested with nobody there: no contact that speaks for a vehicle is on, and lamps follow."""
    tried = [
        Tried(
            contact.value, "bad" if contact in devices.active else "good", "on" if contact in devices.active else "off"
        )
        for contact in settings.contacts.inputs
        if CONTACTS[contact].for_visit or contact is Contact.HELP or CONTACTS[contact].alarm is not None
    ]
    for output, wired in settings.contacts.outputs.items():
        if wired.read_back is None or output in MOVES_VEHICLES or output in {Output.BELL, Output.ALARM}:
            continue
        before = len(devices.heard)
        devices.switch(output, on=True)
        await asyncio.sleep(FOLLOWS_S)
        devices.switch(output, on=False)
        dead = [one.detail for one in devices.heard[before:] if isinstance(one, TroubleReported)]
        tried.append(Tried(output.value, "bad" if dead else "good", "; ".join(dead) or "its read-back followed"))
    return tried


def beside_the_lane(rows: Iterable[Mapping[str, Any]]) -> list[Tried]:
    """The nightly test of a lane that runs: what its devices say of themselves; nothing is switched."""
    resting = {contact.value for contact, traits in CONTACTS.items() if traits.for_visit or traits.alarm is not None}
    tried = []
    for row in rows:
        stands = row["name"] in resting and row["state"] == "on"
        wrong = row["trouble"] or ("on, and nobody should be there" if stands else "")
        tried.append(Tried(row["name"], "bad" if wrong else "good", wrong or row["state"]))
    return tried


def look_at_camera(settings: Settings, technician: Technician, folder: Path, *, nightly: bool) -> list[Tried]:
    """One picture, what ails it, and on a walk whether it shall be the reference of the empty lane (blocking)."""
    with Newest(settings.camera) as newest:
        frame = newest.after(0, REACH_S)
    if frame is None:
        return [Tried("camera", "bad", "no picture")]
    judged = CameraCondition(settings.camera.box)
    judged.saw(frame.picture, 0, empty=True)
    ailment = judged.saw(frame.picture, 10_000, empty=True)
    tried = [Tried("camera", "bad" if ailment else "good", ailment.value if ailment else "gives pictures")]
    if (
        nightly
        or ailment
        or not technician.agree("The camera: is the lane empty now, and shall this be its reference?")
    ):
        return tried
    place = folder / "camera-reference.png"
    cv2.imwrite(str(place), small_grey(frame.picture))
    return [*tried, Tried("camera reference", "good", f'stored; write camera.reference = "{place}"')]


def seal(settings: Settings, tried: Iterable[Tried], technician: Technician, *, nightly: bool, at: datetime) -> Path:
    """Writes the signed report; returns its place.

    Raises:
        OSError: the lane's key or the folder cannot be used.
    """
    report = {
        "lane": settings.lane.id,
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "kind": "nightly" if nightly else "walk",
        "technician": technician.name,
        "tried": [asdict(one) for one in tried],
    }
    body = json.dumps(report, ensure_ascii=False, sort_keys=True).encode()
    place = settings.lane.store.parent / f"{report['kind']}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"
    place.write_bytes(wiring.signer(settings).seal(TOPIC, body))
    return place


def good(tried: Iterable[Tried]) -> bool:
    """Whether nothing was bad."""
    return all(one.result != "bad" for one in tried)
