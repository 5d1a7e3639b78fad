"""`convbias measure`: measure networks of any framework."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from convbias import data
from convbias.cli.choices import NO_OWN, DatasetChoice, OwnImages, choose_images
from convbias.cli.console import print_page, warn
from convbias.errors import InputError
from convbias.networks.adapters import Classifier, InputSettings
from convbias.report.measured import (
    contrast,
    write_measurement,
)
from convbias.report.measured import (
    measure as measure_networks,
)
from convbias.report.measured.measuring import open_networks
from convbias.runs.atomic import check_folder

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
    check_folder(out)
    settings = InputSettings(channels, outputs, highest, mean, deviation)
    loaded = data.load(choose_images(dataset, own, "fashion-mnist"))
    groups = {"measured": networks} | ({"against": against} if against else {})
    opened = {name: open_networks(paths, loaded, settings) for name, paths in groups.items()}
    _say_remarks(opened.values())
    seconds = _print_cost(opened["measured"][0], loaded, images, len(networks) + len(against))
    if plan:
        return
    with _bar(seconds, 8 * (len(networks) + len(against))) as advance:
        found = [
            measure_networks(
                paths, loaded, name=name, images=images, settings=settings, progress=advance
            )
            for name, paths in groups.items()
        ]
    measured = contrast(*found) if against else found[0]
    _print(measured)
    print_page("The report", write_measurement(measured, out))


def _say_remarks(groups: Sequence[Sequence[Classifier]]) -> None:
    for opened in groups:
        for each in opened:
            for remark in each.remarks:
                warn(f"{each.name}: {remark}")
