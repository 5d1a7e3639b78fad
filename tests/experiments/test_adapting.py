"""Experiments adapt to a data set by rules, or say why they cannot."""

from __future__ import annotations

import pytest

from convbias.data import Dataset
from convbias.data.variants import corner_classes, vary
from convbias.experiments import EXPERIMENTS, experiment_of
from convbias.experiments.canvas import canvas_of, largest_shift_of
from convbias.experiments.questions.data_efficiency.question import (
    experiment as data_efficiency,
)
from convbias.experiments.questions.permutation.question import blocks_of
from convbias.experiments.studies import experiments_of, left_out_of, load_study, planned_runs
from convbias.spec.arithmetic import convolutions, multiply_adds, parameters, weight_shapes
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model
from convbias.spec.datasets import DatasetName, description_of
from convbias.spec.experiment import UnsuitableError
from convbias.spec.recipes import tuned_learning_rates
from made_images import COLOURED, LARGE, MANY, SMALL, made_dataset

OWN = (COLOURED, MANY, SMALL, LARGE)
ON_IMAGES = [name for name, experiment in EXPERIMENTS.items() if experiment.on_images]


def arms_of(name: str, dataset: DatasetName) -> dict[str, Arm]:
    arms = experiment_of(name, dataset).arms(DataVariant(dataset=dataset), "classic", 1)
    return {condition: arm for condition, arm in arms.items() if isinstance(arm, Arm)}


def model_of(name: str, condition: str, dataset: DatasetName) -> Model:
    return arms_of(name, dataset)[condition].model


def size_of(model: Model, dataset: DatasetName) -> int:
    return parameters(weight_shapes(model, description_of(dataset).dimensions))


@pytest.mark.parametrize("dataset", OWN)
@pytest.mark.parametrize("name", ON_IMAGES)
def test_every_condition_can_be_trained_or_is_left_out_with_a_reason(name, dataset):
    if name == "shape":
        with pytest.raises(UnsuitableError, match="black ground"):
            experiment_of(name, dataset)
        return
    experiment = experiment_of(name, dataset)
    arms = arms_of(name, dataset)  # which checks each description
    assert set(arms) == set(experiment.names)
    assert len({arm.hash for arm in arms.values()}) == len(arms)
    for contrast in experiment.contrasts:
        assert {contrast.treatment, contrast.baseline} <= set(experiment.names)
    if experiment.positive_control:
        control = experiment.positive_control
        assert {control.treatment, control.baseline} <= set(experiment.names)
    side = description_of(dataset).side
    for arm in arms.values():
        for layer in convolutions(arm.model, arm.data.dimensions):
            assert layer.side_after > 0
        if isinstance(arm.model, Convolutional):
            assert arm.model.span < side


@pytest.mark.parametrize(
    ("side", "blocks"),
    [(8, (1, 2, 4)), (24, (1, 2, 3, 6, 12)), (28, (1, 2, 4, 7, 14)), (64, (1, 2, 4, 8, 16, 32))],
)
def test_blocks_divide_the_side(side, blocks):
    assert blocks_of(side) == blocks


@pytest.mark.parametrize(
    ("dataset", "canvas", "shift"),
    # 40 / 28 of 8, 12, 16 and 96 pixels: 11.4, 17.1, 22.9 and 137.1.
    [(SMALL, 12, 2), (MANY, 16, 2), (COLOURED, 24, 4), (LARGE, 136, 20)],
)
def test_the_canvas_is_in_proportion(dataset, canvas, shift):
    described = description_of(dataset)
    assert (canvas_of(described), largest_shift_of(described)) == (canvas, shift)
    arms = arms_of("shift", dataset)
    assert arms["cnn trained with shifts"].data.largest_shift == shift
    assert {arm.data.canvas for arm in arms.values()} == {canvas}


def test_subsets_are_below_the_training_split_and_have_all_classes():
    def sizes(dataset):
        arms = arms_of("data-efficiency", dataset).values()
        return sorted({arm.data.training_images or 0 for arm in arms})

    assert sizes(COLOURED) == [100, 270]
    assert sizes(MANY) == [300, 1_000, 1_080]  # 300 classes
    assert sizes("fashion-mnist") == [100, 300, 1_000, 3_000, 10_000, 30_000, 54_000]
    [contrast] = experiment_of("data-efficiency", COLOURED).contrasts
    assert contrast.treatment == "cnn-3x3 on 100 images"


def test_too_few_images_for_subsets_are_a_reason():
    few = description_of(SMALL).model_copy(update={"sizes": (90, 10, 40)})
    with pytest.raises(UnsuitableError, match="would be all of its 90 images"):
        data_efficiency(few)


