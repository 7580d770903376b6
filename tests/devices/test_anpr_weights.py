"""The shipped weights and their record of origin; what a damaged one does to every engine, in the reader's process too."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devices.anpr.alphabet import ALPHABET
from devices.anpr.engine import NETWORKS
from devices.anpr.engines import Engine, OnnxRuntimeEngine, OpenCvEngine
from devices.anpr.errors import ReaderError, WeightsDamagedError, WeightsMissingError, WeightsVersionError
from devices.anpr.weights import EIGHT_BITS, SHIPPED, load, origin
from devices.reader import ReaderProcess
from devices.reader_protocol import ReaderSetup
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from lane_agent.events import Event, FaultRaised
from lane_agent.model import Fault

Harm = Callable[[Path], None]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the shipped weights to damage."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "weights"))


def test_the_shipped_weights_name_their_origin() -> None:
    """Seed, run, number of drawn samples and the characters told apart are on record."""
    paper = origin()
    assert set(load()) == {*NETWORKS, "detector" + EIGHT_BITS}
    assert all(model.samples > 0 for model in paper.models.values())
    assert len(paper.run) == 64
    assert paper.alphabet == ALPHABET


def rewritten(folder: Path, **changes: Any) -> None:
    """Changes the record of origin; None takes a field away."""
    file = folder / "weights.json"
    paper = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in paper.items() if value is not None}))


def swapped(folder: Path, name: str, data: bytes) -> None:
    """Another model under a paper that agrees with it: hashes alone do not find that."""
    models = json.loads((folder / "weights.json").read_text())["models"]
    models[name]["sha256"] = hashlib.sha256(data).hexdigest()
    rewritten(folder, models=models)
    (folder / f"{name}.onnx").write_bytes(data)


def _lose(folder: Path) -> None:
    (folder / "detector.onnx").unlink()


def _lose_paper(folder: Path) -> None:
    (folder / "weights.json").unlink()


def _cut(folder: Path) -> None:
    file = folder / "recogniser.onnx"
    file.write_bytes(file.read_bytes()[:1000])


def _flip(folder: Path) -> None:
    data = bytearray((folder / "recogniser.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "recogniser.onnx").write_bytes(data)


def _lock(folder: Path) -> None:
    (folder / "recogniser.onnx").unlink()
    (folder / "recogniser.onnx").mkdir()


def _scribble(folder: Path) -> None:
    (folder / "weights.json").write_text("{")


def _older(folder: Path) -> None:
    rewritten(folder, format=1, alphabet=None)


def _newer(folder: Path) -> None:
    rewritten(folder, format=5, models=None)


def _other_alphabet(folder: Path) -> None:
    rewritten(folder, alphabet=ALPHABET.replace("Q", "Ω"))


def _other_order(folder: Path) -> None:
    rewritten(folder, alphabet=ALPHABET[::-1])


def _forget(folder: Path) -> None:
    models = json.loads((folder / "weights.json").read_text())["models"]
    rewritten(folder, models={"recogniser": models["recogniser"]})


HARMS: tuple[tuple[Harm, type[ReaderError], str], ...] = (
    (_lose, WeightsMissingError, r"detector\.onnx: no such file: reinstall"),
    (_lose_paper, WeightsMissingError, r"weights\.json: no such file: reinstall"),
    (_cut, WeightsDamagedError, r"recogniser\.onnx: 1000 bytes that are not the model weights\.json names: reinstall"),
    (_flip, WeightsDamagedError, r"recogniser\.onnx: \d+ bytes that are not the model weights\.json names: reinstall"),
    (_lock, WeightsDamagedError, r"recogniser\.onnx: cannot be read .*: let the lane's user read it"),
    (_scribble, WeightsDamagedError, r"weights\.json: not readable .*: reinstall"),
    (
        _older,
        WeightsVersionError,
        r"weights\.json: these weights are of an older version \(1, needed is 4\): reinstall",
    ),
    (_newer, WeightsVersionError, r"weights\.json: these weights are of a newer version \(5, needed is 4\): reinstall"),
    (_other_alphabet, WeightsVersionError, r"tell other characters apart .*\(what differs: QΩ\): reinstall"),
    (_other_order, WeightsVersionError, r"tell other characters apart .*\(what differs: their order\): reinstall"),
    (_forget, WeightsDamagedError, r"weights\.json: names no corners and no detector and no look: reinstall"),
)


@pytest.mark.parametrize(("harm", "error", "words"), HARMS)
def test_bad_weights_are_refused_with_file_and_remedy(
    copied: Path, harm: Harm, error: type[ReaderError], words: str
) -> None:
    """Missing, cut short, changed, unreadable, of another version or alphabet."""
    harm(copied)
    with pytest.raises(error, match=words):
        load(copied)


ENGINES: tuple[Callable[[Path], Engine], ...] = (OnnxRuntimeEngine, OpenCvEngine)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_loads_nothing_that_its_paper_does_not_vouch_for(
    copied: Path, engine: Callable[[Path], Engine]
) -> None:
    """Whichever engine is chosen."""
    _cut(copied)
    with pytest.raises(WeightsDamagedError, match="1000 bytes that are not the model"):
        engine(copied)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("data", [b"", b"no model at all" * 99], ids=["empty", "nonsense"])
def test_a_file_that_is_no_model_is_refused_although_its_hash_is_right(
    copied: Path, engine: Callable[[Path], Engine], data: bytes
) -> None:
    """The paper was made for the wrong file: the library's own complaint is passed on."""
    swapped(copied, "recogniser", data)
    with pytest.raises(WeightsVersionError, match=r"weights: the engine \w+ cannot run these models \(.+\): reinstall"):
        engine(copied)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_of_another_shape_is_refused_before_the_first_truck(
    copied: Path, engine: Callable[[Path], Engine]
) -> None:
    """Detector and recogniser swapped: hashes right, both models sound, and nothing would be read."""
    models = load(SHIPPED)
    swapped(copied, "recogniser", models["detector"])
    swapped(copied, "detector", models["recogniser"])
    with pytest.raises(WeightsVersionError, match="reinstall the software"):
        engine(copied)


