"""Measures of a PyTorch network beside the passes that they need, for benchmarks/measures.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from benchmarks.contender import answer

from convbias.data.drawn import drawn
from convbias.measures.classifier import MEASURES, LabelledImages
from convbias.networks.adapters import open_classifier

BATCH = 256  # as convbias asks PyTorch
FIELD_BATCH = 64
CHANNELS = (1, 32, 64, 64)  # of the image and after each convolution
CENTRE = 3  # of the last maps, which have 7 units per side


def pair(measure: str, images: int, repeats: int) -> dict[str, float]:
    """Seconds of a measure and of the passes that it needs.

    Args:
        measure: its name.
        images: how many.
        repeats: of both, in turn; the medians count.
    """
    import torch  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)
    torch.manual_seed(0)
    maps, ends = _network()
    _, _, test_images, test_labels = drawn(n_train=1, n_test=images)
    data = LabelledImages(test_images, test_labels.astype(int))
    classifier = open_classifier(torch.nn.Sequential(maps, ends).eval(), data.images, 10)
    [taken] = [each for each in MEASURES if each.name == measure]
    # As tensors of images usually lie in memory; with one channel the transposed array's strides
    # would pass for channels last, which is faster.
    pixels = torch.tensor(data.images.transpose(0, 3, 1, 2).tolist()) / 255
    calls = (
        partial(taken.measure, classifier, data),
        partial(_passes, measure, taken.passes(test_images.shape[1]), maps, ends, pixels),
    )
    rounds = [[_seconds(call) for call in calls] for _ in range(1 + repeats)]
    of_measure, of_passes = np.median(rounds[1:], axis=0)  # the first warms up
    return {"measure": float(of_measure), "passes": float(of_passes)}


def _network() -> tuple[Any, Any]:
    """A CNN: from images to its last maps, and from these to logits."""
    from torch import nn  # pyright: ignore[reportMissingImports]

    layers = []
    for inputs, outputs in pairwise(CHANNELS):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if outputs > inputs else []
    ends = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS[-1], 10))
    return nn.Sequential(*layers), ends


def _passes(measure: str, count: int, maps: Any, ends: Any, pixels: Any) -> None:  # noqa: ANN401
    """What a measure needs of PyTorch, without making images, moving maps, and statistics.

    Forward passes; for equivariance with all maps kept until the batch's end; for Lie derivatives
    one, and Jacobian products in two directions; for receptive fields a gradient per channel of the
    last maps.
    """
    if measure == "equivariance":
        _forward(maps, ends, pixels, count, keep=True)
    elif measure == "lie":
        _forward(maps, ends, pixels, 1)
        _directions(maps, ends, pixels)
    elif measure == "receptive_field":
        _gradients(maps, pixels)
    else:
        _forward(maps, ends, pixels, count)


def _forward(maps: Any, ends: Any, pixels: Any, count: int, *, keep: bool = False) -> None:  # noqa: ANN401
    import torch  # pyright: ignore[reportMissingImports]

    with torch.inference_mode():
        for batch in pixels.split(BATCH) * count:
            kept = [batch]
            for layer in maps:
                kept.append(layer(kept[-1]))
                del kept[: 0 if keep else -1]
            ends(kept[-1])


def _directions(maps: Any, ends: Any, pixels: Any) -> None:  # noqa: ANN401
    import torch  # pyright: ignore[reportMissingImports]

    for batch in pixels.split(BATCH) * 2:
        torch.func.jvp(torch.nn.Sequential(maps, ends), (batch,), (batch,))


def _gradients(maps: Any, pixels: Any) -> None:  # noqa: ANN401
    import torch  # pyright: ignore[reportMissingImports]

    for batch in pixels.split(FIELD_BATCH):
        seen = batch.clone().requires_grad_()
        for unit in maps(seen)[:, :, CENTRE, CENTRE].sum(0):
            torch.autograd.grad(unit, seen, retain_graph=True)


def field(layers: int) -> dict[str, float]:
    """Seconds until the theoretical fields of a network with skips are known.

    Args:
        layers: how many it has.

    Returns:
        `first` with two layers, which is mostly PyTorch's import of its exporter; then `seconds`.
    """
    _, _, images, _ = drawn(n_train=1, n_test=2)
    names = {"first": 2, "seconds": layers}
    return {name: _seconds(_fields(count, images)) for name, count in names.items()}


def _fields(layers: int, images: np.ndarray) -> Callable[[], object]:
    """What gives the fields of a network with skips."""
    from torch import nn, relu  # pyright: ignore[reportMissingImports]

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv2d(8, 8, 3, padding=1)

        def forward(self, maps: Any) -> Any:  # noqa: ANN401 - tensors
            return maps + relu(self.convolution(maps))

    blocks = [Block() for _ in range(layers - 1)]
    ends = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)]
    network = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), *blocks, *ends)
    fields = open_classifier(network, images, 10).network.fields
    if fields is None:
        raise RuntimeError("PyTorch's networks have graphs")
    return fields


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    answer(pair, field)
