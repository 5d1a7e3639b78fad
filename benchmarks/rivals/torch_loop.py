"""Contender: a PyTorch loop without a data loader, tuned for the CPU."""

from __future__ import annotations

import numpy as np
import torch
from benchmarks.contender import BATCH_SIZE, LEARNING_RATE, Stopwatch, Task, read_task
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


def build(kernel_size: int | None) -> nn.Sequential:
    """The dense network, or the CNN with kernels of this size; both end in logits."""
    if kernel_size is None:
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(784, 128),
            nn.ReLU(inplace=True),
            nn.Dropout(0.2),
            nn.Linear(128, 64),
            nn.ReLU(inplace=True),
            nn.Dropout(0.2),
            nn.Linear(64, 10),
        )
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size, padding="same"),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),  # after pooling: the same function, on a quarter of the values
        nn.Conv2d(32, 64, kernel_size, padding="same"),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 128),
        nn.ReLU(inplace=True),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )


class Trainer:
    """Network, optimiser, and tensors in memory."""

    def __init__(self, task: Task) -> None:
        with np.load(task.images) as arrays:
            images, labels = arrays["images"], arrays["labels"]
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        self.images = pixels.contiguous(memory_format=torch.channels_last)
        self.labels = torch.from_numpy(labels).long()
        self.network = build(task.kernel_size).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.network.parameters(), LEARNING_RATE, fused=True)

    def epoch(self, order: Tensor) -> tuple[float, float]:
        """Train once on the images in this order; returns their mean loss and accuracy."""
        loss_sum, correct = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for index in order.split(BATCH_SIZE):
            labels = self.labels[index]
            logits = self.network(self.images[index])
            loss = cross_entropy(logits, labels)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.optimiser.step()
            loss_sum += loss.detach() * len(index)
            correct += (logits.detach().argmax(1) == labels).sum()
        return loss_sum.item() / len(order), correct.item() / len(order)


def main(task: Task) -> None:
    """Train until the time is over."""
    stopwatch = Stopwatch(task)
    trainer = Trainer(task)
    trainer.epoch(torch.arange(BATCH_SIZE))
    stopwatch.started()
    training = True
    while training:
        trainer.epoch(torch.randperm(task.epoch_images))
        training = stopwatch.epoch_done(task.epoch_images)
    stopwatch.report()


if __name__ == "__main__":
    main(read_task())
