from __future__ import annotations

import io
import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colours import SIMULATIONS, contrast, lab
from convbias.data import Dataset
from convbias.data.eda import Exploration, explore
from convbias.errors import InputError, StorageError
from convbias.experiments import ORIGINAL
from convbias.figures import (
    DARK,
    LIGHT,
    Figure,
    ImageGrid,
    Theme,
    accuracy_of_arms,
    class_counts,
    confusion,
    contrasts,
    convergence,
    dataset_remark,
    finished_arms,
    mean_images,
    most_confused,
    per_class,
    pixel_correlation,
    pixel_histogram,
    sample_grid,
    save,
    seeds_text,
)
from convbias.figures.classes import confusion_counts, per_class_table
from convbias.figures.convergence import epoch_table
from convbias.figures.drawing import Drawing
from convbias.figures.theme import arm_colours
from convbias.findings.evaluation import evaluate
from convbias.networks.scores import PerImage
from convbias.runs.record import Run
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS
from factories import make_arm, make_run, make_runs

DRAWN_MARK = "drawn garments, not Fashion-MNIST"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Thirty training and twenty test images of noise; test labels are 0, 1, ..., 9, 0, ..."""
    rng = np.random.default_rng(0)
    return Dataset(
        "drawn",
        rng.integers(0, 256, size=(30, 28, 28, 1), dtype=np.uint8),
        (np.arange(30) % 10).astype(np.uint8),
        rng.integers(0, 256, size=(20, 28, 28, 1), dtype=np.uint8),
        (np.arange(20) % 10).astype(np.uint8),
    )


@pytest.fixture(scope="module")
def exploration(dataset: Dataset) -> Exploration:
    return explore(dataset)


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    """Three seeds of each arm on generated images, scored on as many images as `dataset` has."""
    means = {"dense": 0.7, "cnn-3x3": 0.8, "cnn-5x5": 0.85, "cnn-7x7": 0.75}
    return [
        run
        for model, mean in means.items()
        for run in make_runs(
            make_arm(model, dataset="drawn"),
            [mean - 0.05, mean, mean + 0.1],
            [0.5, 0.4, 0.3],
            images=20,
        )
    ]


@pytest.fixture(scope="module")
def figures(runs: list[Run], dataset: Dataset, exploration: Exploration) -> list[Figure]:
    """All figures of the report."""
    arms = finished_arms(ORIGINAL, runs)
    findings = evaluate(ORIGINAL, runs)
    remark = dataset_remark(dataset)
    found = [
        accuracy_of_arms(arms),
        contrasts(findings, runs, TEST_ACCURACY),
        contrasts(findings, runs, TEST_LOSS),
        convergence(arms, "accuracy"),
        convergence(arms, "loss"),
        confusion("cnn-3x3", arms["cnn-3x3"], dataset),
        per_class(arms, dataset),
        most_confused("cnn-3x3", arms["cnn-3x3"], dataset),
        class_counts(exploration, remark),
        sample_grid(dataset, remark),
        mean_images(exploration, remark),
        pixel_histogram(exploration, remark),
        pixel_correlation(exploration, remark),
    ]
    assert None not in found
    return [figure for figure in found if figure is not None]


def rows(figure: Figure, **wanted: Any) -> list[dict[str, Any]]:
    """Rows of a chart's data with the given values."""
    tables = figure.specification()["datasets"].values()
    return [
        row
        for table in tables
        for row in table
        if all(row.get(name) == value for name, value in wanted.items())
    ]


def predicting(run: Run, predicted: Sequence[int], labels: Sequence[int], loss: float) -> Run:
    """A copy of a run with other predictions."""
    correct = np.array(predicted) == np.array(labels)
    per_image = PerImage(
        correct=correct,
        predicted=np.array(predicted, dtype=np.uint8),
        loss=np.full(len(predicted), loss, dtype=np.float16),
    )
    return run.model_copy(update={"per_image": per_image})


# --- arms ---------------------------------------------------------------------------------------


def test_charts_of_the_report_are_valid_specifications(figures: list[Figure]):
    charts = [figure.drawing for figure in figures if not isinstance(figure.drawing, Drawing)]
    assert len(charts) == 10
    for chart in charts:
        assert chart.to_dict(validate=True)


