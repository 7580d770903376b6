"""The recogniser as a user network of EasyOCR: the ONNX graph itself, run by torch.

EasyOCR imports this module by its name (`devices.anpr.easyocr_engine`), makes a `OnnxGraph` and loads a torch state dict
into it. Both come from the shipped `recogniser.onnx`, which knows its own layers: there is no second description of the
network that could drift from the trained one, and no second file of weights.

torch and onnx come with the `[easyocr]` extra; nothing but EasyOCR's engine imports this module.
"""
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional


class GraphError(Exception):
    """The file holds no graph, or one with an operation that is not among those below."""


def state_of(model: bytes) -> dict[str, Tensor]:
    """The weights of an ONNX model as a torch state dict; a dot, which torch gives a meaning, becomes a slash.

    Raises:
        GraphError: that is no ONNX model.
    """
    return {_key(each.name): _tensor(each) for each in _graph(model).initializer}


class OnnxGraph(nn.Module):
    """The graph of an ONNX model; EasyOCR wants logits, and gets the logarithms of its probabilities.

    Args:
        num_class: characters and blank; EasyOCR counts them.
        graph: the ONNX file.

    Raises:
        GraphError: the graph has an operation that is not known here.
    """

    def __init__(self, num_class: int, graph: str) -> None:
        super().__init__()
        self.num_class = num_class
        data = Path(graph).read_bytes()
        for name, value in state_of(data).items():
            self.register_parameter(name, nn.Parameter(torch.empty_like(value), requires_grad=False))
        net = _graph(data)
        self._input = net.input[0].name
        self._output = net.output[0].name
        if strange := {node.op_type for node in net.node} - _OPERATIONS.keys():
            raise GraphError(f"it has the operation {', '.join(sorted(strange))}")
        self._steps = [_step(node) for node in net.node]

    def forward(self, batch: Tensor, _text: Tensor | None = None) -> Tensor:
        """(B, 1, 64, 160) grey in -1..1 -> (B, 120, classes); EasyOCR's `_text` is for attention networks."""
        values = {self._input: batch}
        for operation, inputs, output, attributes in self._steps:
            given = (values[name] if name in values else self.get_parameter(_key(name)) for name in inputs)
            values[output] = operation(*given, **attributes)
        return torch.log(values[self._output].clamp_min(_LEAST))


Model = OnnxGraph
"""The name by which EasyOCR looks a user network up in its module (`easyocr.recognition.get_recognizer`)."""


Operation = Callable[..., Tensor]
_LEAST = 1e-30  # whose logarithm is still a number


def _graph(model: bytes) -> Any:
    try:
        graph = onnx.load_from_string(model).graph
    except DecodeError as error:
        raise GraphError(str(error)) from error
    if not graph.node:
        raise GraphError("it has no graph")
    return graph


def _step(node: Any) -> tuple[Operation, list[str], str, dict[str, Any]]:
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    return _OPERATIONS[node.op_type], list(node.input), node.output[0], attributes


def _key(name: str) -> str:
    return name.replace(".", "/")


def _tensor(proto: Any) -> Tensor:
    return torch.from_numpy(numpy_helper.to_array(proto).copy())


def _convolved(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    pads: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    group: int,
    kernel_shape: Sequence[int],
) -> Tensor:
    """ONNX pads top, left, bottom, right; torch the last dimension first."""
    assert list(kernel_shape) == list(weight.shape[2:])
    top, left, bottom, right = pads
    padded = functional.pad(x, (left, right, top, bottom))
    return functional.conv2d(padded, weight, bias, tuple(strides), 0, tuple(dilations), group)


def _sliced(x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor) -> Tensor:
    """Of one axis, which is all that flattening asks for."""
    return x.narrow(int(axes), int(starts), min(int(ends), x.shape[int(axes)]) - int(starts))


def _reshaped(x: Tensor, shape: Tensor, *, allowzero: int = 0) -> Tensor:
    """A 0 keeps that dimension (unless `allowzero`)."""
    kept = [x.shape[place] if not (size or allowzero) else size for place, size in enumerate(shape.tolist())]
    return x.reshape(kept)


_OPERATIONS: dict[str, Operation] = {
    "Add": torch.add,
    "Concat": lambda *parts, axis: torch.cat(parts, axis),
    "Div": torch.div,
    "Constant": lambda *, value: _tensor(value),
    "Conv": _convolved,
    "Mul": torch.mul,
    "ReduceMean": lambda x, *, axes, keepdims: x.mean(tuple(axes), keepdim=bool(keepdims)),
    "Relu": torch.relu,
    "Reshape": _reshaped,
    "Shape": lambda x: torch.tensor(x.shape),
    "Sigmoid": torch.sigmoid,
    "Slice": _sliced,
    "Softmax": lambda x, *, axis: torch.softmax(x, axis),
    "Transpose": lambda x, *, perm: x.permute(tuple(perm)),
}
"""What the recogniser is made of (`tools.training.nets`, exported with opset 17)."""
