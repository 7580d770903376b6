"""From checkpoints to the ONNX files the reader runs, with a paper of origin beside them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from devices.anpr.alphabet import ALPHABET
from training.nets import Detector, Recogniser

FORMAT = 2  # raised when input, output or alphabet change: the reader refuses other ones
OPSET = 17


class _Recognises(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.net(x), 2)


class _Detects(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        heat, corners = self.net(x)
        return torch.cat([torch.sigmoid(heat), corners], 1)


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


def _load(net: nn.Module, checkpoints: list[Path]) -> tuple[nn.Module, dict[str, Any]]:
    states = [torch.load(checkpoint) for checkpoint in checkpoints]
    state = states[0]
    net.load_state_dict(mean([each["average"] for each in states]))
    facts = {"samples": state["seen"], "parameters": sum(p.numel() for p in net.parameters())}
    return folded(net.eval()), facts


def export(folder: Path, weights: Path, *, seed: int, beside: tuple[Path, ...] = ()) -> None:
    """Writes both ONNX files and `weights.json` into `weights`.

    Args:
        folder: of the run.
        weights: where the files go.
        seed: of the run.
        beside: earlier checkpoints of the recogniser, whose mean with the run's own is exported.
    """
    weights.mkdir(parents=True, exist_ok=True)
    wide = {"x": {2: "height", 3: "width"}, "y": {2: "rows", 3: "columns"}}
    plan = (
        ("recogniser", Recogniser(), _Recognises, torch.zeros(1, 1, 64, 160), {"x": {0: "batch"}, "y": {0: "batch"}}),
        ("detector", Detector(), _Detects, torch.zeros(1, 3, 384, 640), wide),
    )
    models, run = {}, hashlib.sha256()
    for name, net, shell, example, dynamic in plan:
        checkpoints = [folder / f"{name}.pt", *(beside if name == "recogniser" else ())]
        for checkpoint in checkpoints:
            run.update(checkpoint.read_bytes())
        net, facts = _load(net, checkpoints)  # noqa: PLW2901  the loaded net replaces the bare one
        file = weights / f"{name}.onnx"
        _write(shell(net), example, file, dynamic)
        models[name] = {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), **facts}
    paper = {
        "format": FORMAT,
        "run": run.hexdigest(),
        "seed": seed,
        "alphabet": ALPHABET,
        "torch": torch.__version__,
        "models": models,
    }
    (weights / "weights.json").write_text(json.dumps(paper, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(paper, indent=2))