def test_arms_stand_in_the_experiments_order_without_diverged_runs():
    runs = [
        make_run("cnn-7x7", 0),
        make_run("dense", 1),
        make_run("dense", 0),
        make_run("cnn-3x3", 0, status="diverged"),
    ]
    arms = finished_arms(ORIGINAL, runs)
    assert {arm: [run.seed for run in of_arm] for arm, of_arm in arms.items()} == {
        "dense": [0, 1],
        "cnn-7x7": [0],
    }
    assert list(arms) == ["dense", "cnn-7x7"]
    assert seeds_text(arms) == "2 of dense, 1 of cnn-7x7 (seeds)"


def test_without_a_finished_run_there_is_nothing_to_draw():
    with pytest.raises(InputError, match="none of 1 runs is a finished run"):
        finished_arms(ORIGINAL, [make_run("dense", 0, status="diverged")])


def test_an_arm_has_the_same_colour_whoever_stands_beside_it():
    everyone = arm_colours([model.name for model in ORIGINAL.models])
    assert len(set(everyone.values())) == 4
    assert arm_colours(["cnn-5x5"])["cnn-5x5"] == everyone["cnn-5x5"]
    assert arm_colours(["new", "dense"])["dense"] == everyone["dense"]


def test_predictions_of_other_images_are_refused(dataset: Dataset):
    with pytest.raises(InputError, match="holds predictions for 30 images"):
        confusion("dense", [make_run("dense", 0, images=30)], dataset)


# --- what is drawn ------------------------------------------------------------------------------


def test_accuracy_draws_every_run_and_the_mean_with_its_interval():
    arms = finished_arms(ORIGINAL, make_runs("dense", [0.86, 0.87, 0.88]))
    figure = accuracy_of_arms(arms)
    dots = rows(figure, what="one run")
    assert [(row["seed"], row["accuracy"]) for row in dots] == [
        (0, pytest.approx(86)),
        (1, pytest.approx(87)),
        (2, pytest.approx(88)),
    ]
    (mean,) = rows(figure, what="mean, 95 % interval")
    # t(0.975, 2) = 4.302653, sd = 1, n = 3
    assert mean["accuracy"] == pytest.approx(87)
    assert mean["low"] == pytest.approx(87 - 4.302653 / 3**0.5, abs=1e-5)
    assert mean["high"] == pytest.approx(87 + 4.302653 / 3**0.5, abs=1e-5)
    assert figure.caption.startswith("dense has the highest mean, 87.00 %")


def test_published_accuracies_stand_only_beside_comparable_runs():
    full = accuracy_of_arms(finished_arms(ORIGINAL, make_runs("cnn-3x3", [0.9])))
    assert [row["accuracy"] for row in rows(full, what="published")] == [90.4, 89.2]
    part = make_arm("cnn-3x3", training_images=1_000)
    subset = accuracy_of_arms(finished_arms(ORIGINAL, make_runs(part, [0.9])))
    assert rows(subset, what="published") == []
    assert "published" not in subset.caption
    assert "1,000 training images, a part of Fashion-MNIST" in subset.subtitle


def ranges(figure: Figure) -> list[str]:
    """The fields of the start of each line of a chart."""
    layers = figure.specification()["layer"]
    return [layer["encoding"]["x"]["field"] for layer in layers if "x2" in layer["encoding"]]


def test_one_run_has_no_interval():
    figure = accuracy_of_arms(finished_arms(ORIGINAL, make_runs("dense", [0.9])))
    (mean,) = rows(figure, what="mean, 95 % interval")
    assert mean["low"] is None
    assert ranges(figure) == []


def test_two_seed_pairs_have_no_interval():
    runs = make_runs("cnn-3x3", [0.90, 0.91]) + make_runs("dense", [0.88, 0.88])
    figure = contrasts(evaluate(ORIGINAL, runs), runs, TEST_ACCURACY)
    assert figure is not None
    assert ranges(figure) == ["low"]  # of the zone of equivalence
    runs = make_runs("cnn-3x3", [0.90, 0.91, 0.92]) + make_runs("dense", [0.88, 0.88, 0.89])
    figure = contrasts(evaluate(ORIGINAL, runs), runs, TEST_ACCURACY)
    assert figure is not None
    assert ranges(figure) == ["low", "low_over_seeds", "low"]


