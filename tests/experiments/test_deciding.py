"""A study that adds seeds until it is decided: when it goes on, and when it ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convbias.experiments import ORIGINAL
from convbias.experiments.deciding import decide
from convbias.experiments.studies import load_study, planned_runs
from convbias.findings.claims import audit
from convbias.findings.evaluation import evaluate
from convbias.findings.results import collect
from convbias.runs.store import Store
from convbias.spec.study import Study
from factories import make_run

FAR_APART = {"dense": 0.6, "cnn-3x3": 0.7, "cnn-5x5": 0.8, "cnn-7x7": 0.9}
# Too far apart for equivalence and too close for a difference among so few images.
CLOSE = FAR_APART | {"cnn-7x7": 0.805}
IMAGES = 400


@pytest.fixture
def study() -> Study:
    return load_study("smoke").on("drawn").model_copy(update={"looks": (4, 8)})


def store_runs(study: Study, store: Store, accuracies: dict[str, float]) -> None:
    """Store what is planned; accuracies vary by 0.4 points over seeds, losses with them."""
    for arm, seed in planned_runs(study):
        of_run = np.random.default_rng([seed, list(FAR_APART).index(arm.name)])
        accuracy = accuracies[arm.name] + 0.004 * of_run.normal()
        loss = 2 * (1 - accuracy)
        store.write(make_run(arm, seed, accuracy=accuracy, loss=loss, images=IMAGES))


def test_it_ends_at_the_first_look_at_which_all_is_decided(study: Study, tmp_path: Path) -> None:
    store = Store(tmp_path)
    start = decide(study, store)
    assert start.study.of_experiment("original").seeds == (0, 1, 2, 3)
    assert start.waiting == ("original",)
    store_runs(start.study, store, FAR_APART)
    end = decide(study, store)
    assert (end.waiting, end.undecided) == ((), {})
    assert end.study == start.study
    verdicts = [each.contrast and each.contrast.verdict for each in end.findings["original"]]
    assert verdicts == ["better", "better", "better", "worse"]


def test_what_is_undecided_gets_more_seeds_up_to_the_last_look(
    study: Study, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    seeds = []
    while (decision := decide(study, store)).waiting:
        seeds.append(decision.study.of_experiment("original").seeds)
        store_runs(decision.study, store, CLOSE)
    assert seeds == [(0, 1, 2, 3), tuple(range(8))]
    [open_contrast] = decision.undecided["original"]
    assert open_contrast.planned.name == "5x5-over-7x7-accuracy"
    assert open_contrast.seeds == tuple(range(8))


def test_seeds_behind_the_look_are_not_looked_at(study: Study, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store_runs(study.with_seeds((0, 1, 2, 3)), store, FAR_APART)
    before = evaluate(*_evaluated(study.with_seeds((0, 1, 2, 3)), store))
    # Later seeds that say the opposite.
    worse = {arm: 1.5 - accuracy for arm, accuracy in FAR_APART.items()}
    store_runs(study.with_seeds((4, 5)), store, worse)
    after = evaluate(*_evaluated(study.with_seeds(tuple(range(6))), store))
    assert [each.contrast for each in after] == [each.contrast for each in before]
    assert [each.runs for each in after] == [each.runs for each in before]
    assert not any(each.unpaired for each in after)  # they have partners


def _evaluated(study: Study, store: Store):
    results = collect(study, ORIGINAL, store)
    return results.experiment, results.runs


def test_an_experiment_that_is_decided_gets_no_more_seeds(study: Study, tmp_path: Path) -> None:
    study = study.model_copy(update={"experiments": ("original", "recipe")})
    store = Store(tmp_path)
    store_runs(study.of_experiment("original").with_seeds((0, 1, 2, 3)), store, FAR_APART)
    decision = decide(study, store)
    assert decision.waiting == ("recipe",)
    assert decision.study.of_experiment("original").seeds == (0, 1, 2, 3)
    assert decision.study.of_experiment("recipe").seeds == (0, 1, 2, 3)


def test_claims_are_judged_at_the_look(study: Study, tmp_path: Path) -> None:
    study = study.on("fashion-mnist").model_copy(update={"training_images": None})
    study = study.with_seeds((0, 1, 2, 3))
    store = Store(tmp_path)
    store_runs(study, store, FAR_APART)
    verdicts = [
        {each.id: each.verdict for each in audit(*_evaluated(judged, store))}["cnn-more-accurate"]
        for judged in (study, study.model_copy(update={"looks": ()}))
    ]
    # With so few seeds the sign-flip test, which the fixed design has, decides nothing.
    assert verdicts == ["holds", "undecided"]
