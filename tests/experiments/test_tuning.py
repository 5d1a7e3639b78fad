"""The search for learning rates: one rule for all, no test image, the best rate stored."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convbias.cli import main
from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.errors import RunError
from convbias.experiments.studies import load_study
from convbias.experiments.tuning import (
    FIRST_RATES,
    HIGHEST,
    LOWEST,
    MORE_SEEDS,
    SEEDS,
    next_runs,
    next_trials,
    search,
    search_arm,
    searched,
    settings_of,
    write_rates,
)
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.runs.sweep import FailedRun, SweepResult
from convbias.spec import rates, recipes
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.rates import Setting, setting_of
from convbias.spec.recipes import scheduled
from factories import make_run

Accuracies = dict[float, list[float]]  # rate to one accuracy per seed


def setting(model: Any = None, **data: Any) -> Setting:
    variant = DataVariant(**{"dataset": "drawn", **data})
    return setting_of(Arm(data=variant, model=model or Dense(), recipe=scheduled(2, 0.01)))


def scores(accuracies: Accuracies) -> dict[float, dict[int, float]]:
    seeds = SEEDS + MORE_SEEDS
    return {rate: dict(zip(seeds, values, strict=False)) for rate, values in accuracies.items()}


def peak(best: float, rates: Sequence[float] = FIRST_RATES, seeds: int = 3) -> Accuracies:
    """One rate clearly ahead of the others."""
    return {
        rate: [(0.9 if rate == best else 0.8) + k / 1000 for k in range(seeds)] for rate in rates
    }


# The rule


def test_a_search_begins_with_five_rates_and_three_seeds() -> None:
    assert next_trials({}) == [(rate, seed) for rate in FIRST_RATES for seed in SEEDS]
    assert all(high == 2 * low for low, high in pairwise(FIRST_RATES))


def test_a_search_asks_for_what_it_lacks() -> None:
    found = scores(peak(0.016))
    del found[0.008][SEEDS[1]]
    assert next_trials(found) == [(0.008, SEEDS[1])]


def test_a_best_rate_inside_ends_the_search() -> None:
    assert next_trials(scores(peak(0.016))) == []


@pytest.mark.parametrize(("best", "beyond"), [(0.004, 0.002), (0.064, 0.128)])
def test_a_best_rate_at_the_edge_moves_the_edge(best: float, beyond: float) -> None:
    found = peak(best)
    assert next_trials(scores(found)) == [(beyond, seed) for seed in SEEDS]
    worse = found | {beyond: [0.7, 0.71, 0.72]}
    assert next_trials(scores(worse)) == []
    better = found | {beyond: [0.95, 0.951, 0.952]}
    further = beyond * beyond / best
    assert next_trials(scores(better)) == [(further, seed) for seed in SEEDS]


def test_rates_that_are_not_clearly_worse_get_more_seeds_and_so_does_the_best() -> None:
    # Two standard errors of the difference are 2 * sqrt(2 * 0.0001 / 3) = 0.0163: 0.01 is close.
    found = peak(0.016) | {0.016: [0.89, 0.90, 0.91], 0.032: [0.88, 0.89, 0.90]}
    assert set(next_trials(scores(found))) == {
        (rate, seed) for rate in (0.016, 0.032) for seed in MORE_SEEDS
    }
    # Afterwards the other one is ahead, and no rate is left that is close with three seeds.
    more = found | {
        0.016: [0.89, 0.90, 0.91, 0.85, 0.85],
        0.032: [0.88, 0.89, 0.90, 0.90, 0.91],
    }
    assert next_trials(scores(more)) == []
    # 0.02 is more than two standard errors.
    apart = found | {0.032: [0.87, 0.88, 0.89]}
    assert next_trials(scores(apart)) == []


@given(st.randoms(use_true_random=False))
def test_every_search_ends_with_enough_rates_and_its_best_inside(random: Any) -> None:
    found: dict[float, dict[int, float]] = {}
    for _ in range(100):
        wanted = next_trials(found)
        if not wanted:
            break
        for rate, seed in wanted:
            found.setdefault(rate, {})[seed] = random.choice([0.0, 0.8, 0.81, random.random()])
    assert not next_trials(found)
    assert len(found) >= 5
    assert all(set(SEEDS) <= set(seeds) for seeds in found.values())
    means = {rate: sum(seeds.values()) / len(seeds) for rate, seeds in found.items()}
    best = max(sorted(means), key=lambda rate: means[rate])
    assert min(found) < best < max(found) or best / 2 < LOWEST or best * 2 > HIGHEST


# Settings


def test_the_settings_of_a_study_are_what_its_arms_train_on() -> None:
    settings = settings_of(load_study("full"))
    study = load_study("full").of_experiment("original")
    assert {each.epochs for each in settings} == {study.epochs, 2}
    # Both networks on subsets of the images take as many steps as on all of them.
    few = {each for each in settings if each.data.training_images == 300}
    assert {each.images_per_epoch for each in few} == {54_000}
    names = list(settings.values())
    assert names[:2] == ["original: dense", "original: cnn-3x3"]
    assert not any("classic" in name for name in names)
    # The same network on the same images is searched once, whichever experiments train it.
    plain = [name for each, name in settings.items() if each == _two_epochs(Convolutional())]
    assert len(plain) == 1


def _two_epochs(model: Any) -> Setting:
    return setting_of(Arm(data=DataVariant(), model=model, recipe=scheduled(2, 0.5)))


def test_what_changes_no_training_is_the_same_setting() -> None:
    plain = setting(Convolutional())
    assert setting(Convolutional(), training_images=5_400) == plain
    assert setting(Convolutional(), scored_on="validation") == plain
    assert setting(half="first") == setting(half="second") != setting()
    assert setting(training_images=500) != setting()
    per_epoch = scheduled(2, 0.01).model_copy(update={"images_per_epoch": 5_400})
    data = DataVariant(dataset="drawn")
    assert setting_of(Arm(data=data, model=Convolutional(), recipe=per_epoch)) == plain


def test_arms_of_a_search_differ_in_the_rate_only_and_do_not_open_the_test_set() -> None:
    from convbias.networks.training import train

    arms = [search_arm(setting(), rate) for rate in (0.004, 0.008)]
    assert [arm.recipe.learning_rate for arm in arms] == [0.004, 0.008]
    assert len({arm.recipe.model_copy(update={"learning_rate": 0.1}) for arm in arms}) == 1
    train_images, train_labels, _, _ = drawn(n_train=200, n_test=10)
    whole = Dataset("drawn", train_images, train_labels, train_images[:10], train_labels[:10])
    # It has no test images at all: any look at them is an error.
    blind = SimpleNamespace(
        name="drawn",
        side=28,
        train_images=train_images,
        train_labels=train_labels,
        pixel_mean=whole.pixel_mean,
        pixel_std=whole.pixel_std,
    )
    [trained] = train(arms[0], [7], cast("Dataset", blind))
    assert trained.status == "finished"
    assert trained.validation is not None
    assert trained.test is None
    assert trained.per_image is None


# What was found


def store_runs(store: Store, searched: Setting, accuracies: Accuracies) -> None:
    for rate, values in accuracies.items():
        for seed, value in zip(SEEDS + MORE_SEEDS, values, strict=False):
            arm = search_arm(searched, rate)
            status = "finished" if value else "diverged"
            run = make_run(arm, seed, validation_accuracy=value, loss=0.25, status=status)
            store.write(run)


def test_what_a_search_found(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store_runs(store, setting(), peak(0.016) | {0.064: [0.5, 0.0, 0.7]})
    assert not next_runs([setting()], store)
    found = searched(setting(), store)
    assert found.learning_rate == 0.016
    assert [tried.learning_rate for tried in found.search] == list(FIRST_RATES)
    last = found.search[-1]
    assert last.accuracy == pytest.approx(0.4)  # a diverged run counts as 0
    assert (last.diverged, last.validation_accuracy, len(last.validation_loss)) == (
        1,
        (0.5, 0.0, 0.7),
        2,
    )


def test_of_two_equally_good_rates_the_lower_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store_runs(store, setting(), peak(0.016, seeds=5) | {0.008: peak(0.016, seeds=5)[0.016]})
    assert searched(setting(), store).learning_rate == 0.008


def test_a_network_that_always_diverges_has_no_best_rate(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store_runs(store, setting(), {rate: [0.0] * 5 for rate in FIRST_RATES})
    with pytest.raises(RunError, match="every run of dense diverged"):
        searched(setting(), store)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of rates, still empty."""
    folder = tmp_path / "own"
    monkeypatch.setattr("platformdirs.user_config_dir", lambda _: str(folder))
    return folder


