"""multilingual-e5-small as an int8 ONNX model, built from the 4-bit weights.

Weights are integers with one scale per output, activations uint8 with one scale per token: a scale
per call, as ONNX Runtime's own dynamic quantisation has, would let one text's outliers coarsen its
neighbours in the batch. Word embeddings keep the file's own 4-bit values and lose nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from churon.tools.models.e5_weights import Shape, Weights

VERSION = 2
"""Raised when the graph changes, so that cached conversions are made anew."""

_CONTRIB = "com.microsoft"
# Seven bits: x86 processors without VNNI add two products in 16 bits, which eight would overflow
_LARGEST = 63


class _Graph:
    """Nodes and constants under construction."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(
        self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any
    ) -> str:
        from onnx import helper

        node = helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes)
        self.nodes.append(node)
        return output

    def linear(self, x: str, weights: Weights, names: Sequence[str], columns: int) -> str:
        """`x @ weight.T + bias` over the named weights' rows, one below the other."""
        at = names[0]
        matrix = np.concatenate([weights.matrix(f"{name}.w", columns) for name in names])
        scale = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / np.float32(_LARGEST)
        integers = np.rint(matrix / scale[:, None]).astype(np.int8)
        bias = np.concatenate([weights.row(f"{name}.b") for name in names])
        absolute = self.node("Abs", [x], f"{at}.abs")
        size = self.node("ReduceMax", [absolute], f"{at}.size", axes=[-1])
        scaled = self.node("Div", [x, size], f"{at}.scaled")
        rows = self.node("QuantizeLinear", [scaled, "step", "middle"], f"{at}.rows")
        inputs = [
            rows,
            self.constant(f"{at}.weight", integers.T),
            "step",
            self.constant(f"{at}.scale", scale),
            "middle",
        ]
        product = self.node("MatMulIntegerToFloat", inputs, f"{at}.product", _CONTRIB)
        product = self.node("Mul", [product, size], f"{at}.grown")
        return self.node("Add", [product, self.constant(f"{at}.bias", bias)], f"{at}.out")


def build(weights: Weights) -> bytes:
    """The serialised model: `ids` and `mask`, int64 (batch, tokens), to `hidden`, float32
    (batch, tokens, 384); hidden states of padding are meaningless."""
    from onnx import TensorProto, helper

    graph = _Graph()
    # Tokens are scaled to [-1, 1] first, so that one step serves them all
    graph.constant("step", np.array(1 / 127, np.float32))
    graph.constant("middle", np.array(128, np.uint8))
    hidden = _embed(graph, weights)
    mask = graph.node("Cast", ["mask"], "mask32", to=TensorProto.INT32)
    for number in range(weights.shape.layers):
        hidden = _layer(graph, weights, number, hidden, mask)
    graph.node("Identity", [hidden], "hidden")
    axes: list[str | int | None] = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, axes) for n in ("ids", "mask")]
    shape = [*axes, weights.shape.hidden]
    outputs = [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, shape)]
    body = helper.make_graph(graph.nodes, "e5", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_CONTRIB, 1)]
    model = helper.make_model(body, opset_imports=opsets, ir_version=8)
    return bytes(model.SerializeToString())


def _embed(graph: _Graph, weights: Weights) -> str:
    """Word plus position embeddings, normalised."""
    from onnx import TensorProto

    shape = weights.shape
    integers, scales = weights.quantised("emb.word", shape.hidden)
    blocks = scales.shape[1]
    graph.constant("words", integers)
    graph.constant("word_scales", scales.astype(np.float16))
    rows = graph.node("Gather", ["words", "ids"], "rows")
    rows = graph.node("Cast", [rows], "rows32", to=TensorProto.FLOAT)
    split = graph.constant("split", np.array([0, 0, blocks, -1]))
    rows = graph.node("Reshape", [rows, split], "row_blocks")
    scale = graph.node("Gather", ["word_scales", "ids"], "row_scales")
    scale = graph.node("Cast", [scale], "row_scales32", to=TensorProto.FLOAT)
    last = graph.constant("last", np.array([-1]))
    scale = graph.node("Unsqueeze", [scale, last], "row_scales4")
    words = graph.node("Mul", [rows, scale], "word_blocks")
    joined = graph.constant("joined", np.array([0, 0, shape.hidden]))
    words = graph.node("Reshape", [words, joined], "word_rows")
    summed = graph.node("Add", [words, _positions(graph, weights)], "embedded")
    return _norm(graph, weights, "emb.ln", summed)


def _positions(graph: _Graph, weights: Weights) -> str:
    shape = weights.shape
    # Every token is of type 0, so that the type's row is part of each position
    types = weights.row("emb.type").reshape(shape.types, shape.hidden)
    table = weights.row("emb.pos").reshape(shape.positions, shape.hidden) + types[0]
    graph.constant("positions", table)
    length = graph.node("Shape", ["ids"], "length", start=1, end=2)
    start = graph.constant("start", np.array([0]))
    return graph.node("Slice", ["positions", start, length, start], "position_rows")


def _layer(graph: _Graph, weights: Weights, number: int, x: str, mask: str) -> str:
    """One post-norm transformer layer (BERT)."""
    shape, at = weights.shape, f"l{number}."
    width, inner = shape.hidden, shape.feed_forward
    joint = graph.linear(x, weights, [f"{at}{name}" for name in "qkv"], width)
    attended = _attend(graph, shape, at, joint, mask)
    out = graph.linear(attended, weights, [f"{at}ao"], width)
    x = _norm(graph, weights, f"{at}aln", graph.node("Add", [x, out], f"{at}ares"))
    wide = graph.linear(x, weights, [f"{at}fi"], width)
    wide = graph.node("Gelu", [wide], f"{at}gelu", _CONTRIB)
    out = graph.linear(wide, weights, [f"{at}fo"], inner)
    return _norm(graph, weights, f"{at}oln", graph.node("Add", [x, out], f"{at}res"))


def _attend(graph: _Graph, shape: Shape, at: str, joint: str, mask: str) -> str:
    from onnx import helper

    parts = [f"{at}{name}" for name in "qkv"]
    split = helper.make_node("Split", [joint], parts, name=f"{at}split", axis=2)
    graph.nodes.append(split)
    inputs = [*parts, "", mask]
    heads = shape.heads
    return graph.node("MultiHeadAttention", inputs, f"{at}attended", _CONTRIB, num_heads=heads)


def _norm(graph: _Graph, weights: Weights, name: str, x: str) -> str:
    scale = graph.constant(f"{name}.scale", weights.row(f"{name}.w"))
    bias = graph.constant(f"{name}.bias", weights.row(f"{name}.b"))
    epsilon = float(weights.shape.epsilon)
    return graph.node("LayerNormalization", [x, scale, bias], name, axis=-1, epsilon=epsilon)
