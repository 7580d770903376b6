"""From checkpoints to the ONNX files the reader runs, with a record of origin beside them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from devices.anpr.alphabet import ALPHABET
from devices.anpr.detections import NEAR
from devices.anpr.look import FEATURES, GRID
from tools.training.nets import Detector, Looker, Recogniser
from tools.training.shipped import lookers

FORMAT = 4  # raised when input, output or alphabet change: the reader refuses other ones
OPSET = 17


class _Agrees(nn.Module):
    """The mean of what the nets of all runs say: where they disagree, none of them is sure alone."""

    def __init__(self, nets: list[nn.Module]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor) -> Tensor:
        said = [torch.softmax(net(x), -1) for net in self.nets]
        total = said[0]
        for each in said[1:]:
            total = total + each
        return total / len(said)


class _Detects(nn.Module):
    def __init__(self, nets: list[nn.Module]) -> None:
        super().__init__()
        (self.net,) = nets
        del self.net.corners

    def forward(self, x: Tensor) -> Tensor:
        features = self.net.features(x)
        return torch.cat([torch.sigmoid(self.net.heat(features)), features], 1)


class _Places(nn.Module):
    """The detector's corners alone, on a cell and its neighbours."""

    def __init__(self, nets: list[nn.Module]) -> None:
        super().__init__()
        (whole,) = nets
        self.net = nn.Module()
        self.net.corners = whole.corners
        self.net.corners[0][0].padding = (0, 0)

    def forward(self, x: Tensor) -> Tensor:
        said: Tensor = self.net.corners(x)
        return said.flatten(1)


def folded(net: nn.Module) -> nn.Module:
    """Batch normalisation folded into the convolution before it, throughout."""
    for child in net.children():
        if isinstance(child, nn.Sequential):
            for place in range(len(child) - 1):
                one, other = child[place], child[place + 1]
                if isinstance(one, nn.Conv2d) and isinstance(other, nn.BatchNorm2d):
                    child[place], child[place + 1] = fuse_conv_bn_eval(one, other), nn.Identity()
        folded(child)
    return net


def _write(net: nn.Module, example: Tensor, file: Path, dynamic: dict[str, Any]) -> None:
    torch.onnx.export(
        net.eval(),
        (example,),
        str(file),
        input_names=["x"],
        output_names=["y"],
        opset_version=OPSET,
        dynamic_axes=dynamic,
        dynamo=False,
    )


def mean(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of the weights of several checkpoints of one run: less of what only the last samples taught."""
    first, rest = states[0], states[1:]
    whole = {name for name, value in first.items() if not value.dtype.is_floating_point}
    return {
        name: value if name in whole else torch.stack([value, *(state[name] for state in rest)]).mean(0)
        for name, value in first.items()
    }


def _load(net: nn.Module, checkpoints: tuple[Path, ...]) -> tuple[nn.Module, int]:
    """The net with the mean of the checkpoints' weights, and how many samples the first one saw."""
    states = [torch.load(checkpoint) for checkpoint in checkpoints]
    net.load_state_dict(mean([each["average"] for each in states]))
    seen: int = states[0]["seen"]
    return folded(net.eval()), seen


@dataclass(frozen=True)
class _Plan:
    """One ONNX file: `runs` are the checkpoints of each net that it holds; `kept` are nets that it held before."""

    name: str
    net: type[nn.Module]
    shell: type[nn.Module]
    runs: tuple[tuple[Path, ...], ...]
    example: Tensor
    dynamic: dict[str, Any]
    kept: tuple[tuple[nn.Module, int], ...] = ()

    def write(self, weights: Path) -> dict[str, Any]:
        """The file, and what the record of origin says of it."""
        before = [(folded(net.eval()), seen) for net, seen in self.kept]
        loaded = [*before, *(_load(self.net(), run) for run in self.runs)]
        nets = [net for net, _ in loaded]
        file = weights / f"{self.name}.onnx"
        shell = self.shell(nets)
        _write(shell, self.example, file, self.dynamic)
        return {
            "file": file.name,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "samples": sum(seen for _, seen in loaded),
            "parameters": sum(parameter.numel() for parameter in shell.parameters()),
        }


def export(
    folder: Path, weights: Path, *, seed: int, beside: tuple[Path, ...] = (), others: tuple[Path, ...] = ()
) -> None:
    """Writes the ONNX files and `weights.json` into `weights`.

    Args:
        folder: of the run.
        weights: where the files go.
        seed: of the run.
        beside: earlier checkpoints of the recogniser, whose mean with the run's own is exported.
        others: recogniser checkpoints of other runs, each asked beside this one's (`_Agrees`).
    """
    weights.mkdir(parents=True, exist_ok=True)
    wide = {"x": {2: "height", 3: "width"}, "y": {2: "rows", 3: "columns"}}
    batch = {"x": {0: "batch"}, "y": {0: "batch"}}
    recognisers = ((folder / "recogniser.pt", *beside), *((other,) for other in others))
    detectors = ((folder / "detector.pt",),)
    plans = (
        _Plan("recogniser", Recogniser, _Agrees, recognisers, torch.zeros(1, 1, 64, 160), batch),
        _Plan("look", Looker, _Agrees, ((folder / "look.pt",),), torch.zeros(1, FEATURES, GRID[1], GRID[0]), batch),
        _Plan("detector", Detector, _Detects, detectors, torch.zeros(1, 3, 384, 640), wide),
        _Plan("corners", Detector, _Places, detectors, torch.zeros(1, FEATURES, NEAR, NEAR), batch),
    )
    run = hashlib.sha256()
    for checkpoint in (each for plan in plans for part in plan.runs for each in part):
        run.update(checkpoint.read_bytes())
    paper = {
        "format": FORMAT,
        "run": run.hexdigest(),
        "seed": seed,
        "alphabet": ALPHABET,
        "torch": torch.__version__,
        "models": {plan.name: plan.write(weights) for plan in plans},
    }
    _write_paper(weights, paper)


def replace_look(folder: Path, weights: Path, *, seed: int, keep: bool = False) -> None:
    """Puts the second look of the run in `folder` into `weights`, beside the networks that are there.

    Args:
        folder: of the run; its `look.pt` is exported.
        weights: with the detector, the recogniser and their record of origin.
        seed: of the run, noted with the network.
        keep: the second looks that are there are asked as well, as the recognisers of two runs are.
    """
    paper = json.loads((weights / "weights.json").read_text(encoding="utf-8"))
    checkpoint = folder / "look.pt"
    run = hashlib.sha256(paper["run"].encode() + checkpoint.read_bytes())
    batch = {"x": {0: "batch"}, "y": {0: "batch"}}
    kept = _kept(weights, paper["models"]["look"]["samples"]) if keep else ()
    example = torch.zeros(1, FEATURES, GRID[1], GRID[0])
    plan = _Plan("look", Looker, _Agrees, ((checkpoint,),), example, batch, kept)
    paper["models"]["look"] = plan.write(weights) | {"seed": seed}
    _write_paper(weights, paper | {"format": FORMAT, "run": run.hexdigest()})


def _kept(weights: Path, samples: int) -> tuple[tuple[nn.Module, int], ...]:
    """The second looks in use; what they saw together is noted of the first."""
    nets = lookers(weights / "look.onnx")
    return tuple(zip(nets, (samples, *(0 for _ in nets[1:])), strict=True))


def _write_paper(weights: Path, paper: dict[str, Any]) -> None:
    (weights / "weights.json").write_text(json.dumps(paper, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(paper, indent=2))
