"""A reader's own network on the explorable page: ONNX files in Chromium, beside Keras."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Locator, Page, expect
from scipy.stats import binomtest

from convbias.cli import main
from convbias.data import Dataset
from convbias.data.transforms import on_canvas
from convbias.errors import InputError
from convbias.measures.explain.class_map import class_map
from convbias.networks.forward import Forward
from convbias.report.explorable.onnx_runtime import PACKAGE, VERSION, read_runtime
from convbias.spec.arms import Convolutional
from exports import exported_cnn, untrained
from page_browser import at, pixels_of
from page_site import ONNX_RUNTIME, ROOT, WEB

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def runtime() -> Path:
    """The package of ONNX Runtime, which `make test` downloads."""
    if not ONNX_RUNTIME.exists():
        reason = f"{ONNX_RUNTIME.name} is not there: make web/{ONNX_RUNTIME.name}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return ONNX_RUNTIME


@pytest.fixture(scope="module")
def sample(study: dict[str, Any], fashion_mnist: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The page's test images, uint8, and their labels."""
    indices = study["images"]["indices"]
    return fashion_mnist.test_images[indices], fashion_mnist.test_labels[indices]


def linear(path: Path, *, shape: list[int | str], classes: int = 10, **options: Any) -> np.ndarray:
    """Write a linear classifier.

    Args:
        path: The ONNX file.
        shape: Of its images.
        classes: Of its output.
        options: `bad`, what its bias is instead of numbers; `domain`, of an operator of its own.

    Returns:
        Its weights (784, classes); the bias is zero.
    """
    weights = np.random.default_rng(1).normal(0, 0.1, (784, classes)).astype(np.float32)
    bias = np.full(classes, options.get("bad", 0), np.float32)
    count = shape[0] if isinstance(shape[0], int) else -1
    nodes = [
        helper.make_node("Reshape", ["images", "flat"], ["pixels"]),
        helper.make_node("Gemm", ["pixels", "weights", "bias"], ["scores"]),
    ]
    domain = options.get("domain", "")
    if domain:
        nodes[1] = helper.make_node("Unknown", ["pixels"], ["scores"], domain=domain)
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [shape[0], classes])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(bias, "bias"),
            numpy_helper.from_array(np.array([count, 784], np.int64), "flat"),
        ],
    )
    operators = [helper.make_opsetid("", 17)]
    operators += [helper.make_opsetid(domain, 1)] if domain else []
    onnx.save(helper.make_model(graph, opset_imports=operators, ir_version=8), path)
    return weights


def choose(page: Page, path: Path) -> Locator:
    view = at(page, "#bring?guess-bring=none")
    view.locator("input[type=file]").set_input_files(path)
    return view


def shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Images from 0 to 1; what leaves the frame is lost."""
    return on_canvas(images, 40, down, right)[:, 6:34, 6:34].astype(np.float32) / 255


def assert_accuracies(view: Locator, scores: Any, sample: tuple[np.ndarray, np.ndarray]) -> None:
    """The table has the accuracies of a function from images to scores, by distance."""
    images, labels = sample
    cells = view.locator("[data-accuracy]")
    expect(cells).to_have_count(7)
    for distance in (0, 3, 6):
        places = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]
        shifts = [(distance * down, distance * right) for down, right in places]
        right = [
            (scores(shifted(images, *shift)).argmax(1) == labels)
            for shift in (shifts if distance else [(0, 0)])
        ]
        accuracy = float(np.mean(right))
        cell = cells.nth(distance)
        assert float(cell.get_attribute("data-accuracy")) == pytest.approx(accuracy, abs=1e-12)
        if distance == 0:
            interval = binomtest(int(np.sum(right)), 40).proportion_ci(method="wilson")
            ends = f"[{100 * interval.low:.1f} to {100 * interval.high:.1f}]"
            expect(cell).to_have_text(f"{100 * accuracy:.1f} {ends}")


def test_an_exported_network_takes_part_in_the_views(
    page: Page,
    runtime: Path,
    sample: tuple[np.ndarray, np.ndarray],
    study: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
):
    assert runtime.exists()
    exported = exported_cnn(tmp_path_factory.getbasetemp()) / "model.onnx"
    forward = Forward(untrained(Convolutional()))
    view = choose(page, exported)
    expect(view.locator(".bring")).to_contain_text("model.onnx takes N x 28 x 28 x 1 numbers.")
    expect(view.locator(".bring")).to_contain_text("It gives probabilities")
    assert_accuracies(view, forward.logits, sample)
    looking = at(page, "#look?look-image=4&patch=5&patch-row=12&patch-column=10")
    row = looking.locator(".said-by [data-role=yours]")
    image = sample[0][4:5].astype(np.float32) / 255
    logits = forward.logits(image)[0]
    best = int(logits.argmax())
    powers = np.exp(logits.astype(np.float64) - logits.max())
    expect(row).to_contain_text(study["study"]["classes"][best])
    shown = float(row.get_attribute("data-probability"))
    assert shown == pytest.approx(powers.max() / powers.sum(), abs=1e-4)
    figure = looking.locator(".evidence figure").last
    assert float(figure.get_attribute("data-logit")) == pytest.approx(logits.max(), abs=1e-4)
    contributions = class_map(forward, image[0]).contributions[best]
    strength = np.abs(contributions) / np.abs(contributions).max()
    red = np.where(contributions > 0, 255, 86) * strength
    assert np.abs(pixels_of(figure.locator("canvas")) - red).max() <= 1
    image[:, 10:15, 8:13] = 0
    hidden = forward.logits(image)[0].astype(np.float64)

    def odds(values: np.ndarray) -> float:
        return float(values[best] - np.log(np.exp(np.delete(values, best)).sum()))

    drop = looking.locator("[data-drop]").last
    expect(drop).to_contain_text(f"from {odds(logits):.2f} to {odds(hidden):.2f}".replace("-", "−"))
    moved = at(page, "#move?image=4&right=2&down=-3")
    card = moved.locator("[data-role=yours]")
    there = forward.logits(shifted(sample[0][4:5], -3, 2))[0]
    expect(card.locator(".said strong")).to_have_text(study["study"]["classes"][there.argmax()])
    curve = at(page, "#shift?compared=1")
    expect(curve.locator(".line.brought circle")).to_have_count(7)
    expect(curve.locator(".legend")).to_contain_text("your network, on 40 images")


@pytest.mark.parametrize(
    "shape",
    [["N", 28, 28, 1], [1, 1, 28, 28], [16, 28, 28, 1], ["N", "C", "H", "W"]],
    ids=lambda shape: "x".join(map(str, shape)),
)
def test_other_forms_are_taken(
    page: Page,
    runtime: Path,
    sample: tuple[np.ndarray, np.ndarray],
    shape: list[int | str],
    tmp_path: Path,
):
    assert runtime.exists()
    name = f"linear-{'x'.join(map(str, shape))}.onnx"
    weights = linear(tmp_path / name, shape=shape)
    view = choose(page, tmp_path / name)
    expect(view.locator(".bring")).to_contain_text(f"{name} takes")
    expect(view.locator(".bring")).to_contain_text("It gives logits.")
    assert_accuracies(view, lambda images: images.reshape(len(images), 784) @ weights, sample)


def pooled(path: Path, head: str) -> None:
    """Write a network of a convolution, a global average and dense layers.

    Args:
        path: The ONNX file.
        head: `Gemm`, as PyTorch writes dense layers; `scaled`, the same with twice the weights;
            `softmax in between`, which is not affine.
    """
    random = np.random.default_rng(4)
    arrays = {
        "kernel": random.normal(0, 0.5, (6, 1, 3, 3)),
        "first": random.normal(0, 0.5, (5, 6)),
        "first bias": random.normal(0, 0.5, 5),
        "second": random.normal(0, 0.5, (10, 5)),
        "second bias": random.normal(0, 0.5, 10),
    }
    scale = {"alpha": 2.0} if head == "scaled" else {}
    between = "Softmax" if head == "softmax in between" else "Relu"
    nodes = [
        helper.make_node("Conv", ["images", "kernel"], ["conv"], pads=[1] * 4),
        helper.make_node("Relu", ["conv"], ["maps"]),
        helper.make_node("GlobalAveragePool", ["maps"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "first", "first bias"], ["a"], transB=1, **scale),
        helper.make_node(between, ["a"], ["b"]),
        helper.make_node("Gemm", ["b", "second", "second bias"], ["scores"], transB=1),
    ]
    shape = ["N", 1, 28, 28]
    graph = helper.make_graph(
        nodes,
        "pooled",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(each.astype(np.float32), name) for name, each in arrays.items()],
    )
    operators = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=operators, ir_version=8), path)


@pytest.mark.parametrize("head", ["Gemm", "scaled", "softmax in between"])
def test_a_class_map_is_shown_where_the_last_layers_allow_it(
    page: Page, runtime: Path, sample: tuple[np.ndarray, np.ndarray], head: str, tmp_path: Path
):
    assert runtime.exists()
    path = tmp_path / f"{head}.onnx"
    pooled(path, head)
    expect(choose(page, path).locator(".bring")).to_contain_text(f"{head}.onnx takes")
    view = at(page, "#look?look-image=7")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    image = sample[0][7:8].transpose(0, 3, 1, 2).astype(np.float32) / 255
    scores = np.asarray(session.run(None, {"images": image})[0])
    powers = np.exp(scores[0] - scores.max())
    row = view.locator(".said-by [data-role=yours]")
    expect(row).to_contain_text(f"({100 / powers.sum():.1f} %)")
    figures = view.locator(".evidence figure")
    if head == "Gemm":
        expect(figures).to_have_count(3)
        logit = float(figures.last.get_attribute("data-logit"))
        assert logit == pytest.approx(scores.max(), abs=1e-4)
    else:
        expect(figures).to_have_count(2)
        expect(view).to_contain_text("does not end in a global average and dense layers")


def hostile(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that are no classifiers of these images, and what is said of them."""
    folder.mkdir()
    linear(folder / "whole.onnx", shape=["N", 28, 28, 1])
    linear(folder / "coloured.onnx", shape=["N", 32, 32, 3])
    linear(folder / "flat.onnx", shape=["N", 784])
    linear(folder / "three.onnx", shape=["N", 28, 28, 1], classes=3)
    linear(folder / "nan.onnx", shape=["N", 28, 28, 1], bad=np.nan)
    linear(folder / "unknown.onnx", shape=["N", 28, 28, 1], domain="elsewhere")
    whole = (folder / "whole.onnx").read_bytes()
    (folder / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    (folder / "random.onnx").write_bytes(np.random.default_rng(0).bytes(5_000))
    (folder / "empty.onnx").write_bytes(b"")
    with (folder / "large.onnx").open("wb") as file:
        file.truncate(100_000_001)
    said = {
        "coloured": "float32 [N, 32, 32, 3]",
        "flat": "float32 [N, 784]",
        "three": "tells 3 classes apart",
        "nan": "not finite",
        "unknown": "cannot be computed",
        "cut": "cannot be computed",
        "random": "cannot be computed",
        "empty": "cannot be computed",
        "large": "more than 100 MB",
    }
    return {name: (folder / f"{name}.onnx", words) for name, words in said.items()}


def test_a_hostile_network_gives_a_message_and_the_page_goes_on(
    page: Page, runtime: Path, tmp_path: Path
):
    assert runtime.exists()
    files = hostile(tmp_path / "hostile")
    whole = tmp_path / "hostile/whole.onnx"
    expect(choose(page, whole).locator("[data-accuracy]")).to_have_count(7)
    for path, words in files.values():
        view = choose(page, path)
        expect(view.get_by_role("alert")).to_contain_text(words)
        # The one before stays.
        expect(view.locator(".bring")).to_contain_text("whole.onnx takes")
        expect(view.locator("[data-accuracy]")).to_have_count(7)
    expect(choose(page, whole).get_by_role("alert")).to_have_count(0)


def test_without_the_runtime_the_page_says_how_to_add_it(page: Page, study: dict[str, Any]):
    # As the study is read once, the other page is another document.
    other = page.context.new_page()
    other.route(
        "**/study.json",
        lambda route: route.fulfill(body=json.dumps(study | {"onnxRuntime": False})),
    )
    other.goto(page.url.split("#", maxsplit=1)[0] + "#bring")
    expect(other.locator("#bring .notice")).to_contain_text(f"npm pack onnxruntime-web@{VERSION}")
    other.close()


def test_only_the_released_runtime_is_copied(
    runtime: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert {name: len(content) for name, content in read_runtime(runtime).items()} == {
        "ort.wasm.bundle.min.mjs": 73_054,
        "ort-wasm-simd-threaded.wasm": 14_239_897,
    }
    other = tmp_path / PACKAGE
    (tmp_path / "ort.wasm.bundle.min.mjs").write_text("alert(1)")
    with tarfile.open(other, "w:gz") as package:
        package.add(tmp_path / "ort.wasm.bundle.min.mjs", "package/dist/ort.wasm.bundle.min.mjs")
    with pytest.raises(InputError, match="holds another dist/ort"):
        read_runtime(other)
    (tmp_path / "cut.tgz").write_bytes(other.read_bytes()[:40])
    with pytest.raises(InputError, match="cannot be read"):
        read_runtime(tmp_path / "cut.tgz")
    with tarfile.open(other, "w:gz"):
        pass
    out = tmp_path / "out"
    command = ["page", "--runs", "published", "--out", str(out), "--onnx-runtime"]
    assert main([*command, str(other)]) == 2
    assert f"the package {PACKAGE}" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "none.tgz")]) == 2
    assert not out.exists()


def test_every_text_names_the_same_package():
    files = [
        *(WEB / "src/texts").glob("*.ts"),
        *(ROOT / name for name in ("Makefile", "docs/page.md", "src/convbias/cli/page.py")),
    ]
    for path in files:
        assert f"onnxruntime-web@{VERSION}" in path.read_text("utf-8"), path.name