async def first_fault(folder: Path, **settings: Any) -> FaultRaised:
    """What the agent is told when it starts a reader with these settings; no picture is needed for that."""
    events: list[Event] = []
    camera = CameraSettings(kind=CameraKind.FOLDER, path=folder)
    setup = ReaderSetup(camera=camera, reader=ReaderSettings(**settings), evidence=folder)
    reader = ReaderProcess(setup, events.append)
    try:
        await reader.start(wait_s=40)
    finally:
        await reader.stop()
    (event,) = events
    assert isinstance(event, FaultRaised)
    return event


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_lose, "detector.onnx: no such file: reinstall the software, or name another folder under [reader] weights"),
        (_cut, "recogniser.onnx: 1000 bytes that are not the model weights.json names: reinstall"),
        (_flip, "bytes that are not the model weights.json names: reinstall"),
        (_older, "weights.json: these weights are of an older version (1, needed is 4): reinstall"),
    ],
)
def test_the_agent_is_told_of_bad_weights_as_a_fault_of_the_reader(copied: Path, harm: Harm, words: str) -> None:
    """Fault READER takes the lane to manual; its detail is what the technician reads."""
    harm(copied)
    event = asyncio.run(first_fault(copied.parent, weights=copied))
    assert event.fault is Fault.READER
    assert str(copied) in event.detail
    assert words in event.detail


@pytest.mark.parametrize("missing", ["torch", "easyocr"])
def test_the_agent_is_told_which_command_installs_a_missing_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """A module that cannot be imported stands before any real one of that name: installed or not, it is missing."""
    (tmp_path / f"{missing}.py").write_text(f"raise ImportError(\"No module named '{missing}'\")")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    event = asyncio.run(first_fault(tmp_path, engine="easyocr"))
    assert event.fault is Fault.READER
    assert "the reader engine easyocr cannot be loaded (No module named" in event.detail
    assert "-m pip install 'rocars-lane[easyocr]'" in event.detail
    assert 'or write engine = "onnxruntime"' in event.detail
