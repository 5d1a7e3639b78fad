"""`convbias eda`: describe the images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from convbias import data
from convbias.cli.choices import NO_OWN, DatasetChoice, OwnImages, choose_images
from convbias.cli.console import percent, print_table, results
from convbias.data import Dataset
from convbias.data.eda import Exploration, explore
from convbias.data.inspection import Finding, inspect
from convbias.data.pixel_correlation import UNCORRELATED_BELOW
from convbias.figures import (
    class_counts,
    dataset_remark,
    mean_images,
    pixel_correlation,
    pixel_histogram,
    sample_grid,
    save,
)
from convbias.runs.atomic import check_writable


def eda(
    *,
    dataset: DatasetChoice | None = None,
    own: OwnImages = NO_OWN,
    out: Path = Path("report/eda"),
) -> None:
    """Describe the images: classes, duplicates, margins, correlations, and what looks wrong.

    Example: `convbias eda --dataset drawn`

    Args:
        dataset: The images, by default Fashion-MNIST; auto falls back to generated garments when
            it is unavailable.
        own: Your own images instead.
        out: Folder for the figures.
    """
    loaded = data.load(choose_images(dataset, own, "fashion-mnist"))
    check_writable(out)
    exploration = explore(loaded)
    remark = dataset_remark(loaded)
    suffix = f" ({remark})" if remark else ""
    _print_counts(exploration, f"Images per class{suffix}")
    _print_facts(loaded, exploration, f"Facts{suffix}")
    _print_findings(inspect(loaded), f"What to look at before you trust a result{suffix}")
    _print_correlations(exploration, f"Correlation of two pixels by distance{suffix}")
    for figure in (
        class_counts(exploration, remark),
        sample_grid(loaded, remark),
        mean_images(exploration, remark),
        pixel_histogram(exploration, remark),
        pixel_correlation(exploration, remark),
    ):
        for path in save(figure, out):
            results().print(f"wrote {path}", soft_wrap=True)


def _print_counts(exploration: Exploration, title: str) -> None:
    counts = (exploration.train_counts, exploration.test_counts, exploration.counts)
    rows = [
        (name, *(f"{int(count[label]):,}" for count in counts))
        for label, name in enumerate(exploration.class_names)
    ]
    rows.append(("all", *(f"{int(count.sum()):,}" for count in counts)))
    print_table(title, ("class", "training", "test", "total"), rows, words=("class",))


def _print_facts(dataset: Dataset, exploration: Exploration, title: str) -> None:
    adjacent = exploration.adjacent
    height, width, channels = dataset.train_images.shape[1:]
    if adjacent.always_correlated:
        verdict = f"yes: each of {adjacent.pairs:,} pairs of neighbours"
    else:
        verdict = (
            f"no: {adjacent.uncorrelated:,} of {adjacent.pairs:,} pairs of neighbours"
            f" ({percent(adjacent.uncorrelated_share)}) correlate by less than"
            f" {UNCORRELATED_BELOW:g} in magnitude; the least is {adjacent.minimum:.3f}"
        )
    rows = [
        ("pixels and channels of an image", f"{height} x {width} x {channels}"),
        ("classes perfectly balanced", "yes" if exploration.perfectly_balanced else "no"),
        ("test images with content on the frame", percent(exploration.touching_frame)),
        ("test images that are also training images", f"{exploration.duplicates:,}"),
        ("neighbouring pixels always correlated", verdict),
    ]
    print_table(title, ("fact", "found"), rows, words=("fact", "found"))


def _print_findings(findings: Iterable[Finding], title: str) -> None:
    rows = [
        ("look" if each.found else "", each.check, each.text, "\n".join(each.examples))
        for each in findings
    ]
    columns = ("", "checked for", "found", "the first of them")
    print_table(title, columns, rows, words=columns)


def _print_correlations(exploration: Exploration, title: str) -> None:
    rows = [
        (
            one.direction,
            str(one.distance),
            f"{one.pairs:,}",
            f"{one.mean:z.3f}",
            f"{one.minimum:z.3f}",
            f"{one.percentile_5:z.3f}",
            f"{one.median:z.3f}",
            f"{one.percentile_95:z.3f}",
            f"{one.maximum:z.3f}",
        )
        for one in exploration.correlations
    ]
    columns = ("direction", "distance", "pairs", "mean", "least", "5 %", "median", "95 %", "most")
    print_table(title, columns, rows, words=("direction",))
