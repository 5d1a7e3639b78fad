"""The page on the recipe, written from what the search found."""

from __future__ import annotations

from benchmarks.recipe_changes import CHANGES, Change
from benchmarks.recipe_records import Search

from convbias.statistics import mean_interval


def markdown(search: Search) -> str:
    """The page."""
    rows = "\n".join(_row(change, search) for change in CHANGES if search.of(change.name))
    return f"""# How the tuned recipe was found

Written by `benchmarks/recipe_search.py` from `benchmarks/results/recipe_search.json`.

The CNN with 3x3 kernels, {search.epochs} epochs of {search.dataset}, always with warm-up over the
first tenth of the steps, half a cosine down to zero and standardised pixels. One change at a time;
accuracy on the 6,000 validation images of each seed's split, no test image. The interval is
Student's over the seeds' differences. Changes that did not help stay in the table.

| change | against | seeds | accuracy (%) | difference (points) [95 % interval] | kept |
| --- | --- | --- | --- | --- | --- |
{rows}

Batches of 32 do as well as batches of 64, but twice as many steps cost more on every machine. What
is kept is `convbias.spec.recipes.scheduled`; each network's learning rate is then searched for on
its own by `convbias tune`, with Adam at half of Muon's rate.
"""


def _row(change: Change, search: Search) -> str:
    accuracies = search.of(change.name)
    mean = sum(accuracies.values()) / len(accuracies)
    difference = ""
    if change.against:
        others = search.of(change.against)
        pairs = [accuracies[seed] - others[seed] for seed in accuracies if seed in others]
        interval = mean_interval(pairs)
        ends = f" [{100 * interval.low:+.2f} to {100 * interval.high:+.2f}]" if interval else ""
        difference = f"{100 * sum(pairs) / len(pairs):+.2f}{ends}"
    against = f"`{change.against}`" if change.against else ""
    kept = "yes" if change.kept else "no"
    return (
        f"| `{change.name}`: {change.what} | {against} | {len(accuracies)} | {100 * mean:.2f}"
        f" | {difference} | {kept} |"
    )
