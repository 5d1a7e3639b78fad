"""The predicted cost of training against arithmetic by hand."""

import pytest

from convbias import data
from convbias.experiments import EXPERIMENTS
from convbias.runs import cost
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.datasets import DATASETS
from convbias.spec.recipes import classic, scheduled

SPEEDS = {
    0: cost.Speed(images_per_gigaflop=1_000, start_seconds=6.25, compile_seconds=0.25),
    3: cost.Speed(images_per_gigaflop=50, start_seconds=8, compile_seconds=2),
    7: cost.Speed(images_per_gigaflop=25, start_seconds=9, compile_seconds=3),
}
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
# What a matrix product would do in the time, in GFLOP.
MEASURES = {"linear_probe": {"cnn": 800.0}, "location_test": {"dense": 80.0, "cnn": 240.0}}


@pytest.fixture(autouse=True)
def _speeds(monkeypatch):
    monkeypatch.setattr(cost, "measured_speeds", lambda: SPEEDS)
    monkeypatch.setattr(cost, "gigaflop_by_measure", lambda: MEASURES)
    monkeypatch.setattr(cost, "matrix_product_rate", lambda: 160e9)
    monkeypatch.setattr(cost, "cores", lambda: 2)
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)


def arm(model, epochs=3, **variant):
    return Arm(data=DataVariant(**variant), model=model, recipe=classic(epochs))


def seconds(model, epochs=3, **variant):
    return cost.predicted_seconds([(arm(model, epochs, **variant), 0)], jobs=1)


def test_one_run_by_hand():
    """54,000 images three times, a third of that for four validations and the test; 4,000/s."""
    work = 3 * 54_000 + (4 * 6_000 + 10_000) / 3
    assert seconds(Convolutional()) == pytest.approx(10 + work / (50 * 80))
    searched = 3 * 54_000 + 4 * 6_000 / 3
    assert seconds(Convolutional(), scored_on="validation") == pytest.approx(
        10 + searched / (50 * 80)
    )
    small = 2 * 1_000 + (3 * 600 + 1_000) / 3
    assert seconds(Dense(), 2, dataset="drawn", training_images=1_000) == pytest.approx(
        6.5 + small / (1_000 * 80)
    )


@pytest.mark.parametrize(
    ("threads", "cores"), [("", 2), ("0", 2), ("all", 2), ("1", 1), ("2", 2), ("8", 2)]
)
@pytest.mark.parametrize("name", THREADS)
def test_a_product_with_fewer_threads_measures_fewer_cores(monkeypatch, name, threads, cores):
    """After a start of 6 s; the product's 160 GFLOP/s are those of the cores that it may use."""
    both = seconds(Dense()) - 6
    monkeypatch.setenv(name, threads)
    compiling = 0.5
    assert seconds(Dense()) - 6 - compiling == pytest.approx((both - compiling) * cores / 2)


def test_a_number_of_images_per_epoch_counts_instead_of_the_images():
    """Three epochs of 54,000 images cost the same, drawn from 54,000 or from 100."""
    recipe = classic(3).model_copy(update={"images_per_epoch": 54_000})
    few = Arm(data=DataVariant(training_images=100), model=Dense(), recipe=recipe)
    assert cost.predicted_seconds([(few, 0)], jobs=1) == pytest.approx(seconds(Dense()))


def test_corners_hold_two_of_ten_classes():
    """12,000 and 2,000 images: 10,800 three times, 1,200 four times, and the test's."""
    work = 3 * 10_800 + (4 * 1_200 + 2_000) / 3
    for stimuli in ("garments", "patches"):
        took = seconds(Dense(), canvas=40, corners="tied", stimuli=stimuli)
        more = (1_600 * 128 + 8_192) / (784 * 128 + 8_192)  # on a canvas of 40 x 40
        assert took == pytest.approx(6.5 + more * work / (1_000 * 80))


def test_kernel_sizes_between_and_beyond_the_measured_ones():
    """Seconds per image at 3 and 7 are 0.02 and 0.04 per GFLOP/s, so 0.03 at 5 and 0.06 at 11."""
    work = 3 * 54_000 + (4 * 6_000 + 10_000) / 3
    assert seconds(Convolutional(kernel_size=5)) == pytest.approx(10 + work * 0.03 / 80)
    assert seconds(Convolutional(kernel_size=11)) == pytest.approx(12 + work * 0.06 / 80)
    assert seconds(Convolutional(kernel_size=1)) == pytest.approx(10 + work * 0.01 / 80)


def test_more_pixels_and_more_filters_cost_what_their_products_do():
    """At 3x3: 784 * 9 * 32 directly and 196 * 32 * 64 * 3 by Fourier transforms."""
    training = 54_000 + (2 * 6_000 + 10_000) / 3

    def per_image(model, **variant):
        start = 6.5 if isinstance(model, Dense) else 10
        return (seconds(model, 1, **variant) - start) / training

    one = per_image(Convolutional())
    assert per_image(Convolutional(), canvas=56) == pytest.approx(4 * one)
    first, second = 784 * 9 * 32, 196 * 32 * 64 * 3
    wider = per_image(Convolutional(filters=(64, 128)))
    assert wider == pytest.approx(one * (2 * first + 4 * second) / (first + second))
    local = per_image(Convolutional(sharing="local"))
    assert local == pytest.approx(one * (first + 3 * second) / (first + second))
    canvas = per_image(Dense(), canvas=40) / per_image(Dense())
    assert canvas == pytest.approx((1_600 * 128 + 8_192) / (784 * 128 + 8_192))