def test_kernels_wider_than_the_images_are_left_out():
    experiment = experiment_of("kernel-size", SMALL)
    assert "9x9 at equal width" not in experiment.names
    assert "7x7 at equal width" in experiment.names
    assert "3x3 spread over 9x9" not in experiment.names
    assert any("9x9" in reason for reason in experiment.left_out)
    assert "one layer" not in experiment_of("hierarchy", SMALL).names
    # Of 8 pixels, 3x3 convolutions with valid padding and poolings leave 6, 3, 1 and none.
    assert "valid padding" not in experiment_of("choices", SMALL).names
    assert "valid padding" in experiment_of("choices", MANY).names  # 12, 10, 5, 3, 1


@pytest.mark.parametrize("dataset", OWN)
def test_what_is_held_equal_is_equal_on_these_images_too(dataset):
    dimensions = description_of(dataset).dimensions
    names = experiment_of("kernel-size", dataset).names
    for size in (1, 5, 7, 9):
        if f"{size}x{size} at equal parameters" not in names:
            continue
        model = model_of("kernel-size", f"{size}x{size} at equal parameters", dataset)
        assert size_of(model, dataset) == pytest.approx(
            size_of(Convolutional(), dataset), rel=0.015
        )
        model = model_of("kernel-size", f"{size}x{size} at equal multiply-adds", dataset)
        wanted = multiply_adds(Convolutional(), dimensions)
        assert multiply_adds(model, dimensions) == pytest.approx(wanted, rel=0.01)
    for condition, arm in arms_of("sharing", dataset).items():
        if "(matched)" in condition:
            assert size_of(arm.model, dataset) == pytest.approx(size_of(Dense(), dataset), rel=0.02)


def test_networks_that_cost_too_much_are_left_out():
    # On 96 x 96 colour pixels the dense network has 3.5 million parameters; a CNN that averages
    # takes billions of multiply-adds to have as many.
    experiment = experiment_of("sharing", LARGE)
    assert [name for name in experiment.names if "(matched)" in name] == []
    assert "million multiply-adds" in experiment.left_out[0]
    assert {each.name for each in experiment.contrasts} == {
        "locality-channel-matched",
        "sharing-channel-matched",
        "averaging-channel-matched",
    }


def test_a_study_of_own_images_leaves_out_other_data():
    study = load_study("full").on(COLOURED)
    left_out = left_out_of(study)
    assert set(left_out) == {"shape", "tables", "graphs", "sequences", "language"}
    assert set(experiments_of(study)) == set(study.experiments) - set(left_out)
    assert left_out_of(load_study("full")) == {}
    assert {arm.data.dataset for arm, _ in planned_runs(study) if isinstance(arm, Arm)} == {
        COLOURED
    }


def test_rates_of_adapted_networks_are_those_of_the_published_ones():
    study = load_study("full").on(COLOURED)
    found = study.arms(experiment_of("kernel-size", COLOURED))
    name = "7x7 at equal multiply-adds"
    [published] = [each for each in EXPERIMENTS["kernel-size"].conditions if each.name == name]
    assert found[name].model != published.model
    rate = tuned_learning_rates("brief")[published.model.name]
    assert found[name].recipe.learning_rate == rate


def test_experiments_with_more_images_than_there_are_take_all_and_share_runs():
    study = load_study("quick").on(COLOURED)
    original, sharing = (
        study.arms(experiment_of(name, COLOURED)) for name in ("original", "sharing")
    )
    assert sharing["dense"].data == original["dense"].data == DataVariant(dataset=COLOURED)


def test_an_epoch_of_few_images_is_several_passes():
    # 270 images to train on would be 5 batches of 64.
    arms = arms_of("original", COLOURED).values()
    assert {arm.recipe.images_per_epoch for arm in arms} == {10_000}
    arms = arms_of("data-efficiency", COLOURED).values()
    assert {arm.recipe.images_per_epoch for arm in arms} == {10_000}
    for dataset in ("fashion-mnist", "drawn"):
        assert {arm.recipe.images_per_epoch for arm in arms_of("original", dataset).values()} == {
            None
        }


def test_the_corners_are_those_of_the_two_largest_classes():
    dataset = made_dataset(COLOURED)
    assert corner_classes(dataset) == (0, 1)
    turned = Dataset(
        COLOURED,
        dataset.train_images,
        2 - dataset.train_labels,
        dataset.test_images,
        2 - dataset.test_labels,
    )
    assert corner_classes(turned) == (2, 1)
    varied = vary(turned, DataVariant(dataset=COLOURED, canvas=24, corners="tied"))
    # 60 test images of the largest class, in the upper left corner; then 30 in the lower right.
    assert varied.test_labels.tolist() == [0] * 60 + [1] * 30
    assert varied.test_images.shape == (90, 24, 24, 3)
    assert not varied.test_images[:60, 16:].any()
    assert not varied.test_images[60:, :8].any()
    patches = vary(
        turned, DataVariant(dataset=COLOURED, canvas=24, corners="tied", stimuli="patches")
    )
    assert patches.train_images.shape[1:] == (24, 24, 3)
