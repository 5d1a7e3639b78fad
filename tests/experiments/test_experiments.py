"""Every experiment has the one shape, and what it says of its networks is true by arithmetic."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec

import pytest

from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.questions.sharing.question import PARAMETER_MATCHED
from convbias.spec.arithmetic import multiply_adds
from convbias.spec.arms import Convolutional, DataVariant, Model
from convbias.spec.datasets import DATASETS
from convbias.spec.experiment import Condition, Experiment
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS

EVERY = list(EXPERIMENTS.values())
ROOMS = {True: "convbias.experiments.questions", False: "convbias.experiments.beyond"}
FURTHER = [experiment for experiment in EVERY if experiment is not ORIGINAL]


def by_name(experiment: Experiment) -> str:
    return experiment.name


def parameters(model: Model) -> int:
    """By hand, from the layers that design and paper name; not from any network."""
    if not isinstance(model, Convolutional):
        return 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10
    area, side, channels, total = model.kernel_size**2, 28, 1, 0
    for filters in model.filters:
        places = side * side if model.sharing == "local" else 1
        total += places * filters * (area * channels + 1)
        channels, side = filters, side // 2
    features = channels * (side * side if model.head == "flatten" else 1)
    return total + features * 128 + 128 + 128 * 10 + 10


@pytest.mark.parametrize("experiment", EVERY, ids=by_name)
def test_its_contrasts_are_about_its_conditions(experiment: Experiment) -> None:
    assert EXPERIMENTS[experiment.name] is experiment
    assert len(set(experiment.names)) == len(experiment.conditions)
    for contrast in experiment.contrasts:
        assert contrast.treatment in experiment.names
        assert contrast.baseline in experiment.names
        assert contrast.treatment != contrast.baseline
        if contrast.quantity not in (TEST_ACCURACY, TEST_LOSS):
            # What is measured on other data is part of the run.
            assert experiment.measures or not experiment.on_images


def test_a_contrast_is_found_by_its_name() -> None:
    counts = Counter(contrast.name for each in EVERY for contrast in each.contrasts)
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("experiment", FURTHER, ids=by_name)
def test_it_says_what_it_does_not_show_and_comes_with_an_outcome(experiment: Experiment) -> None:
    assert experiment.question.strip().endswith(("?", "."))
    assert experiment.control.endswith(".")
    assert experiment.short_question
    assert experiment.short_control
    assert experiment.not_shown.endswith(".")
    room = ROOMS[experiment.on_images]
    assert find_spec(f"{room}.{experiment.name.replace('-', '_')}.outcome")
    for measure in experiment.measures:
        assert find_spec(f"convbias.measures.{measure}")


@pytest.mark.parametrize("experiment", EVERY, ids=by_name)
def test_no_two_conditions_train_the_same(experiment: Experiment) -> None:
    arms = experiment.arms(DataVariant(), "classic", 1)
    assert tuple(arms) == experiment.names
    assert len({arm.hash for arm in arms.values()}) == len(arms)


def test_matched_networks_have_as_many_parameters() -> None:
    counts = {each.name: parameters(each.model) for each in EXPERIMENTS["sharing"].conditions}
    assert counts["dense"] == 109_386
    assert counts["convolution + average"] == 28_426
    for name in PARAMETER_MATCHED:
        assert counts[name] == pytest.approx(109_386, rel=0.02)


def test_kernel_sizes_are_matched_by_what_they_are_said_to_be() -> None:
    models = {each.name: each.model for each in EXPERIMENTS["kernel-size"].conditions}
    # 3x3: 28 * 28 * 9 * 32 + 14 * 14 * 9 * 32 * 64 multiply-adds in the two convolutions.
    assert multiply_adds(models["3x3"]) == 225_792 + 3_612_672
    for size in (1, 5, 7, 9):
        at_equal = models[f"{size}x{size} at equal parameters"]
        assert parameters(at_equal) == pytest.approx(28_426, rel=0.015)
        at_equal = models[f"{size}x{size} at equal multiply-adds"]
        assert multiply_adds(at_equal) == pytest.approx(3_838_464, rel=0.01)
    for dilation in (2, 3, 4):
        side = 2 * dilation + 1
        spread = models[f"3x3 spread over {side}x{side}"]
        assert isinstance(spread, Convolutional)
        assert spread.span == side
        assert parameters(spread) == 28_426


def test_conditions_change_the_profiles_data_and_nothing_else() -> None:
    arms = EXPERIMENTS["permutation"].arms(
        DataVariant(dataset="drawn", training_images=500), "classic", 2
    )
    assert arms["dense on blocks of 4"].data == DataVariant(
        dataset="drawn", training_images=500, shuffled_blocks=4
    )
    assert arms["cnn-3x3 on whole images"].data == DataVariant(dataset="drawn", training_images=500)


def test_fewer_images_take_as_many_steps() -> None:
    arms = EXPERIMENTS["data-efficiency"].arms(DataVariant(), "classic", 2)
    assert {arm.recipe.images_per_epoch for arm in arms.values()} == {54_000}
    assert arms["dense on 300 images"].data.training_images == 300


@pytest.mark.parametrize(
    ("data", "most"),
    [
        (DataVariant(training_images=3_000), 3_000),
        (DataVariant(dataset="drawn"), DATASETS["drawn"].sizes[0]),
    ],
)
def test_conditions_with_more_images_than_there_are_are_left_out(
    data: DataVariant, most: int
) -> None:
    arms = EXPERIMENTS["data-efficiency"].arms(data, "classic", 2)
    sizes = {arm.data.training_images or 0 for arm in arms.values()}
    assert max(sizes) == min(most, 3_000)
    assert {arm.recipe.images_per_epoch for arm in arms.values()} == {most}


def test_only_what_conditions_change_may_differ_in_a_contrast() -> None:
    model = Convolutional()
    experiment = Experiment(
        name="made",
        title="Made",
        question="?",
        conditions=(
            Condition("whole", model),
            Condition("shuffled", model, {"shuffled_blocks": 4}),
            Condition("fewer", model, {"training_images": 100}),
        ),
        contrasts=(),
        control="",
    )
    assert experiment.changed_fields("shuffled", "whole") == {"shuffled_blocks"}
