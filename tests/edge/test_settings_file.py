"""The settings file: what a technician reads when it is wrong, and what the lane gets when it is right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from devices.settings import ActiveLevel, BoardKind, CameraKind, InputSettings, Output, OutputSettings
from domain.crossing import Direction
from edge.settings.load import LaneSettingsError, load, parse
from edge.settings.sections import Manifest
from lane_agent.model import Contact
from tests.rigs.places import ROOT


def wrong(folder: Any) -> list[str]:
    """The lines of the error, without the file's name."""
    with pytest.raises(LaneSettingsError) as error:
        load(folder.file)
    lines = str(error.value).splitlines()
    assert all(line.startswith(f"{folder.file}: ") for line in lines)
    return [line.removeprefix(f"{folder.file}: ") for line in lines]


def test_a_complete_lane_is_read_into_typed_values(lane_folder: Any) -> None:
    """Everything that is right comes out typed, with paths from the file's own folder."""
    settings = load(lane_folder.file)
    assert settings.simulation
    assert settings.lane.direction is Direction.INBOUND
    assert settings.lane.store == lane_folder.folder / "demo/lane.db"
    assert settings.camera.kind is CameraKind.SIMULATED
    assert settings.contacts.board is BoardKind.SIMULATED
    assert settings.link.fresh_s == 3.0
    assert settings.link.offline_s == 5.0
    assert settings.console.host == "127.0.0.1"


def test_the_lanes_policy_is_in_milliseconds(lane_folder: Any) -> None:
    """Seconds are for people; the pure lane counts milliseconds."""
    lane_folder.change("compound_loop = true", "compound_loop = true\nconfirm_s = 0.4\nlimits = { read = 12.5 }")
    policy = load(lane_folder.file).lane_policy("j1")
    assert (policy.lane, policy.journal, policy.confirm_ms, policy.limits) == (
        "demo-in-01",
        "j1",
        400,
        (("read", 12_500),),
    )
    assert policy.manifest_sensor
    assert policy.compound_loop
    assert not policy.other_point_accepted


def test_the_contacts_are_given_as_the_devices_want_them(lane_folder: Any) -> None:
    """An input with active = "low" is active while its line is low, and has its own filter time."""
    contacts = load(lane_folder.file).contacts
    assert contacts.inputs[Contact.UNLADEN] == InputSettings(line=3, active=ActiveLevel.LOW, stable_ms=20)
    assert contacts.inputs[Contact.UNLADEN].active_low
    assert contacts.outputs[Output.BELL] == OutputSettings(line=16, active=ActiveLevel.HIGH)


@pytest.mark.parametrize("name", ["lane.toml", "simulated-lane.toml"])
def test_the_examples_are_right(name: str) -> None:
    """What is copied from config must be accepted as it stands."""
    assert parse(ROOT / "config" / name).lane.id


def test_the_real_example_is_no_simulation() -> None:
    """The example of a real lane must never start a simulated one."""
    settings = parse(ROOT / "config/lane.toml")
    assert not settings.simulation
    assert settings.policy.manifest is Manifest.NONE


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            'id = "demo-in-01"',
            'di = "demo-in-01"',
            "lane.di: is no known key; remove it; known here: direction, evidence, id, mode, point, store",
        ),
        ("[contacts.outputs]", "[contacts.outputz]", "contacts.outputz: is no known key; did you mean outputs?"),
        ("help   ", "halp   ", "contacts.inputs.halp: is no known key; did you mean help?"),
        (
            '"inbound"',
            '"inbund"',
            'lane.direction: is the text "inbund"; did you mean "inbound"? write "inbound" or "outbound"',
        ),
        (
            "port = 18830",
            'port = "18830"',
            'link.brokers[0].port: is the text "18830"; write a port number, 1 to 65535',
        ),
        ("port = 18830", "port = 70000", "link.brokers[0].port: is the number 70000; write a port number, 1 to 65535"),
        ("compound_loop = true", "compound_loop = 1", "policy.compound_loop: is the number 1; write true or false"),
        ("fps = 10", "fps = true", "camera.fps: is the switch true; write frames a second, above 0 and up to 120"),
        ("width = 512", "width = 0", "screens.xdb.width: is the number 0; write a number of pixels, 32 to 4096"),
        (
            'id = "demo-in-01"',
            'id = "lane 7"',
            'lane.id: is the text "lane 7"; write 1 to 32 letters, digits, "-" or "_", such as "mkt-in-03"',
        ),
        ('store = "demo/lane.db"', 'store = ""', "lane.store: is an empty text; write a path in quotes"),
        ('store = "demo/lane.db"', "", "lane.store: is missing; add store = a path in quotes"),
        ("[lane]", "lane = 7\n[nale]", "lane: is the number 7; write it as a section: [lane]"),
        (
            'kind = "simulated"',
            'kind = "simulated"\nregion = [0, 0, 2]',
            "camera.region[2]: is the number 2; write a number from 0 to 1",
        ),
        (
            'engine = "onnxruntime"',
            'engine = "magic"',
            'reader.engine: is the text "magic"; write "onnxruntime" or "opencv" or "easyocr"',
        ),
        ("[[link.brokers]]", "[link.brokers]", "link.brokers: is a section; write a list, as the example file does"),
    ],
)
def test_a_mistake_is_one_line_with_key_and_remedy(lane_folder: Any, old: str, new: str, line: str) -> None:
    """Unknown key, wrong type, impossible value, missing key: what, where, and what to write."""
    lane_folder.change(old, new)
    assert line in wrong(lane_folder)


def test_a_missing_section_is_named_as_a_section(lane_folder: Any) -> None:
    """The section's header is what has to be written."""
    text = lane_folder.file.read_text()
    lane_folder.file.write_text(re.sub(r"\[reader\].*?\n\n", "", text, flags=re.DOTALL))
    assert wrong(lane_folder) == ["reader: is missing; add a section [reader]"]


def test_every_mistake_is_told_at_once(lane_folder: Any) -> None:
    """One run, one list: the technician drives out once."""
    lane_folder.change('"inbound"', '"north"')
    lane_folder.change("fps = 10", "fps = -1")
    lane_folder.change("release_threshold = 0.9", "release_threshold = 90")
    lane_folder.change('host = "127.0.0.1"', "host = 127")
    (lane_folder.folder / "demo/officers.json").unlink()
    keys = [line.split(":")[0] for line in wrong(lane_folder)]
    assert keys == [
        "lane.direction",
        "camera.fps",
        "reader.release_threshold",
        "link.brokers[0].host",
        "console.officers",
    ]


def test_a_file_that_is_not_there_names_the_example(tmp_path: Path) -> None:
    """The first mistake of all."""
    with pytest.raises(LaneSettingsError, match=r"none\.toml: the file: does not exist; copy config/lane\.toml there"):
        load(tmp_path / "none.toml")


def test_a_file_that_is_not_toml_says_where(lane_folder: Any) -> None:
    """A missing quote is told with its line."""
    lane_folder.change('id = "demo-in-01"', 'id = "demo-in-01')
    (line,) = wrong(lane_folder)
    assert re.search(r"is not TOML: .*line 7", line)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """A file in another encoding is told, not guessed at."""
    file = tmp_path / "lane.toml"
    file.write_bytes("[lane]\npoint = '皇崗'".encode("big5"))
    with pytest.raises(LaneSettingsError, match="is not UTF-8 text; save it as UTF-8"):
        load(file)


def test_a_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    """Reading fails, and the line says so."""
    with pytest.raises(LaneSettingsError, match="cannot be read"):
        load(tmp_path)
