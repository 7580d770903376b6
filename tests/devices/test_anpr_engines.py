"""The engines on the same crops: they must give the same probabilities, and so the same texts, whatever runs them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from devices.anpr.alphabet import ALPHABET, CROP, PROVINCES
from devices.anpr.background import background_of
from devices.anpr.contrast import levelled
from devices.anpr.ctc import decode
from devices.anpr.detections import CORNERS
from devices.anpr.easyocr_engine import EasyOcrEngine
from devices.anpr.engine import tried, understood
from devices.anpr.engines import ENGINES, Engine, OnnxRuntimeEngine, OpenCvEngine
from devices.anpr.errors import WeightsVersionError
from devices.anpr.extras import install_with
from devices.anpr.grammar import grammar_of
from devices.anpr.look import FEATURES, FindKind
from devices.anpr.plate_reader import PlateReader, fitted
from devices.anpr.weights import EIGHT_BITS, SHIPPED, load
from simulation.drawn.plates import PlateKind, draw
from simulation.drawn.trucks import CameraView, DrawnTruck

LETTERS, DIGITS = "ABCDEFGHJKLMNPRSTUVWXYZ", "0123456789"
Picture = NDArray[np.uint8]


def any_plate(rng: random.Random) -> Picture:
    """A plate as the recogniser might get it: straightened badly, blurred, grainy."""
    tail = "".join(rng.choices(DIGITS, k=4))
    text, kind, rows = rng.choice(
        (
            ("".join(rng.choices(LETTERS, k=2)) + str(int(tail) + 1), PlateKind.HK_FRONT, rng.choice((1, 2))),
            ("".join(rng.choices(LETTERS, k=2)) + str(int(tail) + 1), PlateKind.HK_REAR, 1),
            ("粤Z" + rng.choice(LETTERS) + tail[1:] + rng.choice("港澳"), PlateKind.CROSS_BORDER, 1),
            (rng.choice(PROVINCES) + rng.choice(LETTERS) + tail + rng.choice(LETTERS), PlateKind.CN_BLUE, 1),
        )
    )
    flat = draw(text, kind, rows, height=rng.randint(14, 60))
    height, width = flat.shape[:2]
    away = [[rng.uniform(-0.04, 0.04) * width, rng.uniform(-0.09, 0.09) * height] for _ in range(4)]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + np.array(away, np.float32)
    frame = np.array([[0, 0], [CROP[0], 0], [CROP[0], CROP[1]], [0, CROP[1]]], np.float32)
    turn = cv2.getPerspectiveTransform(corners, frame)
    crop = cv2.warpPerspective(flat, turn, CROP, borderMode=cv2.BORDER_REPLICATE)
    crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.3, 2.2))
    grain = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0, 14), crop.shape)
    return np.asarray(np.clip(crop + grain, 0, 255), np.uint8)


@pytest.fixture(scope="module")
def plates() -> list[Picture]:
    """A hundred and twenty, sharp and hardly legible ones."""
    rng = random.Random(3)
    return [any_plate(rng) for _ in range(120)]


def probabilities(engine: Engine, plates: Sequence[Picture]) -> NDArray[np.float32]:
    """What the recogniser says of each, seven at a time."""
    grey = [np.asarray(cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY), np.uint8) for plate in plates]
    batch = np.stack([levelled(each)[None] for each in grey])
    return np.concatenate([engine.run("recogniser", batch[at : at + 7]) for at in range(0, len(batch), 7)])


def texts(found: NDArray[np.float32], plates: Sequence[Picture]) -> list[str]:
    """What is read under the grammar of each plate's ground."""
    return [decode(one, grammar_of(background_of(plate, one))).text for one, plate in zip(found, plates, strict=True)]


@pytest.fixture(scope="module")
def wanted(plates: list[Picture]) -> NDArray[np.float32]:
    """What the default engine says."""
    return probabilities(OnnxRuntimeEngine(), plates)


def test_the_crops_are_worth_comparing_on(wanted: NDArray[np.float32], plates: list[Picture]) -> None:
    """Most are read, and enough of them with doubt: agreeing on certainty alone would prove little."""
    read = texts(wanted, plates)
    assert wanted.shape == (len(plates), 120, len(ALPHABET) + 1)
    assert sum(len(text) >= 3 for text in read) > 96
    doubtful = ((wanted.max(2) > 0.2) & (wanted.max(2) < 0.8)).any(1)
    assert doubtful.sum() > 24


