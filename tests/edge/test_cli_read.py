"""`rocars-lane read`: drawn trucks as picture files, records for programs, a table for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest
from typer.testing import CliRunner, Result

from edge.cli import app
from simulation.drawn.trucks import CameraView, DrawnTruck

RECORD = {"file", "vrn", "reason", "plates"}
PLATE = {"text", "region", "rows", "corners", "confidence", "characters"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trucks, an empty lane, a torn picture and something that is no picture at all."""
    folder = tmp_path_factory.mktemp("pictures")
    view = CameraView(seed=4)
    for name, truck in (
        ("1-one-row.png", DrawnTruck("LT3482", mainland="粤ZR12A港", rows=1, seed=3)),
        ("2-two-rows.png", DrawnTruck("EV2033", rows=2, seed=5)),
        ("3-empty.png", None),
    ):
        cv2.imwrite(str(folder / name), view.picture(truck).image)
    whole = (folder / "1-one-row.png").read_bytes()
    (folder / "4-torn.png").write_bytes(whole[:200])
    (folder / "notes.txt").write_text("not a picture")
    return folder


def read(*arguments: object) -> Result:
    """Runs the command."""
    return CliRunner().invoke(app, ["read", *(str(each) for each in arguments)])


@pytest.fixture(scope="module")
def records(folder: Path) -> list[dict[str, Any]]:
    """One record a picture of the folder."""
    result = read(folder, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_folder_gives_one_record_a_picture_in_the_order_of_their_names(
    records: list[dict[str, Any]], folder: Path
) -> None:
    """What is no picture by its name is not looked at."""
    names = ["1-one-row.png", "2-two-rows.png", "3-empty.png", "4-torn.png"]
    assert [each["file"] for each in records] == [str(folder / name) for name in names]


def test_a_record_has_exactly_the_promised_fields(records: list[dict[str, Any]]) -> None:
    """Programs read them; a mark or the reason why there is none, never both."""
    assert all(set(each) == RECORD for each in records)
    assert all((each["vrn"] is None) != (each["reason"] is None) for each in records)
    plates = [plate for each in records for plate in each["plates"]]
    assert plates
    for plate in plates:
        assert set(plate) == PLATE
        assert plate["region"] in {"HK", "CN-crossborder", "CN", "MO", "unknown"}
        assert plate["rows"] in {1, 2}
        assert [len(corner) for corner in plate["corners"]] == [2, 2, 2, 2]
        assert "".join(char for char, _ in plate["characters"]) == plate["text"]
        assert plate["confidence"] == min(chance for _, chance in plate["characters"])


def test_the_drawn_marks_are_read(records: list[dict[str, Any]]) -> None:
    """One row and two; corners lie in the picture, clockwise from the top left."""
    first, second = records[:2]
    assert (first["vrn"], second["vrn"]) == ("LT3482", "EV2033")
    (plate,) = [each for each in first["plates"] if each["region"] == "HK"]
    assert plate["rows"] == 1
    left, right, below, _ = plate["corners"]
    assert 0 <= left[0] < right[0] < 960
    assert 0 <= right[1] < below[1] < 540
    assert [each["rows"] for each in second["plates"] if each["region"] == "HK"] == [2]


def test_the_mainland_plate_is_listed_and_is_never_the_mark(records: list[dict[str, Any]]) -> None:
    """Two fields: the Hong Kong mark is the key, the other a witness."""
    assert any(plate["region"] == "CN-crossborder" for plate in records[0]["plates"])
    assert not any("粤" in (each["vrn"] or "") for each in records)


def test_an_empty_lane_and_a_torn_picture_have_a_record_with_a_reason(records: list[dict[str, Any]]) -> None:
    """Nothing is passed over in silence."""
    empty, torn = records[2:]
    assert empty == {"file": empty["file"], "vrn": None, "reason": "no plate found", "plates": []}
    assert torn == {"file": torn["file"], "vrn": None, "reason": "not a picture, or cut short", "plates": []}


def test_people_get_a_table(folder: Path) -> None:
    """With the mark, and a file that is not there named as such."""
    result = read(folder / "1-one-row.png", folder / "gone.png")
    assert result.exit_code == 0
    assert "LT3482" in result.stdout
    assert "no such file" in " ".join(result.stdout.split())


def test_both_engines_read_the_same_mark(folder: Path) -> None:
    """They differ in whose arithmetic it is."""
    result = read(folder / "1-one-row.png", "--json", "--engine", "opencv")
    assert json.loads(result.stdout)["vrn"] == "LT3482"


def test_an_engine_that_does_not_exist_is_refused_with_the_list(folder: Path) -> None:
    """In one line."""
    result = read(folder, "--engine", "abacus")
    assert result.exit_code == 1
    assert "it is one of onnxruntime, opencv, easyocr" in result.stderr
