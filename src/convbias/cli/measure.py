"""`convbias measure`: measure networks of any framework."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, validators
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from convbias import data
from convbias.cli.choices import NO_OWN, DatasetChoice, OwnImages, choose_images
from convbias.cli.console import is_screen, print_page, print_table, results, warn
from convbias.cli.live import duration
from convbias.errors import InputError
from convbias.measures.classifier import MEASURES, LabelledImages, cost
from convbias.networks.adapters import Classifier, InputSettings
from convbias.report.measured import Measurement, contrast, table_of, write
from convbias.report.measured import measure as measure_networks
from convbias.report.measured.measuring import open_networks, test_images
from convbias.report.measured.tables import limit_of, remarks_of
from convbias.runs.atomic import check_folder
from convbias.spec.formatting import counted

FOLDER = Path("report/measured")
Images = Annotated[int | None, Parameter(validator=validators.Number(gte=2))]
Group = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]


def measure(
    *networks: str,
    against: Group = (),
    dataset: DatasetChoice | None = None,
    own: OwnImages = NO_OWN,
    images: Images = None,
    channels: Literal["first", "last"] | None = None,
    outputs: Literal["logits", "probabilities"] | None = None,
    highest: float = 1.0,
    mean: float = 0.0,
    deviation: float = 1.0,
    plan: bool = False,
    out: Path = FOLDER,
) -> None:
    """Measure your own networks: accuracy, calibration, shifts, corruptions, receptive field.

    Several networks are seeds of one arm. With --against, the two groups are contrasted.

    Example: `convbias measure a.onnx b.onnx --dataset fashion-mnist --images 500`

    Args:
        networks: Files: .onnx, .keras, TorchScript (.pt), torch.export (.pt2), or the folder of a
            SavedModel.
        against: The other group, as many files, paired in their order.
        dataset: The images, whose test images are used; by default Fashion-MNIST.
        own: Your own images instead.
        images: Test images per measure at most; by default all for accuracy, and fewer for what
            takes longer.
        channels: Where the networks have their channels; by default as their files say.
        outputs: What they give; by default found out.
        highest: What a white pixel is to them, for instance 255.
        mean: Subtracted from every pixel after that.
        deviation: Divides every pixel after that.
        plan: Say what it would take, and stop.
        out: Folder of the report; an earlier one is replaced.
    """
    if not networks:
        raise InputError(
            "no network is named",
            "the path of at least one file",
            "use for instance: convbias measure network.onnx",
        )
    if against and len(against) != len(networks):
        raise InputError(
            f"{len(networks)} and {len(against)} networks cannot be paired",
            "as many after --against as before it",
            "leave out those that have no partner",
        )
    for path in (*networks, *against):
        if not Path(path).exists():  # before images are read, or downloaded
            raise InputError(f"there is no {path}", "the path of a network's file", "check it")
    check_folder(out)
    settings = InputSettings(channels, outputs, highest, mean, deviation)
    loaded = data.load(choose_images(dataset, own, "fashion-mnist"))
    groups = {"measured": networks} | ({"against": against} if against else {})
    opened = {name: open_networks(paths, loaded, settings) for name, paths in groups.items()}
    _say_remarks(opened.values())
    everything = [each for group in opened.values() for each in group]
    test = test_images(loaded)
    passes = cost(len(test.labels), test.side, images)
    _print_cost(passes, len(everything), _images_per_second(everything[0], test))
    if plan:
        return
    with _bar(sum(passes.values()) * len(everything)) as bar:
        found = [
            measure_networks(
                classifiers,
                loaded,
                name=name,
                images=images,
                progress=lambda measure: bar(passes[measure]),
            )
            for name, classifiers in opened.items()
        ]
    measured = contrast(*found) if against else found[0]
    _print(measured)
    print_page("The report", write(measured, out))


def _say_remarks(groups: Iterable[Sequence[Classifier]]) -> None:
    for opened in groups:
        for each in opened:
            for remark in each.remarks:
                warn(f"{each.name}: {remark}")


def _images_per_second(classifier: Classifier, test: LabelledImages) -> float:
    """Forward passes per second of a batch, once what is compiled is compiled."""
    batch = test.first(256).images
    classifier.logits(batch)
    start = time.perf_counter()
    classifier.logits(batch)
    return len(batch) / (time.perf_counter() - start)


def _print_cost(passes: Mapping[str, int], networks: int, speed: float) -> None:
    rows = [
        (
            each.title,
            f"{networks * passes[each.name]:,}",
            duration(networks * passes[each.name] / speed),
        )
        for each in MEASURES
    ]
    total = networks * sum(passes.values())
    rows.append(("all", f"{total:,}", duration(total / speed)))
    title = f"What it takes: {counted(networks, 'network')}, {speed:,.0f} images per second"
    print_table(title, ("measure", "passes of an image", "about"), rows, words=("measure",))


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a screen, on which measures count by their passes."""
    columns = (TextColumn("measuring"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=results(), transient=True, disable=not is_screen()) as shown:
        task = shown.add_task("measuring", total=total)
        yield lambda passes: shown.advance(task, passes)


def _print(measured: Measurement) -> None:
    groups = tuple(measured.found)
    rows = table_of(measured)
    if len(groups) == 1:
        print_table(
            f"Measured: {measured.data}",
            ("number", *groups),
            [(row.number, *row.groups) for row in rows],
            words=("number",),
        )
    else:
        print_table(
            f"Measured: {measured.data}; the first group minus the second",
            ("number", *groups, "difference", "verdict", "p (Holm)"),
            [(row.number, *row.groups, row.difference, row.verdict, row.p_value) for row in rows],
            words=("number", "verdict"),
        )
    if (limit := limit_of(measured)) is not None:
        results().print(f"  {limit}", soft_wrap=True)
    for sentences in remarks_of(measured).values():
        for sentence in sentences:
            results().print(f"  {sentence}", soft_wrap=True)
