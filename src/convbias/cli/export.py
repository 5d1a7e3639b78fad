"""`convbias export`: a stored network as files that other programs run."""

from __future__ import annotations

from pathlib import Path

from convbias import data
from convbias.cli.choices import RUNS, choose_store
from convbias.cli.console import results
from convbias.errors import InputError
from convbias.runs.stored_network import load_network
from convbias.shipping.export.exporting import export as export_network

FOLDER = Path("fashion_mnist_model")


def export(run: str, /, *, runs: Path = RUNS, out: Path = FOLDER) -> None:
    """Export a run's network as SavedModel and ONNX, each checked after it is loaded.

    Example: `convbias export 1dc6606061a0-seed0`

    Args:
        run: As `convbias runs list` names it.
        runs: Folder of stored runs.
        out: Folder that receives the export; an earlier export is replaced.
    """
    store = choose_store(runs)
    stored = store.named(run)
    if stored.status != "finished":
        raise InputError(f"the run {run} diverged", "a finished run", "see `convbias runs list`")
    network = load_network(store, stored)
    exported = export_network(network, stored, data.load(stored.arm.data.dataset), out)
    for name, difference in exported.differences.items():
        results().print(
            f"{out / name}: differs from the network by at most {difference:.1e} on"
            f" {exported.images} test images",
            soft_wrap=True,
        )
