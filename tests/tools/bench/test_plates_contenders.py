"""Contenders as processes: our own reader through the whole command, and those that are absent or end early."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest
from typer.testing import CliRunner

from simulation.drawn.trucks import CameraView, DrawnTruck
from tools.bench.cli import app
from tools.bench.plates.children import ContenderChild, NoContenderError, module, one_core
from tools.bench.plates.installed import of_debian, of_distributions, of_folder
from tools.bench.plates.labels import LabelledPicture
from tools.bench.plates.tesseract import _words

pytestmark = pytest.mark.long

TRUCK = DrawnTruck("LT3482", "粤ZR12A港", 1, "FH460", "", 3)
HEAD = "file,plate,region,layout,x,y,w,h,quad\n"


def command(*arguments: str | Path) -> str:
    """What `rocars-bench plates` prints, once it has come to its end."""
    result = CliRunner().invoke(app, ["plates", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two drawn pictures: a lorry at the stop line, with its labels, and an empty lane."""
    folder = tmp_path_factory.mktemp("drawn")
    picture = CameraView(seed=1).picture(TRUCK, 1.0)
    rows = []
    for plate, region in zip(picture.plates, ("HK", "CN-crossborder"), strict=True):
        x, y, w, h = cv2.boundingRect(plate.corners)
        quad = " ".join(f"{round(number)}" for number in plate.corners.ravel())
        rows.append(f"lorry.png,{plate.text},{region},single_row,{x},{y},{w},{h},{quad}\n")
    rows.append("empty.png,,unreadable,single_row,0,0,0,0,0 0\n")
    cv2.imwrite(str(folder / "lorry.png"), picture.image)
    cv2.imwrite(str(folder / "empty.png"), CameraView().picture().image)
    (folder / "labels.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def figures(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Our reader over them, as a lane reads and told the corners."""
    file = tmp_path_factory.mktemp("out") / "figures.json"
    said = command("--data", drawn, "--only", "ours,boxed", "--json", file)
    assert "1/1 100.0 %" in said
    assert "memory after a picture, MB" in said
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_our_reader_reads_the_drawn_lorry(figures: dict[str, Any]) -> None:
    """Both plates, and the mark to act on; for the empty lane none."""
    assert figures["pictures"]["count"] == 2
    ours = figures["pictures"]["contenders"]["ours"]
    assert ours["exact"]["HK one row"] == ours["exact"]["粤Z…港, full"] == {"right": 1, "of": 1}
    used = ours["acting"][ours["release"]]
    assert used == {"right": 1, "wrong": 0, "silent": 0, "officers": 0, "unlabelled": {"right": 0, "of": 1}}
    assert (ours["confused"], ours["missed"]) == ([], [])


def test_each_contender_says_what_it_cost(figures: dict[str, Any]) -> None:
    """Told the corners, there is no detector to pay for."""
    ours, boxed = (figures["pictures"]["contenders"][name] for name in ("ours", "boxed"))
    assert ours["cpu_ms_parts"].keys() == {"detector", "corners", "look", "recogniser"}
    assert boxed["cpu_ms_parts"].keys() == {"recogniser"}
    assert ours["cpu_ms"] >= ours["cpu_ms_parts"]["detector"] > 0
    assert ours["peak_mb"] > 40  # two networks and OpenCV
    assert ours["installed_mb"] > 50


def test_a_crop_is_read_as_one_plate(drawn: Path, tmp_path: Path) -> None:
    """Only the odd rows; what is missed is listed when asked for."""
    picture = CameraView(seed=1).picture(TRUCK, 1.0)
    x, y, w, h = cv2.boundingRect(next(plate.corners for plate in picture.plates if plate.text == TRUCK.mainland))
    cv2.imwrite(str(tmp_path / "plate.png"), picture.image[y : y + h, x : x + w])
    rows = [f"plate.png,{text},0,0,{w},{h},CN\n" for text in ("not read", TRUCK.mainland, "not read", "粤ZR12B港")]
    (tmp_path / "labels.csv").write_text("file,plate,x,y,w,h,region\n" + "".join(rows), encoding="utf-8")
    said = command("--crops", tmp_path, "--only", "ours", "--wrong")
    assert "1/2 50.0 %" in said
    assert "plate.png: 粤ZR12B港 read 粤ZR12A港" in said


def test_a_contender_that_cannot_start_is_a_line_and_the_others_go_on(drawn: Path, tmp_path: Path) -> None:
    """Here an interpreter that is not there, and a reader without its weights."""
    said = command("--data", drawn, "--only", "rapidocr,ours", "--python", f"rapidocr={tmp_path}/python")
    assert f"rapidocr: {tmp_path}/python: No such file" in said
    assert "1/1 100.0 %" in said
    said = command("--data", drawn, "--only", "ours", "--weights", tmp_path)
    assert f"ours: the reader does not start: {tmp_path}/weights.json: no such file" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "ours"], "--data"),
        (["--data", ".", "--only", "easy"], "there are only ours"),
        (["--data", ".", "--python", "rapidocr"], "NAME=PATH"),
        (["--data", "nowhere", "--only", "ours"], "No such file"),
    ],
)
def test_a_mistake_in_the_command_says_what_it_should_be(arguments: list[str], says: str) -> None:
    """Before any contender is started."""
    result = CliRunner().invoke(app, ["plates", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert says in result.output


def test_a_contender_that_ends_is_told_from_one_that_reads() -> None:
    """Its exit status is in the message; here it says that it is ready and goes."""
    script = """print('{"version": "x", "megabytes": 1, "pieces": true}', flush=True); raise SystemExit(7)"""
    with ContenderChild("brittle", [sys.executable, "-c", script]) as child:
        assert child.hello.pieces
        with pytest.raises(NoContenderError, match=r"brittle: ended at a\.jpg, exit status 7"):
            child.ask(LabelledPicture(Path("a.jpg"), ()))
    with (
        pytest.raises(NoContenderError, match="ended as it started, exit status 3"),
        ContenderChild("x", ["sh", "-c", "exit 3"]),
    ):
        pass


def test_contenders_run_on_one_core_and_one_thread() -> None:
    """The core that is named; afterwards this process may use what it could before."""
    before = os.sched_getaffinity(0)
    script = (
        "import json, os; print(json.dumps({'version': os.environ['OMP_THREAD_LIMIT'], 'megabytes': None,"
        " 'pieces': False, 'release': str(os.sched_getaffinity(0))}), flush=True)"
    )
    with one_core(max(before)) as core, ContenderChild("x", [sys.executable, "-c", script]) as child:
        assert (child.hello.version, child.hello.release) == ("1", str({core}))
    assert os.sched_getaffinity(0) == before


def test_a_contender_may_have_an_interpreter_of_its_own() -> None:
    """Otherwise it has ours."""
    assert module("rapidocr", python="elsewhere/python") == ["elsewhere/python", "-m", "tools.bench.plates.rapidocr"]
    assert module("ours", "lane")[0] == sys.executable


def test_the_words_of_tesseract_are_read_from_its_table() -> None:
    """Words only: not its pages, lines, empty words, or the end of the text."""
    lines = ["1 1 0 0 0 0 0 0 960 540 -1 ", "5 1 1 1 1 1 10 20 30 40 91.5 AB", "5 1 1 1 1 2 50 20 30 40 12 \t", ""]
    (word,) = _words("\n".join(line.replace(" ", "\t") for line in lines))
    assert (word.text, word.confidence) == ("AB", 0.915)
    assert word.corners == ((10, 20), (40, 20), (40, 60), (10, 60))


def distribution(folder: Path, name: str, size: int, *requires: str) -> None:
    """An installed distribution of one file."""
    (folder / f"{name}.py").write_bytes(b"#" * size)
    info = folder / f"{name}-1.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", *(f"Requires-Dist: {each}" for each in requires)]
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    (info / "RECORD").write_text(f"{name}.py,,\n{name}.pyc,,\n")


def test_what_is_installed_is_a_distribution_with_all_that_it_requires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once; extras and what is not installed do not count."""
    distribution(tmp_path, "benchtop", 1_000_000, "benchmid>=1", "benchextra; extra == 'x'", "benchgone<2")
    distribution(tmp_path, "benchmid", 500_000, "benchtop (>=1)")
    distribution(tmp_path, "benchextra", 250_000)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert of_distributions("benchtop") == pytest.approx(1.5)
    assert of_distributions("benchgone") == 0


def test_the_size_of_a_folder_leaves_out_byte_code(tmp_path: Path) -> None:
    """It is made here, not installed; and of a Debian package that is not there no size is told."""
    (tmp_path / "a.py").write_bytes(b"#" * 2_000_000)
    (tmp_path / "a.pyc").write_bytes(b"#" * 2_000_000)
    assert of_folder(tmp_path) == 2
    assert of_debian("no-such-package-at-all") is None
