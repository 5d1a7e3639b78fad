"""`convbias card`: the model card of a trained network."""

from __future__ import annotations

from pathlib import Path

from convbias.cli.choices import RUNS, choose_store
from convbias.cli.console import print_damaged, results, working
from convbias.report.card.pipeline import write_model_card

FOLDER = Path("model_card")


def card(run: str, /, *, runs: Path = RUNS, out: Path = FOLDER) -> None:
    """Write the model card of a run's network: uses, errors, calibration, limits.

    Example: `convbias card 7d2a25b1d671-seed0 --runs published`

    Args:
        run: The run's name, as `convbias runs list` prints it.
        runs: Folder of stored runs, or published for those that come with the package, which is
            the default as long as no run is stored.
        out: Folder for the card; an earlier card is replaced.
    """
    with working("measuring the network, and drawing the card"):
        written = write_model_card(choose_store(runs), run, out)
    print_damaged(written.damaged)
    for path in written.paths:
        results().print(f"wrote {path}", soft_wrap=True)
