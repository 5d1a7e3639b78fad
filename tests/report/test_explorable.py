"""The explorable page's files: numbers as the study has them, answers as Keras gives them."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convbias.cli import main
from convbias.data import Dataset
from convbias.data.transforms import block_permutation, on_canvas
from convbias.data.variants import SEED
from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import load_study
from convbias.findings.evaluation import evaluate
from convbias.findings.results import collect
from convbias.measures.explain.class_map import class_map
from convbias.networks.forward import Forward
from convbias.networks.layers import AntialiasedPooling
from convbias.networks.models import build
from convbias.report.explorable.images import measured_images
from convbias.report.explorable.networks import described_layers, page_networks
from convbias.report.explorable.site import read_shown, write_page
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network
from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import Dimensions
from convbias.spec.formatting import without_rounding_error
from convbias.statistics import mean_interval, sign_flip_p_value
from factories import make_arm, make_run
from page_site import NODE, PUBLISHED, ROOT, WEB, node, packages

pytestmark = pytest.mark.slow

SITE = ROOT / "src/convbias/report/explorable/site"
BUILT = {"index.html", "page.css", "page.js"}


@pytest.fixture(scope="module")
def answers(site: tuple[Path, Store]) -> dict[str, Any]:
    """What the page's own forward pass gives, by run."""
    return {each["run"]: each for each in json.loads(node(WEB / "tests/forward.ts", site[0]))}


@pytest.mark.parametrize("name", ["shift", "permutation", "sharing"])
def test_contrasts_and_values_are_those_of_the_study(study: dict[str, Any], name: str):
    experiment = EXPERIMENTS[name]
    results = collect(load_study("full"), experiment, PUBLISHED)
    shown = study["experiments"][name]
    for finding, record in zip(evaluate(experiment, results.runs), shown["contrasts"], strict=True):
        contrast = finding.contrast
        assert record["name"] == finding.planned.name
        assert (record["verdict"], record["n"]) == (contrast.verdict, contrast.n)
        assert record["difference"] == contrast.difference
        assert record["interval"] == list(contrast.interval.ends)
        assert record["adjustedPValue"] == contrast.adjusted_p_value
        assert record["runs"] == list(finding.runs)
    for condition, record in shown["conditions"].items():
        runs = [run for run in results.runs if run.condition == condition]
        accuracies = [run.test.accuracy for run in runs]
        values = record["values"]["test_accuracy"]
        assert values["bySeed"] == accuracies
        assert values["mean"] == pytest.approx(np.mean(accuracies), abs=1e-15)
        assert values["interval"] == list(mean_interval(accuracies).ends)
        assert record["runs"] == [run.key for run in runs]


def test_images_and_permutations_are_those_of_the_data(
    site: tuple[Path, Store], study: dict[str, Any], fashion_mnist: Dataset
):
    indices = study["images"]["indices"]
    pixels = np.frombuffer((site[0] / "images.bin").read_bytes(), np.uint8)
    expected = fashion_mnist.test_images[indices]
    assert np.array_equal(pixels.reshape(expected.shape), expected)
    labels = fashion_mnist.test_labels[indices]
    assert study["images"]["labels"] == labels.tolist()
    assert np.bincount(labels).tolist() == [4] * 10
    assert set(study["permutations"]) == {"1", "2", "4", "7", "14"}
    assert study["permutations"]["7"] == block_permutation(28, 7, SEED).tolist()


def test_the_page_answers_as_keras_does(
    site: tuple[Path, Store],
    study: dict[str, Any],
    answers: dict[str, Any],
    fashion_mnist: Dataset,
):
    assert [each["role"] for each in study["networks"]] == [
        "dense",
        "cnn",
        "steady",
        "dense",
        "cnn",
    ]
    indices = study["images"]["indices"]
    for description in study["networks"]:
        key = description["run"]
        store = site[1] if site[1].folder.joinpath(f"{key}.json").exists() else PUBLISHED
        forward = Forward(load_network(store, store.named(key)))
        images = on_canvas(fashion_mnist.test_images[indices], description["side"])
        images = images.astype(np.float32) / 255
        found = answers[key]["images"]
        logits = forward.logits(images)
        assert np.allclose([each["logits"] for each in found], logits, atol=1e-5, rtol=1e-5), key
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        assert np.allclose([each["probabilities"] for each in found], probabilities, atol=1e-5)
        for place in (0, 17):
            label = study["images"]["labels"][place]
            expected = class_map(forward, images[place])
            scale = np.abs(expected.contributions[label]).max()
            contributions = np.reshape(found[place]["map"], expected.contributions[label].shape)
            assert np.allclose(contributions, expected.contributions[label], atol=1e-5 * scale)
            assert found[place]["constant"] == pytest.approx(
                expected.constants[label], abs=1e-5 * max(1, scale)
            )
            total = sum(found[place]["map"]) + found[place]["constant"]
            assert total == pytest.approx(logits[place, label], abs=1e-4)


