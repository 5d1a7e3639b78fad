"""Theoretical receptive fields of ONNX graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convbias.networks.adapters.classifier import Order
from convbias.networks.adapters.fields import (
    EVERYTHING,
    IMAGE,
    POINT,
    Step,
    Window,
    fields_of,
    window,
)
from convbias.spec.arithmetic import Field

# Each unit of these sees the units at its own place, in all channels at most.
POINTWISE = frozenset(
    [
        "Abs",
        "Add",
        "BatchNormalization",
        "Cast",
        "Ceil",
        "Celu",
        "Clip",
        "Concat",
        "Div",
        "Dropout",
        "Elu",
        "Erf",
        "Exp",
        "Floor",
        "Gelu",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "LeakyRelu",
        "Log",
        "Max",
        "Mean",
        "Min",
        "Mish",
        "Mul",
        "Neg",
        "PRelu",
        "Pow",
        "Reciprocal",
        "Relu",
        "Round",
        "Selu",
        "Sigmoid",
        "Sign",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Sub",
        "Sum",
        "Tanh",
        "ThresholdedRelu",
        "LayerNormalization",
        "LpNormalization",
        "Where",
    ]
)
WINDOWED = {"Conv", "MaxPool", "AveragePool", "LpPool"}
# After these the places of units are lost, or each sees all places.
WHOLE = frozenset(
    [
        "ArgMax",
        "Flatten",
        "Gather",
        "Gemm",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "GlobalLpPool",
        "InstanceNormalization",
        "MatMul",
        "ReduceMax",
        "ReduceMean",
        "ReduceSum",
        "Reshape",
        "Slice",
        "Squeeze",
        "Unsqueeze",
    ]
)
CHANNELS_FIRST = (0, 1, 2, 3)


def onnx_fields(model: Any, order: Order) -> dict[str, Field | str]:  # noqa: ANN401 - protobuf's
    """Receptive fields of a graph's nodes, skips and dilation included.

    Args:
        model: The `onnx.ModelProto`.
        order: Where the channels of its images are.

    Returns:
        Node, or its output where it has no name, to its field, or in words why it has none.
    """
    import onnx

    constants = {each.name for each in model.graph.initializer}
    inputs = [each.name for each in model.graph.input if each.name not in constants]
    # Which axis of a tensor is which: images, channels, rows and columns as 0 to 3.
    axes = {inputs[0]: CHANNELS_FIRST if order == "first" else (0, 2, 3, 1)}
    producer = {inputs[0]: IMAGE}
    shapes = _shapes(onnx.shape_inference.infer_shapes(model).graph)
    steps = []
    for node in model.graph.node:
        taken = [each for each in node.input if each in producer]
        if not taken:
            continue
        name = node.name or node.output[0]
        here = axes.get(taken[0], CHANNELS_FIRST)
        reach = _reach(node, here, shapes)
        steps.append(Step(name, tuple(producer[each] for each in taken), reach))
        if node.op_type == "Transpose":
            permutation = next(each.ints for each in node.attribute if each.name == "perm")
            here = tuple(here[each] for each in permutation) if len(permutation) == 4 else here
        for output in node.output:
            producer[output], axes[output] = name, here
    return fields_of(steps)


def _shapes(graph: Any) -> dict[str, list[int]]:  # noqa: ANN401
    """Shapes of tensors, with 0 for what is not known."""
    found = {each.name: list(each.dims) for each in graph.initializer}
    for each in (*graph.input, *graph.value_info, *graph.output):
        found[each.name] = [side.dim_value for side in each.type.tensor_type.shape.dim]
    return found


def _reach(node: Any, axes: tuple[int, ...], shapes: dict[str, list[int]]) -> Window | str:  # noqa: ANN401
    kind = node.op_type
    if kind in POINTWISE:
        return POINT
    if kind == "Softmax":
        return EVERYTHING if len(shapes.get(node.input[0], ())) != 4 else POINT
    if kind == "Transpose":
        return POINT
    if kind == "Reshape" and shapes.get(node.input[0]) == shapes.get(node.output[0]):
        return POINT
    if kind in WHOLE:
        return EVERYTHING
    if kind in WINDOWED:
        if axes != CHANNELS_FIRST:
            return f"{kind} looks along other axes than rows and columns"
        return _window(node, shapes)
    if kind == "Pad":
        return "has padding of its own, a Pad node, whose width is data"
    return f"the receptive field of {kind} is not known"


def _window(node: Any, shapes: dict[str, list[int]]) -> Window | str:  # noqa: ANN401
    attributes = {each.name: each for each in node.attribute}

    def numbers(name: str, default: Sequence[int]) -> list[int]:
        return list(attributes[name].ints) if name in attributes else list(default)

    kernel = numbers(
        "kernel_shape", shapes.get(node.input[1], ())[2:] if node.op_type == "Conv" else ()
    )
    if len(kernel) != 2:
        return f"{node.op_type} has no kernel along two axes"
    strides, dilations = numbers("strides", (1, 1)), numbers("dilations", (1, 1))
    pads = numbers("pads", (0, 0, 0, 0))
    automatic = attributes["auto_pad"].s.decode() if "auto_pad" in attributes else "NOTSET"
    if automatic.startswith("SAME"):
        sides = shapes.get(node.input[0], [])[2:]
        if len(sides) != 2 or not all(sides):
            return f"{node.op_type} pads by the shape of its input, which is not known"
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
        totals = [
            max(0, (-(-side // stride) - 1) * stride + span - side)
            for side, stride, span in zip(sides, strides, spans, strict=True)
        ]
        more = int(automatic == "SAME_LOWER")
        pads = [(total + more) // 2 for total in totals]
    return window(kernel, strides, dilations, pads[:2])
