"""Publish a study: its runs into results/, its figures and tables into README.md and docs/.

    .venv/bin/python -m tools.publish --runs runs

The README's results are written by this script alone, from the published runs; a test makes them
again and compares.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from convbias.cli.card import card
from convbias.cli.report import report_stored
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import PUBLISHED, load_study
from convbias.findings.evaluation import evaluate
from convbias.findings.results import Results, collect
from convbias.findings.wording import how_many_seeds
from convbias.report import Section, comparison_table, section
from convbias.runs.atomic import write_atomically
from convbias.runs.record import Run
from convbias.runs.store import Store, read_run
from convbias.spec.datasets import SPLIT_SIZES
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS
from convbias.spec.study import Study
from tools import document
from tools.blocks import put_into, table_lines

ROOT = Path(__file__).parents[1]
SHIPPED = "cnn-3x3"  # the one arm of which a network is published
MOST_SHIPPED_BYTES = 2**20
CARD = "model-card"  # folder beside the published runs
# Name of a block of the README to the figure of the report that it shows.
BLOCKS = {"result": "accuracy", "experiments": "shift-accuracy"}


def published(profile: str) -> list[Results]:
    """What is published of every experiment of a profile."""
    study = load_study(profile)
    store = Store(ROOT / "results" / profile / "runs")
    return [collect(study, EXPERIMENTS[name], store) for name in study.experiments]


def result_block(profile: str, results: Results) -> str:
    """What the original comparison found, in Markdown."""
    runs = results.runs
    compared = comparison_table(ORIGINAL, runs)
    compared.columns = [f"**{arm}**" for arm in compared.columns]
    recipe, environment = runs[0].arm.recipe, runs[0].environment
    seeds = len({run.seed for run in runs})
    rows = [["", *compared.columns]]
    rows += [[str(name), *map(str, values)] for name, values in compared.T.items()]
    lines = [
        (
            "![Test accuracy of the dense baseline and of the CNN with three kernel sizes, one dot"
            f" per seed, with 95 % intervals](docs/figures/{profile}-accuracy.svg)"
        ),
        "",
        *table_lines(rows),
        "",
        (
            f"*Mean [95 % interval] over {seeds} seeds, best value of a row ★; the {profile}"
            f" profile: {recipe.epochs} epochs, recipe `{recipe.name}`, on"
            f" {environment.device}. Every number here is made from the runs in"
            f" `results/{profile}/` by `tools/publish.py`.*"
        ),
        "",
        *(
            f"- {finding.sentence}"
            for finding in evaluate(ORIGINAL, runs)
            if finding.planned.quantity == TEST_ACCURACY
        ),
    ]
    return "\n".join(lines)


def experiments_block(profile: str, sections: Sequence[Section]) -> str:
    """What the further experiments found, in Markdown: of each its first contrast."""
    rows = [["experiment", "its first question", "difference [95 % interval]", "", "controls"]]
    for each in sections:
        first = each.contrasts[0]
        quantity = first.finding.planned.quantity
        verdicts = Counter(control.verdict for control in each.outcome.controls)
        rows.append(
            [
                f"`{each.results.experiment.name}`",
                first.finding.planned.question,
                f"{first.difference} [{first.on_test_set}] {first.unit}, {quantity.noun}",
                first.verdict,
                ", ".join(f"{verdict} ({count})" for verdict, count in verdicts.items()),
            ]
        )
    counts = [len(each.contrasts[0].finding.seeds) for each in sections]
    studies = [each.results.study for each in sections]
    epochs = _from_to(study.epochs for study in studies)
    most = SPLIT_SIZES[studies[0].dataset][0]
    images = _from_to(study.training_images or most for study in studies)
    lines = [
        (
            "![Test accuracy against the distance by which the test images are shifted: the dense"
            " networks and the CNNs, with 95 % intervals]"
            f"(docs/figures/{profile}-shift-accuracy.svg)"
        ),
        "",
        *table_lines(rows),
        "",
        (
            f"*{how_many_seeds(counts)}; the {profile} profile trains these for {epochs} epochs of"
            f" {images} images. All contrasts, statements and controls are in the report:"
            " `convbias report --runs results`.*"
        ),
    ]
    return "\n".join(lines)


def _from_to(numbers: Iterable[int]) -> str:
    different = set(numbers)
    return " to ".join(f"{each:,}" for each in sorted({min(different), max(different)}))


def blocks(profile: str) -> dict[str, str]:
    """Every block of the README, made from the published runs."""
    original, sections = published_sections(profile)
    return {
        "result": result_block(profile, original),
        "experiments": experiments_block(profile, sections),
    }


def published_sections(profile: str) -> tuple[Results, list[Section]]:
    """What is published of the original comparison, and the sections of the other experiments."""
    original, *further = published(profile)
    sections = [section(each) for each in further]
    return original, [each for each in sections if each]


def _kept(run: Run, asked: Mapping[str, Collection[str]]) -> Run:
    """A run as it is published, with of single images only what is asked for.

    Losses take two thirds of a run's space, and predictions half of the rest.
    """
    if run.per_image is None:
        return run
    left_out: dict[str, int | None] = {
        field: None for field, arms in asked.items() if run.arm_hash not in arms
    }
    if "predicted" in left_out:
        left_out["images"] = run.per_image.count
    return run.model_copy(update={"per_image": run.per_image.model_copy(update=left_out)})


def asked_of_images(study: Study) -> dict[str, set[str]]:
    """What is asked of single images beside correctness, each with the hashes of the arms.

    Losses are where a contrast compares them, predictions where figures show confused classes.
    """
    compared = {
        study.arms(experiment)[condition].hash
        for experiment in map(EXPERIMENTS.__getitem__, study.experiments)
        for contrast in experiment.contrasts
        if contrast.quantity == TEST_LOSS
        for condition in (contrast.treatment, contrast.baseline)
    }
    return {"loss": compared, "predicted": {arm.hash for arm in study.arms(ORIGINAL).values()}}


def _ship(runs: Sequence[Run], source: Store, target: Store) -> None:
    """Publish the network of the first CNN 3x3, for the notebook and others, with its card."""
    run = next(run for run in runs if run.arm_name == SHIPPED and run.status == "finished")
    network = source.network_path(run.arm, run.seed)
    size = network.stat().st_size
    if size > MOST_SHIPPED_BYTES:
        raise SystemExit(f"{network} has {size:,} bytes, more than {MOST_SHIPPED_BYTES:,}")
    shutil.copy(network, target.folder)
    card(run.key, runs=target.folder, out=target.folder.parent / CARD)


def main() -> None:
    """Publish the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the runs")
    arguments = parser.parse_args()
    study = load_study(PUBLISHED)
    source = Store(arguments.runs)
    target = Store(ROOT / "results" / study.name / "runs")
    shutil.rmtree(target.folder, ignore_errors=True)
    (target.folder / "measurements").mkdir(parents=True)
    asked = asked_of_images(study)
    for name in study.experiments:
        for run in collect(study, EXPERIMENTS[name], source).runs:
            target.write(_kept(read_run(source.path(run.arm, run.seed)), asked))
            for measure in EXPERIMENTS[name].measures:
                path = source.measurement_path(run, measure)
                shutil.copy(path, target.folder / "measurements")
    _ship(collect(study, ORIGINAL, source).runs, source, target)
    with tempfile.TemporaryDirectory() as folder:
        report_stored(["study", study.name], study, target, Path(folder))
        shutil.copy(Path(folder) / "table.csv", target.folder.parent)
        (ROOT / "docs/figures").mkdir(exist_ok=True)
        for figure in BLOCKS.values():
            shutil.copy(
                Path(folder) / "figures" / f"{figure}.svg",
                ROOT / "docs/figures" / f"{study.name}-{figure}.svg",
            )
    readme = ROOT / "README.md"
    text = readme.read_text()
    for name, block in blocks(study.name).items():
        text = put_into(text, name, block)
    write_atomically(readme, lambda file: file.write_text(text))
    document.write_pages(study.name, *published_sections(study.name))


if __name__ == "__main__":
    main()
