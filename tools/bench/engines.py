"""The engines beside each other on the same crops: whether they agree, how fast they are, what they take.

`rocars-bench engines`. Each runs in a process of its own on one thread, and they take turns of a few crops each. Times
are processor time, which other work on the machine lengthens least. An engine that is not installed is reported as such.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from devices.anpr.background import background_of
from devices.anpr.ctc import decode
from devices.anpr.detections import NEAR
from devices.anpr.engine import NETWORKS
from devices.anpr.grammar import grammar_of
from devices.anpr.look import FEATURES, GRID
from tools.bench.engine_crops import Crop, drawn, photographed, pictures
from tools.bench.plates.installed import of_distributions

REFERENCE = "onnxruntime"
REQUIRED = {
    "onnxruntime": ("opencv-python-headless", "onnxruntime"),
    "opencv": ("opencv-python-headless",),
    "easyocr": ("opencv-python-headless", "onnxruntime", "easyocr", "onnx"),
}
"""What must be installed for each, beside what the lane has anyway; OpenCV straightens plates for all of them."""
_TURN = 25  # inputs an engine runs before it is another's turn
_ROOT = Path(__file__).parents[2]
Outputs = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine.

    Attributes:
        difference: largest absolute difference to the reference engine over all outputs of each network.
        other_texts: crops whose decoded text is not the reference's; `other_confidences`: whose weakest character's
            confidence differs by more than 0.0002.
        ms: median and 99th percentile of one run of each network, milliseconds of processor time.
        start_s: processor time from choosing the engine until it has run once.
        peak_mb: of its process after a picture with six plates; `installed_mb`: of its packages. 10^6 bytes.
    """

    name: str
    difference: dict[str, float]
    other_texts: int
    other_confidences: int
    ms: dict[str, tuple[float, float]]
    start_s: float
    peak_mb: float
    installed_mb: float


class EngineChild:
    """An engine's process; use it as a context. `absent` says why it did not start, "" when it did."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self.spent_ns: dict[str, list[int]] = {network: [] for network in NETWORKS}

    def __enter__(self) -> Self:
        command = (sys.executable, "-m", "tools.bench.engine_child", self.name, str(self._folder))
        alone = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=os.environ | alone)
        said = self._heard()
        self.absent: str = said.get("absent", "")
        self.start_s: float = said.get("start_s", 0.0)
        self.peak_mb: float = said.get("peak_mb", 0.0)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline() or '{"absent": "it ended; see above"}')
        return said

    def run(self, network: str, start: int, end: int) -> None:
        """Runs these inputs one by one."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([network, start, end]) + "\n")
        self._process.stdin.flush()
        self.spent_ns[network] += self._heard()["spent_ns"]

    def outputs(self) -> Outputs:
        """The outputs it wrote when it ended."""
        return {network: np.load(self._folder / f"{self.name}-{network}.npy") for network in NETWORKS}


def _in_turns(children: Sequence[EngineChild], counts: dict[str, int]) -> Iterator[float]:
    """Runs everything, a few inputs an engine at a time; yields the share that is done."""
    turns = [(net, at, min(at + _TURN, many)) for net, many in counts.items() for at in range(0, many, _TURN)]
    for number, turn in enumerate(turns):
        for place in range(len(children)):  # whoever was first is last next time
            children[(number + place) % len(children)].run(*turn)
        yield (number + 1) / len(turns)


def _read(outputs: Outputs, crops: Sequence[Crop]) -> list[tuple[str, float]]:
    """Each crop's text and its weakest character's confidence."""
    readings = [
        decode(one, grammar_of(background_of(crop.picture, one)))
        for one, crop in zip(outputs["recogniser"], crops, strict=True)
    ]
    return [(each.text, min((chance for _, chance in each.characters), default=0.0)) for each in readings]


def _percentiles(spent_ns: Sequence[int]) -> tuple[float, float]:
    middle, high = np.percentile(np.asarray(spent_ns) / 1e6, (50, 99))
    return round(float(middle), 2), round(float(high), 2)


def _measured(child: EngineChild, theirs: Outputs, reference: Outputs, crops: Sequence[Crop]) -> Measured:
    ours, wanted = _read(theirs, crops), _read(reference, crops)
    return Measured(
        name=child.name,
        difference={name: float(np.abs(theirs[name] - reference[name]).max()) for name in NETWORKS},
        other_texts=sum(one[0] != other[0] for one, other in zip(ours, wanted, strict=True)),
        other_confidences=sum(abs(one[1] - other[1]) > 0.0002 for one, other in zip(ours, wanted, strict=True)),
        ms={name: _percentiles(child.spent_ns[name]) for name in NETWORKS},
        start_s=round(child.start_s, 2),
        peak_mb=round(child.peak_mb),
        installed_mb=round(of_distributions(*REQUIRED[child.name])),
    )