def test_contrasts_draw_the_seed_pairs_and_the_verdict():
    runs = make_runs("cnn-3x3", [0.90, 0.91, 0.92]) + make_runs("dense", [0.88, 0.88, 0.88])
    figure = contrasts(evaluate(ORIGINAL, runs), runs, TEST_ACCURACY)
    assert figure is not None
    assert [row["difference"] for row in rows(figure, what="one seed pair")] == pytest.approx(
        [2, 3, 4]
    )
    labelled = [row for row in rows(figure) if row.get("label")]
    assert {row["label"] for row in labelled} == {"+3.00: undecided"}
    assert {row["contrast"] for row in labelled} == {"cnn-3x3 − dense"}
    assert rows(figure, low=-0.2, high=0.2)


def test_contrasts_without_a_pair_are_not_drawn():
    runs = [*make_runs("dense", [0.9]), make_run("cnn-3x3", 1)]
    assert contrasts(evaluate(ORIGINAL, runs), runs, TEST_ACCURACY) is None


def test_convergence_draws_mean_and_range_over_seeds():
    arm = make_arm("dense", epochs=2)
    arms = {
        "dense": [
            make_run(arm, 0, validation_curve=[0.5, 0.6]),
            make_run(arm, 1, validation_curve=[0.7, 0.9]),
        ]
    }
    table = epoch_table(arms)
    assert len(table) == 2 * 2 * 2
    (second,) = rows(convergence(arms, "accuracy"), part="validation", epoch=2)
    assert [second[name] for name in ("mean", "min", "max", "count")] == pytest.approx(
        [75, 60, 90, 2]
    )
    assert "after epoch 2 (%): dense 75.00" in convergence(arms, "accuracy").caption


@pytest.mark.parametrize(("epochs", "last_tick"), [(1, 1), (3, 3)])
def test_few_epochs_have_one_tick_each(epochs: int, last_tick: int):
    arms = {"dense": [make_run(make_arm("dense", epochs=epochs), 0)]}
    svg = convergence(arms, "accuracy").svg()
    whole = [text for text, _, _ in texts(svg) if text.isdigit() and int(text) < 20]
    assert whole == [str(epoch) for epoch in range(1, last_tick + 1)]


@given(st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=1, max_size=5))
def test_every_prediction_is_counted_once_in_the_row_of_its_true_class(predicted: list[list[int]]):
    labels = np.array([0, 1, 1, 2])
    counts = confusion_counts(np.array(predicted), labels, 3)
    assert counts.sum(axis=1).tolist() == [len(predicted) * n for n in (1, 2, 1)]
    assert np.trace(counts) == (np.array(predicted) == labels).sum()


def test_confusion_draws_shares_of_the_true_class(dataset: Dataset):
    labels = dataset.test_labels
    # Of the two images of class 3, one of the two runs takes one for a 5: a quarter.
    wrong = labels.copy()
    wrong[3] = 5
    first, second = make_runs(make_arm("dense", dataset="drawn"), [0.9, 0.9], images=20)
    runs = [
        predicting(first, wrong.tolist(), labels.tolist(), 0.3),
        predicting(second, labels.tolist(), labels.tolist(), 0.3),
    ]
    figure = confusion("dense", runs, dataset)
    names = dataset.class_names
    (cell,) = rows(figure, true=names[3], predicted=names[5])
    assert (cell["share"], cell["images"]) == (25, 0.5)
    (diagonal,) = rows(figure, true=names[3], predicted=names[3])
    assert diagonal["share"] == 75
    assert f"{names[3]} predicted as {names[5]} (25.0 %" in figure.caption


def test_per_class_accuracy_is_the_mean_and_range_of_the_seeds(dataset: Dataset):
    labels = dataset.test_labels
    wrong = labels.copy()
    wrong[[0, 10]] = 1  # both images of class 0
    first, second = make_runs(make_arm("dense", dataset="drawn"), [0.9, 0.9], images=20)
    arms = {
        "dense": [
            predicting(first, wrong.tolist(), labels.tolist(), 0.3),
            predicting(second, labels.tolist(), labels.tolist(), 0.3),
        ]
    }
    table = per_class_table(arms, dataset)
    first_class = table[table["class"] == dataset.class_names[0]]
    assert first_class[["mean", "low", "high", "n"]].to_numpy().tolist() == [[50, 0, 100, 2]]
    others = table[table["class"] != dataset.class_names[0]]
    assert others["mean"].to_numpy().tolist() == [100] * 9
    assert f"lowest for {dataset.class_names[0]} (50.0 %)" in per_class(arms, dataset).caption


