"""PyTorch's networks: modules, TorchScript and exported programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np

from convbias.errors import InputError
from convbias.networks.adapters.archives import check_importable
from convbias.networks.adapters.classifier import BATCH, Inside, Opened, Order
from convbias.networks.forward import in_batches

MAPS_BATCH = 64  # all feature maps of a batch are held at once


def open_torch(
    module: Any,  # noqa: ANN401 - a torch.nn.Module
    example: np.ndarray,
    order: Order = "first",
    *,
    program: Any = None,  # noqa: ANN401 - a torch.export.ExportedProgram
) -> Opened:
    """A PyTorch network with gradients, and with its layers where it can be exported.

    Args:
        module: A `torch.nn.Module`, a TorchScript module, or the module of an exported program. It
            is in evaluation mode while it is measured.
        example: float32, two images as the network takes them.
        order: Where its axis of channels is.
        program: The exported program, where the module is one's.

    Raises:
        InputError: PyTorch is not installed.
    """
    check_importable(["torch"], "a PyTorch network")
    import torch  # pyright: ignore[reportMissingImports]

    device = next((each.device for each in module.parameters()), torch.device("cpu"))
    fixed = _fixed_batch(program)

    def tensor(images: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.array(images, np.float32, order="C")).to(device)

    def outputs(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode(), _evaluating(module, program):
            return _array(_called(module, tensor(images)))

    def derivative(pairs: np.ndarray) -> np.ndarray:
        images, directions = (tensor(pairs[:, each]) for each in (0, 1))
        # Attention's faster kernels have no derivative in forward mode.
        plain = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
        with _evaluating(module, program), plain:
            _, found = torch.func.jvp(partial(_called, module), (images,), (directions,))
        return _array(found)

    @cache
    def graph() -> Any:  # noqa: ANN401 - a torch.fx.GraphModule
        if program is not None:
            return module
        with _evaluating(module, program):
            return _exported(module, tensor(example))

    def fields() -> Mapping[str, Any]:
        from convbias.networks.adapters.torch_fields import torch_fields

        return torch_fields(graph())

    def batched(function: Callable[..., Any], images: np.ndarray) -> np.ndarray:
        return in_batches(function, images, fixed or BATCH, fixed=fixed is not None)

    hidden = isinstance(module, torch.jit.ScriptModule)
    return Opened(
        framework="PyTorch",
        outputs=partial(batched, outputs),
        order=order,
        derivative=lambda images, directions: batched(
            derivative, np.stack([images, directions], axis=1)
        ),
        inside=None if hidden else lambda: _inside(graph(), tensor, order, fixed),
        fields=None if hidden else fields,
    )


def name_of(node: Any) -> str:  # noqa: ANN401 - a torch.fx.Node
    """What reports call a node: the module that it comes from, and its operation.

    Args:
        node: Of a graph from `torch.export`.
    """
    stack = node.meta.get("nn_module_stack") or {}
    path = [each[0] for each in stack.values()][-1:]
    module = path[0].removeprefix("L['self'].").removeprefix("L__self__") if path else ""
    return f"{module} ({node.name})" if module.strip("_") else node.name


def _fixed_batch(program: Any) -> int | None:  # noqa: ANN401
    """The number of images that a program takes, None where it takes any number."""
    if program is None:
        return None
    names = set(program.graph_signature.user_inputs)
    [first] = [each for each in program.graph.nodes if each.name in names][:1]
    size = first.meta["val"].shape[0]
    return size if isinstance(size, int) else None


@contextmanager
def _evaluating(module: Any, program: Any) -> Iterator[None]:  # noqa: ANN401
    """Without dropout, and with the statistics of training; afterwards as before."""
    if program is not None:  # as it was exported; it refuses to be switched
        yield
        return
    before = [(each, each.training) for each in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for each, training in before:
            each.training = training


def _called(module: Any, images: Any) -> Any:  # noqa: ANN401
    import torch  # pyright: ignore[reportMissingImports]

    try:
        found = module(images)
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"the network does not take images of shape {tuple(images.shape)}: {reason}",
            "a network for such images",
            "state where its channels are, or bring your own images to its size with --side",
        ) from error
    if isinstance(found, (tuple, list)) and len(found) == 1:
        found = found[0]
    if isinstance(found, dict) and len(found) == 1:
        [found] = found.values()
    if not isinstance(found, torch.Tensor):
        raise InputError(
            f"the network gives a {type(found).__name__}",
            "one tensor, with a score per class",
            "wrap it in a module that returns the scores alone",
        )
    return found


def _array(tensor: Any) -> np.ndarray:  # noqa: ANN401
    return tensor.detach().float().cpu().numpy()


def _exported(module: Any, example: Any) -> Any:  # noqa: ANN401
    import torch  # pyright: ignore[reportMissingImports]

    try:
        batch = {0: torch.export.Dim.DYNAMIC}
        return torch.export.export(module, (example,), dynamic_shapes=(batch,)).module()
    except Exception as error:  # of many kinds, with pages of text
        raise InputError(
            "its layers cannot be seen, because torch.export cannot follow it:"
            f" {type(error).__name__}",
            "a network without branches that depend on the image",
        ) from error


def _inside(graph: Any, tensor: Callable[..., Any], order: Order, fixed: int | None) -> Inside:  # noqa: ANN401
    import torch  # pyright: ignore[reportMissingImports]

    if order == "last":
        raise InputError("its maps have no order that is known", "channels first")
    nodes = [
        each
        for each in graph.graph.nodes
        if each.op == "call_function"
        and "pad" not in str(each.target)
        and len(getattr(each.meta.get("val"), "shape", ())) == 4
    ]
    names = {each: name_of(each) for each in nodes}

    class Watching(torch.fx.Interpreter):
        """Keeps the feature maps while it runs a graph."""

        kept: dict[str, Any]

        def run_node(self, n: Any) -> Any:  # noqa: ANN401 - as PyTorch has it
            found = super().run_node(n)
            if n in names:
                self.kept[names[n]] = found
            return found

    def watched(images: Any) -> dict[str, Any]:  # noqa: ANN401
        watching = Watching(graph)
        watching.kept = {}
        watching.run(images)
        return watching.kept

    def maps(images: np.ndarray) -> list[np.ndarray]:
        with torch.inference_mode():
            found = watched(tensor(images))
        return [_array(found[name]).transpose(0, 2, 3, 1) for name in names.values()]

    def influence(layer: str, images: np.ndarray) -> np.ndarray:
        pixels = tensor(images).requires_grad_()
        found = watched(pixels)[layer]
        units = found[:, :, found.shape[2] // 2, found.shape[3] // 2].sum(dim=0)
        total = torch.zeros_like(pixels)
        for unit in units:
            [gradient] = torch.autograd.grad(unit, pixels, retain_graph=True)
            total += gradient.abs()
        return _array(total.sum(dim=1))

    size, exact = fixed or MAPS_BATCH, fixed is not None
    return Inside(
        tuple(names.values()),
        lambda images: dict(
            zip(names.values(), in_batches(maps, images, size, fixed=exact), strict=True)
        ),
        lambda images, layer: in_batches(partial(influence, layer), images, size, fixed=exact),
    )
