"""Checkpoints out of the shipped ONNX files, so that a training goes on from the weights in use.

The files hold each batch normalisation folded into the convolution before it. Here it is unfolded: with the mean and
the variance that drawn samples have at that place, so that the net says what the file says, and learns as it did.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from tools.training.loop import Average
from tools.training.nets import Detector, Looker, Recogniser


def recogniser(file: Path, number: int, samples: Tensor) -> Recogniser:
    """Recogniser `number` (from 0) of those in the file; `samples` as it takes them, some hundred."""
    net = Recogniser()
    _filled(net, file, f"nets.{number}.")
    return _unfolded(net, samples)


def detector(file: Path, samples: Tensor) -> Detector:
    """The detector, with the corners in the file beside it; `samples` as it takes them."""
    net = Detector()
    _filled(net, file, "net.", file.with_name("corners.onnx"))
    return _unfolded(net, samples)


def lookers(file: Path) -> list[Looker]:
    """The second looks in the file, as they say there: each normalisation only adds what was folded away."""
    ends = "say.weight"
    nets = []
    for prefix in sorted(
        one.name.removesuffix(ends) for one in onnx.load(file).graph.initializer if one.name.endswith(ends)
    ):
        net = Looker()
        _filled(net, file, prefix)
        nets.append(net)
    return nets


def looker(file: Path, number: int, samples: Tensor) -> Looker:
    """Second look `number` (from 0) of those in the file; `samples` as it takes them."""
    return _unfolded(lookers(file)[number], samples)


def checkpoint(net: nn.Module, file: Path, peak: float) -> None:
    """Writes the net as a run that has seen nothing yet."""
    optimiser = torch.optim.AdamW(net.parameters(), peak, weight_decay=0.01)
    average = Average(net)
    state = {"net": net.state_dict(), "average": average.net.state_dict(), "steps": 0}
    torch.save(state | {"optimiser": optimiser.state_dict(), "seen": 0}, file)


def _filled(net: nn.Module, file: Path, prefix: str, *more: Path) -> None:
    """Weights from the files; a folded bias goes to the normalisation that follows."""
    kept = [one for each in (file, *more) for one in onnx.load(each).graph.initializer]
    held = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in kept}
    modules = dict(net.named_modules())
    for name, module in modules.items():
        if not isinstance(module, nn.Conv2d):
            continue
        module.weight.data.copy_(held[f"{prefix}{name}.weight"])
        bias = held[f"{prefix}{name}.bias"]
        if module.bias is not None:
            module.bias.data.copy_(bias)
        else:
            stem, _, place = name.rpartition(".")
            norm = modules[f"{stem}.{int(place) + 1}"]
            assert isinstance(norm, nn.BatchNorm2d)
            norm.bias.data.copy_(bias)
            norm.weight.data.fill_((1 + norm.eps) ** 0.5)  # with mean 0 and variance 1 it only adds the bias


@torch.no_grad()
def _unfolded(net: Any, samples: Tensor) -> Any:
    """The same function, with each normalisation's mean and variance as the samples have them."""
    seen: dict[nn.BatchNorm2d, Tensor] = {}

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        seen[norm] = inputs[0].transpose(0, 1).flatten(1)

    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    net.eval()(samples)
    for hook in hooks:
        hook.remove()
    for norm, values in seen.items():
        norm.running_mean = values.mean(1)
        norm.running_var = values.var(1)
        norm.weight.copy_((norm.running_var + norm.eps).sqrt())
        norm.bias.add_(norm.running_mean)
    return net
