"""The search for learning rates: equal budgets, no test image, the best rate stored."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import pandas as pd
import pytest

from convbias.cli import main
from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.errors import RunError
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.tuning import best_rates, brief_search, search, search_table, write_rates
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.runs.sweep import FailedRun, SweepResult
from convbias.spec import recipes
from convbias.spec.arms import Arm, Convolutional, Dense
from factories import make_run


def rows(*rows: tuple[str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["model", "learning_rate", "validation_accuracy"])
    return table.assign(runs=2, diverged=0, validation_loss=0.5)


TABLE = rows(
    ("dense", 0.001, 0.80),
    ("dense", 0.002, 0.85),
    ("dense", 0.004, 0.83),
    ("cnn-3x3", 0.001, 0.70),
    ("cnn-3x3", 0.002, 0.75),
    ("cnn-3x3", 0.004, 0.90),
)


def test_the_best_rate_of_each_model() -> None:
    assert best_rates(TABLE) == {"dense": 0.002, "cnn-3x3": 0.004}


def test_of_two_equally_good_rates_the_lower_one() -> None:
    assert best_rates(rows(("dense", 0.001, 0.8), ("dense", 0.002, 0.8))) == {"dense": 0.001}


def test_a_model_that_always_diverges_has_no_best_rate() -> None:
    table = rows(("dense", 0.001, 0.8), ("cnn-3x3", 0.001, 0.0), ("cnn-3x3", 0.002, 0.0))
    with pytest.raises(RunError, match="every run of cnn-3x3 diverged"):
        best_rates(table)


def test_the_search_gives_every_model_the_same_budget() -> None:
    planned = search()
    assert len(planned) == len(set(planned))
    budgets = {
        model.name: Counter(
            (arm.recipe.learning_rate, arm.recipe.epochs, seed)
            for arm, seed in planned
            if arm.model == model
        )
        for model in ORIGINAL.models
    }
    assert len(budgets) == 4
    assert all(budget == budgets["dense"] for budget in budgets.values())
    # Recipes differ in the learning rate only.
    others = {arm.recipe.model_copy(update={"learning_rate": 0.1}) for arm, _ in planned}
    assert len(others) == 1


def test_every_model_of_every_experiment_is_searched_once() -> None:
    planned = brief_search()
    assert len(planned) == len(set(planned))
    budgets: dict[Any, Counter[tuple[float, int, int | None, int]]] = {}
    for arm, seed in planned:
        spent = (arm.recipe.learning_rate, arm.recipe.epochs, arm.data.training_images, seed)
        budgets.setdefault(arm.model, Counter())[spent] += 1
    models = {model for each in EXPERIMENTS.values() for model in each.models}
    assert budgets.keys() == models
    assert all(budget == budgets[Dense()] for budget in budgets.values())


def test_the_search_is_scored_on_validation_images() -> None:
    assert {arm.data.scored_on for arm, _ in (*search(), *brief_search())} == {"validation"}


def test_training_for_the_search_does_not_open_the_test_set() -> None:
    from convbias.networks.training import train

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
    [(arm, seed)] = search("drawn", [Dense()], rates=[0.004], seeds=[7], epochs=1)
    [trained] = train(arm, [seed], cast("Dataset", blind))
    assert trained.status == "finished"
    assert trained.validation is not None
    assert trained.test is None
    assert trained.per_image is None


def searched(accuracies: dict[tuple[Any, float], list[float]]) -> list[Run]:
    return [
        make_run(arm, seed, validation_accuracy=accuracies[arm.model, arm.recipe.learning_rate][i])
        for (model, rate) in accuracies
        for i, (arm, seed) in enumerate(search("drawn", [model], [rate], seeds=[0, 1]))
    ]


def test_the_table_of_a_search() -> None:
    cnn = Convolutional()
    accuracies = {
        (cnn, 0.01): [0.5, 0.7],
        (cnn, 0.02): [0.8, 0.9],
        (Dense(), 0.01): [0.3, 0.4],
    }
    table = search_table(searched(accuracies))
    assert table["model"].tolist() == ["cnn-3x3", "cnn-3x3", "dense"]
    assert table["learning_rate"].tolist() == [0.01, 0.02, 0.01]
    assert table["validation_accuracy"].tolist() == pytest.approx([0.6, 0.85, 0.35])
    assert table["runs"].tolist() == [2, 2, 2]
    assert table["diverged"].tolist() == [0, 0, 0]


def test_diverged_runs_count_as_no_accuracy() -> None:
    arms = [arm for arm, _ in search("drawn", [Dense()], [0.01], seeds=[0])]
    runs = [make_run(arms[0], 0, validation_accuracy=0.8), make_run(arms[0], 1, status="diverged")]
    [row] = search_table(runs).to_dict("records")
    assert row["validation_accuracy"] == pytest.approx(0.4)
    assert (row["runs"], row["diverged"]) == (2, 1)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of rates, still empty."""
    folder = tmp_path / "own"
    monkeypatch.setattr("platformdirs.user_config_dir", lambda _: str(folder))
    return folder


