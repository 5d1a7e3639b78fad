"""From a stored run to the files of its model card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from convbias import data
from convbias.errors import ConvbiasError
from convbias.report.card.evaluation import check_describable, evaluate
from convbias.report.card.figures import figures
from convbias.report.card.writing import write_card
from convbias.runs.atomic import check_writable
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network


@dataclass(frozen=True)
class CardFiles:
    """The files of a model card.

    Args:
        paths: the card as Markdown and as JSON, and the JSON's schema.
        damaged: why other runs of the same arm cannot be read; the card leaves them out.
    """

    paths: tuple[Path, ...]
    damaged: tuple[ConvbiasError, ...]


def write_model_card(store: Store, key: str, folder: Path) -> CardFiles:
    """Evaluate a run's network on the test images and write its model card.

    Args:
        store: where the run, its network and the other runs of its arm are.
        key: the run's key, such as `7d2a25b1d671-seed0`.
        folder: receives the card; an earlier card in it is replaced.

    Raises:
        InputError: There is no such run, or no card can be written for it.
        DataError: The images are missing or damaged, and cannot be downloaded.
        StorageError: The folder is not writable or the disk is full.

    Example:
        >>> store = Store("results/full/runs")
        >>> key = "7d2a25b1d671-seed0"
        >>> write_model_card(store, key, Path("model_card")).damaged  # doctest: +SKIP
        ()
    """
    run = store.named(key)
    check_describable(run)
    network = load_network(store, run)
    check_writable(folder)
    same_arm, damaged = store.of_arm(run.arm)
    dataset = data.load(run.image_arm.data.dataset)
    card = evaluate(network, run, same_arm, dataset)
    paths = write_card(card, figures(card, run, dataset), folder)
    return CardFiles(tuple(paths), tuple(damaged))
