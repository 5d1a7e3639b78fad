"""Train PyTorch's plain loop with the project's recipe; score the test images after every epoch."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from benchmarks.contender import LapTimer
from benchmarks.rivals.torch_loop import build
from torch import Tensor
from torch.nn.functional import cross_entropy

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalised(matrix: Tensor) -> Tensor:
    """Newton and Schulz's five iterations, as `convbias.networks.muon` computes them."""
    a, b, c = COEFFICIENTS
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    wide = wide / (wide.norm() + 1e-7)
    square, one = wide @ wide.T, torch.eye(len(wide))
    factor = one
    for _ in range(5):
        step = a * one + b * square + c * square @ square
        square, factor = step @ square @ step, step @ factor
    result = factor @ wide
    return result.T if matrix.shape[0] > matrix.shape[1] else result


class Muon(torch.optim.Optimizer):
    """The project's Muon; PyTorch's own takes matrices only, no kernels of convolutions."""

    def __init__(self, parameters: list[Tensor]) -> None:
        super().__init__(parameters, {"lr": 0.0})

    @torch.no_grad()
    def step(self) -> None:
        """Change every kernel."""
        for group in self.param_groups:
            for weight in group["params"]:
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                momentum.mul_(MOMENTUM).add_(weight.grad)
                # PyTorch keeps the outputs first.
                ahead = weight.grad.add(momentum, alpha=MOMENTUM).flatten(1)
                stretch = max(1.0, ahead.shape[0] / ahead.shape[1]) ** 0.5
                update = orthogonalised(ahead).view_as(weight)
                weight.add_(update, alpha=-group["lr"] * stretch)


def main(task: Path) -> None:
    """Train with warm-up and half a cosine, as `convbias.spec.recipes.scheduled` says."""
    with np.load(task) as stored:
        arrays = dict(stored)
    recipe = json.loads(str(arrays["recipe"]))
    torch.manual_seed(int(arrays["seed"]))
    mean, deviation = arrays["standardise"]

    def pixels(images: np.ndarray) -> Tensor:
        scaled = (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - mean) / deviation
        return scaled.float().contiguous(memory_format=torch.channels_last)

    test_images = pixels(arrays["test_images"])
    test_labels = torch.from_numpy(arrays["test_labels"]).long()
    timer = LapTimer()
    images, labels = pixels(arrays["images"]), torch.from_numpy(arrays["labels"]).long()
    network = build(3).to(memory_format=torch.channels_last)
    for module in network:
        # Keras' initial weights, which the recipe was found with.
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.xavier_uniform_(module.weight)
            torch.nn.init.zeros_(module.bias)
    *kernels, last = [weight for weight in network.parameters() if weight.ndim > 1]
    rest = [weight for weight in network.parameters() if weight.ndim == 1]
    muon = Muon(kernels)
    adam = torch.optim.Adam([last, *rest], eps=1e-7, fused=True)
    batch_size, epochs = recipe["batch_size"], int(arrays["epochs"])
    steps = epochs * math.ceil(len(images) / batch_size)
    warm_up = round(recipe["warmup_fraction"] * steps)
    number = 0
    for epoch in range(epochs):
        network.train()
        for index in torch.randperm(len(images)).split(batch_size):
            if number < warm_up:
                share = number / warm_up
            else:
                share = (1 + math.cos(math.pi * (number - warm_up) / (steps - warm_up))) / 2
            muon.param_groups[0]["lr"] = recipe["learning_rate"] * share
            adam.param_groups[0]["lr"] = recipe["learning_rate"] * share / 2
            loss = cross_entropy(network(images[index]), labels[index])
            network.zero_grad(set_to_none=True)
            loss.backward()
            muon.step()
            adam.step()
            number += 1
        with timer.paused(), torch.no_grad():
            network.eval()
            correct = [
                (network(some).argmax(1) == right).sum().item()
                for some, right in zip(test_images.split(500), test_labels.split(500), strict=True)
            ]
            timer.report(epoch + 1, sum(correct) / len(test_labels))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
