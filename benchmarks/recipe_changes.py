"""What was tried to train the 3x3 CNN faster: every change with what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

EPOCHS = 3
SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Settings:
    """How the search's loop trains.

    Args:
        optimiser: Muon steps kernels, Adam the rest; or Adam steps everything.
        learning_rate: Peak, of Muon where it is used.
        adam_learning_rate: Peak, of what Adam steps.
        batch_size: Images per step.
        momentum: Of Muon.
        last_layer: Whose steps the last layer's kernel takes.
        first_filters: drawn: as Keras draws them. whitening: the principal components of 3 x 3
            pixels and their negatives, scaled to equal variance, in 18 of the 32 filters.
        half_size_share: Share of the epochs, from the first, on images averaged over 2 x 2 pixels.
    """

    optimiser: Literal["adam", "muon"] = "adam"
    learning_rate: float = 0.02
    adam_learning_rate: float = 0.02
    batch_size: int = 128
    momentum: float = 0.95
    last_layer: Literal["adam", "muon"] = "adam"
    first_filters: Literal["drawn", "whitening"] = "drawn"
    half_size_share: float = 0.0


@dataclass(frozen=True)
class Change:
    """A step of the search.

    Args:
        name: Identifies it.
        what: What it changes, in a few words.
        settings: How it trains.
        against: Name of the change that it is compared with; None for the first one.
        kept: Whether later changes build on it.
    """

    name: str
    what: str
    settings: Settings
    against: str | None = None
    kept: bool = False


_ADAM = Settings()
_MUON = Settings(optimiser="muon", learning_rate=0.02, adam_learning_rate=0.01)
_SMALL = replace(_MUON, learning_rate=0.014, batch_size=64)

CHANGES = (
    Change("adam", "Adam, peak 0.02, batches of 128", _ADAM, kept=True),
    Change(
        "adam-64",
        "batches of 64, rate 0.014",
        replace(_ADAM, learning_rate=0.014, adam_learning_rate=0.014, batch_size=64),
        "adam",
    ),
    Change(
        "adam-32",
        "batches of 32, rate 0.01",
        replace(_ADAM, learning_rate=0.01, adam_learning_rate=0.01, batch_size=32),
        "adam",
    ),
    Change("muon", "Muon for kernels, rate 0.02; Adam 0.01 for the rest", _MUON, "adam", kept=True),
    Change(
        "muon-0.05",
        "Muon's rate 0.05, Adam's 0.02",
        replace(_MUON, learning_rate=0.05, adam_learning_rate=0.02),
        "muon",
    ),
    Change(
        "muon-0.01",
        "Muon's rate 0.01, Adam's 0.005",
        replace(_MUON, learning_rate=0.01, adam_learning_rate=0.005),
        "muon",
    ),
    Change("last-layer", "the last layer by Muon, too", replace(_MUON, last_layer="muon"), "muon"),
    Change("momentum", "momentum 0.9 instead of 0.95", replace(_MUON, momentum=0.9), "muon"),
    Change("muon-64", "batches of 64, rates 0.014 and 0.01", _SMALL, "muon", kept=True),
    Change(
        "muon-32",
        "batches of 32, rates 0.01 and 0.007",
        replace(_SMALL, learning_rate=0.01, adam_learning_rate=0.007, batch_size=32),
        "muon-64",
    ),
    Change(
        "whitening",
        "the first layer's filters start as principal components",
        replace(_SMALL, first_filters="whitening"),
        "muon-64",
    ),
    Change(
        "half-size",
        "the first epoch of three on images of 14 x 14 pixels",
        replace(_SMALL, half_size_share=0.34),
        "muon-64",
    ),
)
