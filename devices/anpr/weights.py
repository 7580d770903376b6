"""The model files and their record of origin, checked before anything runs.

`weights.json` names each file with its sha256, the characters that the recogniser tells apart, the hash of the training
run, its seed and how many samples it saw. A model that is missing, cut short, changed or of another version stops the
reader with what to do about it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec

from devices.anpr.alphabet import ALPHABET
from devices.anpr.errors import WeightsDamagedError, WeightsMissingError, WeightsVersionError

FORMAT: Final = 4
"""Inputs, outputs and alphabet of the models; `tools.training.export` writes the same number."""
SHIPPED: Final = Path(__file__).with_name("weights")
EIGHT_BITS: Final = "8"
"""Behind a network's name: the same with eight bits, for a library that is quicker with it; there need be none."""
_REMEDY = "reinstall the software, or name another folder under [reader] weights"


class ModelFile(msgspec.Struct, frozen=True):
    """One model file: `samples` is how many drawn pictures it learnt from; `seed`, where it is not that of the record."""

    file: str
    sha256: str
    samples: int
    parameters: int
    seed: int | None = None


class Weights(msgspec.Struct, frozen=True):
    """The record of origin; `alphabet` are the recogniser's classes from 1 on, 0 is blank."""

    format: int
    run: str
    seed: int
    alphabet: str
    torch: str
    models: dict[str, ModelFile]


def load(folder: Path = SHIPPED) -> dict[str, bytes]:
    """The model files of `folder` by name (`devices.anpr.engine.NETWORKS`), each checked against its hash.

    Raises:
        WeightsMissingError: `weights.json` or a model is not there.
        WeightsDamagedError: `weights.json` is not readable, or a model is not the one it names.
        WeightsVersionError: made for another version.
    """
    paper = origin(folder)
    return {name: _checked(folder / model.file, model) for name, model in paper.models.items()}


def origin(folder: Path = SHIPPED) -> Weights:
    """The record of origin alone; raises as `load` does."""
    file = folder / "weights.json"
    data = _bytes(file)
    try:
        _version(file, msgspec.json.decode(data, type=_Paper).format)
        paper = msgspec.json.decode(data, type=Weights)
    except msgspec.MsgspecError as error:
        raise WeightsDamagedError(f"{file}: not readable ({error}): {_REMEDY}") from error
    if paper.alphabet != ALPHABET:
        unlike = "".join(sorted(set(paper.alphabet) ^ set(ALPHABET))) or "their order"
        wrong = f"these weights tell other characters apart than this software (what differs: {unlike})"
        raise WeightsVersionError(f"{file}: {wrong}: {_REMEDY}")
    if missing := {"detector", "corners", "look", "recogniser"} - paper.models.keys():
        raise WeightsDamagedError(f"{file}: names no {' and no '.join(sorted(missing))}: {_REMEDY}")
    return paper


class _Paper(msgspec.Struct, frozen=True):
    """What every version of `weights.json` has."""

    format: int


def _version(file: Path, number: int) -> None:
    if number != FORMAT:
        age = "an older" if number < FORMAT else "a newer"
        wrong = f"these weights are of {age} version ({number}, needed is {FORMAT})"
        raise WeightsVersionError(f"{file}: {wrong}: {_REMEDY}")


def _checked(file: Path, model: ModelFile) -> bytes:
    data = _bytes(file)
    if hashlib.sha256(data).hexdigest() != model.sha256:
        raise WeightsDamagedError(f"{file}: {len(data)} bytes that are not the model weights.json names: {_REMEDY}")
    return data


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise WeightsMissingError(f"{file}: no such file: {_REMEDY}") from error
    except OSError as error:
        raise WeightsDamagedError(f"{file}: cannot be read ({error.strerror}): let the lane's user read it") from error
