"""`convbias explain`: the command on small trained networks, and its figure."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from colours import SIMULATIONS, contrast, lab
from command_line import files_below, finished_study
from convbias import data
from convbias.cli import main
from convbias.data.reading import read_picture
from convbias.figures import DARK, LIGHT, Figure, Theme, write_figure
from convbias.figures.explanation import explanation
from convbias.figures.panels import ColourScale, PanelDrawer
from convbias.figures.sheets import PanelRows, ShareTable, Sheet
from convbias.measures.explain.explanation import Explanation, explain
from convbias.networks.models import build
from convbias.runs.published import published_folder
from convbias.runs.store import Store
from convbias.spec.arms import Convolutional, Dense
from factories import CLASS_NAMES, make_arm, make_run

pytestmark = pytest.mark.slow


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def trained(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of the runs of a tiny study, two seeds of each model; it must not be changed."""
    return str(finished_study(tmp_path_factory.getbasetemp()) / "runs")


# The command


@pytest.mark.integration
def test_best_runs_as_json_with_figure_and_cut_out(
    trained: str, here: Path, capsys: pytest.CaptureFixture[str]
):
    files = ["--out", "new/why.html", "--cut-out", "seen/3.png"]
    assert main(["explain", "3", "--runs", trained, "--json", *files]) == 0
    said = capsys.readouterr()
    assert "wrote new/why.html" in said.err
    assert "wrote seen/3.png" in said.err
    found = json.loads(said.out)
    test_images, labels = data.load("drawn").test_images, data.load("drawn").test_labels
    assert found["image"]["pixels"] == test_images[3, :, :, 0].tolist()
    assert found["image"]["class"] == CLASS_NAMES[labels[3]]
    with Image.open("seen/3.png") as seen:
        assert np.asarray(seen).tolist() == found["image"]["pixels"]
    best = {
        name: max(
            (run for run in Store(trained) if run.arm.model.name == name),
            key=lambda run: run.epochs[-1].validation_accuracy,
        )
        for name in ("dense", "cnn-3x3")
    }
    assert found["runs"] == {name: run.key for name, run in best.items()}
    assert "validation accuracy" in found["chosen"]
    assert found["absent"] == []
    assert [network["name"] for network in found["networks"]] == ["dense", "cnn-3x3"]
    for network in found["networks"]:
        check_network(network, best[network["name"]].per_image.predicted[3])
    page = (here / "new" / "why.html").read_text()
    assert page.count("data:image/svg+xml") == 2
    assert 'alt="The image, test image 3 of the drawn garments' in page


