"""A technician's walk against a real Modbus slave: what is found, and the report that the lane's key signs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from devices.modbus_settings import ModbusSettings
from devices.settings import ActiveLevel, BoardKind, ContactsSettings, InputSettings, Output, OutputSettings
from devices.simulated.modbus_module import SimulatedModbusModule
from edge import wiring
from edge.checks.walk import TOPIC, Technician, Tried, beside_the_lane, good, seal, walk
from edge.devices_command import devices_command
from edge.settings.load import Settings, load
from lane_agent.contacts import REQUIRED
from lane_agent.model import Contact

LINES = {contact: at for at, contact in enumerate((*REQUIRED, Contact.BOX_LID))}


def wired(settings: Settings, port: int) -> Settings:
    """The same lane over a Modbus module."""
    contacts = ContactsSettings(
        board=BoardKind.MODBUS,
        port=f"tcp://127.0.0.1:{port}",
        modbus=ModbusSettings(),
        inputs={one: InputSettings(line=at, active=ActiveLevel.HIGH) for one, at in LINES.items()},
        outputs={Output.LAMP: OutputSettings(line=0, active=ActiveLevel.HIGH)},
    )
    return msgspec.structs.replace(settings, contacts=contacts)


def walked(
    lane_folder: Any, hand: Callable[[SimulatedModbusModule, str], None], agree: bool = True
) -> tuple[Settings, list[Tried]]:
    """A walk in which `hand` does what is asked for."""

    async def run() -> tuple[Settings, list[Tried]]:
        module = SimulatedModbusModule(lines=len(LINES))
        settings = wired(load(lane_folder.file), await module.serve_tcp())
        loop = asyncio.get_running_loop()
        technician = Technician("Chan", lambda text: loop.call_soon(hand, module, text) and None, lambda _: agree)
        try:
            return settings, await walk(settings, technician, nightly=False)
        finally:
            await module.stop()

    return asyncio.run(run())


def does_it(module: SimulatedModbusModule, text: str, *, also: Contact | None = None) -> None:
    """Does what the technician is asked to; the next contact that was not pressed yet is the one asked for."""
    del text
    asked = module.__dict__.setdefault("asked", iter(LINES))
    contact = next(asked)
    loop = asyncio.get_running_loop()
    for one in {contact, also or contact}:
        module.drive(LINES[one], True)
        loop.call_later(0.3, module.drive, LINES[one], False)


def test_a_good_lane_is_found_good_and_its_report_is_signed(lane_folder: Any) -> None:
    """Every contact came and went, the lamp was seen; nobody else could have signed it."""
    settings, tried = walked(lane_folder, does_it)
    assert good(tried), [one for one in tried if one.result == "bad"]
    assert {one.name for one in tried} >= {"board", "lamp", *(contact.value for contact in LINES)}
    technician = Technician("Chan", print, lambda _: True)
    place = seal(settings, tried, technician, nightly=False, at=datetime(2026, 11, 30, 8, tzinfo=UTC))
    assert place.name == "walk-20261130T080000Z.json"
    report = json.loads(wiring.signer(settings).ring().open(TOPIC, place.read_bytes()))
    assert (report["technician"], report["lane"], len(report["tried"])) == ("Chan", settings.lane.id, len(tried))


def test_two_contacts_on_one_wire_are_found(lane_folder: Any) -> None:
    """Both move when one is pressed."""

    def hand(module: SimulatedModbusModule, text: str) -> None:
        does_it(module, text, also=Contact.BOX_LID if "Unladen" in text else None)

    _, tried = walked(lane_folder, hand)
    (found,) = [one for one in tried if one.result == "bad"]
    assert (found.name, "box_lid came with it" in found.seen) == ("unladen", True)


def test_a_lamp_that_nobody_sees_is_bad(lane_folder: Any) -> None:
    """The technician says no."""
    _, tried = walked(lane_folder, does_it, agree=False)
    assert [one.name for one in tried if one.result == "bad"] == ["lamp"]


def test_beside_a_running_lane_what_its_devices_say_is_judged() -> None:
    """Trouble and a contact that stands are bad; a loop under a vehicle is not."""
    rows = [
        {"name": "unladen", "state": "on", "trouble": ""},
        {"name": "stop_loop", "state": "on", "trouble": ""},
        {"name": "board", "state": "?", "trouble": "gone"},
    ]
    assert [one.name for one in beside_the_lane(rows) if one.result == "bad"] == ["unladen", "board"]


@pytest.mark.parametrize("as_json", [False, True])
def test_the_devices_say_what_they_see(lane_folder: Any, tmp_path: Any, as_json: bool) -> None:
    """A press is in the table, without the lane; as lines for a log and as JSON for a program."""
    out = tmp_path / "out"

    async def run() -> None:
        module = SimulatedModbusModule(lines=len(LINES))
        settings = wired(load(lane_folder.file), await module.serve_tcp())
        module.drive(LINES[Contact.UNLADEN], True)
        try:
            with out.open("w") as file:
                await devices_command(settings, seconds=2.0, as_json=as_json, out=file)
        finally:
            await module.stop()

    asyncio.run(run())
    text = out.read_text()
    if as_json:
        rows = {row["name"]: row for row in json.loads(text)}
        assert (rows["unladen"]["state"], rows["help"]["state"], rows["lamp"]["state"]) == ("on", "off", "off")
    else:
        assert "unladen: on" in text.splitlines()
