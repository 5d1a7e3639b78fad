"""The contrasts of a study as they stand while it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from convbias.errors import ConvbiasError
from convbias.experiments import ORIGINAL
from convbias.experiments.studies import experiments_of
from convbias.findings.results import collect
from convbias.runs.store import Store
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.experiment import PlannedContrast
from convbias.spec.study import Study

if TYPE_CHECKING:  # SciPy is loaded only when there is something to evaluate
    from convbias.findings.evaluation import Finding


class InterimContrasts:
    """Differences with intervals over the seeds so far.

    They have no verdicts: whoever looks after every seed and stops at a verdict finds more
    differences that are not there than the 5 % that the tests allow.

    Args:
        study: the study.
        store: where its runs are stored.
    """

    def __init__(self, study: Study, store: Store) -> None:
        self._study = study
        self._store = store
        self._experiments = experiments_of(study)
        self._seeds = {name: study.of_experiment(name).seeds for name in self._experiments}
        self._arms = {
            name: {arm.hash: arm for arm in study.arms(experiment).values()}
            for name, experiment in self._experiments.items()
        }
        self._findings: dict[str, list[Finding]] = {}
        self._latest: str | None = None

    def update(self, arm: AnyArm, seed: int) -> list[str]:
        """Evaluate the experiments of a run that was stored.

        Args:
            arm: the run's arm.
            seed: its seed.

        Returns:
            The experiments that have now every run of this seed.
        """
        from convbias.findings.evaluation import evaluate

        complete: list[str] = []
        for name, arms in self._arms.items():
            if arm.hash not in arms or seed not in self._seeds[name]:
                continue
            experiment = self._experiments[name]
            runs = collect(self._study, experiment, self._store).runs
            try:
                self._findings[name] = evaluate(experiment, runs)
            except ConvbiasError:  # the report, which has all runs, says what is wrong with them
                continue
            self._latest = name
            if all(self._store.path(each, seed).exists() for each in arms.values()):
                complete.append(name)
        return complete

    def table(self) -> Table | None:
        """The contrasts of the original comparison and of the experiment in progress.

        Returns:
            None where none of them has a seed pair.
        """
        shown = [name for name in self._findings if name in (ORIGINAL.name, self._latest)]
        rows = [(name, each) for name in shown for each in self._findings[name] if each.contrast]
        if not rows:
            return None
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column("contrast, without verdict before the last seed", overflow="fold")
        table.add_column("difference [95 % interval]", justify="right", overflow="fold")
        table.add_column("seed pairs", justify="right", no_wrap=True)
        for name, finding in rows:
            heading = contrast_name(finding.planned)
            if len(shown) > 1:
                heading = f"{name}: {heading}"
            table.add_row(heading, difference(finding), self._pairs(name, finding))
        return table

    def line(self, experiment: str) -> str | None:
        """The contrasts of an experiment in one line.

        Args:
            experiment: its name.

        Returns:
            None where it has no seed pair, as of measurements, which are taken after training.
        """
        told = [
            f"{contrast_name(each.planned)} {difference(each)} ({self._pairs(experiment, each)})"
            for each in self._findings[experiment]
            if each.contrast
        ]
        return f"{experiment} so far, without verdict: {'; '.join(told)}" if told else None

    def _pairs(self, experiment: str, finding: Finding) -> str:
        return f"{len(finding.seeds)} of {len(self._seeds[experiment])}"


def contrast_name(planned: PlannedContrast) -> str:
    """A contrast in a few words, which no other of its experiment has."""
    return f"{planned.treatment} - {planned.baseline}, {planned.quantity.noun}"


def difference(finding: Finding) -> str:
    """A contrast's difference with its interval; empty where it has no seed pair."""
    contrast, quantity = finding.contrast, finding.planned.quantity
    if contrast is None:
        return ""
    text = quantity.amount(contrast.difference, "+")
    if contrast.interval is None:
        return text
    low, high = (quantity.written(end, "+") for end in contrast.interval.ends)
    return f"{text} [{low} to {high}]"