def test_opencv_gives_what_onnxruntime_gives(wanted: NDArray[np.float32], plates: list[Picture]) -> None:
    """One crop at a time or several, to a hundred-thousandth, and every text."""
    found = probabilities(OpenCvEngine(), plates)
    assert np.abs(found - wanted).max() < 1e-4
    assert texts(found, plates) == texts(wanted, plates)


def without_eight_bits(folder: Path) -> Path:
    """The shipped weights, in which the detector has all its bits alone."""
    shutil.copytree(SHIPPED, folder)
    paper = json.loads((folder / "weights.json").read_text(encoding="utf-8"))
    del paper["models"]["detector" + EIGHT_BITS]
    (folder / "weights.json").write_text(json.dumps(paper), encoding="utf-8")
    return folder


def test_the_detector_finds_the_same_corners_by_both(tmp_path: Path) -> None:
    """A whole picture, through the whole reader; with eight bits the corners are a pixel off at most, and the texts the same."""
    image = CameraView(seed=2).picture(DrawnTruck("LT3482", "粤ZR12A港", 1, "FH460", "", 3), 0.9).image
    engines = (OnnxRuntimeEngine(without_eight_bits(tmp_path / "weights")), OpenCvEngine(), OnnxRuntimeEngine())
    ours, other, eight = (PlateReader(engine).read(image) for engine in engines)
    assert ours
    assert [read.text for read in other] == [read.text for read in ours] == [read.text for read in eight]
    assert np.allclose([read.corners for read in other], [read.corners for read in ours], atol=0.05)
    assert np.allclose([read.corners for read in eight], [read.corners for read in ours], atol=1)
    batch, _ = fitted(image, 640)
    maps = [engine.run("detector", batch) for engine in engines]
    assert np.abs(maps[0] - maps[1]).max() < 1e-4
    assert np.abs(maps[0] - maps[2]).max() > 1e-4  # it is another file


@pytest.mark.parametrize("name", ["onnxruntime", "opencv"])
def test_an_engine_is_chosen_by_its_name(name: str) -> None:
    """The names are those of the configuration."""
    empty = np.zeros((2, 1, CROP[1], CROP[0]), np.float32)
    assert ENGINES[name](SHIPPED).run("recogniser", empty).shape == (2, 120, len(ALPHABET) + 1)


