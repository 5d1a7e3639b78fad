"""Contender: a PyTorch loop without a data loader, tuned for the CPU."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from benchmarks.contender import BATCH_SIZE, LEARNING_RATE, Lap, LapTimer, Stopwatch, answer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def build(kernel_size: int, side: int = 28, channels: int = 1) -> nn.Sequential:
    """The CNN with kernels of this size, or the dense network for 0; both end in logits."""

    def dense(inputs: int, outputs: int, dropout: float) -> list[nn.Module]:
        return [nn.Linear(inputs, outputs), nn.ReLU(inplace=True), nn.Dropout(dropout)]

    def convolution(inputs: int, outputs: int) -> list[nn.Module]:
        layer = nn.Conv2d(inputs, outputs, kernel_size, padding="same")
        # ReLU after pooling: the same function, on a quarter of the values.
        return [layer, nn.MaxPool2d(2), nn.ReLU(inplace=True)]

    if kernel_size == 0:
        hidden = [nn.Flatten(), *dense(side**2 * channels, 128, 0.2), *dense(128, 64, 0.2)]
        return nn.Sequential(*hidden, nn.Linear(64, 10))
    hidden = [
        *convolution(channels, 32),
        *convolution(32, 64),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    ]
    network = nn.Sequential(*hidden, *dense(64, 128, 0.3), nn.Linear(128, 10))
    return network.to(memory_format=torch.channels_last)


def as_pixels(images: np.ndarray, mean: float = 0.0, deviation: float = 1.0) -> Tensor:
    """Images uint8 (n, side, side, channels) as standardised float32, channels last in memory."""
    scaled = (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - mean) / deviation
    return scaled.float().contiguous(memory_format=torch.channels_last)


def throughput(
    arrays: str, kernel_size: int, epoch_images: int, seconds: float, **_more: object
) -> dict[str, float]:
    """Train with Adam until the time is over, and record loss and accuracy."""
    stopwatch = Stopwatch(seconds)
    with np.load(arrays) as task:
        images, labels = as_pixels(task["images"]), torch.from_numpy(task["labels"]).long()
    network = build(kernel_size, images.shape[2], images.shape[1])
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE, fused=True)

    def train(order: Tensor) -> tuple[float, float]:
        """Train once on the images in this order; returns their mean loss and accuracy."""
        loss_sum, correct = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for index in order.split(BATCH_SIZE):
            targets = labels[index]
            logits = network(images[index])
            loss = cross_entropy(logits, targets)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            loss_sum += loss.detach() * len(index)
            correct += (logits.detach().argmax(1) == targets).sum()
        return loss_sum.item() / len(order), correct.item() / len(order)

    train(torch.arange(BATCH_SIZE))
    stopwatch.started()
    training = True
    while training:
        train(torch.randperm(epoch_images))
        training = stopwatch.epoch_done(epoch_images)
    return stopwatch.measurement()


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


def to_accuracy(arrays: str, recipe: dict[str, Any], seed: int, **_more: object) -> list[Lap]:
    """Train the 3x3 CNN with warm-up and half a cosine, as `convbias.spec.recipes.scheduled`."""
    with np.load(arrays) as stored:
        task = dict(stored)
    torch.manual_seed(seed)
    test_images = as_pixels(task["test_images"], *task["standardise"]).split(500)
    test_labels = torch.from_numpy(task["test_labels"]).long().split(500)
    timer = LapTimer()
    images = as_pixels(task["images"], *task["standardise"])
    labels = torch.from_numpy(task["labels"]).long()
    network = build(3)
    for module in network:
        # Keras' initial weights, which the recipe was found with.
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    *kernels, last = [weight for weight in network.parameters() if weight.ndim > 1]
    rest = [weight for weight in network.parameters() if weight.ndim == 1]
    muon = Muon(kernels)
    adam = torch.optim.Adam([last, *rest], eps=1e-7, fused=True)
    steps = recipe["epochs"] * math.ceil(len(images) / recipe["batch_size"])
    warm_up = round(recipe["warmup_fraction"] * steps)
    number = 0
    for _epoch in range(recipe["epochs"]):
        network.train()
        for index in torch.randperm(len(images)).split(recipe["batch_size"]):
            progress = (number - warm_up) / (steps - warm_up)
            cosine = (1 + math.cos(math.pi * progress)) / 2
            share = number / warm_up if number < warm_up else cosine
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
            right = [
                (network(some).argmax(1) == targets).sum().item()
                for some, targets in zip(test_images, test_labels, strict=True)
            ]
            timer.record(sum(right) / len(task["test_labels"]))
    return timer.laps


if __name__ == "__main__":
    answer(throughput, to_accuracy)
