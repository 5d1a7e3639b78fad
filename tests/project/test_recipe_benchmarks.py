"""The benchmarks of the recipe: the search for it, and the time to an accuracy."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks import accuracy_page, recipe_page, recipe_search, recipe_training, time_to_accuracy
from benchmarks.accuracy_records import Contender, Lap, Mode, Records, Training
from benchmarks.recipe_changes import CHANGES, EPOCHS, SEEDS
from benchmarks.recipe_records import Found, Search

from convbias.networks.muon import orthogonalised
from convbias.spec.arms import Convolutional
from convbias.spec.recipes import scheduled, tuned
from factories import make_run

ENVIRONMENT = make_run("dense", 0).environment.model_copy(update={"versions": {"jax": "0.10.2"}})


def training(contender: Contender, mode: Mode, seed: int, *laps: tuple[float, float]) -> Training:
    return Training(
        contender=contender,
        mode=mode,
        seed=seed,
        laps=tuple(
            Lap(epoch=epoch, seconds=seconds, test_accuracy=accuracy)
            for epoch, (seconds, accuracy) in enumerate(laps, start=1)
        ),
        code_version="0.1.0",
    )


RECORDS = Records(
    dataset="fashion-mnist",
    recipe=scheduled(2, 0.02),
    cores=2,
    environment=ENVIRONMENT,
    rival_versions={"torch": "2.13", "tensorflow": "2.21"},
    trainings=(
        training(
            "Keras-TensorFlow", "one_training", 0, (9, 0.7), (12, 0.85), (15, 0.91), (18, 0.9)
        ),
        training("convbias", "one_training", 0, (15, 0.8), (20, 0.906)),
        training("PyTorch", "one_training", 0, (20, 0.8), (30, 0.904)),
        training("Keras-TensorFlow", "one_training", 0, (30, 0.7), (50, 0.8)),
        training("convbias", "one_per_core", 1, (15, 0.8), (28, 0.904)),
        training("convbias", "one_per_core", 2, (15, 0.8), (30, 0.905)),
        training("PyTorch", "one_per_core", 1, (20, 0.8), (40, 0.902)),
        training("PyTorch", "one_per_core", 2, (20, 0.8), (44, 0.901)),
    ),
)


def test_times_by_hand() -> None:
    assert RECORDS.rounds == 1
    assert RECORDS.seconds("convbias", "one_training") == [20]
    # The slower of two at once, shared by two networks.
    assert RECORDS.seconds("convbias", "one_per_core") == [15]
    assert RECORDS.seconds("PyTorch", "one_per_core") == [22]
    # The long training says how many epochs, the round how long they take: 30 + 2 * 20.
    assert RECORDS.keras_epochs == 3
    assert RECORDS.keras_seconds(3) == [70]
    assert RECORDS.accuracies("convbias") == [0.906, 0.904, 0.905]


def test_the_page_by_hand() -> None:
    page = accuracy_page.markdown(RECORDS)
    assert "| convbias | 2 | 3 | 90.50 |" in page
    assert "| PyTorch | 2 | 3 | 90.23 |" in page
    assert "| Keras-TensorFlow | 4 | 1 | 90.00, best 91.00 after 3 | | after 3 |" in page
    assert (
        "| PyTorch | one at a time against one at a time | 1.50 (1.50 to 1.50) | 2: not met |"
        in page
    )
    assert "| PyTorch | one per core against one at a time | 2.00 (2.00 to 2.00) | 2: met |" in page
    assert "| Keras-TensorFlow | one at a time against one at a time | 3.50" in page


def test_keras_that_never_gets_there_gives_a_lower_bound() -> None:
    never = RECORDS.model_copy(
        update={
            "trainings": (
                training("Keras-TensorFlow", "one_training", 0, (9, 0.7), (12, 0.8), (15, 0.85)),
                *RECORDS.trainings[1:],
            )
        }
    )
    assert never.keras_epochs is None
    page = accuracy_page.markdown(never)
    assert "more than 70.0 (70.0 to 70.0) for 3 epochs" in page
    assert "at least 3.50" in page


def test_the_published_page_is_that_of_the_stored_trainings() -> None:
    stored = time_to_accuracy.read()
    expected = accuracy_page.markdown(stored)
    assert time_to_accuracy.PAGE.read_text(encoding="utf-8") == expected
    assert stored.recipe == tuned(time_to_accuracy.EPOCHS, Convolutional(kernel_size=3))


def test_the_published_search_is_whole_and_its_page_made_from_it() -> None:
    stored = recipe_search.read()
    assert recipe_search.PAGE.read_text(encoding="utf-8") == recipe_page.markdown(stored)
    assert stored.epochs == EPOCHS
    assert {(each.change, each.seed) for each in stored.found} == {
        (change.name, seed) for change in CHANGES for seed in SEEDS
    }


def test_a_search_compares_seed_by_seed() -> None:
    """Differences of 1, 2 and 3 points: their mean is 2, its interval 4.303 / sqrt(3) wide."""
    accuracies = {"adam": (0.80, 0.81, 0.82), "muon": (0.81, 0.83, 0.85)}
    found = [
        Found(change=change, seed=seed, validation_accuracy=accuracy)
        for change, values in accuracies.items()
        for seed, accuracy in enumerate(values)
    ]
    page = recipe_page.markdown(
        Search(dataset="fashion-mnist", epochs=3, environment=ENVIRONMENT, found=tuple(found))
    )
    assert "| `adam` | 3 | 83.00 | +2.00 [-0.48 to +4.48] | yes |" in page


def test_the_searchs_muon_is_the_packages() -> None:
    """Multiplied in full or in the smaller square: the same matrix."""
    random = np.random.default_rng(0)
    for shape in ((9, 32), (288, 64), (64, 128)):
        matrix = jnp.asarray(random.normal(size=shape), jnp.float32)
        expected = recipe_training._orthogonalised(matrix)
        np.testing.assert_allclose(orthogonalised(matrix), expected, atol=1e-5)


def test_the_searchs_schedule_by_hand() -> None:
    """Of ten steps one warms up; then half a cosine over nine."""
    expected = [1, *(0.5 + 0.5 * np.cos(np.pi * step / 9) for step in range(9))]
    np.testing.assert_allclose(recipe_training._schedule(10), expected, atol=1e-6)


@pytest.mark.integration
def test_our_contender_reports_every_epoch(tmp_path, capsys) -> None:
    from benchmarks import convbias_to_accuracy

    from convbias.data.drawn import drawn

    images, labels, test_images, test_labels = drawn(n_train=256, n_test=50)
    np.savez(
        tmp_path / "task.npz",
        images=images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        standardise=np.array([0.3, 0.3]),
        recipe=scheduled(2, 0.02).model_dump_json(),
        seed=0,
        epochs=2,
    )
    convbias_to_accuracy.main(tmp_path / "task.npz")
    laps = [Lap.model_validate_json(line) for line in capsys.readouterr().out.splitlines()]
    assert [lap.epoch for lap in laps] == [1, 2]
    assert 0 < laps[0].seconds < laps[1].seconds
    assert all(0 <= lap.test_accuracy <= 1 for lap in laps)
