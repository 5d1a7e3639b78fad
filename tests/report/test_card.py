"""Model cards: counts by hand, agreement of the files, and the commands that reproduce a run."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import keras
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from command_line import finished_study
from convbias.cli import main
from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.errors import InputError
from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import load_study, planned_runs
from convbias.networks import models
from convbias.networks.forward import compiled
from convbias.networks.scores import PerImage, Scores
from convbias.report.card.commands import experiment_command, train_command
from convbias.report.card.contents import ModelCard
from convbias.report.card.estimates import calibration
from convbias.report.card.evaluation import check_describable, evaluate
from convbias.report.card.figures import figures
from convbias.report.card.text import limits
from convbias.report.card.writing import markdown, write_card, yaml_scalar
from convbias.runs.record import Run
from convbias.runs.store import Store, weights_checksum
from convbias.runs.sweep import SweepResult
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.recipes import classic, scheduled, tuned
from factories import make_arm, make_run

ARM = make_arm("dense", dataset="drawn")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset("drawn", *drawn(300, 200))


@pytest.fixture(scope="module")
def network() -> keras.Sequential:
    return models.build(Dense(), seed=3, standardise=(0.3, 0.35))


def run_of(network: keras.Model, dataset: Dataset, arm: Arm = ARM, seed: int = 0) -> Run:
    """A record of the network as training would store it."""
    probabilities = compiled(network)(dataset.test_images)
    labels = dataset.test_labels
    predicted = probabilities.argmax(axis=1)
    loss = -np.log(probabilities[np.arange(len(labels)), labels].astype(np.float64))
    correct = predicted == labels
    weights = [np.asarray(each) for each in network.trainable_variables]
    return make_run(arm, seed).model_copy(
        update={
            "test": Scores(
                images=len(labels), loss=float(loss.mean()), accuracy=float(correct.mean())
            ),
            "per_image": PerImage(
                correct=correct,
                predicted=predicted.astype(np.uint8),
                loss=loss.astype(np.float16),
            ),
            "data_checksum": dataset.checksum,
            "weights_checksum": weights_checksum(weights),
        }
    )


@pytest.fixture(scope="module")
def run(network: keras.Sequential, dataset: Dataset) -> Run:
    return run_of(network, dataset)


@pytest.fixture(scope="module")
def card(network: keras.Sequential, run: Run, dataset: Dataset) -> ModelCard:
    return evaluate(network, run, [run], dataset)


# What is computed


def test_accuracy_and_loss_are_the_recorded_ones(card: ModelCard, run: Run) -> None:
    assert card.accuracy.value == run.test.accuracy
    assert card.accuracy.images == 200
    assert card.loss.value == run.test.loss
    losses = run.per_image.loss.astype(np.float64)
    expected = stats.t.interval(0.95, 199, losses.mean(), stats.sem(losses))
    assert (card.loss.low, card.loss.high) == pytest.approx(expected)
    right = stats.binomtest(int(run.per_image.correct.sum()), 200).proportion_ci(method="wilson")
    assert (card.accuracy.low, card.accuracy.high) == pytest.approx((right.low, right.high))
    assert card.checks.same_answers == 200


def test_classes_counted_one_by_one(card: ModelCard, run: Run, dataset: Dataset) -> None:
    pairs = list(zip(dataset.test_labels.tolist(), run.per_image.predicted.tolist(), strict=True))
    for label, of_class in enumerate(card.of_classes):
        right = pairs.count((label, label))
        of_it = [true for true, _ in pairs].count(label)
        taken = [predicted for _, predicted in pairs].count(label)
        assert (of_class.images, of_class.predicted) == (of_it, taken)
        assert of_class.recall.value == right / of_it
        assert (of_class.precision.value if taken else of_class.precision) == (
            right / taken if taken else None
        )
    assert sum(map(sum, card.confusion_counts)) == 200
    found = {(each.true, each.predicted): each.images for each in card.confusions}
    names = dataset.class_names
    expected = sorted(
        (pairs.count((a, b)) for a in range(10) for b in range(10) if a != b), reverse=True
    )
    assert list(found.values()) == expected[: len(found)]
    for (true, predicted), images in found.items():
        assert pairs.count((names.index(true), names.index(predicted))) == images


def test_the_calibration_error_is_that_of_the_bins_that_are_shown(card: ModelCard) -> None:
    found = card.calibration
    error = sum(
        each.images * abs(each.accuracy.value - each.confidence)
        for each in found.bins
        if each.images
    )
    assert len(found.bins) == 15
    assert sum(each.images for each in found.bins) == 200
    assert found.expected_error == pytest.approx(error / 200)
    mean = sum(each.images * each.confidence for each in found.bins if each.images) / 200
    assert found.overconfidence == pytest.approx(mean - card.accuracy.value)
    assert 0 < found.expected_error_by_chance < found.largest_error_by_chance


def test_the_class_wise_error_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1, 0.0], [0.25, 0.65, 0.1]])
    found = calibration(probabilities, np.array([0, 2]))
    # Mean gaps of the classes: (0.1 + 0.25) / 2, (0.1 + 0.65) / 2 and (0 + 0.9) / 2.
    assert found.class_wise_error == pytest.approx((0.175 + 0.375 + 0.45) / 3)
    assert found.expected_error == pytest.approx((0.1 + 0.65) / 2)


def test_the_device_that_trained_is_named(
    network: keras.Sequential, run: Run, dataset: Dataset
) -> None:
    for accelerator, named in (("cpu", run.environment.processor), ("NVIDIA H100", "NVIDIA H100")):
        machine = run.environment.model_copy(update={"accelerator": accelerator})
        trained = run.model_copy(update={"environment": machine})
        card = evaluate(network, trained, [trained], dataset)
        text = markdown(card, figures(card, trained, dataset))
        assert f" seconds on {named} and ended" in text
        assert f"{machine.platform}, {named} |" in text


def test_splits_are_those_of_the_training(card: ModelCard, network: Any, dataset: Dataset) -> None:
    assert card.data.training == (27,) * 10
    assert card.data.validation == (3,) * 10
    assert card.data.test == (20,) * 10
    few = run_of(network, dataset, make_arm("dense", dataset="drawn", training_images=100))
    described = evaluate(network, few, [few], dataset)
    assert described.data.training == (10,) * 10
    assert "100 training images" in described.data.remark
    assert described.accuracy == card.accuracy


def test_seeds_are_another_thing_than_test_images(
    network: keras.Sequential, run: Run, dataset: Dataset, card: ModelCard
) -> None:
    others = [make_run(ARM, seed, accuracy=value) for seed, value in ((1, 0.5), (2, 0.6))]
    others = [one.model_copy(update={"data_checksum": run.data_checksum}) for one in others]
    stranger = make_run(ARM, 3, accuracy=0.9)  # of other images
    diverged = make_run(ARM, 4, status="diverged")
    described = evaluate(network, run, [run, *others, stranger, diverged], dataset)
    found, values = described.accuracy_over_seeds, [run.test.accuracy, 0.5, 0.6]
    assert found.runs == (run.key, *(one.key for one in others))
    assert found.mean == pytest.approx(np.mean(values))
    expected = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert described.accuracy == card.accuracy
    assert card.accuracy_over_seeds.low is None
    assert "undefined for a single run" in markdown(card, figures(card, run, dataset))


def test_a_network_that_says_one_thing_only(dataset: Dataset) -> None:
    network = models.build(Dense(), seed=0)
    for layer in network.layers:
        layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
    run = run_of(network, dataset)
    card = evaluate(network, run, [run], dataset)
    first, *others = card.of_classes
    assert (first.recall.value, first.precision.value, first.predicted) == (1, 0.1, 200)
    assert {(each.recall.value, each.precision) for each in others} == {(0, None)}
    assert len(card.confusions) == 9
    # It is a tenth sure of everything and right in a tenth of the cases.
    assert card.calibration.expected_error == pytest.approx(0, abs=1e-6)
    text = markdown(card, figures(card, run, dataset))
    assert re.search(r"^\| Trouser \| 20 \| 0\.00 \[.*?\] \| 0 \| – \|$", text, flags=re.MULTILINE)


def test_a_network_that_makes_no_mistake(network: keras.Sequential, dataset: Dataset) -> None:
    answers = compiled(network)(dataset.test_images).argmax(axis=1).astype(np.uint8)
    agreed = Dataset(
        "drawn", dataset.train_images, dataset.train_labels, dataset.test_images, answers
    )
    run = run_of(network, agreed)
    card = evaluate(network, run, [run], agreed)
    assert (card.accuracy.value, card.accuracy.high) == (1, 1)
    assert card.confusions == ()
    text = markdown(card, figures(card, run, agreed))
    assert "no mistakes on the test images" in text
    assert "Most frequent mistake" not in " ".join(limits(card))


# What is refused


def without_losses(run: Run) -> Run:
    assert run.per_image is not None
    lean = run.per_image.model_copy(update={"loss": None})
    return run.model_copy(update={"per_image": lean})


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (make_run(ARM, 0, status="diverged"), "diverged: the loss is not finite"),
        (make_run(make_arm("dense", scored_on="validation"), 0), "validation images only"),
        (make_run(make_arm("cnn-3x3", canvas=40), 0), r"changed images \(canvas = 40\)"),
        (make_run(make_arm("dense", shuffled_blocks=4), 0), r"\(shuffled_blocks = 4\)"),
        (without_losses(make_run("dense", 0)), "without predictions and losses"),
    ],
)
def test_runs_that_cannot_have_a_card(refused: Run, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_describable(refused)


def test_network_and_data_must_be_the_run_s(
    network: keras.Sequential, run: Run, dataset: Dataset
) -> None:
    other = models.build(Dense(), seed=4, standardise=(0.3, 0.35))
    with pytest.raises(InputError, match="weights of the network have the checksum"):
        evaluate(other, run, [run], dataset)
    with pytest.raises(InputError, match="was trained on drawn with the checksum"):
        evaluate(network, run, [run], Dataset("drawn", *drawn(300, 200, seed=1)))


# What is written


@pytest.fixture(scope="module")
def written(
    card: ModelCard, run: Run, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("card") / "new" / "folder"
    write_card(card, figures(card, run, dataset), folder)
    return folder


def front_matter(text: str) -> dict[str, Any]:
    _, metadata, _ = text.split("---\n", maxsplit=2)
    return yaml.safe_load(metadata)


def check_written(folder: Path) -> ModelCard:
    """Read a card and check that its files agree."""
    card = ModelCard.model_validate_json((folder / "model-card.json").read_bytes())
    schema = json.loads((folder / "model-card.schema.json").read_text("utf-8"))
    jsonschema.validate(card.model_dump(mode="json"), schema)
    text = (folder / "model-card.md").read_text("utf-8")
    for picture in re.findall(r"\]\((figures/.*?)\)", text):
        drawing = ET.parse(folder / picture)  # noqa: S314 - it was just written
        assert drawing.find("{http://www.w3.org/2000/svg}title").text
    [entry] = front_matter(text)["model-index"]
    metrics = [
        (metric["type"], metric["value"])
        for result in entry["results"]
        for metric in result["metrics"]
    ]
    assert metrics == [
        ("accuracy", card.accuracy.value),
        ("cross_entropy", card.loss.value),
        ("expected_calibration_error", card.calibration.expected_error),
        *(("accuracy", each.accuracy.value) for each in card.shifts),
        *(("accuracy", each.accuracy.value) for each in card.noise),
    ]
    rows = re.findall(r"^\| (.+) \|$", text, flags=re.MULTILINE)
    cells = {row.split(" | ")[0]: row.split(" | ")[1:] for row in rows}
    found = card.accuracy
    assert cells["Accuracy (%)"][0] == (
        f"{100 * found.value:.2f} [{100 * found.low:.2f} to {100 * found.high:.2f}]"
    )
    assert cells["Loss (nats per image)"][0].startswith(f"{card.loss.value:.3f} [")
    for each in card.of_classes:
        assert cells[each.name][1].startswith(f"{100 * each.recall.value:.2f} [")
    for each in card.shifts:
        [row] = [cells[name] for name in cells if name.startswith(f"shifted by {each.pixels} ")]
        assert row[0].startswith(f"{100 * each.accuracy.value:.2f} [")
    for each in card.noise:
        row = cells[f"noise of {each.standard_deviation:g} grey values"]
        assert row[0].startswith(f"{100 * each.accuracy.value:.2f} [")
    return card


def test_the_files_agree(written: Path, card: ModelCard) -> None:
    assert check_written(written) == card
    assert {path.name for path in written.iterdir()} == {
        "figures",
        *("model-card.md", "model-card.json", "model-card.schema.json"),
    }


def test_the_front_matter_is_what_the_hub_asks_for(written: Path) -> None:
    found = front_matter((written / "model-card.md").read_text("utf-8"))
    assert found["license"] == "mit"
    assert found["pipeline_tag"] == "image-classification"
    assert "datasets" not in found  # generated garments are not on the Hub
    [entry] = found["model-index"]
    assert entry["name"]
    for result in entry["results"]:
        # The keys of the Hub's specification, the required ones first.
        assert result["task"]["type"] == "image-classification"
        assert {"type", "name"} <= result["dataset"].keys() <= {"type", "name", "split"}
        assert "drawn garments, not Fashion-MNIST" in result["dataset"]["name"]
        for metric in result["metrics"]:
            assert metric.keys() == {"type", "name", "value"}
            assert isinstance(metric["value"], float)


def test_drawn_garments_are_called_so_wherever_numbers_are(written: Path) -> None:
    text = (written / "model-card.md").read_text("utf-8")
    assert "\n> **Drawn garments, not Fashion-MNIST.**" in text
    assert "Zalando" not in text
    assert "zalando" not in text
    for name in ("confusion", "reliability", "shift", "noise"):
        assert "drawn garments, not Fashion-MNIST" in (written / f"figures/{name}.svg").read_text()


def keys(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in (schema, *schema["$defs"].values()):
        for name, described in part["properties"].items():
            yield f"{part['title']}.{name}", described


def test_every_key_of_the_card_is_described() -> None:
    own = [
        (name, described)
        for name, described in keys(ModelCard.model_json_schema())
        # What an arm is made of is described where it is defined.
        if name.split(".")[0] not in {"Arm", "DataVariant", "Dense", "Convolutional", "Recipe"}
    ]
    assert len(own) > 60
    assert [name for name, described in own if "description" not in described] == []


def test_the_real_data_are_named(network: keras.Sequential, dataset: Dataset) -> None:
    named = Dataset(
        "fashion-mnist",
        *(dataset.train_images, dataset.train_labels),
        *(dataset.test_images, dataset.test_labels),
    )
    run = run_of(network, named, make_arm("dense"))
    card = evaluate(network, run, [run], named)
    text = markdown(card, figures(card, run, named))
    assert card.data.remark is None
    assert front_matter(text)["datasets"] == ["zalando-datasets/fashion_mnist"]
    assert "arXiv:1708.07747" in text
    assert "drawn garments" not in text.lower()


def test_digits_are_not_called_garments(network: keras.Sequential, dataset: Dataset) -> None:
    named = Dataset(
        "mnist",
        *(dataset.train_images, dataset.train_labels),
        *(dataset.test_images, dataset.test_labels),
    )
    run = run_of(network, named, make_arm("dense", dataset="mnist"))
    card = evaluate(network, run, [run], named)
    text = markdown(card, figures(card, run, named))
    assert card.data.classes == tuple("0123456789")
    assert front_matter(text)["datasets"] == ["ylecun/mnist"]
    assert "classifier of 10 kinds of handwritten digits" in text
    assert "MNIST, not Fashion-MNIST" in text
    assert "LeCun" in text
    for word in ("garment", "clothes", "Xiao", "shop"):
        assert word not in text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_yaml(value: float) -> None:
    assert yaml.safe_load(yaml_scalar(value)) == value


# What is done again


@pytest.mark.parametrize(
    ("model", "recipe", "data"),
    [
        (Dense(), classic(10), {}),
        (Dense(), scheduled(3, 0.0123).model_copy(update={"name": "custom"}), {}),
        (Convolutional(), tuned(3, Convolutional()), {}),
        (Convolutional(kernel_size=1), tuned(1, Convolutional(kernel_size=1), "brief"), {}),
        (Convolutional(kernel_size=7), classic(2), {"dataset": "drawn", "training_images": 200}),
    ],
)
def test_the_command_trains_the_same_run(
    model: Any, recipe: Any, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[Arm, int]] = []

    def note(planned: Sequence[tuple[Arm, int]], *_: object, **_more: object) -> SweepResult:
        asked.extend(planned)
        return SweepResult((), (), ())

    monkeypatch.setattr("convbias.cli.train.train_missing", note)
    monkeypatch.chdir(tmp_path)
    arm = Arm(data=DataVariant(**data), model=model, recipe=recipe)
    command = train_command(arm, 5)
    assert main(command.split()[1:]) == 0
    assert asked == [(arm, 5)]


def test_an_arm_that_only_an_experiment_trains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arm = load_study("quick").arms(EXPERIMENTS["sharing"])["local + flatten"]
    assert train_command(arm, 2) is None
    studies: list[Any] = []
    monkeypatch.setattr(
        "convbias.cli.experiment.train_and_report", lambda _, study, *__: studies.append(study) or 0
    )
    assert main(experiment_command(arm, 2).split()[1:]) == 0
    assert (arm, 2) in planned_runs(studies[0])


def test_an_arm_that_nothing_trains() -> None:
    arm = make_arm(Convolutional(filters=(3, 5), dropout=0.11))
    assert train_command(arm, 0) is None
    assert experiment_command(arm, 0) is None


# The verb


@pytest.fixture
def runs(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """Two dense networks, trained on 100 images, in the working folder; tests may damage them."""
    monkeypatch.chdir(tmp_path)
    finished = Store(finished_study(tmp_path_factory.getbasetemp()) / "runs")
    Path("runs").mkdir()
    for run in finished:
        if run.arm.model.name == "dense":
            shutil.copy(finished.path(run.arm, run.seed), "runs")
            shutil.copy(finished.network_path(run.arm, run.seed), "runs")
    return Store("runs")


@pytest.mark.integration
def test_a_card_from_the_command_line(runs: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run, _ = runs
    assert main(["card", run.key]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "wrote model_card/model-card.md\n" in said.out
    card = check_written(Path("model_card"))
    assert card.accuracy.value == run.test.accuracy
    assert card.checks.same_answers == run.test.images == 1_000
    assert len(card.accuracy_over_seeds.runs) == 2
    assert sum(card.data.training) == 100
    assert f"`{run.key}`" in Path("model_card/model-card.md").read_text("utf-8")
    # Again, over the first one.
    before = Path("model_card/model-card.json").read_bytes()
    assert main(["card", run.key]) == 0
    assert Path("model_card/model-card.json").read_bytes() == before


@pytest.mark.integration
def test_runs_without_a_card(runs: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run, _ = runs
    assert main(["card", "no-such-run"]) == 2
    assert "no run 'no-such-run' is stored in runs" in capsys.readouterr().err
    network = runs.network_path(run.arm, run.seed)
    network.write_bytes(b"not a network")
    assert main(["card", run.key]) == 2
    assert "cannot be read" in capsys.readouterr().err
    network.unlink()
    assert main(["card", run.key]) == 2
    assert "is missing" in capsys.readouterr().err
    assert not Path("model_card").exists()


@pytest.mark.integration
def test_a_folder_that_cannot_be_written_to(
    runs: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("in the way")
    assert main(["card", next(iter(runs)).key, "--out", "file/card"]) == 2
    assert "file is a file" in capsys.readouterr().err
