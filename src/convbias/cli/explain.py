"""`convbias explain`: explain how networks classify one image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from convbias.cli.choices import RUNS, choose_store
from convbias.cli.console import (
    messages,
    percent,
    print_damaged,
    print_table,
    results,
    warn,
)
from convbias.data.reading import Picture
from convbias.figures import PICTURE, check_suffix, data_remark, write_figure, write_picture
from convbias.figures.explanation import explanation
from convbias.measures.explain.record import record
from convbias.runs.atomic import check_writable
from convbias.runs.explaining import ExplainedImage, explain_image
from convbias.runs.record import Run


def explain(
    image: str,
    /,
    *,
    run: tuple[str, ...] = (),
    runs: Path = RUNS,
    out: Path | None = None,
    cut_out: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> None:
    """Explain how the dense baseline and the CNN classify one image, side by side.

    Shows the probabilities, which parts of the image they are based on (an exact decomposition of
    each logit, integrated gradients, occlusion), and the responses of the CNN's filters.

    Example: `convbias explain 0 --out explanation.html`

    Args:
        image: A picture of any size (PNG, JPEG, WebP, BMP, TIFF or GIF); a .npy file with the
            networks' pixels; or the index of a test image.
        run: Name of a run to explain, as `convbias runs list` prints it; may be repeated. Default
            the runs of dense and of cnn-3x3 with the highest validation accuracy.
        runs: Folder of stored runs, or published for those that come with the package, which is
            the default as long as no run is stored.
        out: Figure to write: .html, .svg or .png.
        cut_out: Picture to write: the pixels that the networks get, as .png.
        as_json: Print everything as JSON instead of tables.
    """
    if out is not None:
        check_suffix(out)
    if cut_out is not None:
        check_suffix(cut_out, PICTURE)
    explained = explain_image(choose_store(runs), image, run)
    files = [path for path in (out, cut_out) if path is not None]
    for path in files:
        # Not earlier, because it creates the folder, which bad input must not.
        check_writable(path.parent)
    print_damaged(explained.chosen.damaged)
    picture, explanations = explained.picture, explained.explanations
    if as_json:
        _print_json(explained)
    else:
        _print_image(picture, offer=not files)
        _print_networks(explained)
        _print_probabilities(explained)
        _print_accounts(explained)
    if out is not None:
        remark = _remark(explained.runs)
        names = explained.class_names
        write_figure(explanation(picture, explanations, names, remark), out)
    if cut_out is not None:
        write_picture(picture.converted.pixels, cut_out)
    for path in files:
        # Not to standard output, which may hold JSON.
        messages().print(f"wrote {path}", soft_wrap=True)


def _print_json(explained: ExplainedImage) -> None:
    chosen = explained.chosen
    document = {
        "runs": {name: run.key for name, run in explained.runs.items()},
        "chosen": chosen.reason,
        "absent": chosen.absent,
        **record(explained.picture, explained.explanations, explained.class_names),
    }
    results().print(json.dumps(document), soft_wrap=True)


def _remark(runs: Mapping[str, Run]) -> str | None:
    remarks = {name: data_remark(run.image_arm.data) for name, run in runs.items()}
    if len(set(remarks.values())) == 1:
        return next(iter(remarks.values()))
    return "; ".join(f"{name}: {remark}" for name, remark in remarks.items() if remark)


def _print_image(picture: Picture, *, offer: bool) -> None:
    console = results()
    console.print(f"Image: {picture.name}", style="bold", soft_wrap=True)
    for number, step in enumerate(picture.converted.steps, start=1):
        console.print(f"  {number}. {step.words}", soft_wrap=True)
    for remark in picture.converted.remarks:
        warn(f"Note: {remark}")
    if picture.converted.remarks and offer:
        warn("  --out why.html shows what the networks get, --cut-out seen.png saves it")


def _print_networks(explained: ExplainedImage) -> None:
    console, chosen = results(), explained.chosen
    asked = ", ".join(
        f"{name} (run {run.key}, {percent(run.test and run.test.accuracy) or 'not scored'} on test"
        " images)"
        for name, run in explained.runs.items()
    )
    console.print(f"Networks: {asked}", soft_wrap=True)
    if chosen.reason:
        console.print(f"  chosen: {chosen.reason}", soft_wrap=True)
    remark = _remark(explained.runs)
    if remark:
        console.print(f"  trained on: {remark}", soft_wrap=True)
    for name in chosen.absent:
        warn(f"Note: no network of {name} is stored; `convbias experiment original` trains both")


def _print_probabilities(explained: ExplainedImage) -> None:
    picture, explanations = explained.picture, explained.explanations
    rows = [
        (
            name + (" (true class)" if label == picture.label else ""),
            *(percent(float(one.probabilities[label])) for one in explanations),
        )
        for label, name in enumerate(explained.class_names)
    ]
    columns = ("class", *(one.name for one in explanations))
    print_table("Probabilities", columns, rows, words=("class",))


def _print_accounts(explained: ExplainedImage) -> None:
    rows, explanations = [], explained.explanations
    for label in explanations[0].gradients:
        for one in explanations:
            integrated = one.gradients[label]
            rows.append(
                (
                    explained.class_names[label],
                    one.name,
                    f"{one.logits[label]:z.3f}",
                    f"{one.class_map.contributions[label].sum():z.3f}",
                    f"{one.class_map.constants[label]:z.3f}",
                    f"{integrated.attributions.sum():z.3f}",
                    f"{integrated.difference:z.3f}",
                    f"{one.occlusion[label].max():z.3f}",
                )
            )
    columns = (
        "class",
        "network",
        "logit",
        "pixels",
        "constant",
        "gradients",
        "over black",
        "most lost",
    )
    title = (
        "Logits: exactly pixels and constant; integrated gradients, which should sum up to the"
        " logit over that of a black image; the most that a covered square loses"
    )
    print_table(title, columns, rows, words=("class", "network"))
