"""Theoretical receptive fields of PyTorch's exported graphs."""

from __future__ import annotations

from typing import Any

from convbias.networks.adapters.fields import (
    EVERYTHING,
    IMAGE,
    POINT,
    Step,
    Window,
    fields_of,
    window,
)
from convbias.networks.adapters.torch_network import name_of
from convbias.spec.arithmetic import Field

# Each unit of these sees the units at its own place, in all channels at most.
POINTWISE = frozenset(
    [
        "abs",
        "add",
        "add_",
        "alias",
        "batch_norm",
        "cat",
        "celu",
        "clamp",
        "clone",
        "concat",
        "contiguous",
        "detach",
        "div",
        "dropout",
        "dropout_",
        "elu",
        "elu_",
        "exp",
        "feature_dropout",
        "gelu",
        "getitem",
        "hardsigmoid",
        "hardswish",
        "hardswish_",
        "hardtanh",
        "hardtanh_",
        "leaky_relu",
        "leaky_relu_",
        "log",
        "maximum",
        "minimum",
        "mish",
        "mul",
        "mul_",
        "neg",
        "pow",
        "prelu",
        "relu",
        "relu6",
        "relu_",
        "rsqrt",
        "selu",
        "sigmoid",
        "silu",
        "silu_",
        "softplus",
        "sqrt",
        "square",
        "sub",
        "tanh",
        "to",
        "where",
    ]
)


def torch_fields(graph: Any) -> dict[str, Field | str]:  # noqa: ANN401 - a torch.fx.GraphModule
    """Receptive fields of a graph's operations, skips and dilation included.

    Args:
        graph: The module of a program that `torch.export` has made; its channels come first.

    Returns:
        Name of an operation to its field, or in words why it has none.
    """
    producer: dict[Any, str] = {}
    steps = []
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            producer[node] = IMAGE
        taken = [each for each in node.all_input_nodes if each in producer]
        if node.op != "call_function" or not taken or not hasattr(node.meta.get("val"), "shape"):
            continue
        producer[node] = name_of(node)
        inputs = tuple(producer[each] for each in taken)
        steps.append(Step(producer[node], inputs, _reach(node)))
    return fields_of(steps)


def _reach(node: Any) -> Window | str:  # noqa: ANN401
    kind = str(node.target).removeprefix("aten.").split(".")[0]
    if "getitem" in kind:
        return POINT
    before = getattr(node.args[0], "meta", {}).get("val") if node.args else None
    if kind not in POINTWISE and len(node.meta["val"].shape) != 4:
        return EVERYTHING
    if kind in POINTWISE:
        return POINT
    if kind in ("conv2d", "max_pool2d", "avg_pool2d"):
        return _window(node, kind)
    if kind in ("pad", "constant_pad_nd"):
        left, _, top, *_ = [*node.args[1], 0, 0, 0]
        return Window(padding=(top, left))
    if kind.startswith("adaptive_") or kind in ("mean", "amax", "group_norm", "instance_norm"):
        return EVERYTHING
    return f"the receptive field of {kind} is not known" if before is not None else POINT


def _window(node: Any, kind: str) -> Window | str:  # noqa: ANN401
    arguments = {
        each.name: node.args[number] if number < len(node.args) else node.kwargs.get(each.name)
        for number, each in enumerate(node.target._schema.arguments)
    }
    kernel = (
        node.args[1].meta["val"].shape[2:] if kind == "conv2d" else _pair(arguments["kernel_size"])
    )
    kernel = [int(each) for each in kernel]
    unset = [1, 1] if kind == "conv2d" else kernel
    strides = _pair(arguments.get("stride") or unset)
    dilations = _pair(arguments.get("dilation") or [1, 1])
    padding = arguments.get("padding")
    if padding == "same":  # the odd unit at the end
        padding = [d * (k - 1) // 2 for k, d in zip(kernel, dilations, strict=True)]
    elif padding in (None, "valid"):
        padding = [0, 0]
    return window(kernel, strides, dilations, _pair(padding))


def _pair(numbers: Any) -> list[int]:  # noqa: ANN401
    listed = [numbers] if isinstance(numbers, int) else list(numbers)
    return listed * 2 if len(listed) == 1 else listed
