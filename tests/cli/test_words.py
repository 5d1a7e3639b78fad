"""Lists of whole numbers, and numbers that need not be whole."""

from __future__ import annotations

import pytest

from convbias.cli import main
from convbias.cli.app import make_app


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


def test_a_learning_rate_may_be_a_fraction(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "dense", "--learning-rate", "1e400"]) == 2
    said = capsys.readouterr().err
    assert "--learning-rate" in said
    assert "whole number" not in said
