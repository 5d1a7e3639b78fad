"""How far a study is that adds seeds, look by look, until its contrasts are decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count, islice

from convbias.experiments.studies import experiments_of
from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.results import collect
from convbias.runs.store import Store
from convbias.spec.study import Study


@dataclass(frozen=True)
class Decision:
    """What the stored runs of a study decide.

    Args:
        study: the study, with the seeds that each of its experiments needs by now.
        findings: experiment to its contrasts at its latest finished look; empty before the first.
        waiting: the experiments that need runs or measurements for their next look.
    """

    study: Study
    findings: Mapping[str, tuple[Finding, ...]]
    waiting: tuple[str, ...]

    @property
    def undecided(self) -> dict[str, tuple[Finding, ...]]:
        """Experiment to its contrasts that are not decided; without those that all are."""
        found = {name: tuple(filter(_is_open, each)) for name, each in self.findings.items()}
        return {name: each for name, each in found.items() if each}


def decide(study: Study, store: Store) -> Decision:
    """Judge a study at its planned looks, as far as runs are stored; nothing is trained.

    An experiment ends at the first look at which all of its contrasts are decided, or at the last.
    Runs of further seeds are not looked at, whether they are stored or not.

    Args:
        study: the study; it has looks. Each experiment has its first seeds, and then the smallest
            other ones.
        store: where its runs and measurements are.

    Example:
        >>> from convbias.experiments.studies import load_study
        >>> study = load_study("smoke").model_copy(update={"looks": (4, 8)})
        >>> decision = decide(study, Store("no/such/folder"))
        >>> decision.waiting, decision.study.of_experiment("original").seeds
        (('original',), (0, 1, 2, 3))
    """
    seeds: dict[str, tuple[int, ...]] = {}
    findings: dict[str, tuple[Finding, ...]] = {}
    waiting: list[str] = []
    for name, experiment in experiments_of(study).items():
        order = _seeds(study.of_experiment(name).seeds, study.looks[-1])
        findings[name] = ()
        for look in study.looks:
            seeds[name] = order[:look]
            results = collect(study.with_seeds_of(seeds), experiment, store)
            if results.absent or results.unmeasured:
                waiting.append(name)
                break
            findings[name] = tuple(evaluate(results.experiment, results.runs))
            if not any(map(_is_open, findings[name])):
                break
    return Decision(study.with_seeds_of(seeds), findings, tuple(waiting))


def _seeds(first: tuple[int, ...], wanted: int) -> tuple[int, ...]:
    others = (seed for seed in count() if seed not in first)
    return (*first, *islice(others, max(0, wanted - len(first))))[:wanted]


def _is_open(finding: Finding) -> bool:
    # New seeds decide an exploratory contrast, too.
    return finding.contrast is None or finding.contrast.verdict in ("undecided", "exploratory")
