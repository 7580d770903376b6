"""The command line as a technician types it: help, and one clear line with status 2 for what cannot be done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from console.officers import OfficerBook
from edge.cli import app

if TYPE_CHECKING:
    from tests.edge.conftest import LaneFolder

PASSWORD = "a quiet evening at the bridge"
COMMANDS = ("run", "check", "replay", "visits", "read", "prove", "demo", "kills")


def rocars_lane(*arguments: object, typed: Sequence[str] = ()) -> Result:
    """Runs the command line; `typed` are lines typed at its prompts."""
    return CliRunner().invoke(app, [str(each) for each in arguments], input="".join(f"{line}\n" for line in typed))


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS), ("officer", "add"), ("officer", "remove")])
def test_every_command_documents_itself(command: tuple[str, ...]) -> None:
    """--help works, and says in a sentence what the command does."""
    result = rocars_lane(*command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output
    assert "--help" in result.output
    assert len(result.output.split()) > 20


def test_the_help_names_every_command() -> None:
    """Nothing is hidden."""
    said = rocars_lane("--help").output
    assert all(name in said for name in (*COMMANDS, "officer"))


@pytest.mark.parametrize("arguments", [("fly",), ("run",), ("demo", "--trucks", "0"), ("read", "--engine")])
def test_a_wrong_command_line_ends_with_status_2(arguments: tuple[str, ...]) -> None:
    """Unknown command, missing option, impossible value."""
    assert rocars_lane(*arguments).exit_code == 2


def test_a_scenario_that_does_not_exist_ends_with_status_2_and_the_list() -> None:
    """Before anything is started."""
    result = rocars_lane("demo", "--headless", "--scenario", "laden", "--scenario", "ladne")
    assert result.exit_code == 2
    said = result.stderr.replace("\n", " ")
    assert "no scenario ladne" in said
    assert "hold_after_done" in said


def test_mistakes_in_the_settings_end_a_run_with_status_2_and_a_line_each(lane_folder: LaneFolder) -> None:
    """File, key and remedy in each; nothing else is said."""
    lane_folder.change('direction = "inbound"', 'direction = "inwards"')
    lane_folder.change("stall_s = 3", "stall_s = -3")
    lane_folder.change('manifest = "sensor"', 'manifset = "sensor"')
    result = rocars_lane("run", "--config", lane_folder.file)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert all(line.startswith(f"{lane_folder.file}: ") and ";" in line for line in lines)
    for key in ("lane.direction", "camera.stall_s", "policy.manifset", "policy.manifest"):
        assert sum(f": {key}: " in line for line in lines) == 1, key
    assert len(lines) == 4


def test_a_settings_file_that_is_not_there_ends_a_run_with_status_2(lane_folder: LaneFolder) -> None:
    """It says where to take one from."""
    result = rocars_lane("run", "--config", lane_folder.folder / "other.toml")
    assert result.exit_code == 2
    assert "does not exist; copy config/lane.toml there" in result.stderr


@pytest.mark.parametrize(("name", "key"), [("demo/keys/lane.pem", "lane_key"), ("demo/keys/core/core-1.pem", "core")])
def test_a_key_that_is_none_is_told_in_one_line(lane_folder: LaneFolder, name: str, key: str) -> None:
    """Which file, and no traceback."""
    lane_folder.secret(name, b"-----BEGIN NOTHING-----\n")
    result = rocars_lane("run", "--config", lane_folder.file)
    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("rocars-lane: ")]
    assert key in line
    assert name.rpartition("/")[2] in line


def test_check_finds_nothing_wrong_with_good_settings(lane_folder: LaneFolder) -> None:
    """As JSON, settings only."""
    result = rocars_lane("check", "--config", lane_folder.file, "--settings-only", "--json")
    assert result.exit_code == 0
    assert [each["level"] for each in json.loads(result.stdout)] == ["ok"]


def test_an_officer_is_added_and_removed(lane_folder: LaneFolder) -> None:
    """The password is asked for twice and never shown; who is removed cannot log in."""
    book = OfficerBook(lane_folder.folder / "demo/officers.json")
    result = rocars_lane("officer", "add", "lau", "--config", lane_folder.file, typed=(PASSWORD, PASSWORD))
    assert result.exit_code == 0, result.output
    assert "lau may log in." in result.output
    assert PASSWORD not in result.output
    assert book.names() == ("chan", "lau")
    assert book.verify("lau", PASSWORD)
    result = rocars_lane("officer", "remove", "lau", "--config", lane_folder.file)
    assert (result.exit_code, book.names()) == (0, ("chan",))
    assert "lau may no longer log in." in result.output


def test_officers_of_one_lane_are_taken_over_by_another(lane_folder: LaneFolder) -> None:
    """With their passwords; with --only whoever is not in the export is removed. The file is secret, and nothing is half done."""
    here = OfficerBook(lane_folder.folder / "demo/officers.json")
    there = OfficerBook(lane_folder.folder / "there.json")
    there.add("lau", PASSWORD, shown="Officer Lau")
    export, config = lane_folder.folder / "export.json", ("--config", lane_folder.file)
    assert there.export(export) == ("lau",)
    assert export.stat().st_mode & 0o077 == 0
    result = rocars_lane("officer", "import", str(export), *config)
    assert result.output.split("\n")[:3] == ["added: lau", "changed: nobody", "removed: nobody"]
    assert here.verify("lau", PASSWORD)
    assert "lau  Officer Lau" in rocars_lane("officer", "list", *config).output
    assert rocars_lane("officer", "import", str(export), "--only", *config).exit_code == 0
    assert here.names() == ("lau",)
    assert rocars_lane("officer", "export", str(lane_folder.folder / "again.json"), *config).exit_code == 0
    for content, why in (
        ('{"officers": {}}', "names no officer"),
        ('{"officers": {"lau": {"shown": "", "hash": "x"}}}', "Argon2id"),
    ):
        export.write_text(content)
        refused = rocars_lane("officer", "import", str(export), *config)
        assert (refused.exit_code, here.names()) == (2, ("lau",))
        assert why in refused.output + refused.stderr


def test_the_first_officer_makes_the_file(lane_folder: LaneFolder) -> None:
    """A new lane has none, and no default password."""
    path = lane_folder.folder / "demo/officers.json"
    path.unlink()
    shown = ("--shown", "Officer Lau")
    result = rocars_lane("officer", "add", "lau", *shown, "--config", lane_folder.file, typed=(PASSWORD, PASSWORD))
    assert result.exit_code == 0, result.output
    assert OfficerBook(path).shown("lau") == "Officer Lau"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "typed", "why"),
    [
        ("Lau!", (), "a login is 2 to 32"),
        ("lau", ("short", "short"), "at least 12 characters"),
        ("lau", ("lau lau lau lau", "lau lau lau lau"), "does not contain the login"),
    ],
)
def test_an_officer_that_cannot_be_added_is_refused_in_words(
    lane_folder: LaneFolder, name: str, typed: tuple[str, ...], why: str
) -> None:
    """Status 2, the reason, and the file as it was."""
    book = OfficerBook(lane_folder.folder / "demo/officers.json")
    result = rocars_lane("officer", "add", name, "--config", lane_folder.file, typed=typed)
    assert result.exit_code == 2
    assert why in result.stderr
    assert book.names() == ("chan",)


def test_an_officer_who_is_not_there_cannot_be_removed(lane_folder: LaneFolder) -> None:
    """Status 2 and his name: perhaps it was mistyped."""
    result = rocars_lane("officer", "remove", "lou", "--config", lane_folder.file)
    assert result.exit_code == 2
    assert "there is no officer lou" in result.stderr