def test_stored_rates_replace_those_of_the_package(own: Path) -> None:
    packaged = recipes.tuned_learning_rates()
    write_rates(TABLE, "tuned", recipes.own_rates_path("tuned"))
    assert recipes.tuned_learning_rates() == packaged | {"dense": 0.002, "cnn-3x3": 0.004}
    assert recipes.tuned(9, Convolutional()).learning_rate == 0.004
    assert recipes.tuned(9, Convolutional(kernel_size=5)).learning_rate == packaged["cnn-5x5"]
    # The table that they were chosen from stands beside them.
    stored = tomllib.loads((own / "tuned.toml").read_text())["search"]
    assert [(row["model"], row["learning_rate"]) for row in stored] == list(
        zip(TABLE["model"], TABLE["learning_rate"], strict=True)
    )
    assert [row["validation_accuracy"] for row in stored] == TABLE["validation_accuracy"].tolist()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[learning_rate\n", "not valid TOML"),
        (b"\xff", "cannot be read"),
        (b"[learning_rate]\ndense = 0\n", "learning_rate.dense = 0"),
        (b'[learning_rate]\ndense = "fast"\n', "learning_rate.dense = 'fast'"),
        (b"[rates]\ndense = 0.1\n", "'rates'"),
    ],
)
def test_a_file_of_rates_that_is_none(
    own: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    own.mkdir()
    (own / "tuned.toml").write_bytes(content)
    assert main(["train", "dense", "--recipe", "tuned", "--dataset", "drawn"]) == 2
    error = capsys.readouterr().err
    assert str(own / "tuned.toml") in error
    assert said in error


# The command line


@pytest.fixture
def stored_search(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Arm, int]]:
    """A search whose runs are stored: nothing is left to train."""
    assert not own.exists()
    monkeypatch.chdir(tmp_path)
    planned = search("drawn", [Dense(), Convolutional()], rates=[0.001, 0.002], seeds=[0, 1])
    accuracy = {("dense", 0.001): 0.8, ("dense", 0.002): 0.7, ("cnn-3x3", 0.001): 0.7}
    for arm, seed in planned:
        best = accuracy.get((arm.name, arm.recipe.learning_rate), 0.9)
        Store("runs/tuning").write(make_run(arm, seed, validation_accuracy=best))
    monkeypatch.setattr("convbias.cli.tune.search", lambda: planned)
    return planned


@pytest.mark.usefixtures("stored_search")
def test_tune_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune"]) == 0
    said = capsys.readouterr().out
    assert "All 8 runs are stored" in said
    starred = [line for line in said.splitlines() if "★" in line]
    assert len(starred) == 2
    dense, cnn = starred
    assert all(words in dense for words in ("dense", "0.001", "80.00 %"))
    assert all(words in cnn for words in ("cnn-3x3", "0.002", "90.00 %"))
    assert not Path("own").exists()


@pytest.mark.usefixtures("stored_search")
def test_tune_stores_the_best_rates_only_when_asked(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", "--write"]) == 0
    path = own / "tuned.toml"
    assert tomllib.loads(path.read_text())["learning_rate"] == {"dense": 0.001, "cnn-3x3": 0.002}
    assert f"wrote {path}" in capsys.readouterr().out
    # Whoever plans a study is told where its rates are from.
    assert main(["study", "full", "--dataset", "drawn", "--plan"]) == 0
    assert f"the recipe tuned are read from {path}" in capsys.readouterr().err


@pytest.mark.usefixtures("stored_search")
def test_tune_searches_nothing_that_it_cannot_store(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own.write_text("a file in the folder's place")
    assert main(["tune", "--write"]) == 2
    said = capsys.readouterr()
    assert f"{own} is a file" in said.err
    assert "without --write" in said.err
    assert said.out == ""


def test_tune_chooses_nothing_from_half_a_search(
    stored_search: list[tuple[Arm, int]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Store("runs/tuning").path(*stored_search[3]).unlink()
    failed = SweepResult((), (FailedRun(*stored_search[3], "ValueError"),), ())
    monkeypatch.setattr("convbias.experiments.tuning.train_missing", lambda *_: failed)
    assert main(["tune", "--write"]) == 1
    assert "1 of 8 runs of the search failed" in capsys.readouterr().err
    assert not Path("own/tuned.toml").exists()


@pytest.mark.parametrize("name", get_args(recipes.SearchedName))
def test_the_rates_of_the_package_are_those_of_the_published_search(
    name: recipes.SearchedName,
) -> None:
    stored = Store(Path(__file__).parents[2] / "results" / "tuning" / name)
    planned = search() if name == "tuned" else brief_search()
    runs = [stored.read(arm, seed) for arm, seed in planned]
    found = [run for run in runs if run is not None]
    assert len(found) == len(planned)
    assert best_rates(search_table(found)) == recipes.tuned_learning_rates(name)