@pytest.mark.parametrize(
    "model",
    [
        Convolutional(padding="valid", downsampling="average", head="flatten", filters=(3, 5)),
        Convolutional(kernel_size=4, filters=(4,)),
        Convolutional(dilation=2, padding="circular", downsampling="none", filters=(3,)),
    ],
    ids=lambda model: model.name,
)
def test_every_option_of_the_convolution_is_computed(model: Convolutional, tmp_path: Path):
    random = np.random.default_rng(0)
    network = build(model, 3, dimensions=Dimensions(side=12, channels=3, classes=4))
    for bias in (each for each in network.weights if each.name == "bias"):
        bias.assign(random.normal(0, 0.1, bias.shape))
    layers, arrays = described_layers(network)
    (tmp_path / "network.bin").write_bytes(b"".join(each.tobytes() for each in arrays))
    images = random.integers(0, 256, (5, 12, 12, 3), dtype=np.uint8)
    (tmp_path / "images.bin").write_bytes(images.tobytes())
    study = {
        "study": {"side": 12, "channels": 3},
        "images": {"file": "images.bin", "labels": [0, 1, 2, 3, 0]},
        "networks": [{"run": "one", "file": "network.bin", "side": 12, "layers": layers}],
    }
    (tmp_path / "study.json").write_text(json.dumps(study))
    [found] = json.loads(node(WEB / "tests/forward.ts", tmp_path))
    expected = Forward(network).logits(images.astype(np.float32) / 255)
    assert np.allclose([each["logits"] for each in found["images"]], expected, atol=1e-5)


@pytest.mark.parametrize(
    "model",
    [Convolutional(downsampling="blur"), Convolutional(downsampling="stride")],
    ids=lambda model: model.name,
)
def test_a_layer_that_the_page_cannot_compute_is_refused(model: Convolutional):
    network = build(model, 0)
    if model.downsampling == "blur":
        assert isinstance(network.get_layer("pool_1"), AntialiasedPooling)
    with pytest.raises(LookupError, match="cannot compute"):
        described_layers(network)


def test_statistics_are_those_of_the_study():
    random = np.random.default_rng(5)
    samples = [random.normal(0.3, 1, n).tolist() for n in (1, 2, 3, 5, 6, 10, 21, 30)]
    samples += [[0.1, 0.1, -0.1, 0.2], [0.01, 0.02, 0.03, 0.04, 0.05, 0.06], [-1.0] * 7]
    found = json.loads(node(WEB / "tests/statistics.ts", given=json.dumps(samples)))
    for sample, standing in zip(samples, found, strict=True):
        assert standing["n"] == len(sample)
        assert standing["difference"] == pytest.approx(np.mean(sample), abs=1e-14)
        assert standing["pValue"] == pytest.approx(float(sign_flip_p_value(sample)), abs=1e-15)
        if len(sample) < 3:
            assert standing["interval"] is None
        else:
            assert standing["interval"] == pytest.approx(mean_interval(sample).ends, abs=1e-9)
    verdicts = [each["verdict"] for each in found]
    assert verdicts[-2:] == ["better", "worse"]
    assert verdicts[:4] == ["undecided"] * 4  # six pairs are the fewest


def test_statistics_of_the_published_pairs(study: dict[str, Any]):
    original = study["experiments"]["original"]
    cnn, dense = (
        original["conditions"][name]["values"]["test_accuracy"]["bySeed"]
        for name in ("cnn-3x3", "dense")
    )
    differences = [first - second for first, second in zip(cnn, dense, strict=True)]
    [standing] = json.loads(node(WEB / "tests/statistics.ts", given=json.dumps([differences])))
    contrast = original["contrasts"][0]
    assert standing["interval"] == pytest.approx(contrast["seedsInterval"], abs=1e-12)
    assert standing["pValue"] == pytest.approx(contrast["pValue"], rel=1e-9)
    assert standing["verdict"] == contrast["verdict"] == "better"


