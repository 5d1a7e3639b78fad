"""Publish a study: its runs into results/, its first figure and its table into README.md.

    .venv/bin/python results/publish.py quick --runs runs

The README's result is written by this script alone, from the published runs; a test makes it again
and compares.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from convbias import data
from convbias.experiments.original import ORIGINAL
from convbias.findings import evaluate
from convbias.report import comparison_table, write_report
from convbias.run import Run
from convbias.store import Store, table, write_atomically
from convbias.study import load_study

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- result: begin -->", "<!-- result: end -->"
FIGURES = ("accuracy", "convergence-accuracy")


def published_runs(profile: str) -> list[Run]:
    """The published runs of a profile, arm by arm and seed by seed."""
    study = load_study(profile)
    order = {arm.hash: place for place, arm in enumerate(study.arms(ORIGINAL).values())}
    runs = list(Store(ROOT / "results" / profile / "runs"))
    return sorted(runs, key=lambda run: (order[run.arm_hash], run.seed))


def readme_block(profile: str, runs: Sequence[Run]) -> str:
    """The README's result, in Markdown."""
    compared = comparison_table(ORIGINAL, runs)
    compared.columns = [f"**{arm}**" for arm in compared.columns]
    recipe, environment = runs[0].arm.recipe, runs[0].environment
    seeds = len({run.seed for run in runs})
    rows = [["", *compared.columns], ["---"] * (1 + len(compared.columns))]
    rows += [[str(name), *map(str, values)] for name, values in compared.T.items()]
    lines = [
        (
            "![Test accuracy of the dense baseline and of the CNN with three kernel sizes, one dot"
            f" per seed, with 95 % intervals](docs/figures/{profile}-accuracy.svg)"
        ),
        "",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        (
            f"*Mean [95 % interval] over {seeds} seeds, best value of a row ★; the {profile}"
            f" profile: {recipe.epochs} epochs, recipe `{recipe.name}`, on"
            f" {environment.processor}. Every number here is made from the runs in"
            f" `results/{profile}/` by `results/publish.py`.*"
        ),
        "",
        *(f"- {finding.sentence}" for finding in evaluate(ORIGINAL, runs)),
    ]
    return "\n".join(lines)


def put_into_readme(readme: str, block: str) -> str:
    """The README with its result replaced."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def main() -> None:
    """Publish the profile that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profile")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="*", help="instead of the profile's own")
    arguments = parser.parse_args()
    study = load_study(arguments.profile)
    if arguments.seeds:
        study = study.model_copy(update={"seeds": tuple(arguments.seeds)})
    source = Store(arguments.runs)
    target = Store(ROOT / "results" / study.name / "runs")
    shutil.rmtree(target.folder, ignore_errors=True)
    target.folder.mkdir(parents=True)
    for arm, seed in study.planned():
        shutil.copy(source.path(arm, seed), target.folder)
    runs = published_runs(study.name)
    csv = table(runs).to_csv(index=False)
    write_atomically(target.folder.parent / "table.csv", lambda file: file.write_text(csv))
    with tempfile.TemporaryDirectory() as folder:
        report = write_report(study.name, ORIGINAL, runs, data.load(study.dataset), Path(folder))
        (ROOT / "docs/figures").mkdir(exist_ok=True)
        for figure in FIGURES:
            shutil.copy(
                report.parent / "figures" / f"{figure}.svg",
                ROOT / "docs/figures" / f"{study.name}-{figure}.svg",
            )
    readme = ROOT / "README.md"
    text = put_into_readme(readme.read_text(), readme_block(study.name, runs))
    write_atomically(readme, lambda file: file.write_text(text))


if __name__ == "__main__":
    main()
