"""Profiles and what they plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_line import TINY, write_tiny
from convbias.errors import InputError
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import load_study, planned_runs, profiles_folder, training_order
from convbias.experiments.tuning import SEEDS as SEARCH_SEEDS
from convbias.runs.record import run_key
from convbias.spec.arms import DataVariant
from convbias.spec.description import describe
from convbias.spec.recipes import classic, tuned
from convbias.spec.study import Study

PROFILES = sorted(path.stem for path in profiles_folder().glob("*.toml"))
ARMS = ("dense", "cnn-3x3", "cnn-5x5", "cnn-7x7")


def make_study(**changes: Any) -> Study:
    values = {
        "name": "made",
        "cost": "nothing",
        "expect": "nothing",
        "experiments": ["original"],
        "recipe": "classic",
        "epochs": 3,
        "seeds": [4, 2],
    }
    return describe(Study, values | changes, "test")


def test_there_are_profiles() -> None:
    assert "smoke" in PROFILES


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_that_come_with_the_package(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert study.cost
    assert study.expect
    for experiment in study.experiments:
        alone = study.of_experiment(experiment)
        assert alone.cost
        arms = alone.arms(EXPERIMENTS[experiment])
        wanted = sum(len(alone.seeds_of(arm)) for arm in arms.values())
        assert len(planned_runs(alone)) == wanted
    # What a search has chosen rates on must not be what they are judged by.
    assert not {seed for _, seed in planned_runs(study)} & set(SEARCH_SEEDS)


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    study = load_study(str(write_tiny(tmp_path)))
    assert (study.name, study.dataset, study.training_images) == ("tiny", "drawn", 100)
    assert study.seeds == (0, 1)


def test_a_profile_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_text(TINY, encoding="utf-8-sig")
    assert load_study(str(path)) == load_study(str(write_tiny(tmp_path)))


def test_a_name_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").write_text(TINY)
    with pytest.raises(InputError, match="no profile 'mine'"):
        load_study("mine")


def test_runs_are_planned_arm_by_arm_in_the_order_of_the_seeds() -> None:
    planned = planned_runs(make_study())
    assert [(arm.name, seed) for arm, seed in planned] == [
        (name, seed) for name in ARMS for seed in (4, 2)
    ]


def test_seeds_are_trained_one_after_the_other_and_the_original_comparison_first() -> None:
    study = make_study(
        experiments=["kernel-size", "original"],
        scale={"kernel-size": {"cost": "less", "epochs": 1, "seeds": [0, 9]}},
    )
    order = [(arm.name, seed) for arm, seed in training_order(study)]
    # A step takes the longer, the larger the kernel.
    longest_first = ("cnn-7x7", "cnn-5x5", "cnn-3x3", "dense")
    # The first contrast, 3x3 against dense, is complete as early as possible.
    assert order[:4] == [(name, 4) for name in ("cnn-3x3", "dense", "cnn-7x7", "cnn-5x5")]
    assert order[4:8] == [(name, 2) for name in longest_first]
    further = [seed for _, seed in order[8:]]
    assert further == [0] * (len(further) // 2) + [9] * (len(further) // 2)
    assert order[8][0].startswith("cnn-9x9")
    runs = {run_key(*run) for run in planned_runs(study)}
    assert {run_key(*run) for run in training_order(study)} == runs
    assert len(order) == len(runs)


def test_an_arm_of_two_experiments_is_trained_once() -> None:
    twice = make_study(experiments=["original", "original"])
    assert planned_runs(twice) == planned_runs(make_study())


def test_an_experiment_is_as_large_as_its_scale_says() -> None:
    study = make_study(
        training_images=500,
        scale={"permutation": {"cost": "more", "epochs": 7, "seeds": [9]}},
        experiments=["original", "permutation"],
    )
    alone = study.of_experiment("permutation")
    assert (alone.cost, alone.epochs, alone.seeds) == ("more", 7, (9,))
    assert alone.training_images == 500
    assert study.of_experiment("original").seeds == (4, 2)
    arms = study.arms(EXPERIMENTS["permutation"])
    assert {arm.recipe.epochs for arm in arms.values()} == {7}
    assert planned_runs(study) == [
        *planned_runs(study.of_experiment("original")),
        *planned_runs(alone),
    ]


def test_seeds_of_ones_own_are_those_of_every_experiment() -> None:
    study = make_study(scale={"original": {"cost": "less", "seeds": [0]}}).with_seeds((5, 6))
    assert study.of_experiment("original").seeds == (5, 6)
    assert study.of_experiment("original").cost == "less"


def test_no_more_images_are_asked_for_than_a_data_set_has() -> None:
    study = make_study(
        training_images=10_000, scale={"choices": {"cost": "", "training_images": 300}}
    ).on("drawn")
    assert (study.dataset, study.training_images) == ("drawn", None)
    assert study.of_experiment("choices").training_images == 300


def test_arms_share_their_data_and_get_the_profiles_recipe() -> None:
    study = make_study(dataset="drawn", training_images=200)
    arms = study.arms(ORIGINAL).values()
    assert {arm.data for arm in arms} == {DataVariant(dataset="drawn", training_images=200)}
    assert {arm.recipe for arm in arms} == {classic(3)}
    assert {arm.data.scored_on for arm in arms} == {"test"}


def test_the_tuned_recipe_is_the_models_own(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {name: 0.001 * (1 + place) for place, name in enumerate(ARMS)}
    monkeypatch.setattr("convbias.spec.recipes.tuned_learning_rates", lambda _: rates)
    arms = make_study(recipe="tuned").arms(ORIGINAL).values()
    assert {arm.name: arm.recipe.learning_rate for arm in arms} == rates
    assert all(arm.recipe == tuned(3, arm.model) for arm in arms)


@given(seeds=st.lists(st.integers(0, 2**32 - 1), unique=True, min_size=1, max_size=30))
def test_every_planned_run_has_a_name_of_its_own(seeds: list[int]) -> None:
    planned = planned_runs(make_study(seeds=seeds))
    assert len({(arm.hash, seed) for arm, seed in planned}) == len(ARMS) * len(seeds)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": []}, "the list of seeds is empty"),
        ({"seeds": [1, 2, 1]}, "seed 1 is named 2 times"),
        ({"seeds": [-1]}, "seed -1 is negative"),
        ({"experiments": []}, "experiments"),
        ({"scale": {"original": {"cost": "", "seeds": [1, 1]}}}, "seed 1 is named 2 times"),
        ({"epochs": 0}, "epochs"),
        ({"training_images": 99}, "training_images"),
        ({"seed": [1]}, "did you mean 'seeds'"),
    ],
)
def test_descriptions_that_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_study(**changes)


@pytest.mark.parametrize(
    "line", ['experiments = ["orginal"]', '[scale.orginal]\ncost = "nothing"'], ids=str
)
def test_experiments_that_do_not_exist_are_refused(tmp_path: Path, line: str) -> None:
    profile = write_tiny(tmp_path)
    text = profile.read_text()
    if line.startswith("experiments"):
        text = "\n".join(line if row.startswith("experiments") else row for row in text.split("\n"))
    else:
        text = f"{text}\n{line}\n"
    profile.write_text(text)
    with pytest.raises(InputError, match="did you mean 'original'"):
        load_study(str(profile))
