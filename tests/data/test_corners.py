"""Images in corners as a data variant: by hand, and with networks that must and cannot tell."""

import numpy as np
import pytest

from convbias import data
from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.data.variants import corner_data, scored_labels, vary
from convbias.errors import InputError
from convbias.measures.location_test import location_test
from convbias.networks import models, training
from convbias.networks.forward import compiled
from convbias.networks.scores import PerImage, Scores
from convbias.runs.checks import check_store
from convbias.runs.store import Store
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.description import describe
from convbias.spec.recipes import classic
from factories import grey, make_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def garments():
    return Dataset("drawn", *drawn(600, 100))


def variant(corners="tied", stimuli="garments", canvas=36, **more):
    return DataVariant(dataset="drawn", corners=corners, stimuli=stimuli, canvas=canvas, **more)


def even(greys):
    """Images of one grey value each."""
    return np.tile(np.array(greys, np.uint8)[:, None, None, None], (1, 28, 28, 1))


def places(images):
    """Of images of 28 x 28 on a canvas: 0 for the upper left corner, 1 for the lower right."""
    side = images.shape[1]
    lower = (images[:, 0, 0, 0] == 0) & (images[:, -1, -1, 0] > 0)
    for image, down in zip(images, lower, strict=True):
        first = (side - 28) * down
        inside = image[first : first + 28, first : first + 28]
        assert inside.all()
        assert image.sum(dtype=int) == inside.sum(dtype=int)
    return lower.astype(int)


# Pullovers (2) and Coats (4) among others, each image with a grey value of its own.
BY_HAND = Dataset(
    "drawn",
    even(range(10, 20)), np.array([2, 4, 0, 4, 2, 9, 2, 4, 2, 4], np.uint8),
    even(range(50, 54)), np.array([4, 2, 5, 2], np.uint8),
)  # fmt: skip


def test_tied_garments_by_hand():
    made = vary(BY_HAND, variant("tied", canvas=32))
    assert made.train_images.shape == (8, 32, 32, 1)
    assert made.train_images.max(axis=(1, 2, 3)).tolist() == [10, 11, 13, 14, 16, 17, 18, 19]
    assert made.train_labels.tolist() == [0, 1, 1, 0, 0, 1, 0, 1]
    assert places(made.train_images).tolist() == [0, 1, 1, 0, 0, 1, 0, 1]
    assert made.test_images.max(axis=(1, 2, 3)).tolist() == [50, 51, 53]
    assert made.test_labels.tolist() == [1, 0, 0]
    assert places(made.test_images).tolist() == [1, 0, 0]
    assert made.class_names == ("Pullover", "Coat")


def test_free_garments_are_the_tied_ones_half_of_each_class_in_either_corner():
    tied, free = (vary(BY_HAND, variant(corners, canvas=32)) for corners in ("tied", "free"))
    greys = [each.train_images.max(axis=(1, 2, 3)).tolist() for each in (tied, free)]
    assert greys[0] == greys[1]
    np.testing.assert_array_equal(free.train_labels, tied.train_labels)
    found = places(free.train_images)
    assert [found[free.train_labels == label].sum() for label in (0, 1)] == [2, 2]
    np.testing.assert_array_equal(free.test_images, tied.test_images)
    np.testing.assert_array_equal(free.test_labels, tied.test_labels)


def test_dissimilar_images_are_the_test_images_in_the_other_corner():
    made = corner_data(BY_HAND, variant("free", canvas=32))
    tested = vary(BY_HAND, variant("tied", canvas=32)).test_images
    np.testing.assert_array_equal(made.similar, tested)
    assert places(made.dissimilar).tolist() == [0, 1, 1]
    assert made.dissimilar.max(axis=(1, 2, 3)).tolist() == [50, 51, 53]


def test_patches_come_in_pairs_of_which_none_is_in_training_and_test(garments):
    made = vary(garments, variant(stimuli="patches"))
    assert made.train_images.shape == (120, 36, 36, 1)  # as many as Pullovers and Coats
    assert made.test_images.shape == (20, 36, 36, 1)
    for images, labels in (
        (made.train_images, made.train_labels),
        (made.test_images, made.test_labels),
    ):
        np.testing.assert_array_equal(labels, [0, 1] * (len(labels) // 2))
        np.testing.assert_array_equal(places(images), labels)
        np.testing.assert_array_equal(images[::2, :28, :28], images[1::2, 8:, 8:])
    trained, tested = made.train_images[::2, :28, :28], made.test_images[::2, :28, :28]
    assert len(np.unique(np.concatenate([trained, tested]), axis=0)) == 70
    free = vary(garments, variant("free", "patches"))
    assert (places(free.train_images) == free.train_labels).mean() == 0.5
    np.testing.assert_array_equal(free.test_images, made.test_images)


def test_splits_and_subsets_of_two_classes_stay_balanced(garments):
    labels = vary(garments, variant()).train_labels
    for seed in range(3):
        trained, held_out = data.split(labels, seed)
        assert np.bincount(labels[trained]).tolist() == [54, 54]
        assert np.bincount(labels[held_out]).tolist() == [6, 6]
        chosen = data.subset(trained, labels, 100, seed)
        assert np.bincount(labels[chosen]).tolist() == [50, 50]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"corners": "tied"}, "only on a larger canvas; use for instance canvas 40"),
        ({"corners": "free", "canvas": 28}, "only on a larger canvas"),
        ({"corners": "tied", "canvas": 40, "largest_shift": 2}, "corners and largest_shift"),
        ({"corners": "tied", "canvas": 40, "shuffled_blocks": 7}, "corners and shuffled_blocks"),
        ({"stimuli": "patches"}, "use corners 'tied'"),
        ({"stimuli": "patches", "canvas": 40}, "use corners 'tied'"),
        ({"corners": "loose", "canvas": 40}, "corners = 'loose'"),
    ],
)
def test_impossible_variants_are_input_errors(values, message):
    with pytest.raises(InputError, match=message):
        describe(DataVariant, values, "a profile")