def test_most_confused_images_come_by_wrong_runs_then_by_loss(dataset: Dataset):
    labels = dataset.test_labels.tolist()
    first, second = make_runs(make_arm("cnn-3x3", dataset="drawn"), [0.9, 0.9], images=20)
    one, two = list(labels), list(labels)
    one[4] = two[4] = 9  # wrong in both
    one[7] = 2  # wrong once
    two[8] = 2  # wrong once, in the run with the higher loss
    runs = [predicting(first, one, labels, 0.5), predicting(second, two, labels, 0.5)]
    loss = np.full(20, 0.5, dtype=np.float16)
    loss[8] = 4
    costly = runs[1].per_image
    assert costly is not None
    runs[1] = runs[1].model_copy(update={"per_image": costly.model_copy(update={"loss": loss})})
    figure = most_confused("cnn-3x3", runs, dataset)
    assert figure is not None
    assert isinstance(figure.drawing, ImageGrid)
    ((_, tiles),) = figure.drawing.rows
    names = dataset.class_names
    assert [tile.lines for tile in tiles] == [
        (names[4], f"→ {names[9]}", "2 of 2"),
        (names[8], f"→ {names[2]}", "1 of 2"),
        (names[7], f"→ {names[2]}", "1 of 2"),
    ]
    np.testing.assert_array_equal(tiles[0].image, dataset.test_images[4, :, :, 0])
    assert figure.caption.startswith("1 of 20 test images")


def test_without_mistakes_no_mistake_is_shown(dataset: Dataset):
    labels = dataset.test_labels.tolist()
    run = predicting(make_run("cnn-3x3", 0, images=20), labels, labels, 0.1)
    assert most_confused("cnn-3x3", [run], dataset) is None


def test_class_counts_are_the_data_sets(exploration: Exploration):
    figure = class_counts(exploration, None)
    assert {row["images"] for row in rows(figure, part="training images")} == {3}
    assert {row["images"] for row in rows(figure, part="test images")} == {2}
    assert figure.caption == "Each class has 3 training images and 2 test images."


def test_histogram_counts_every_pixel(exploration: Exploration, dataset: Dataset):
    figure = pixel_histogram(exploration, None)
    drawn = rows(figure)
    assert len(drawn) == 256
    assert sum(row["pixels"] for row in drawn) == dataset.train_images.size


def test_samples_are_the_first_of_their_class(dataset: Dataset):
    grid = sample_grid(dataset, None).drawing
    assert isinstance(grid, ImageGrid)
    name, tiles = grid.rows[4]
    assert name == dataset.class_names[4]
    assert len(tiles) == 3
    np.testing.assert_array_equal(tiles[1].image, dataset.train_images[14, :, :, 0])


def test_correlations_are_the_explorations(exploration: Exploration):
    figure = pixel_correlation(exploration, None)
    for one in exploration.correlations:
        (row,) = rows(figure, direction=one.direction, distance=one.distance)
        assert row["mean"] == pytest.approx(one.mean)
        assert (row["minimum"], row["maximum"]) == pytest.approx((one.minimum, one.maximum))


# --- how it is drawn ----------------------------------------------------------------------------


def test_every_figure_of_drawn_data_says_so(figures: list[Figure]):
    for figure in figures:
        assert DRAWN_MARK in figure.subtitle, figure.name


def test_every_axis_with_numbers_has_a_title(figures: list[Figure]):
    def titled(part: dict[str, Any], channel: str) -> bool:
        found = part.get("encoding", {}).get(channel, {})
        return bool(found.get("title")) or any(
            titled(layer, channel) for layer in part.get("layer", ())
        )

    def quantitative(part: dict[str, Any], channel: str) -> bool:
        found = part.get("encoding", {}).get(channel, {})
        return found.get("type") == "quantitative" or any(
            quantitative(layer, channel) for layer in part.get("layer", ())
        )

    charts = [figure for figure in figures if not isinstance(figure.drawing, ImageGrid)]
    assert len(charts) == 10
    for figure in charts:
        specification = figure.specification()
        for channel in ("x", "y"):
            if quantitative(specification, channel):
                assert titled(specification, channel), (figure.name, channel)


