"""Words of the command line that must not be taken for something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from convbias.cli import main
from convbias.cli.app import make_app

FRACTIONS = [
    ("train", "dense", "--seeds", "1.5"),
    ("train", "dense", "--seeds", "0", "2.0"),
    ("train", "cnn", "--kernel-size=2.9"),
    ("train", "dense", "--epochs", "0.6"),
    ("train", "dense", "--epochs", "1e400"),
    ("train", "dense", "--training-images", "1e3"),
    ("study", "smoke", "--jobs", "1.5"),
    ("deploy", "plan", "--bucket", "b", "--role", "r", "--instances", "1.5"),
]


@pytest.mark.parametrize("arguments", FRACTIONS, ids=" ".join)
def test_fractions_are_no_whole_numbers(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "a whole number" in said
    assert arguments[-1].split("=")[-1] in said
    assert list(tmp_path.iterdir()) == []


def test_a_fraction_is_a_learning_rate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "dense", "--learning-rate", "1e400"]) == 2
    said = capsys.readouterr().err
    assert "--learning-rate" in said
    assert "whole number" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs", "verify", "--runs", ""),
        ("train", "dense", "--dataset", "drawn", "--runs", ""),
        ("report", "smoke", "--out", ""),
        ("predict", "--archive", "", "picture.png"),
    ],
    ids=" ".join,
)
def test_an_empty_path_is_not_the_current_folder(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert "is empty" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "seeds"),
    [
        (["0,1,2"], (0, 1, 2)),
        (["0-4"], (0, 1, 2, 3, 4)),
        (["3", "5-6,9", "0"], (3, 5, 6, 9, 0)),
        (["7-7"], (7,)),
    ],
    ids=str,
)
def test_lists_are_spelled_out(words: list[str], seeds: tuple[int, ...]) -> None:
    app = make_app(overview=False)
    arguments = ["train", "dense", "--seeds", *words, "--epochs", "3"]
    _, bound, _ = app.parse_args(arguments, exit_on_error=False, print_error=False)
    assert bound.kwargs["seeds"] == seeds
    assert bound.kwargs["epochs"] == 3


@pytest.mark.parametrize(
    ("word", "said"),
    [("4-0", "4-0 is empty"), ("0-99999999", "too long"), ("0,1,1", "seed 1 is named 2 times")],
)
def test_lists_that_cannot_be_spelled_out(
    word: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "dense", "--seeds", word]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("deploy", "plna"), "did you mean 'plan'?"),
        (("data", "fetsch"), "did you mean 'fetch'?"),
        (("runs", "lst"), "did you mean 'list'?"),
    ],
    ids=str,
)
def test_a_misspelt_command_of_a_group(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
