"""`rocars-bench engines`: that each engine is asked about every crop in a process of its own, and compared rightly."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from simulation.drawn.trucks import CameraView, DrawnTruck
from tools.bench.cli import app


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder with one picture of one plate, and a file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "lane.png"), CameraView(seed=1).picture(DrawnTruck("LT3482", "", seed=3)).image)
    (folder / "notes.txt").write_text("not a picture")
    return folder


def test_the_installed_engines_agree_on_a_few_crops(tmp_path: Path, photographs: Path) -> None:
    """Drawn ones and those of a folder; one that is not installed is named with what installs it, and is no failure."""
    file = tmp_path / "engines.json"
    few = ("--crops", "6", "--pictures", "2", "--data", str(photographs), "--json", str(file))
    ended = CliRunner().invoke(app, ["engines", *few])
    assert ended.exit_code == 0, ended.output
    said = json.loads(file.read_text())
    assert said["crops"] > said["drawn"] == 6
    first, second, *_ = said["engines"]
    assert (first["name"], second["name"]) == ("onnxruntime", "opencv")
    assert first["difference"] == {"detector": 0, "corners": 0, "look": 0, "recogniser": 0}
    assert 0 < second["difference"]["recogniser"] < 1e-4
    for one in (first, second):
        assert one["other_texts"] == 0
        assert all(p99 >= p50 > 0 for p50, p99 in one["ms"].values())
        assert one["installed_mb"] > 50
        assert one["peak_mb"] > 30
    assert first["installed_mb"] > second["installed_mb"]
    assert {one["name"] for one in said["engines"]} | {each.partition(":")[0] for each in said["absent"]} == {
        "onnxruntime",
        "opencv",
        "easyocr",
    }
    assert all("pip install 'rocars-lane[easyocr]'" in each for each in said["absent"])