@pytest.mark.usefixtures("own")
def test_stored_rates_are_those_of_exactly_their_setting(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    wanted = [
        setting(training_images=500),
        setting(Convolutional(padding="circular"), canvas=40),
    ]
    for each in wanted:
        store_runs(store, each, peak(0.032))
    found = [searched(each, store) for each in wanted]
    write_rates(found, rates.own_rates_path())
    assert rates.own_rates() == {each.setting: each for each in found}
    data = DataVariant(dataset="drawn", training_images=500)
    assert recipes.tuned(2, Dense(), data=data).learning_rate == 0.032
    # Another length, other images: the rate of the earlier search.
    earlier = recipes.tuned_learning_rates()["dense"]
    assert recipes.tuned(3, Dense(), data=data).learning_rate == earlier
    assert recipes.tuned(2, Dense(), data=DataVariant()).learning_rate == earlier
    arms = [
        Arm(data=data, model=Dense(), recipe=recipes.tuned(epochs, Dense(), data=data))
        for epochs in (2, 3)
    ]
    assert [recipes.search_of(arm) for arm in arms] == [found[0], None]


NO_EPOCHS = b"""\
[[searched]]
learning_rate = 0.1
search = []
setting = { model = { family = "dense" }, data = {}, optimiser = "muon", epochs = 0 }
"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[[searched]\n", "not valid TOML"),
        (b"\xff", "cannot be read"),
        (b"[learning_rate]\ndense = 0.1\n", "'learning_rate'"),
        (NO_EPOCHS, "epochs = 0"),
    ],
)
def test_a_file_of_rates_that_is_none(
    own: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    own.mkdir()
    (own / "rates.toml").write_bytes(content)
    assert main(["train", "dense", "--recipe", "tuned", "--dataset", "drawn"]) == 2
    error = capsys.readouterr().err
    assert str(own / "rates.toml") in error
    assert said in error


# The command line

PROFILE = """\
name = "small"
cost = "nothing: all runs are stored"
expect = "nothing"
experiments = ["original"]
dataset = "drawn"
training_images = 500
recipe = "tuned"
epochs = 2
seeds = [0]
"""


@pytest.fixture
def profile(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Setting]:
    """A study whose searches are stored: nothing is left to train."""
    assert not own.exists()
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(PROFILE)
    settings = list(settings_of(load_study("small.toml")))
    for index, each in enumerate(settings):
        store_runs(Store("runs/tuning"), each, peak(FIRST_RATES[1 + index % 2]))
    return settings


@pytest.mark.usefixtures("profile")
def test_tune_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "small.toml"]) == 0
    said = capsys.readouterr().out
    starred = [line for line in said.splitlines() if "★" in line]
    assert len(starred) == 4
    dense, cnn = starred[:2]
    assert all(words in dense for words in ("original: dense", "0.008", "90.10 %"))
    assert all(words in cnn for words in ("original: cnn-3x3", "0.016", "90.10 %"))
    assert not Path("own").exists()


def test_tune_tells_beforehand_what_it_would_train(
    profile: list[Setting], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", "small.toml", "--plan"]) == 0
    assert "4 settings; all were searched" in capsys.readouterr().out
    Store("runs/tuning").path(search_arm(profile[2], 0.032), SEEDS[0]).unlink()
    assert main(["tune", "small.toml", "--plan"]) == 0
    assert "4 settings; 1 runs are missing" in capsys.readouterr().out


@pytest.mark.usefixtures("profile")
def test_tune_stores_the_best_rates_only_when_asked_and_keeps_others(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = setting(training_images=700)
    store_runs(Store("others"), other, peak(0.032))
    write_rates([searched(other, Store("others"))], rates.own_rates_path())
    assert main(["tune", "small.toml", "--write"]) == 0
    path = own / "rates.toml"
    stored = tomllib.loads(path.read_text())["searched"]
    assert [each["learning_rate"] for each in stored] == [0.032, 0.008, 0.016, 0.008, 0.016]
    assert f"wrote {path}" in capsys.readouterr().out
    # Whoever plans a study is told where its rates are from.
    assert main(["study", "small.toml", "--plan"]) == 0
    assert f"read from {path}" in capsys.readouterr().err
    # A study with a fixed recipe uses none of them.
    Path("classic.toml").write_text(PROFILE.replace('"tuned"', '"classic"'))
    assert main(["study", "classic.toml", "--plan"]) == 0
    assert str(path) not in capsys.readouterr().err


@pytest.mark.usefixtures("profile")
def test_tune_searches_nothing_that_it_cannot_store(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own.write_text("a file in the folder's place")
    assert main(["tune", "small.toml", "--write"]) == 2
    said = capsys.readouterr()
    assert f"{own} is a file" in said.err
    assert "without --write" in said.err
    assert said.out == ""


def test_tune_chooses_nothing_from_half_a_search(
    profile: list[Setting],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = search_arm(profile[2], 0.032), SEEDS[0]
    Store("runs/tuning").path(*missing).unlink()
    failed = SweepResult((), (FailedRun(*missing, "ValueError"),), ())
    monkeypatch.setattr("convbias.experiments.tuning.train_missing", lambda *_, **_more: failed)
    assert main(["tune", "small.toml", "--write"]) == 1
    assert "1 of 1 runs of the search failed" in capsys.readouterr().err
    assert not Path("own/rates.toml").exists()


def test_a_search_trains_its_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    rounds: list[int] = []

    def train(planned: Sequence[tuple[Arm, int]], *_: object, **_more: object) -> SweepResult:
        rounds.append(len(planned))
        for arm, seed in planned:
            height = {0.064: 0.9, 0.128: 0.85}.get(arm.recipe.learning_rate, 0.8)
            store.write(make_run(arm, seed, validation_accuracy=height + seed % 10 / 1000))
        return SweepResult((), (), ())

    monkeypatch.setattr("convbias.experiments.tuning.train_missing", train)
    [found] = search([setting()], store)
    assert rounds == [15, 3]
    assert found.learning_rate == 0.064


@pytest.mark.parametrize("name", get_args(recipes.SearchedName))
def test_earlier_rates_of_the_package_are_those_of_the_published_search(
    name: recipes.SearchedName,
) -> None:
    runs: list[Run] = list(Store(Path(__file__).parents[2] / "results" / "tuning" / name))
    rows = pd.DataFrame(
        [
            (
                run.arm.model.name,
                run.arm.recipe.learning_rate,
                run.validation.accuracy if run.validation else 0.0,
            )
            for run in runs
        ],
        columns=["model", "rate", "accuracy"],
    )
    means = rows.pivot_table("accuracy", "model", "rate")
    assert means.idxmax(axis=1).to_dict() == recipes.tuned_learning_rates(name)
