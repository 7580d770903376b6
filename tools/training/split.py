"""The detector's ONNX file as two, for one that was exported when one file said both: where plates are, and their corners.

The corners of a plate are told from what the detector saw at its middle and right beside. Told at the plates alone they
are the same, and a seventh of the detector's arithmetic is saved.

    python -m tools.training split --folder RUN --weights FOLDER
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper, numpy_helper

from devices.anpr.detections import CORNERS, NEAR
from devices.anpr.look import FEATURES
from devices.anpr.weights import FORMAT

_HEAT, _FIRST, _SAID = "net.heat.weight", "net.corners.0.0", "net.corners.1"
BEFORE = 3
"""The format of weights whose detector says the corners of every cell."""


def split(weights: Path) -> bool:
    """Makes two files of the detector in `weights` and notes both; whether there was something to do.

    Args:
        weights: a folder of format 3.
    """
    sheet = weights / "weights.json"
    paper = json.loads(sheet.read_text(encoding="utf-8"))
    if paper["format"] != BEFORE:
        return False
    told = paper["models"]["detector"]
    parts = _parts(onnx.load(weights / told["file"]))
    for name, model in parts.items():
        onnx.checker.check_model(model)
        data = model.SerializeToString()
        (weights / f"{name}.onnx").write_bytes(data)
        count = sum(numpy_helper.to_array(one).size for one in model.graph.initializer)
        noted = {"file": f"{name}.onnx", "sha256": hashlib.sha256(data).hexdigest(), "samples": told["samples"]}
        paper["models"][name] = noted | {"parameters": int(count)}
    sheet.write_text(json.dumps(paper | {"format": FORMAT}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return True


def _parts(model: onnx.ModelProto) -> dict[str, onnx.ModelProto]:
    """The detector without its corners, and the corners alone."""
    heat = next(node for node in model.graph.node if _HEAT in node.input)
    seen = heat.input[0]
    chance = next(node for node in model.graph.node if node.op_type == "Sigmoid" and heat.output[0] in node.input)
    corners = _corners(model)
    ours = {f"{name}.{part}" for name in (_FIRST, _SAID) for part in ("weight", "bias")}
    behind = _behind(model, {name for node in model.graph.node if ours & set(node.input) for name in node.output})
    kept = [node for node in model.graph.node if not behind & set(node.output)]
    nodes = [*kept, helper.make_node("Concat", [chance.output[0], seen], ["y"], axis=1)]
    used = {name for node in nodes for name in node.input}
    weights = [one for one in model.graph.initializer if one.name in used]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1 + FEATURES, "rows", "columns"])
    graph = helper.make_graph(nodes, "detector", list(model.graph.input), [output], weights)
    return {"detector": _model(graph, model), "corners": corners}


def _corners(model: onnx.ModelProto) -> onnx.ModelProto:
    """What follows the features, on one cell and its neighbours."""
    weights = [one for one in model.graph.initializer if one.name.startswith((_FIRST, _SAID))]
    nodes = [
        helper.make_node("Conv", ["x", f"{_FIRST}.weight", f"{_FIRST}.bias"], ["seen"], kernel_shape=[NEAR, NEAR]),
        helper.make_node("Relu", ["seen"], ["kept"]),
        helper.make_node("Conv", ["kept", f"{_SAID}.weight", f"{_SAID}.bias"], ["said"], kernel_shape=[1, 1]),
        helper.make_node("Flatten", ["said"], ["y"], axis=1),
    ]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", FEATURES, NEAR, NEAR])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", CORNERS])
    return _model(helper.make_graph(nodes, "corners", [given], [output], weights), model)


def _behind(model: onnx.ModelProto, names: set[str]) -> set[str]:
    """Everything that is made of `names`, and they themselves."""
    found = set(names)
    for node in model.graph.node:  # in the order in which they run
        if found & set(node.input):
            found |= set(node.output)
    return found


def _model(graph: onnx.GraphProto, like: onnx.ModelProto) -> onnx.ModelProto:
    return helper.make_model(graph, opset_imports=like.opset_import, ir_version=like.ir_version)
