"""`convbias export`: export a network as SavedModel and ONNX."""

from __future__ import annotations

from pathlib import Path

from convbias import data
from convbias.cli.choices import RUNS, choose_store
from convbias.cli.console import results, working
from convbias.runs.stored_network import load_network
from convbias.shipping.export.exporting import export as export_network

FOLDER = Path("fashion_mnist_model")


def export(run: str, /, *, runs: Path = RUNS, out: Path = FOLDER) -> None:
    """Export a run's network as SavedModel and ONNX, and verify both.

    Example: `convbias export 7d2a25b1d671-seed0 --runs published`

    Args:
        run: The run's name, as `convbias runs list` prints it.
        runs: Folder of stored runs, or published for those that come with the package, which is
            the default as long as no run is stored.
        out: Folder for the export; an earlier export is replaced.
    """
    store = choose_store(runs)
    stored = store.named(run)
    network = load_network(store, stored)
    dataset = data.load(stored.image_arm.data.dataset)
    with working("exporting, and comparing the exports with the network"):
        exported = export_network(network, stored, dataset, out)
    for name, difference in exported.differences.items():
        results().print(
            f"{out / name}: outputs differ from the network's by at most {difference:.1e} on"
            f" {exported.images} test images",
            soft_wrap=True,
        )
