"""A reader's own network on the explorable page: ONNX files in Chromium, beside Keras."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Browser, Locator, Page, expect
from scipy.stats import binomtest

from convbias.cli import main
from convbias.data import Dataset
from convbias.data.transforms import on_canvas
from convbias.errors import InputError
from convbias.measures.explain.class_map import class_map
from convbias.networks.forward import Forward
from convbias.report.explorable.onnx_runtime import PACKAGE, VERSION, read_runtime
from convbias.runs.store import Store
from convbias.spec.arms import Convolutional
from exports import exported_cnn, untrained
from page_browser import assert_found, at, contrast_of, number, opened, pixels_of
from page_site import ONNX_RUNTIME, ROOT, WEB, packages

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


Images: TypeAlias = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def few(study: dict[str, Any], fashion_mnist: Dataset) -> Images:
    """The test images that the page shows, uint8, and their labels."""
    indices = study["images"]["indices"]
    return fashion_mnist.test_images[indices], fashion_mnist.test_labels[indices]


@pytest.fixture(scope="module")
def sample(site: tuple[Path, Store], study: dict[str, Any]) -> Images:
    """The test images on which the page measures, uint8, and their labels."""
    count = study["sample"]["images"]
    content = gzip.decompress((site[0] / study["sample"]["file"]).read_bytes())
    images = np.frombuffer(content, np.uint8, offset=2 * count).reshape(count, 28, 28, 1)
    return images, np.frombuffer(content, "<u2", count)


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


# Rows down and columns right: the first image goes up, the ninth again.
COMPASS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


def assert_accuracies(view: Locator, scores: Any, sample: Images) -> None:
    """The table has the accuracies of a function from images to scores, by distance."""
    images, labels = sample
    cells = view.locator("[data-accuracy]")
    expect(cells).to_have_count(7)
    for distance in (0, 3, 6):
        moved = np.empty(images.shape, np.float32)
        for place, (down, right) in enumerate(COMPASS):
            moved[place::8] = shifted(images[place::8], distance * down, distance * right)
        right = scores(moved).argmax(1) == labels
        cell = cells.nth(distance)
        assert float(cell.get_attribute("data-accuracy")) == pytest.approx(right.mean(), abs=1e-12)
        interval = binomtest(int(right.sum()), len(labels)).proportion_ci(method="wilson")
        low, high = (number(100 * end, 1) for end in (interval.low, interval.high))
        expect(cell).to_have_text(f"{number(100 * right.mean(), 1)} [{low} to {high}]")


def odds(values: np.ndarray, label: int) -> float:
    """The logarithm of a class's odds against all others, from logits."""
    others = np.exp(np.delete(values, label).astype(np.float64))
    return float(values[label] - np.log(others.sum()))


def test_an_exported_network_takes_the_place_of_the_cnn(
    page: Page,
    runtime: Path,
    sample: Images,
    few: Images,
    study: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
):
    assert runtime.exists()
    exported = exported_cnn(tmp_path_factory.getbasetemp()) / "model.onnx"
    forward = Forward(untrained(Convolutional()))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    assert "sample.bin" not in page.evaluate(LOADED)
    view = choose(page, exported)
    expect(view.locator(".bring")).to_contain_text("model.onnx takes N x 28 x 28 x 1 numbers.")
    expect(view.locator(".bring")).to_contain_text("It gives probabilities")
    expect(view.locator(".stands")).to_contain_text("“model.onnx” stands in place of the CNN")
    assert_accuracies(view, forward.logits, sample)
    assert asked.count("sample.bin") == 1
    looking = at(page, "#look?look-image=4&patch=5&patch-row=12&patch-column=10&guess-look=none")
    row = looking.locator(".said-by [data-role=yours]")
    image = few[0][4:5].astype(np.float32) / 255
    logits = forward.logits(image)[0]
    best = int(logits.argmax())
    powers = np.exp(logits.astype(np.float64) - logits.max())
    classes = study["study"]["classes"]
    expect(row).to_contain_text(f"“model.onnx”: {classes[best]}")
    roles = "(all) => all.map((each) => each.dataset.role)"
    assert looking.locator(".said-by li").evaluate_all(roles) == ["dense", "yours"]
    shown = float(row.get_attribute("data-probability"))
    assert shown == pytest.approx(powers.max() / powers.sum(), abs=1e-4)
    expect(looking.locator(".evidence figure")).to_have_count(2)
    figure = looking.locator(".evidence figure").last
    assert float(figure.get_attribute("data-logit")) == pytest.approx(logits.max(), abs=1e-4)
    contributions = class_map(forward, image[0]).contributions[best]
    strength = np.abs(contributions) / np.abs(contributions).max()
    red = np.where(contributions > 0, 255, 86) * strength
    assert np.abs(pixels_of(figure.locator("canvas")) - red).max() <= 1
    image[:, 10:15, 8:13] = 0
    hidden = forward.logits(image)[0]
    change = f"from {odds(logits, best):.2f} to {odds(hidden, best):.2f}".replace("-", "−")
    expect(looking.locator("[data-drop]").last).to_contain_text(change)
    expect(looking.locator(".of-the-study")).to_contain_text("not about “model.onnx”")
    moved = at(page, "#move?image=4&right=2&down=-3&guess-move=none")
    card = moved.locator("[data-role=yours]")
    there = forward.logits(shifted(few[0][4:5], -3, 2))[0]
    expect(card.locator(".said strong")).to_have_text(classes[there.argmax()])
    expect(card.locator("h3")).to_have_text("“model.onnx”")
    assert moved.locator(".answer-card").evaluate_all(roles) == ["dense", "yours", "steady"]
    expect(moved.locator(".absent")).to_contain_text("feature maps can be shown of the study’s own")
    expect(moved.locator(".maps")).to_have_count(0)
    logit = moved.locator(".evidence figure").nth(1)
    assert float(logit.get_attribute("data-logit")) == pytest.approx(there.max(), abs=1e-4)
    expect(moved.locator(".of-the-study")).to_be_visible()
    assert_found(moved, contrast_of(study, "shift", "cnn-more-consistent"))
    moved.get_by_role("button", name="Try every place").click()
    every = [shifted(few[0][4:5], down, right) for down in range(-6, 7) for right in range(-6, 7)]
    places = forward.logits(np.concatenate(every)).argmax(1)
    same = sum(each == places[84] for each in places)
    expect(moved.locator(".places figcaption").nth(1)).to_have_text(
        f"“model.onnx”: the answer of the middle at {same} of 169 places"
    )