def texts(svg: str) -> list[tuple[str, float, str]]:
    """The text elements of a chart: content, font size in pixels, colour."""
    return [
        (
            "".join(element.itertext()),
            float(element.get("font-size", "0").removesuffix("px")),
            element.get("fill", ""),
        )
        for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - ours
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_large_and_clear_enough_to_read(figures: list[Figure], theme: Theme):
    for figure in figures:
        if isinstance(figure.drawing, ImageGrid):
            continue
        found = texts(figure.svg(theme))
        assert found
        for text, size, colour in found:
            assert size >= 11, (figure.name, text)
            on_heat = figure.name.startswith("confusion") and colour.upper() == theme.on_heat
            paper = theme.heat[1] if on_heat else theme.paper
            if colour:  # a halo has the colour of the paper, and no fill of its own
                assert contrast(colour, paper) >= 4.5, (figure.name, text, colour)


# What a colour in linear RGB looks like to people without red or green cones (Machado, Oliveira and
# Fernandes 2009, severity 1).


@pytest.mark.parametrize("simulation", SIMULATIONS.values(), ids=SIMULATIONS)
def test_everyone_can_tell_the_arms_apart(simulation: np.ndarray):
    colours = arm_colours([model.name for model in ORIGINAL.models]).values()
    for first, second in combinations(colours, 2):
        difference = lab(first, simulation) - lab(second, simulation)
        # About 2 can just be told apart when side by side.
        assert np.linalg.norm(difference) > 15, (first, second)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_arms_stand_out_from_the_paper(theme: Theme):
    for colour in arm_colours([model.name for model in ORIGINAL.models]).values():
        assert contrast(colour, theme.paper) >= 2.9, colour


def test_title_and_remark_are_part_of_the_picture(figures: list[Figure]):
    for figure in figures:
        if isinstance(figure.drawing, ImageGrid):
            continue
        words = [text for text, _, _ in texts(figure.svg())]
        assert figure.title in words
        assert figure.subtitle in words
        assert figure.title not in [text for text, _, _ in texts(figure.svg(titled=False))]


def test_the_same_figure_gives_the_same_picture(figures: list[Figure]):
    for figure in figures:
        if figure.name not in ("convergence-loss", "mean-images"):
            continue
        assert figure.svg() == figure.svg()
        assert figure.svg(LIGHT) != figure.svg(DARK)


def test_saving_writes_both_pictures_at_twice_the_display_size(
    figures: list[Figure], tmp_path: Path
):
    for figure in figures[:1] + [f for f in figures if isinstance(f.drawing, ImageGrid)][:1]:
        svg, png = save(figure, tmp_path / "figures")
        opening = re.search(r'<svg[^>]*?width="([\d.]+)(pt|)"', svg.read_text())
        assert opening
        pixels = float(opening[1]) * (96 / 72 if opening[2] == "pt" else 1)
        with Image.open(png) as picture:
            assert picture.width == pytest.approx(2 * pixels, abs=2)
    assert sorted(path.suffix for path in (tmp_path / "figures").iterdir()) == [
        ".png",
        ".png",
        ".svg",
        ".svg",
    ]


def test_words_above_a_single_tile_are_not_cut_off(dataset: Dataset):
    labels = dataset.test_labels.tolist()
    one_wrong = [*labels[:-1], 0]
    run = predicting(
        make_run(make_arm("cnn-3x3", dataset="drawn"), 0, images=20), one_wrong, labels, 0.1
    )
    figure = most_confused("cnn-3x3", [run], dataset)
    assert figure is not None
    assert isinstance(figure.drawing, ImageGrid)
    picture = Image.open(
        io.BytesIO(figure.drawing.png(LIGHT, figure.title, figure.subtitle, scale=1))
    )
    pixels = np.asarray(picture.convert("L"))
    assert (pixels[:, -10:] == 255).all()
    assert (pixels[:60] < 255).any()


def test_a_folder_that_cannot_be_written_is_reported(figures: list[Figure], tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="could not write"):
        save(figures[0], tmp_path / "file")


def test_a_grid_is_no_chart(dataset: Dataset):
    with pytest.raises(TypeError, match="not a chart"):
        sample_grid(dataset, None).specification()