def check_network(network: dict[str, Any], predicted: int) -> None:
    assert network["predicted"] == CLASS_NAMES[predicted]
    assert sum(network["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    account = network["class_map"]
    for name in CLASS_NAMES:
        total = np.sum(account["contributions"][name]) + account["constants"][name]
        assert total == pytest.approx(network["logits"][name], abs=1e-4)
    shape = (28, 28) if network["name"] == "dense" else (7, 7)
    assert np.shape(account["contributions"]["Bag"]) == shape
    assert np.shape(network["occlusion"]["logit_drop"][network["predicted"]]) == (28, 28)
    for integrated in network["integrated_gradients"].values():
        exceeds = np.sum(integrated["attributions"]) - integrated["logit_difference"]
        assert exceeds == pytest.approx(integrated["error"], abs=1e-4)


@pytest.mark.integration
def test_named_runs_and_a_picture_as_tables(
    trained: str, here: Path, capsys: pytest.CaptureFixture[str]
):
    keys = [run.key for run in Store(trained) if run.arm.model.name == "dense"]
    picture = Image.new("RGB", (60, 90), "white")
    picture.paste((20, 30, 90), (15, 10, 45, 80))
    picture.save(here / "dress.png")
    named = [part for key in keys for part in ("--run", key)]
    arguments = ["explain", "dress.png", "--runs", trained, *named, "--out", "why.png"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "negated, because the background is light: the median" in said
    assert "resized to 12 × 28 pixels" in said
    assert "drawn garments, not Fashion-MNIST; 100 training images" in said
    heading = next(line for line in said.splitlines() if "class" in line and "seed" in line)
    assert heading.split() == ["class", "dense", "seed", "0", "dense", "seed", "1"]
    shares = [line.split() for line in said.splitlines() if line.lstrip().startswith(CLASS_NAMES)]
    for column in (-4, -2):
        assert sum(float(row[column]) for row in shares[:10]) == pytest.approx(100, abs=0.1)
    with Image.open(here / "why.png") as figure:
        assert figure.width == 2 * 940


@pytest.mark.integration
def test_a_busy_photograph_before_anything_was_trained(
    here: Path, capsys: pytest.CaptureFixture[str]
):
    noise = np.random.default_rng(0).integers(0, 256, (90, 60), dtype=np.uint8)
    Image.fromarray(noise).save(here / "noise.png")
    assert main(["explain", "noise.png"]) == 0
    said = capsys.readouterr()
    assert "the published study is read" in said.err
    store = Store(published_folder() / "full" / "runs")
    there, _ = store.with_networks()
    [named] = [line for line in said.out.splitlines() if line.startswith("Networks: ")]
    assert [name for name in ("dense", "cnn-3x3") if name in named] == [
        run.arm.model.name for run in there
    ]
    assert ("no network of dense is stored" in said.err) == (len(there) == 1)
    assert "the picture is unlike Fashion-MNIST" in said.err
    assert "--cut-out seen.png saves it" in said.err
    assert files_below(here) == {"noise.png"}


REFUSED = {
    "no networks": (["0", "--runs", "folder.svg"], "no finished run of dense or cnn-3x3"),
    "a run that is not there": (["0", "--run", "x-seed0"], "no run 'x-seed0' is stored"),
    "no picture": (["no.png", "--out", "new/why.svg"], "there is no file no.png"),
    "a suffix": (["0", "--out", "why.pgn"], "did you mean '.png'?"),
    "a cut-out's suffix": (["0", "--cut-out", "seen.jpg"], "did you mean '.png'?"),
    "a folder as a file": (["0", "--out", "folder.svg"], "folder.svg is a folder"),
    "no image": ([], "IMAGE"),
    "a missing picture": (["no.png"], "there is no file no.png"),
    "an index": (["1000"], "an index from 0 to 999"),
    "a negative index": (["-1"], "-1"),
    "a folder that cannot be written": (["0", "--out", "file/why.svg"], "file is a file"),
}


@pytest.mark.integration
@pytest.mark.parametrize(("arguments", "expected"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_explained(
    trained: str,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    expected: str,
):
    (here / "folder.svg").mkdir()
    (here / "file").touch()
    where = [] if "--runs" in arguments else ["--runs", trained]
    assert main(["explain", *arguments, *where]) == 2
    said = capsys.readouterr()
    assert expected in said.err
    assert "Traceback" not in said.err + said.out
    assert files_below(here) == {"folder.svg", "file"}


def test_networks_that_are_missing_or_damaged(here: Path, capsys: pytest.CaptureFixture[str]):
    store = Store(here / "runs")
    run = make_run(make_arm("dense", dataset="drawn"), 0)
    store.write(run)
    assert main(["explain", "0", "--run", run.key]) == 2
    assert "is missing" in capsys.readouterr().err
    store.network_path(run.arm, 0).write_bytes(b"no network")
    assert main(["explain", "0", "--run", run.key]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_an_index_needs_runs_of_one_data_set(here: Path, capsys: pytest.CaptureFixture[str]):
    store = Store(here / "runs")
    runs = [make_run(make_arm("dense", dataset=name), 0) for name in ("drawn", "fashion-mnist")]
    for run in runs:
        store.write(run)
    named = [part for run in runs for part in ("--run", run.key)]
    assert main(["explain", "0", *named]) == 2
    assert "drawn and fashion-mnist" in capsys.readouterr().err


# The figure


@pytest.fixture(scope="module")
def explanations() -> list[Explanation]:
    """Of networks that disagree, so that there are two classes to explain."""
    networks = {
        "dense": build(Dense(), 1),
        "cnn-3x3": build(Convolutional(filters=(5, 20)), 4, (0.3, 0.3)),
    }
    return explain(networks, data.load("drawn").test_images[0, :, :, 0], 7)


@pytest.fixture(scope="module")
def figure(explanations: list[Explanation], tmp_path_factory: pytest.TempPathFactory) -> Figure:
    path = tmp_path_factory.mktemp("pictures") / "photograph.png"
    picture = Image.new("RGB", (300, 200), "white")
    picture.paste((20, 30, 90), (100, 10, 180, 180))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    picture = read_picture(str(path), lambda: data.load("drawn"))
    return explanation(picture, explanations, CLASS_NAMES, "drawn garments")


def sections(figure: Figure, kind: type[Any]) -> list[Any]:
    assert isinstance(figure.drawing, Sheet)
    return [section for section in figure.drawing.sections if isinstance(section, kind)]


def test_scales_are_centred_and_shared_where_units_are(figure: Figure):
    classes = [one for one in sections(figure, PanelRows) if one.columns]
    assert len(classes) >= 2
    for section in classes:
        for panels in (panels for _, panels in section.rows):
            assert all(panel.scale.least == -panel.scale.limit for panel in panels)
        (exact, *shared), (other_exact, *other_shared) = (panels for _, panels in section.rows)
        assert [one.scale for one in shared] == [one.scale for one in other_shared]
        assert exact.scale.unit != other_exact.scale.unit
        assert exact.image.shape == (28, 28)
        assert other_exact.image.shape == (7, 7)


def test_all_filters_and_probabilities_are_shown(figure: Figure, explanations: list[Explanation]):
    filters = [one for one in sections(figure, PanelRows) if one.common]
    assert [len(one.rows[0][1]) for one in filters] == [5, 20]
    [shares] = sections(figure, ShareTable)
    for (name, row), one in zip(shares.rows, explanations, strict=True):
        assert name == one.name
        np.testing.assert_allclose(row, one.probabilities)
    for one in explanations:
        assert CLASS_NAMES[one.predicted] in figure.description


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_no_text_is_cut_off_or_lies_on_another(figure: Figure, theme: Theme):
    canvas = figure.drawing.draw(theme, figure.title, figure.subtitle)
    drawn = FigureCanvasAgg(canvas)
    drawn.draw()
    [axes] = canvas.axes
    renderer = drawn.get_renderer()  # otherwise every text makes its own, of 11 MB
    boxes = {text: text.get_window_extent(renderer) for text in axes.texts if text.get_text()}
    assert len(boxes) > 80
    width, height = canvas.bbox.width, canvas.bbox.height
    for text, box in boxes.items():
        assert text.get_fontsize() * 96 / 72 >= 11.9, text
        assert box.x0 >= 0, text
        assert box.x1 <= width, text
        assert box.y0 >= 0, text
        assert box.y1 <= height, text
    for (one, first), (other, second) in combinations(boxes.items(), 2):
        # Boxes have room for accents that no letter here has.
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert wide <= 0 or high <= 3, (one, other)
    for picture in axes.images:
        left, right, bottom, top = picture.get_extent()
        for text in axes.texts:
            x, y = text.get_position()
            inside = left < x < right and top < y < bottom
            assert not inside or text.get_text().endswith("%"), text


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("simulation", SIMULATIONS.values(), ids=SIMULATIONS)
def test_everyone_can_tell_for_from_against(theme: Theme, simulation: np.ndarray):
    colours = ColourScale("diverging", 1, "").colours(theme)
    for amount in (0.2, 0.5, 0.95):
        one, other, nothing = (
            "#" + "".join(f"{round(255 * part):02x}" for part in colours(0.5 + share / 2)[:3])
            for share in (amount, -amount, 0)
        )
        assert np.linalg.norm(lab(one, simulation) - lab(other, simulation)) > 10
        for colour in (one, other):
            assert np.linalg.norm(lab(colour, simulation) - lab(nothing, simulation)) > 5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_share_can_be_read(theme: Theme):
    scale = ColourScale("sequential", 1, "")
    for share in np.linspace(0, 1, 41):
        red, green, blue, _ = (round(255 * part) for part in scale.colours(theme)(share))
        ink = PanelDrawer(None, theme).ink_on(share, scale)
        assert contrast(ink, f"#{red:02x}{green:02x}{blue:02x}") > 4


def test_a_figure_is_written_as_its_name_says(figure: Figure, tmp_path: Path):
    for suffix, start in ((".svg", b"<?xml"), (".html", b"<!doctype"), (".PNG", b"\x89PNG")):
        path = tmp_path / f"why{suffix}"
        write_figure(figure, path)
        assert path.read_bytes().startswith(start)
    svg = (tmp_path / "why.svg").read_text()
    assert re.search(rf'<svg role="img" [^>]*><title>{re.escape(figure.title)}', svg)
    assert figure.description[:60] in svg