def test_what_has_no_corners_is_refused(garments):
    with pytest.raises(InputError, match="has no corners"):
        corner_data(garments, DataVariant(dataset="drawn", canvas=40))
    no_coats = Dataset("drawn", *drawn(4, 4))
    with pytest.raises(InputError, match="classes 2 and 4"):
        vary(no_coats, variant())


@pytest.mark.parametrize(
    "asked", [DataVariant(dataset="drawn"), variant(), variant("free", "patches")], ids=str
)
def test_scored_labels_are_those_of_the_varied_images(asked, garments):
    np.testing.assert_array_equal(scored_labels(garments, asked), vary(garments, asked).test_labels)


def test_a_check_of_stored_runs_knows_their_two_classes(garments, tmp_path):
    arm = Arm(data=variant(), model=Dense(), recipe=classic(1))
    run = make_run(arm, 0, images=20)
    for predicted, problems in (
        (scored_labels(garments, variant()), 0),
        (1 - scored_labels(garments, variant()), 1),
    ):
        marked = PerImage(
            correct=np.ones(20, dtype=bool),
            predicted=predicted,
            loss=np.zeros(20, dtype=np.float16),
        )
        changes = {
            "data_checksum": garments.checksum,  # of what was there before it was varied
            "per_image": marked,
            "test": Scores(images=20, loss=0.0, accuracy=1.0),
        }
        store = Store(tmp_path)
        path = store.write(run.model_copy(update=changes))
        found = check_store(store, lambda _: garments).problems
        assert len(found.get(path, ())) == problems


def test_a_dense_network_takes_the_place_for_the_class(garments):
    asked = variant("tied", "patches")
    recipe = classic(2).model_copy(update={"images_per_epoch": 960, "batch_size": 32})
    [trained] = training.train(Arm(data=asked, model=Dense(), recipe=recipe), [0], garments)
    made = corner_data(garments, asked)
    numbers = location_test(trained.network, made.similar, made.dissimilar, made.test_labels)
    assert trained.test.accuracy == numbers["accuracy_similar"] >= 0.95
    assert numbers["accuracy_dissimilar"] <= 0.05


BLIND = Convolutional(padding="circular", downsampling="none", filters=(4,), dropout=0)


def test_a_network_that_forgets_place_answers_both_patches_of_a_pair_alike(garments):
    asked = variant("tied", "patches")
    recipe = classic(1).model_copy(update={"batch_size": 32})
    [trained] = training.train(Arm(data=asked, model=BLIND, recipe=recipe), [0], garments)
    predicted = trained.per_image.predicted
    np.testing.assert_array_equal(predicted[::2], predicted[1::2])
    assert trained.test.accuracy <= 0.5
    made = corner_data(garments, asked)
    numbers = location_test(trained.network, made.similar, made.dissimilar, made.test_labels)
    assert numbers["answers_kept"] == 1
    assert numbers["location_gap"] == 0


@pytest.mark.parametrize(
    ("padding", "filters", "canvas", "forgets"),
    [
        ("circular", (4, 4), 40, True),
        ("circular", (4, 4, 4), 36, False),
        ("same", (4, 4), 40, False),
    ],
)
def test_two_poolings_forget_the_corner_and_three_do_not(
    padding, filters, canvas, forgets, garments
):
    """Untrained; standardised pixels, so that zero padding is not the canvas' black."""
    made = corner_data(garments, variant(canvas=canvas))
    network = models.build(
        Convolutional(padding=padding, filters=filters), seed=0, standardise=(0.3, 0.35),
        dimensions=grey(canvas),
    )  # fmt: skip
    run = compiled(network)
    similar, dissimilar = (run(images) for images in (made.similar, made.dissimilar))
    assert (float(np.abs(similar - dissimilar).max()) < 1e-5) is forgets