def compare(crops: Sequence[Crop], wholes: NDArray[np.float32], console: Console) -> tuple[list[Measured], list[str]]:
    """Every engine that is installed, and why the others are not.

    Args:
        crops: for the recogniser; as many drawn finds go to the second look.
        wholes: (count, 3, H, W), for the detector.
        console: for the progress shown meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="bench-engines-") as made:
        folder = Path(made)
        np.save(folder / "recogniser.npy", np.stack([crop.level[None] for crop in crops]))
        np.save(folder / "look.npy", _features(len(crops), GRID[1], GRID[0]))
        np.save(folder / "corners.npy", _features(len(crops), NEAR, NEAR))
        np.save(folder / "detector.npy", wholes)
        with ExitStack() as running, console.status("starting") as status:
            children = [running.enter_context(EngineChild(name, folder)) for name in REQUIRED]
            ready = [child for child in children if not child.absent]
            counts = dict.fromkeys(("recogniser", "look", "corners"), len(crops)) | {"detector": len(wholes)}
            for share in _in_turns(ready, counts):
                status.update(f"{' and '.join(child.name for child in ready)}: {share:.0%}")
        outputs = {child.name: child.outputs() for child in ready}
    found = [_measured(child, outputs[child.name], outputs[REFERENCE], crops) for child in ready]
    return found, [f"{child.name}: {child.absent}" for child in children if child.absent]


def _features(count: int, rows: int, columns: int) -> NDArray[np.float32]:
    """Something like what the detector sees: half of it nothing, never negative."""
    drawn = np.random.default_rng(1).normal(0, 1, (count, FEATURES, rows, columns))
    return np.asarray(np.clip(drawn, 0, None), np.float32)


def _table(found: Sequence[Measured], counts: dict[str, int]) -> Table:
    title = f"{counts['crops']:,} crops, {counts['pictures']:,} pictures, one thread"
    drawn_table = Table("", *(one.name for one in found), title=title, title_justify="left")
    for name in reversed(NETWORKS):
        times = [f"{one.ms[name][0]:.2f} / {one.ms[name][1]:.2f}" for one in found]
        drawn_table.add_row(f"{name}, ms p50 / p99", *times)
    for name in reversed(NETWORKS):
        drawn_table.add_row(f"{name}, largest difference", *(f"{one.difference[name]:.1e}" for one in found))
    drawn_table.add_row("other texts", *(str(one.other_texts) for one in found))
    drawn_table.add_row("other confidences", *(str(one.other_confidences) for one in found))
    drawn_table.add_row("start, s", *(f"{one.start_s:.1f}" for one in found))
    drawn_table.add_row("process at most, MB", *(f"{one.peak_mb:.0f}" for one in found))
    drawn_table.add_row("installed, MB", *(f"{one.installed_mb:,.0f}" for one in found))
    return drawn_table


def run(*, crops: int, seed: int, wholes: int, data: Path | None, json_file: Path | None) -> bool:
    """The command.

    Args:
        crops: drawn ones.
        seed: of them.
        wholes: drawn lane pictures for the detector.
        data: a folder of pictures whose plates are read as well.
        json_file: where the figures are written too.

    Returns:
        Whether all installed engines give the same texts.
    """
    console = Console()
    with console.status("drawing"):
        plates = [*drawn(crops, seed), *(photographed(data) if data else ())]
        found, absent = compare(plates, pictures(wholes), console)
    counts = {"crops": len(plates), "drawn": crops, "pictures": wholes}
    console.print(_table(found, counts))
    for line in absent:
        console.print(f"not measured: {line}", soft_wrap=True, markup=False)
    if json_file is not None:
        machine = {"cores": os.cpu_count(), "machine": platform.machine(), "load_1min": round(os.getloadavg()[0], 2)}
        figures = {"seed": seed, **counts, "engines": [asdict(one) for one in found], "absent": absent}
        json_file.write_text(json.dumps(figures | {"machine": machine}, indent=2) + "\n", encoding="utf-8")
    return all(one.other_texts == 0 for one in found)
