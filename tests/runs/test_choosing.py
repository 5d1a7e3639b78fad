"""Which runs commands take: the best ordinary ones by default, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.data.variants import vary
from convbias.errors import InputError
from convbias.experiments import EXPERIMENTS
from convbias.runs.choosing import best_runs, check_ordinary, named_runs
from convbias.runs.explaining import explain_image
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.spec.arms import Arm, Convolutional, DataVariant
from factories import make_arm, make_run

VARIANTS = {
    variant.model_dump_json(exclude_defaults=True): variant
    for experiment in EXPERIMENTS.values()
    for arm in experiment.arms(DataVariant(dataset="drawn"), "classic", 1).values()
    if isinstance(arm, Arm)
    for variant in (arm.data, arm.data.model_copy(update={"training_images": 500}))
}


def stored(store: Store, *runs: Run) -> None:
    """Store runs with networks, which are never read."""
    for run in runs:
        store.write(run)
        store.network_path(run.arm, run.seed).touch()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))
def test_runs_are_ordinary_where_the_images_are_those_of_the_data_set(variant: DataVariant) -> None:
    dataset = Dataset("drawn", *drawn(40, 40))
    run = make_run(make_arm("dense", **variant.model_dump()), 0)
    if vary(dataset, variant) is dataset:
        check_ordinary(run)
    else:
        with pytest.raises(InputError, match=f"{run.key} was trained on changed images"):
            check_ordinary(run)


def test_most_variants_change_the_images() -> None:
    changed = [variant for variant in VARIANTS.values() if variant.changes]
    assert 10 < len(changed) < len(VARIANTS)


def test_the_highest_validation_accuracy_is_chosen_whatever_was_trained_last(store: Store) -> None:
    best = [
        make_run("dense", 3, accuracy=0.80, validation_accuracy=0.92),
        make_run("cnn-3x3", 2, accuracy=0.80, validation_accuracy=0.93),
    ]
    better = {"accuracy": 0.95, "validation_accuracy": 0.99}
    later = [
        make_run("dense", 4, accuracy=0.95, validation_accuracy=0.91),
        make_run("cnn-3x3", 5, accuracy=0.95, validation_accuracy=0.93),
        make_run(make_arm("dense", epochs=2), 6, status="diverged"),
        make_run("cnn-5x5", 6, **better),
        make_run(make_arm(Convolutional(head="flatten")), 6, **better),
        *(
            make_run(make_arm(model, **data), 6, **better)
            for model in ("dense", "cnn-3x3")
            for data in (
                {"shuffled_blocks": 1},
                {"canvas": 40, "largest_shift": 6},
                {"canvas": 40, "corners": "tied"},
                {"scored_on": "validation"},
                {"dataset": "drawn"},
            )
        ),
    ]
    stored(store, *best, *later)
    store.write(make_run("dense", 7, **better))  # without its network
    chosen = best_runs(store)
    assert [run.key for run in chosen.runs] == [run.key for run in best]
    assert (chosen.absent, chosen.damaged) == ((), ())
    assert "validation accuracy" in chosen.reason
    assert str(store.folder) in chosen.reason


def test_fewer_training_images_are_ordinary_too(store: Store) -> None:
    run = make_run(make_arm("dense", training_images=500), 0)
    stored(store, run)
    assert [each.key for each in best_runs(store).runs] == [run.key]


def test_both_are_of_one_data_set(store: Store) -> None:
    runs = {
        (model, dataset): make_run(make_arm(model, dataset=dataset), 0)
        for model, dataset in (("dense", "drawn"), ("cnn-3x3", "drawn"), ("dense", "fashion-mnist"))
    }
    stored(store, runs["dense", "drawn"], runs["cnn-3x3", "drawn"])
    chosen = best_runs(store)
    assert [run.arm.model.name for run in chosen.runs] == ["dense", "cnn-3x3"]
    assert chosen.absent == ()
    stored(store, runs["dense", "fashion-mnist"])
    chosen = best_runs(store)
    assert [run.key for run in chosen.runs] == [runs["dense", "fashion-mnist"].key]
    assert chosen.absent == ("cnn-3x3",)


def test_digits_come_before_drawn_garments(store: Store) -> None:
    drawn_run, digits = (
        make_run(make_arm("dense", dataset=name), 0) for name in ("drawn", "mnist")
    )
    stored(store, drawn_run, digits)
    assert [run.key for run in best_runs(store).runs] == [digits.key]


def test_runs_of_different_classes_are_not_explained_together(store: Store) -> None:
    runs = [make_run(make_arm("dense", dataset=name), 0) for name in ("fashion-mnist", "mnist")]
    stored(store, *runs)
    with pytest.raises(InputError, match="different classes: those of fashion-mnist and mnist"):
        explain_image(store, "0", [run.key for run in runs])


def test_runs_without_an_ordinary_network(store: Store) -> None:
    stored(store, make_run(make_arm("dense", canvas=40), 0))
    with pytest.raises(InputError, match=r"no finished run of dense or cnn-3x3 on unchanged"):
        best_runs(store)


def test_a_damaged_run_is_skipped_and_reported(store: Store) -> None:
    good, damaged = (
        make_run("dense", seed, validation_accuracy=accuracy)
        for seed, accuracy in ((0, 0.8), (1, 0.9))
    )
    stored(store, good, damaged)
    store.path(damaged.arm, damaged.seed).write_text("{}")
    chosen = best_runs(store)
    assert [run.key for run in chosen.runs] == [good.key]
    assert [damaged.key in error.what for error in chosen.damaged] == [True]


def test_named_runs_must_be_ordinary(store: Store) -> None:
    good = make_run(make_arm("cnn-5x5", scored_on="validation"), 1)
    shuffled = make_run(make_arm("dense", shuffled_blocks=4), 0)
    diverged = make_run("dense", 2, status="diverged")
    stored(store, good, shuffled, diverged)
    chosen = named_runs(store, [good.key, good.key])
    assert [run.key for run in chosen.runs] == [good.key]
    assert chosen.reason is None
    with pytest.raises(InputError, match=r"changed images \(shuffled_blocks = 4\)"):
        named_runs(store, [good.key, shuffled.key])
    with pytest.raises(InputError, match="diverged: the loss is not finite"):
        named_runs(store, [diverged.key])
