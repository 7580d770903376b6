"""Settings of what moves vehicles and of Immigration's terminal: what is refused, with what to do."""

from __future__ import annotations

from typing import Any

import pytest

from devices.contact_faults import ContactFaults
from devices.terminal import WatchedTerminal
from edge import wiring
from edge.settings.load import LaneSettingsError, load

MODBUS = 'board = "modbus"\nport = "tcp://127.0.0.1:502"'
SIMULATED = 'board = "simulated"\nsocket = "demo/contacts.sock"'
OUTPUTS = "[contacts.outputs]"


def problems(lane_folder: Any) -> str:
    """What is wrong with the file."""
    with pytest.raises(LaneSettingsError) as error:
        load(lane_folder.file)
    return str(error.value)


@pytest.mark.parametrize("output", ["go", "barrier"])
def test_what_moves_vehicles_needs_a_board_that_lets_go(lane_folder: Any, output: str) -> None:
    """A module without its own time-out would leave it standing when the box is gone; so would a remote board."""
    lane_folder.change(OUTPUTS, f'{OUTPUTS}\n{output} = {{ line = 30, active = "high" }}')
    load(lane_folder.file)
    lane_folder.change(SIMULATED, MODBUS)
    assert f"contacts.outputs.{output}: would stand when the box is gone" in problems(lane_folder)
    lane_folder.change(MODBUS, f"{MODBUS}\nmodbus = {{ failsafe_s = 2 }}")
    load(lane_folder.file)
    lane_folder.change(f"{MODBUS}\nmodbus = {{ failsafe_s = 2 }}", 'board = "remote"\nport = "/dev/ttyUSB0"')
    assert f"contacts.outputs.{output}: nothing says that a remote board lets go" in problems(lane_folder)


def test_a_read_back_has_a_line_of_its_own(lane_folder: Any) -> None:
    """One that is on the line of a contact would answer for a finger."""
    lane_folder.change("lamp = { line = 17", 'lamp = { read_back = { line = 3, active = "high" }, line = 17')
    assert "contacts.outputs.lamp.read_back.line: line 3 is also that of contacts.inputs.unladen" in problems(
        lane_folder
    )


def test_a_terminal_takes_the_place_of_three_contacts(lane_folder: Any) -> None:
    """Both would be two words for one thing; without either no vehicle is ever cleared."""
    lane_folder.change("[screens]", '[immigration]\nkind = "terminal"\nport = "/dev/ttyS1"\n\n[screens]')
    assert "contacts.inputs.immigration_started: is what the terminal says" in problems(lane_folder)
    text = lane_folder.file.read_text()
    lane_folder.file.write_text("\n".join(line for line in text.splitlines() if not line.startswith("immigration_")))
    settings = load(lane_folder.file)
    assert settings.immigration.vouched
    assert isinstance(wiring.terminal(settings, ContactFaults()), WatchedTerminal)
    lane_folder.change('kind = "terminal"\nport = "/dev/ttyS1"', 'kind = "contacts"')
    assert "contacts.inputs.immigration_cleared: is missing" in problems(lane_folder)


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ('kind = "terminal"', "immigration.port: is missing for kind terminal"),
        ('kind = "contacts"\nport = "/dev/ttyS1"', "immigration.port: is of no use to kind contacts"),
        ('kind = "terminal"\nport = "/dev/ttyS1"\nsilent_s = 9', "immigration.silent_s: 9 s does not do"),
    ],
)
def test_a_wrong_section_says_what_to_do(lane_folder: Any, section: str, wrong: str) -> None:
    """One line each."""
    lane_folder.change("[screens]", f"[immigration]\n{section}\n\n[screens]")
    assert wrong in problems(lane_folder)


def test_over_a_network_a_terminal_proves_nothing(lane_folder: Any) -> None:
    """It may contradict, and no more."""
    lane_folder.change("[screens]", '[immigration]\nkind = "terminal"\nport = "socket://10.0.0.9:4001"\n\n[screens]')
    text = lane_folder.file.read_text()
    lane_folder.file.write_text("\n".join(line for line in text.splitlines() if not line.startswith("immigration_")))
    assert not load(lane_folder.file).immigration.vouched
