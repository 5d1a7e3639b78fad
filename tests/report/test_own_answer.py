"""The first section of a report on a person's own images, and results by class."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.findings.evaluation import evaluate
from convbias.report import write_report
from convbias.report.caveats import rates_caveat
from convbias.report.classes import balancing_weights, class_rows
from convbias.report.comparison import comparison
from convbias.report.own_answer import advice, own_answer
from convbias.report.sections import experiment_section
from convbias.runs.stored_dataset import StoredDataset
from convbias.spec.arms import Arm, DataVariant, Dense
from convbias.spec.recipes import recipe_for
from factories import make_results, make_run
from made_images import COLOURED, made_dataset

SIZES = {"dense": 100_000, "cnn-3x3": 28_000, "cnn-5x5": 62_000, "cnn-7x7": 110_000}
TEST_LABELS = made_dataset(COLOURED).test_labels


def original(accuracies=None, seeds=range(8)):
    """Runs of the original comparison on the coloured images, 100 of them in the test set."""
    accuracies = accuracies or {"dense": 0.7, "cnn-3x3": 0.8, "cnn-5x5": 0.9, "cnn-7x7": 0.9}
    results = make_results("original", lambda *_: {}, seeds=tuple(seeds), dataset=COLOURED)
    runs = []
    for run in results.runs:
        made = make_run(
            run.arm,
            run.seed,
            accuracy=accuracies[run.condition] + 0.01 * (run.seed % 2),
            validation_accuracy=accuracies[run.condition],
            images=100,
            measures={"parameters": float(SIZES[run.condition])},
        )
        assert made.per_image
        answers = np.where(made.per_image.correct, TEST_LABELS, (TEST_LABELS + 1) % 3)
        changes = {
            "per_image": made.per_image.model_copy(update={"predicted": answers}),
            "condition": run.condition,
            "data_checksum": made_dataset(COLOURED).checksum,
        }
        runs.append(made.model_copy(update=changes))
    return results.experiment, runs


def test_every_property_has_its_row_measured_or_not():
    experiment, runs = original()
    found = own_answer(evaluate(experiment, runs), (), runs)
    rows = {row.what.partition(":")[0]: row for row in reversed(found.bought)}
    assert rows["Convolution"].difference == "+10.00 percentage points"
    assert rows["Convolution"].verdict == "better"
    assert rows["Convolution"].interval != "–"
    for what in ("Locality", "Weight sharing", "Depth", "Shuffled pixels", "Noise"):
        assert (rows[what].difference, rows[what].verdict) == ("–", "not measured yet")
    assert found.saved.verdict == "not measured yet"


def test_another_experiment_fills_its_rows():
    ladder = {"dense": 0.7, "local + flatten": 0.72, "convolution + flatten": 0.8}

    def values(condition, seed):
        rung = condition.removesuffix(" (matched)")
        return {"accuracy": ladder.get(rung, 0.79) + 0.001 * seed}

    section = experiment_section(
        make_results("sharing", values, seeds=tuple(range(8)), dataset=COLOURED)
    )
    assert section is not None
    found = own_answer((), (section,), section.results.runs)
    rows = {row.what.partition(":")[0]: row.difference for row in found.bought}
    assert rows["Locality"] == "+2.00 percentage points"
    assert rows["Weight sharing"] == "+8.00 percentage points"


def test_the_smallest_of_those_that_are_nearly_as_good_is_advised():
    _, runs = original({"dense": 0.7, "cnn-3x3": 0.896, "cnn-5x5": 0.9, "cnn-7x7": 0.9})
    found = advice(runs)
    assert found is not None
    assert found.name.startswith("cnn-3x3 ")  # 0.4 points behind
    assert found.parameters == 28_000
    assert found.candidates == 4
    assert found.command.startswith("convbias export ")
    assert found.command.split()[-1] in {run.key for run in runs if run.condition == "cnn-3x3"}
    _, runs = original({"dense": 0.7, "cnn-3x3": 0.894, "cnn-5x5": 0.9, "cnn-7x7": 0.9})
    found = advice(runs)
    assert found is not None
    assert found.name.startswith("cnn-5x5 ")  # 3x3 is 0.6 points behind, 7x7 as good but larger


def test_the_test_images_have_no_part_in_the_advice():
    _, runs = original({"dense": 0.7, "cnn-3x3": 0.8, "cnn-5x5": 0.9, "cnn-7x7": 0.9})
    best_in_test = [
        run.model_copy(update={"test": run.test.model_copy(update={"accuracy": 1.0})})
        if run.condition == "dense" and run.test
        else run
        for run in runs
    ]
    assert advice(best_in_test) == advice(runs)


def test_networks_for_changed_images_are_no_candidates():
    results = make_results(
        "permutation", lambda *_: {"accuracy": 0.99, "parameters": 10.0}, dataset=COLOURED
    )
    changed = [run for run in results.runs if run.condition == "dense on blocks of 1"]
    _, runs = original()
    assert advice([*runs, *changed]) == advice(runs)
    assert advice(()) is None


def test_balanced_accuracy_by_hand():
    # 60, 30 and 10 test images: all of the first and third class right, none of the second.
    weights = balancing_weights(TEST_LABELS)
    correct = TEST_LABELS != 1
    np.testing.assert_allclose((correct * weights).mean(), 2 / 3)
    np.testing.assert_allclose(weights.mean(), 1)
    _, runs = original(seeds=range(3))
    runs = [
        run.model_copy(update={"per_image": run.per_image.model_copy(update={"correct": correct})})
        for run in runs
        if run.per_image
    ]
    dense = [run for run in runs if run.condition == "dense"]
    accuracy, balanced, *classes = class_rows({"dense": dense}, made_dataset(COLOURED))
    assert accuracy.recalls[0].startswith("70.0 [")
    assert balanced.recalls[0].startswith("66.7 [")
    assert [(row.images, row.recalls[0].split(" ")[0]) for row in classes] == [
        (60, "100.0"),
        (30, "0.0"),
        (10, "100.0"),
    ]


def test_balanced_accuracy_is_compared_where_classes_differ_in_size():
    experiment, runs = original(seeds=range(3))
    titles = [measure.title for measure, _ in comparison(experiment, runs, TEST_LABELS)]
    assert titles[:2] == ["Test accuracy", "Balanced test accuracy"]
    balanced = np.arange(100) % 4
    titles = [measure.title for measure, _ in comparison(experiment, runs, balanced)]
    assert titles[1] == "Test loss"
    assert all(not cell.published for _, cells in comparison(experiment, runs) for cell in cells)


def test_rates_of_other_images_are_a_warning():
    data = DataVariant(dataset=COLOURED)
    tuned, classic = (
        make_run(Arm(data=data, model=Dense(), recipe=recipe_for(name, 2, Dense(), data)), 0)
        for name in ("brief", "classic")
    )
    found = rates_caveat([tuned, classic])
    assert found is not None
    assert found.title == "1 of 1 learning rate were searched on other images"
    assert "searched on Fashion-MNIST" in found.sentences[0]
    assert rates_caveat([classic]) is None  # its rate is part of the recipe


@pytest.mark.parametrize("with_images", [True, False])
def test_the_report_says_first_what_convolution_buys(tmp_path, with_images):
    experiment, runs = original(seeds=range(3))
    dataset = made_dataset(COLOURED)
    given = dataset if with_images else StoredDataset.of(dataset)
    left_out = ["shape, because there is no black ground."]
    path = write_report("own", experiment, runs, given, tmp_path, left_out=left_out)
    html = path.read_text("utf-8")
    assert "<h1>What convolution buys on your images</h1>" in html
    assert "Balanced test accuracy" in html
    assert "Left out: shape, because there is no black ground." in html
    assert "Published claims" not in html
    figures = {each.stem for each in (tmp_path / "figures").glob("*.svg")}
    assert {"confusion-dense", "per-class"} <= figures
    assert ("samples" in figures) == with_images
    assert ("The images are not here any more" in html) != with_images
