"""`convbias measure`: tables, report and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convbias.cli.app import run
from own_images import class_folders, noise
from twins import SIDE, keras_twin, onnx_twin

pytestmark = pytest.mark.slow

CLASSES = ("ant", "bee", "cat", "dog", "eel")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Own images of noise, and three networks for them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "pets", noise(100, side=SIDE)[..., :1], CLASSES)
    onnx_twin(tmp_path / "one.onnx", seed=0)
    onnx_twin(tmp_path / "other.onnx", seed=1)
    keras_twin().save(tmp_path / "same.keras")
    return tmp_path


def test_a_report_with_all_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["measure", "same.keras", "--data", "pets", "--out", "found"]) == 0
    printed = capsys.readouterr().out
    assert "What it takes: 1 network" in printed
    assert "Accuracy (%)" in printed
    document = json.loads((folder / "found" / "measures.json").read_text())
    numbers = {each["name"]: each for each in document["numbers"]}
    assert numbers["theoretical_field"]["groups"]["measured"]["mean"] == 12
    assert numbers["accuracy"]["groups"]["measured"]["method"] == "Wilson's score interval"
    assert {each["measure"] for each in document["numbers"]} == {
        *("accuracy", "shifts", "corruptions", "blocks", "places", "lie"),
        *("equivariance", "receptive_field"),
    }
    page = (folder / "found" / "report.html").read_text()
    figures = sorted(path.stem for path in (folder / "found" / "figures").glob("*.svg"))
    assert len(figures) == 8
    for name in figures:
        assert f'id="figure-{name}"' in page


def test_two_groups_are_contrasted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["measure", "one.onnx", "same.keras", "--against", "same.keras", "other.onnx"]
    assert run([*words, "--data", "pets", "--images", "8", "--out", "found"]) == 0
    assert "undecided" in capsys.readouterr().out
    document = json.loads((folder / "found" / "measures.json").read_text())
    accuracy = document["numbers"][0]
    assert accuracy["name"] == "accuracy"
    assert set(accuracy["groups"]) == {"measured", "against"}
    assert accuracy["contrast"]["over"] == "networks and images"
    # The same weights in both formats.
    assert accuracy["groups"]["measured"]["networks"][0] == pytest.approx(
        accuracy["groups"]["against"]["networks"][0]
    )
    assert document["images"]["accuracy"] == "8"
    said = " ".join(document["remarks"]["lie"])
    assert "By the framework's gradients" in said
    assert "no gradients of ONNX" in said


def test_a_plan_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["measure", "one.onnx", "--data", "pets", "--plan", "--out", "found"]) == 0
    assert "passes of an image" in capsys.readouterr().out
    assert not (folder / "found").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no network is named"),
        (["one.onnx", "--against", "same.keras", "other.onnx"], "cannot be paired"),
        (["missing.onnx"], "there is no missing.onnx"),
        (["pets"], "without saved_model.pb"),
        (["one.onnx", "--channels", "last"], "channels last"),
        (["one.onnx", "--deviation", "0"], "the first and the last above 0"),
        (["one.onnx", "--outputs", "probabilities"], "state --outputs logits"),
        (["one.onnx", "--side", "16"], "--side"),
        (["one.onnx", "--images", "1"], "images"),
    ],
)
def test_refusals(
    words: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["measure", *words, "--data", "pets", "--out", "found"]) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "found").exists()
