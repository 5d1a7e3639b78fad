"""`convbias card`: what a trained network can do, how sure that is, and what it cannot."""

from __future__ import annotations

from pathlib import Path

from convbias import data
from convbias.cli.choices import RUNS, check_writable, choose_store
from convbias.cli.console import results
from convbias.cli.sweeping import print_damaged
from convbias.report.card.evaluation import check_describable, evaluate
from convbias.report.card.figures import figures
from convbias.report.card.writing import write_card
from convbias.runs.stored_network import load_network

FOLDER = Path("model_card")


def card(run: str, /, *, runs: Path = RUNS, out: Path = FOLDER) -> None:
    """Write the model card of a run's network: uses, errors, calibration, limits.

    Example: `convbias card 1dc6606061a0-seed0`

    Args:
        run: As `convbias runs list` names it.
        runs: Folder of stored runs.
        out: Folder that receives the card; an earlier card is replaced.
    """
    store = choose_store(runs)
    stored = store.named(run)
    check_describable(stored)
    network = load_network(store, stored)
    check_writable(out)
    same_arm, damaged = store.of_arm(stored.arm)
    print_damaged(damaged)
    dataset = data.load(stored.arm.data.dataset)
    described = evaluate(network, stored, same_arm, dataset)
    for path in write_card(described, figures(described, stored, dataset), out):
        results().print(f"wrote {path}", soft_wrap=True)
