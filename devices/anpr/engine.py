"""The port behind which the networks run: one method, and the ways in which an engine may not start."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from devices.anpr.alphabet import ALPHABET, COLUMNS, CROP
from devices.anpr.detections import CORNERS, NEAR
from devices.anpr.errors import EngineMissingError, WeightsVersionError
from devices.anpr.extras import install_with
from devices.anpr.look import FEATURES, GRID, FindKind

NETWORKS = ("detector", "corners", "look", "recogniser")
_OTHERWISE = 'or write engine = "onnxruntime" or engine = "opencv" under [reader]'


class Engine(Protocol):
    """Runs a network by name."""

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for one input batch.

        Args:
            name: "detector" (1, 3, H, W; H and W multiples of 64; -1..1), "corners" (B, 48, 3, 3; of the detector's
                features), "look" (B, 48, 9, 12; likewise) or "recogniser" (B, 1, 64, 160; -3..3).
            array: the batch.

        Returns:
            (1, 49, H/8, W/8) of the detector: heat and features; (B, 8) of the corners; (B, kinds) of the look and
            (B, 120, classes) of the recogniser, probabilities.
        """


def library(engine: str, module: str, requirement: str) -> ModuleType:
    """A library that only this engine needs, imported when the engine is chosen and not before.

    Raises:
        EngineMissingError: it is not installed, or cannot be loaded; its text has the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # OSError: a shared library that it needs is not there
        wrong = f"the reader engine {engine} cannot be loaded ({error})"
        raise EngineMissingError(f"{wrong}: {install_with(requirement)}, {_OTHERWISE}") from error


@contextmanager
def understood(engine: str, folder: Path, refusals: tuple[type[Exception], ...]) -> Iterator[None]:
    """Around the loading of models: what the engine's library refuses was not made for this software.

    Args:
        engine: its name.
        folder: of the models.
        refusals: the exceptions by which the library says so.

    Raises:
        WeightsVersionError: the library refused.
    """
    try:
        yield
    except WeightsVersionError:  # said by `tried`, which says it better
        raise
    except refusals as error:
        words = " ".join(str(error).split())
        raise _other(folder, f"the engine {engine} cannot run these models ({words[:200]})") from error


def tried(engine: Engine, folder: Path, networks: tuple[str, ...] = NETWORKS) -> None:
    """Runs each network once on an empty picture, so that one of another shape stops the start and not the first truck.

    Raises:
        WeightsVersionError: an output has another shape than this software reads, or is no probability.
    """
    width, height = CROP
    trials = {
        "detector": ((1, 3, 64, 64), (1, 1 + FEATURES, 8, 8)),
        "corners": ((1, FEATURES, NEAR, NEAR), (1, CORNERS)),
        "look": ((1, FEATURES, *GRID[::-1]), (1, len(FindKind))),
        "recogniser": ((1, 1, height, width), RECOGNISED),
    }
    for name in networks:
        given, wanted = trials[name]
        seen = engine.run(name, np.zeros(given, np.float32))
        if seen.shape != wanted:
            raise _other(folder, f"the {name} gives {seen.shape}, needed is {wanted}")
        if name in ("look", "recogniser") and not np.allclose(seen.sum(-1), 1, atol=1e-3):
            raise _other(folder, f"the {name} gives no probabilities")


RECOGNISED = (1, 3 * COLUMNS, len(ALPHABET) + 1)
"""Shape of the recogniser's output for one crop."""


def _other(folder: Path, wrong: str) -> WeightsVersionError:
    return WeightsVersionError(
        f"{folder}: {wrong}: reinstall the software, or name another folder under [reader] weights"
    )