# What was loaded since the page was opened.
LOADED = "performance.getEntriesByType('resource').map((each) => each.name.split('/').at(-1))"


@pytest.fixture
def brought(page: Page, runtime: Path, tmp_path: Path) -> Path:
    """A linear network that the page has measured."""
    assert runtime.exists()
    path = tmp_path / "mine.onnx"
    linear(path, shape=["N", 28, 28, 1])
    view = choose(page, path)
    expect(view.locator(".bring")).to_contain_text("mine.onnx takes")
    expect(view.locator("[data-accuracy]")).to_have_count(7)
    return path


def test_the_rival_is_chosen_by_keyboard_and_comes_back(page: Page, brought: Path, sample: Images):
    weights = linear(brought, shape=["N", 28, 28, 1])
    images = sample[0].astype(np.float32) / 255
    mean = 100 * np.mean((images.reshape(-1, 784) @ weights).argmax(1) == sample[1])
    view = at(page, "#bring?guess-bring=none&compared=1&lang=es&curve=cnn")
    expect(view.locator(".stands")).to_contain_text("«mine.onnx» ocupa el lugar de la CNN")
    view.locator(".choice input[value=cnn]").focus()
    page.keyboard.press("ArrowLeft")
    expect(view.locator(".stands")).to_contain_text("«mine.onnx» ocupa el lugar de la red densa")
    curve = page.locator("#shift")
    expect(curve.locator(".line.brought:not(.yours) circle")).to_have_count(7)
    legend = curve.locator(".legend li").all_inner_texts()
    assert [each.strip() for each in legend] == [
        f"«mine.onnx», en {len(images)} imágenes de prueba [intervalo del 95 %]",
        "su curva: «mine.onnx»",
        "CNN",
        "su curva: CNN",
    ]
    fall = curve.locator(".revealed > p", has_text="«mine.onnx»: de")
    expect(fall).to_contain_text(f"{number(mean, 1)} %".replace(".", ","))
    rows = curve.locator(".numbers tbody th").all_text_contents()
    assert "La CNN" in rows
    assert "La red densa" not in rows
    cards = page.locator("#move .answer-card")
    roles = "(all) => all.map((each) => each.dataset.role)"
    expect(page.locator("#move [data-role=yours]")).to_be_visible()
    assert cards.evaluate_all(roles) == ["yours", "cnn", "steady"]
    expect(page.locator("#move .inside .absent")).to_contain_text(
        "«mine.onnx» ocupa el lugar de la red densa"
    )
    # A linear network has no last feature map.
    for name in ("move", "look"):
        sentence = page.locator(f"#{name} .evidence .absent")
        expect(sentence).to_contain_text("«mine.onnx» no termina en una media global")
    expect(page.locator("#look .said-by li").first).to_have_attribute("data-role", "yours")
    page.wait_for_timeout(500)
    assert "in-place=dense" in page.url
    view.get_by_role("button", name="Quitarla y devolver la red densa").press("Enter")
    expect(page.locator("[data-role=yours], .of-the-study, .stands")).to_have_count(0)
    assert cards.evaluate_all(roles) == ["dense", "cnn", "steady"]
    expect(curve.locator(".line.brought")).to_have_count(0)
    expect(page.locator("#look .said-by li").first).to_have_attribute("data-role", "dense")
    expect(view.locator(".revealed")).to_contain_text("elija su archivo arriba")