def test_a_dilated_kernel_costs_what_one_of_its_span_does():
    assert seconds(Convolutional(dilation=2)) == seconds(Convolutional(kernel_size=5))
    assert seconds(Convolutional(kernel_size=3, dilation=3)) == seconds(
        Convolutional(kernel_size=7)
    )


def test_muon_costs_what_its_matrix_products_do():
    """For 784 x 128 and 128 x 64, in steps of 64 images, at 80 GFLOP/s."""
    large = 4 * 128**2 * 784 + 40 * 128**3
    small = 4 * 64**2 * 128 + 40 * 64**3
    tuned = Arm(data=DataVariant(), model=Dense(), recipe=scheduled(3, 0.02))
    more = cost.predicted_seconds([(tuned, 0)], jobs=1) - seconds(Dense())
    assert more == pytest.approx(3 * 54_000 / 64 * (large + small) / 80e9)


def test_the_time_until_an_epoch_has_ended():
    """Of `test_one_run_by_hand`: scoring at the end is counted from the beginning."""
    [of_arm] = cost.run_costs([arm(Convolutional())]).values()
    scored = (6_000 + 10_000) / 3
    assert of_arm.until(0) == pytest.approx(4 + scored / 4_000)
    assert of_arm.until(2) == pytest.approx(4 + (scored + 2 * (54_000 + 2_000)) / 4_000)


def test_the_first_run_of_an_arm_compiles_it_for_the_others():
    first, other = arm(Convolutional()), arm(Dense())
    costs = {
        first.hash: cost.RunCost(once=9, per_epoch=100, compiling=7),
        other.hash: cost.RunCost(once=5, per_epoch=10, compiling=3),
    }
    runs = [(first, 0), (other, 0), (first, 1), (other, 1)]
    epochs = first.recipe.epochs
    expected = [9 + 100 * epochs, 5 + 10 * epochs, 2 + 100 * epochs, 2 + 10 * epochs]
    assert cost.seconds_of_runs(runs, costs) == expected


def test_processes_start_once_and_share_the_runs_in_their_order():
    """Runs of 4, 3, 3 and 2 in two processes: 4 + 2 beside 3 + 3, of which one start each."""
    planned = [(arm(Dense(), epochs), 0) for epochs in (400, 300, 300, 200)]
    lengths = [cost.predicted_seconds([one], jobs=1) for one in planned]
    start = 6
    both = cost.predicted_seconds(planned, jobs=2)
    assert both == pytest.approx(max(lengths[0] + lengths[3], lengths[1] + lengths[2]) - start)
    assert cost.predicted_seconds(planned, jobs=9) == pytest.approx(max(lengths))
    # Runs of 2, 3, 3 and 4: 2 + 3 beside 3 + 4.
    reverse = cost.predicted_seconds(planned[::-1], jobs=2)
    assert reverse == pytest.approx(lengths[2] + lengths[0] - start)


def measuring_seconds(model, measure, **variant):
    """In a process of its own, without its start, which takes six seconds."""
    wanted = [(arm(model, **variant), 0, measure)]
    return cost.predicted_measurement_seconds(wanted, jobs=1) - 6


def test_measures_take_as_long_as_their_networks():
    """At 80 GFLOP/s; a 7x7 kernel takes twice the time of a 3x3, on every canvas."""
    assert measuring_seconds(Convolutional(), "linear_probe") == pytest.approx(10)
    assert measuring_seconds(Dense(), "location_test") == pytest.approx(1)
    assert measuring_seconds(Dense(), "linear_probe") == 0  # it has no layers to probe
    large = Convolutional(kernel_size=7)
    assert measuring_seconds(large, "location_test") == pytest.approx(2 * 3)
    assert measuring_seconds(large, "location_test", canvas=40) == pytest.approx(2 * 3)
    assert cost.predicted_measurement_seconds([]) == 0


def test_what_is_no_matrix_product_takes_longer():
    plain = seconds(Convolutional()) - 10
    for times, model in (
        (3.6, Convolutional(downsampling="blur")),
        (1.8, Convolutional(padding="circular")),
        (1.8 * 1.5, Convolutional(padding="circular", downsampling="polyphase")),
    ):
        assert seconds(model) - 10 == pytest.approx(times * plain)


def test_the_packaged_costs_cover_every_measure(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(cost, "matrix_product_rate", lambda: 160e9)
    for experiment in EXPERIMENTS.values():
        for measure in experiment.measures:
            planned = [(arm(model), 0, measure) for model in experiment.models]
            assert cost.predicted_measurement_seconds(planned, jobs=1) > 0


def test_the_numbers_of_images_are_those_of_the_data_sets():
    drawn = data.load("drawn")
    training, held_out = data.split(drawn.train_labels, seed=0)
    assert DATASETS["drawn"].sizes == (len(training), len(held_out), len(drawn.test_labels))


def test_the_numbers_of_images_are_those_of_fashion_mnist(fashion_mnist):
    training, held_out = data.split(fashion_mnist.train_labels, seed=0)
    test = len(fashion_mnist.test_labels)
    assert DATASETS["fashion-mnist"].sizes == (len(training), len(held_out), test)


def test_the_packaged_speeds_cover_the_original_arms():
    from importlib import resources

    text = resources.files("convbias.runs").joinpath("cost.toml").read_text(encoding="utf-8")
    assert [f"[kernel_size.{size}]" in text for size in (0, 3, 5, 7)] == [True] * 4


def test_a_matrix_product_has_a_plausible_speed(monkeypatch):
    monkeypatch.undo()
    assert 1e8 < cost.matrix_product_rate() < 1e13
