"""Tables, sentences and figures of a study's stored runs, for the notebook."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import pandas as pd

from convbias.data import Dataset
from convbias.data.eda import Exploration
from convbias.errors import InputError
from convbias.experiments import ORIGINAL
from convbias.experiments.studies import PUBLISHED, load_study, planned_runs
from convbias.figures import Figure, data_remark, finished_arms
from convbias.findings.claims import ClaimResult
from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.results import ConditionRun, Results
from convbias.report import ExperimentSection, comparison_table, methods
from convbias.report.answer import original_headlines
from convbias.report.pipeline import audit_study, read_study
from convbias.runs.choosing import best_run
from convbias.runs.published import published_folder
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network
from convbias.spec.arithmetic import Layers
from convbias.spec.arms import Convolutional
from convbias.spec.study import Study

PROFILE = "CONVBIAS_NOTEBOOK_PROFILE"  # environment variables, set by `make notebook`
RUNS = "CONVBIAS_NOTEBOOK_RUNS"


@dataclass(frozen=True)
class MarkdownText:
    """Markdown that a notebook renders.

    Args:
        text: the Markdown.
    """

    text: str

    def _repr_markdown_(self) -> str:
        return self.text


class NotebookStudy:
    """A study's stored runs, with what the notebook shows of them.

    Args:
        profile: name of a profile; by default the variable CONVBIAS_NOTEBOOK_PROFILE or, where it
            is not set, the published profile.
        runs: folder of its runs; by default the variable CONVBIAS_NOTEBOOK_RUNS or, where it is
            not set, the published runs of the profile.

    Raises:
        InputError: the profile does not exist, or none of its runs is stored in the folder.
    """

    def __init__(self, profile: str | None = None, runs: Path | None = None) -> None:
        name = profile or os.environ.get(PROFILE, PUBLISHED)
        folder = runs or Path(os.environ.get(RUNS, published_folder() / name / "runs"))
        self.study: Study = load_study(name)
        self.store = Store(folder)
        self.results = read_study(self.study, self.store)
        original = self.results.original
        if original is None:
            raise InputError(
                f"no run of the study {name} is stored in {folder}",
                "the folder of its runs",
                f"train them with `convbias study {name}`, and set {RUNS} to their folder",
            )
        self.original: Results = original

    def _repr_markdown_(self) -> str:
        runs = self.original.runs
        seeds = len({run.seed for run in runs})
        recipe = runs[0].image_arm.recipe
        return (
            f"Study **{self.study.name}**: {len(planned_runs(self.study))} runs planned,"
            f" {len(self.store.paths())} stored; the original comparison has {seeds} seeds of"
            f" {recipe.epochs} epochs with the recipe `{recipe.name}`."
        )

    @property
    def dataset(self) -> Dataset:
        """The data set."""
        return self.results.dataset

    @cached_property
    def remark(self) -> str | None:
        """The remark about the data, such as that the images are generated."""
        return data_remark(self.original.data)

    @property
    def exploration(self) -> Exploration:
        """The exploration of the data set."""
        return self.results.exploration

    @cached_property
    def arms(self) -> Mapping[str, list[ConditionRun]]:
        """Arm name to finished runs."""
        return finished_arms(ORIGINAL, self.original.runs)

    @cached_property
    def findings(self) -> list[Finding]:
        """The planned contrasts, evaluated."""
        return evaluate(ORIGINAL, self.original.runs)

    def section(self, name: str) -> ExperimentSection | None:
        """The section of a further experiment; None if it was not run.

        Args:
            name: the experiment's name.
        """
        found = (each for each in self.results.sections if each.results.experiment.name == name)
        return next(found, None)

    @cached_property
    def audited(self) -> list[ClaimResult]:
        """The claims of the original study with their verdicts."""
        return audit_study(self.results)

    @cached_property
    def _layers(self) -> dict[str, Layers]:
        return methods.networks(ORIGINAL)

    def layers(self, arm: str) -> pd.DataFrame:
        """A network's layers, the shapes of their weights and their parameters.

        Args:
            arm: `dense`, `cnn-3x3`, `cnn-5x5` or `cnn-7x7`.
        """
        rows = methods.layer_rows(self._layers[arm])
        total = sum(row.parameters for row in rows)
        table = pd.DataFrame([vars(row) for row in rows]).set_index("name")
        table.loc["total"] = {"shapes": "", "parameters": total}
        return table

    def comparison(self, *arms: str) -> pd.DataFrame:
        """Means over seeds with 95 % intervals by measure; a star marks the best mean of a row.

        Args:
            *arms: names of the arms; all by default.
        """
        table = comparison_table(ORIGINAL, self.original.runs)
        return table[list(arms)] if arms else table

    def claims(self, *subjects: str) -> MarkdownText:
        """The original study's claims about some subjects, with verdicts.

        Args:
            *subjects: subjects in `claims.toml`, such as `baseline-params`.
        """
        rows = [result for result in self.audited if result.claim.row in subjects]
        return _table(
            ("claim", "our result", "verdict", "explanation"),
            (
                (
                    _escaped(f"{result.statement} ({result.published})"),
                    _escaped(_measured(result)),
                    f"**{result.verdict}**",
                    _escaped(result.claim.plain),
                )
                for result in rows
            ),
        )

    def contrasts(self) -> MarkdownText:
        """What the original comparison shows, in short; its planned contrasts fold open below."""
        short = original_headlines(self.arms, self.findings, self.audited).values()
        return _folded(
            [(each.verdict, each.text) for each in short],
            [(_verdict(each), each.sentence) for each in self.findings],
        )

    def outcome(self, experiment: str) -> MarkdownText:
        """What a further experiment shows, in short; findings, contrasts and controls fold open.

        Args:
            experiment: the experiment's name.
        """
        found = self.section(experiment)
        if found is None:
            return self._absent(experiment)
        stated = [(each.verdict, each.text) for each in found.outcome.statements]
        compared = [(row.verdict, row.finding.sentence) for row in found.contrasts]
        known = [(f"identity {each.verdict}", each.text) for each in found.outcome.identities]
        known += [(f"control {each.verdict}", each.text) for each in found.outcome.controls]
        return _folded(
            [(each.verdict, each.text) for each in found.headlines.values()],
            [*stated, *compared, *known],
        )

    def figure(self, experiment: str, number: int = 0) -> Figure | MarkdownText:
        """A figure of a further experiment.

        Args:
            experiment: the experiment's name.
            number: index of the figure; 0 is the main one.
        """
        found = self.section(experiment)
        return self._absent(experiment) if found is None else found.figures[number]

    def stored_network(self) -> tuple[ConditionRun, keras.Model]:
        """The best run of the 3x3 CNN that is stored with its network, and the network.

        Raises:
            InputError: no such run is stored.
        """
        name = Convolutional(kernel_size=3).name
        run = best_run(
            run
            for run in self.arms.get(name, ())
            if self.store.network_path(run.arm, run.seed).exists()
        )
        if run is not None:
            return run, load_network(self.store, run)
        raise InputError(
            f"no run of {name} is stored with its network in {self.store.folder}",
            "one network",
            f"train one with `convbias train cnn --runs {self.store.folder}`",
        )

    def _absent(self, experiment: str) -> MarkdownText:
        return MarkdownText(
            f"*The profile {self.study.name} has no run of the experiment {experiment}.*"
        )


def _verdict(finding: Finding) -> str:
    return finding.contrast.verdict if finding.contrast else "not measured yet"


def _measured(result: ClaimResult) -> str:
    """The measured value, and the one with the recipe that the original study may have used."""
    told = [result.measured or ""]
    if result.classic is not None:
        told.append(f"with the recipe classic {result.classic_text}")
    return "; ".join(told)


def _folded(shown: Iterable[tuple[str, str]], evidence: Iterable[tuple[str, str]]) -> MarkdownText:
    """Sentences with verdicts, and others that fold open below them."""
    first, below = (
        "\n".join(f"- **{verdict}**: {text}" for verdict, text in sentences)
        for sentences in (shown, evidence)
    )
    return MarkdownText(f"{first}\n\n<details><summary>Evidence</summary>\n\n{below}\n\n</details>")


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> MarkdownText:
    lines = [columns, ("---",) * len(columns), *rows]
    return MarkdownText("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _escaped(text: str) -> str:
    """Escape text for a cell of a Markdown table."""
    return re.sub(r"([|*_`])", r"\\\1", text.replace("\n", " "))