def test_with_a_network_nothing_is_inaccessible(page: Page, brought: Path):
    assert brought.exists()
    axe = (packages() / "axe-core/axe.min.js").read_text("utf-8")
    at(page, "#bring?guess-bring=above&compared=1&guess-move=cnn&guess-look=place&layer=conv_1")
    expect(page.locator("#move [data-role=yours]")).to_be_visible()
    page.evaluate(axe)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("axe.run('main').then(({ violations }) => violations)")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], scheme
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 900})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_last_file_counts_whatever_is_slower(page: Page, runtime: Path, tmp_path: Path):
    assert runtime.exists()
    for name, shape in (("first", [1, 28, 28, 1]), ("second", ["N", 1, 28, 28])):
        linear(tmp_path / f"{name}.onnx", shape=shape)
    # The first is read only after the second, then measured while the second takes its place.
    page.evaluate(
        """() => {
            const read = Blob.prototype.arrayBuffer;
            Blob.prototype.arrayBuffer = async function () {
                if (this.name === "first.onnx")
                    await new Promise((go) => { window.readFirst = go; });
                return read.call(this);
            };
            window.readAsUsual = () => { Blob.prototype.arrayBuffer = read; };
        }"""
    )
    choose(page, tmp_path / "first.onnx")
    view = choose(page, tmp_path / "second.onnx")
    expect(view.locator(".bring")).to_contain_text("second.onnx takes")
    page.evaluate("window.readFirst(); window.readAsUsual()")
    expect(view.locator("[data-accuracy]")).to_have_count(7)
    expect(view.locator(".bring")).to_contain_text("second.onnx takes")
    choose(page, tmp_path / "first.onnx")
    expect(view.locator(".bring")).to_contain_text("first.onnx takes")
    choose(page, tmp_path / "second.onnx")
    expect(view.locator(".bring")).to_contain_text("second.onnx takes")
    expect(view.locator("[data-accuracy]")).to_have_count(7)
    expect(view.get_by_role("alert")).to_have_count(0)
    choose(page, tmp_path / "first.onnx")
    expect(view.locator(".bring")).to_contain_text("first.onnx takes")
    view.get_by_role("button", name="Take it away").click()
    expect(view.locator(".measuring, .stands")).to_have_count(0)
    expect(page.locator("[data-role=yours]")).to_have_count(0)


def test_without_the_sample_the_shown_images_are_measured(
    browser: Browser, address: str, runtime: Path, few: Images, tmp_path: Path
):
    assert runtime.exists()
    weights = linear(tmp_path / "one.onnx", shape=["N", 28, 28, 1])
    other, _ = opened(browser, address + "#bring?guess-bring=none")
    other.route("**/sample.bin", lambda route: route.fulfill(body=b"no gzip"))
    view = other.locator("#bring")
    view.locator("input[type=file]").set_input_files(tmp_path / "one.onnx")
    assert_accuracies(view, lambda images: images.reshape(len(images), 784) @ weights, few)
    expect(view.locator(".notice")).to_contain_text("measured on the few that this page shows")
    expect(view.locator("thead")).to_contain_text("“one.onnx”, on 40 test images")
    other.context.close()


@pytest.mark.parametrize(
    "shape",
    [["N", 28, 28, 1], [1, 1, 28, 28], [16, 28, 28, 1], ["N", "C", "H", "W"]],
    ids=lambda shape: "x".join(map(str, shape)),
)
def test_other_forms_are_taken(
    page: Page,
    runtime: Path,
    sample: Images,
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
    page: Page, runtime: Path, few: Images, head: str, tmp_path: Path
):
    assert runtime.exists()
    path = tmp_path / f"{head}.onnx"
    pooled(path, head)
    expect(choose(page, path).locator(".bring")).to_contain_text(f"{head}.onnx takes")
    view = at(page, "#look?look-image=7")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    image = few[0][7:8].transpose(0, 3, 1, 2).astype(np.float32) / 255
    scores = np.asarray(session.run(None, {"images": image})[0])
    powers = np.exp(scores[0] - scores.max())
    row = view.locator(".said-by [data-role=yours]")
    expect(row).to_contain_text(f"({100 / powers.sum():.1f} %)")
    figures = view.locator(".evidence figure")
    if head == "Gemm":
        expect(figures).to_have_count(2)
        logit = float(figures.last.get_attribute("data-logit"))
        assert logit == pytest.approx(scores.max(), abs=1e-4)
    else:
        expect(figures).to_have_count(1)
        expect(view.locator(".evidence .absent")).to_contain_text(
            "does not end in a global average and dense layers"
        )


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