def test_numbers_are_rounded_as_in_the_tables():
    random = np.random.default_rng(1)
    values = [-0.8250000000000002, 0.825, 0.125, 0.375, -0.375, 89.125, 2.5, 3.5, 0.0625, 0.0]
    pairs = [(value, digits) for value in values for digits in (0, 1, 2, 3)]
    pairs += [(round(each, 3), 2) for each in random.normal(0, 50, 200).tolist()]
    found = json.loads(node(WEB / "tests/rounding.ts", given=json.dumps(pairs)))
    expected = [f"{without_rounding_error(value):.{digits}f}" for value, digits in pairs]
    assert [float(each) for each in found] == [float(each) for each in expected]


def test_the_shipped_site_is_what_the_source_gives(tmp_path: Path):
    vite = packages() / "vite/bin/vite.js"
    done = subprocess.run(
        [NODE, vite, "build", "--outDir", tmp_path / "site", "--logLevel", "warn"],
        cwd=WEB,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    built = {path.name: path.read_bytes() for path in (tmp_path / "site").iterdir()}
    shipped = {path.name: path.read_bytes() for path in SITE.iterdir()}
    assert built.keys() == shipped.keys() == BUILT
    for name, content in built.items():
        assert content == shipped[name], f"{name} is not what web/ gives: run `make web`"


def test_the_source_has_no_type_error():
    tsc = packages() / "typescript/bin/tsc"
    done = subprocess.run(
        [NODE, tsc, "--noEmit"], cwd=WEB, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_source_names_no_host_and_no_result():
    files = [
        *(WEB / "src").rglob("*.ts*"),
        *WEB.glob("*.json"),
        *WEB.glob("*.html"),
        WEB / ".npmrc",
    ]
    assert len(files) > 25
    texts = {path.name: path.read_text("utf-8") for path in files}
    assert [name for name, text in texts.items() if "://" in text] == []
    lock = json.loads(texts["package-lock.json"])["packages"]
    assert all("integrity" in each for name, each in lock.items() if name)
    sentences = texts["en.ts"] + texts["es.ts"]
    assert re.findall(r"\d+[.,]\d+ ?%", sentences) == []


def test_the_whole_without_networks_is_small(site: tuple[Path, Store], fashion_mnist: Dataset):
    # A reader loads one of `study.js` and `study.json`; the tests' sample is a small one.
    left_out = {"study.js", "sample.bin"}
    files = [path for path in site[0].iterdir() if path.is_file() and path.name not in left_out]
    sample = measured_images(fashion_mnist.test_images, fashion_mnist.test_labels)
    assert sample.count == 1_200
    assert len(sample.content) < 600_000
    assert sum(path.stat().st_size for path in files) + len(sample.content) < 1_000_000
    at_first = sum(len(gzip.compress(path.read_bytes())) for path in files)
    networks = json.loads((site[0] / "study.json").read_text("utf-8"))["networks"]
    smallest = min(networks, key=lambda each: each["parameters"])
    at_first += len(gzip.compress((site[0] / smallest["file"]).read_bytes()))
    assert at_first < 300_000


def sampled(content: bytes, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of a sample's file."""
    read = gzip.decompress(content)
    count = len(read) // (2 + int(np.prod(shape)))
    labels = np.frombuffer(read, "<u2", count)
    return np.frombuffer(read, np.uint8, offset=2 * count).reshape(count, *shape), labels


@pytest.mark.parametrize(
    ("number", "side", "channels", "classes", "expected"),
    [(30, 8, 1, 2, 30), (1_500, 32, 3, 300, 1_200), (160, 96, 3, 4, 144), (50, 400, 3, 2, 40)],
)
def test_the_sample_has_each_image_once_with_its_label(
    number: int, side: int, channels: int, classes: int, expected: int
):
    random = np.random.default_rng(7)
    images = random.integers(0, 256, (number, side, side, channels), np.uint8)
    labels = random.integers(0, classes, number)
    # What tells the images apart, so that each can be found again.
    images[:, 0, 0, 0], images[:, 0, 1, 0] = np.arange(number) // 256, np.arange(number) % 256
    sample = measured_images(images, labels)
    assert sample.count == expected
    found, found_labels = sampled(sample.content, images.shape[1:])
    numbers = found[:, 0, 0, 0].astype(int) * 256 + found[:, 0, 1, 0]
    assert len(set(numbers)) == expected
    assert np.array_equal(found, images[numbers])
    assert np.array_equal(found_labels, labels[numbers])
    if expected < number:
        assert numbers.max() > 0.9 * number  # from the whole test set, whatever its order


def test_a_page_without_networks_and_of_one_experiment(tmp_path: Path, fashion_mnist: Dataset):
    assert len(fashion_mnist.test_images) == 10_000
    profile = load_study("full").model_copy(update={"experiments": ("receptive-field", "graphs")})
    page = write_page(read_shown(profile, PUBLISHED), [Store(tmp_path / "none")], tmp_path / "out")
    assert (page.experiments, page.networks) == (("receptive-field",), ())
    record = json.loads((tmp_path / "out/study.json").read_text("utf-8"))
    assert record["networks"] == []
    assert list(record["experiments"]) == ["receptive-field"]
    script = (tmp_path / "out/study.js").read_text("utf-8")
    assert json.loads(script.removeprefix("globalThis.study=").removesuffix(";\n")) == record


def test_the_command_says_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    profile = tmp_path / "tiny.toml"
    profile.write_text(
        'name = "tiny"\ncost = "none"\nexpect = "nothing"\nexperiments = ["original"]\n'
        'dataset = "drawn"\nrecipe = "classic"\nepochs = 1\nseeds = [0]\n'
    )
    assert main(["page", str(profile), "--out", "new"]) == 2
    said = capsys.readouterr().err
    assert "no finished run of the study tiny is stored" in said
    assert not (tmp_path / "new").exists()
    arm = load_study(str(profile)).arms(EXPERIMENTS["original"])["dense"]
    Store(tmp_path / "runs").write(make_run(arm, 0))
    assert main(["page", str(profile), "--out", "new"]) == 0
    printed = capsys.readouterr()
    assert "Shown: original; networks: 0" in printed.out
    assert "shows stored results only" in printed.err
    assert {path.name for path in (tmp_path / "new").iterdir()} == BUILT | {
        *("study.json", "study.js", "images.bin", "sample.bin")
    }
    record = json.loads((tmp_path / "new/study.json").read_text("utf-8"))
    assert record["study"]["remark"] == "drawn garments, not Fashion-MNIST"


def test_a_damaged_network_leaves_nothing_half_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    store = Store(tmp_path / "runs")
    profile = tmp_path / "tiny.toml"
    profile.write_text(
        'name = "tiny"\ncost = "none"\nexpect = "nothing"\nexperiments = ["original"]\n'
        'dataset = "drawn"\nrecipe = "classic"\nepochs = 1\nseeds = [0]\n'
    )
    arm = load_study(str(profile)).arms(EXPERIMENTS["original"])["dense"]
    store.write(make_run(arm, 0))
    store.network_path(arm, 0).write_bytes(b"no network")
    out = tmp_path / "new"
    assert main(["page", str(profile), "--runs", str(store.folder), "--out", str(out)]) != 0
    assert store.network_path(arm, 0).name in capsys.readouterr().err
    assert not out.exists()


def test_a_study_of_other_data_has_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    profile = tmp_path / "graphs.toml"
    profile.write_text(
        'name = "g"\ncost = "none"\nexpect = "nothing"\nexperiments = ["graphs"]\n'
        'recipe = "classic"\nepochs = 1\nseeds = [0]\n'
    )
    assert main(["page", str(profile), "--out", str(tmp_path / "new")]) == 2
    assert "the study g has nothing that the page shows" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_best_network_of_each_kind_is_taken(tmp_path: Path):
    store = Store(tmp_path)
    for seed, accuracy in enumerate((0.8, 0.9, 0.7)):
        run = make_run(make_arm(Dense(), dataset="drawn"), seed, validation_accuracy=accuracy)
        store.write(run)
        build(Dense(), seed).save(store.network_path(run.arm, seed))
    [chosen] = page_networks([store], "drawn")
    assert chosen.description["run"].endswith("-seed1")
    assert page_networks([store], "fashion-mnist") == []