def run_python(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_what_one_engine_needs_is_not_imported_for_another() -> None:
    """OpenCV must work where onnxruntime has no wheel, and torch costs hundreds of megabytes."""
    said = run_python(
        "import sys; from devices.anpr.engines import ENGINES; from devices.anpr.weights import SHIPPED\n"
        "ENGINES['opencv'](SHIPPED); print({'onnxruntime', 'torch', 'easyocr', 'onnx'} & set(sys.modules))"
    )
    assert said == "set()"


class Uncertain:
    """An engine whose recogniser knows so many classes and gives each of them `share`; `maps` come from its detector."""

    def __init__(self, classes: int, share: float, maps: int = 1 + FEATURES) -> None:
        self._outputs = {
            "detector": np.zeros((1, maps, 8, 8), np.float32),
            "corners": np.zeros((1, CORNERS), np.float32),
            "look": np.full((1, len(FindKind)), 1 / len(FindKind), np.float32),
            "recogniser": np.full((1, 120, classes), share, np.float32),
        }

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ARG002  it knows its answer
        """See `Engine`."""
        return self._outputs[name]


def test_models_of_another_shape_stop_the_start_and_not_the_first_truck() -> None:
    """Too few classes, no probabilities: told as what it is, also by an engine whose library raises the like itself."""
    classes = len(ALPHABET) + 1
    tried(Uncertain(classes, 1 / classes), SHIPPED)
    with pytest.raises(WeightsVersionError, match=rf"gives \(1, 120, 37\), needed is \(1, 120, {classes}\): reinstall"):
        tried(Uncertain(37, 1 / 37), SHIPPED)
    with (
        pytest.raises(WeightsVersionError, match="weights: the recogniser gives no probabilities: reinstall"),
        understood("any", SHIPPED, (ValueError,)),
    ):
        tried(Uncertain(classes, 1.0), SHIPPED)


def test_a_detector_that_shows_the_second_look_nothing_stops_the_start() -> None:
    """Heat, and no features."""
    with pytest.raises(WeightsVersionError, match=r"gives \(1, 1, 8, 8\), needed is .*: reinstall"):
        tried(Uncertain(len(ALPHABET) + 1, 1.0, maps=1), SHIPPED)


@pytest.fixture(scope="module")
def easyocr() -> Engine:
    """EasyOCR with the shipped weights."""
    pytest.importorskip("torch", reason=EXTRA_MISSING)
    pytest.importorskip("onnx", reason=EXTRA_MISSING)
    return EasyOcrEngine()


EXTRA_MISSING = "EasyOCR is an extra and not installed here: pip install 'rocars-lane[easyocr]', then run this again"
of_torch = pytest.mark.filterwarnings("ignore")  # whatever torch and torchvision deprecate of their own is not ours


@of_torch
def test_easyocr_gives_what_onnxruntime_gives(
    wanted: NDArray[np.float32], plates: list[Picture], easyocr: Engine
) -> None:
    """The graph as torch runs it, from weights that EasyOCR's own Reader has loaded."""
    found = probabilities(easyocr, plates)
    assert np.abs(found - wanted).max() < 1e-4
    assert texts(found, plates) == texts(wanted, plates)


@of_torch
def test_easyocr_reads_a_picture_with_our_detector(easyocr: Engine) -> None:
    """Corners and mark as with the default engine."""
    image = CameraView(seed=2).picture(DrawnTruck("LT3482", "粤ZR12A港", 1, "FH460", "", 3), 0.9).image
    ours, theirs = PlateReader(OnnxRuntimeEngine()).read(image), PlateReader(easyocr).read(image)
    assert ours
    assert [(read.text, read.region) for read in theirs] == [(read.text, read.region) for read in ours]


@of_torch
def test_easyocr_downloads_nothing_and_leaves_nothing_behind(tmp_path: Path, easyocr: Engine) -> None:
    """No connection is tried, no folder of EasyOCR is made at home, no file of ours stays in the temporary folder."""
    said = run_python(
        "import sys, warnings; warnings.simplefilter('ignore'); before, seen = list(sys.path), []\n"
        "sys.addaudithook(lambda name, _: seen.append(name) if name.startswith(('socket.', 'urllib.')) else None)\n"
        "from devices.anpr.easyocr_engine import EasyOcrEngine; EasyOcrEngine()\n"
        "print(sorted({each for each in seen if each != 'socket.__new__'}), sys.path == before)",
        HOME=str(tmp_path),
        TMPDIR=str(tmp_path),
    )
    assert said == "[] True"
    assert not [path for path in tmp_path.rglob("*") if "easyocr" in path.name.lower()]


def _nonsense() -> bytes:
    return b"no model at all" * 99


def _detector() -> bytes:
    return load(SHIPPED)["detector"]


def _of_another_make() -> bytes:
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 64, 160]) for name in ("x", "y")]
    nodes = [helper.make_node("Elu", ["x"], ["h"]), helper.make_node("Softmax", ["h"], ["y"])]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]))
    return bytes(model.SerializeToString())


@of_torch
@pytest.mark.parametrize(
    ("model", "words"), [(_nonsense, "Error parsing"), (_detector, "Concat"), (_of_another_make, "operation Elu")]
)
def test_a_model_that_easyocr_cannot_run_is_refused(
    tmp_path: Path, easyocr: Engine, model: Callable[[], bytes], words: str
) -> None:
    """The paper agrees with the file, and the file is no recogniser that is known here."""
    folder, data = Path(shutil.copytree(SHIPPED, tmp_path / "weights")), model()
    paper = json.loads((folder / "weights.json").read_text(encoding="utf-8"))
    paper["models"]["recogniser"]["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / "weights.json").write_text(json.dumps(paper), encoding="utf-8")
    (folder / "recogniser.onnx").write_bytes(data)
    with pytest.raises(WeightsVersionError, match=rf"the engine easyocr cannot run these models \(.*{words}"):
        EasyOcrEngine(folder)


def test_on_a_box_the_remedy_is_a_package_and_not_pip(tmp_path: Path) -> None:
    """A version of the package has no pip; a checkout has no package."""
    assert "-m pip install 'rocars-lane[easyocr]'" in install_with("rocars-lane[easyocr]", tmp_path)
    (tmp_path / "slot.json").write_text("{}", encoding="utf-8")
    assert install_with("rocars-lane[easyocr]", tmp_path).endswith(
        "apt install ./rocars-lane-easyocr_VERSION_ARCHITECTURE.deb"
    )
    assert "pip install 'onnxruntime'" in install_with("onnxruntime", tmp_path)
