"""The receptive fields' outcome on results whose numbers are known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convbias.experiments import outcome_of
from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.receptive_field.outcome import theoretical_side
from convbias.report.page import draw_here, specifications
from factories import make_results

SIDES = {"cnn-3x3": 10, "cnn-5x5": 16, "cnn-7x7": 22}


def values(condition: str, seed: int) -> dict[str, float]:
    """Trained networks use 0.6 of the side, untrained ones 0.5, a little more or less by seed."""
    side = SIDES[condition]
    found = {"theoretical_field": float(side), "influence_outside": 2e-7}
    for share, factor in ((20, 0.3), (30, 0.4), (50, 0.6), (99, 0.95)):
        found[f"effective_share_{share}"] = factor + 0.01 * (seed - 1)
        found[f"effective_field_{share}"] = side * found[f"effective_share_{share}"]
    untrained = {
        "effective_share_50": 0.5 - 0.005 * (seed - 1),
        "effective_field_50": side * (0.5 - 0.005 * (seed - 1)),
        "influence_outside": 0.0,
    }
    return found | {f"untrained_{name}": value for name, value in untrained.items()}


def pictures(condition: str, seed: int) -> dict[str, np.ndarray]:
    inside = np.zeros((28, 28), dtype=np.float16)
    half = SIDES[condition] // 2
    inside[14 - half : 14 + half, 14 - half : 14 + half] = 1 / SIDES[condition] ** 2
    return {"influence": inside, "untrained_influence": inside * (1 + seed)}


def outcome_with(seeds: tuple[int, ...] = (0, 1, 2), **changes: float) -> Outcome:
    return outcome_of(
        make_results("receptive-field", lambda *run: values(*run) | changes, seeds, pictures)
    )


def test_sides_and_changes_with_their_spread() -> None:
    larger, three, five, seven = outcome_with().statements
    assert larger.verdict == "holds"
    # 6 pixels, a tenth more or less: 4.3027 (Student's t, 2 degrees) * 0.1 / sqrt(3) = 0.25.
    assert "6.00 pixels (95 % interval 5.75 to 6.25, 3 seeds) with 3x3 kernels" in larger.text
    assert "in 3 of 3 seeds" in larger.text
    assert "Before training it is 5.00 / 8.00 / 11.00 pixels" in larger.text
    for statement, side in ((three, 10), (five, 16), (seven, 22)):
        assert statement.verdict == "holds"
        assert f"theoretical side of {side} pixels" in statement.text
        # Seeds move both in opposite ways: changes of 8.5, 10 and 11.5 points.
        assert "+10.0 percentage points (95 % interval +6.3 to +13.7, 3 seeds)" in statement.text


def test_kernels_that_do_not_use_more_are_said_so() -> None:
    assert outcome_with(effective_field_50=7.0).statements[0].verdict == "does not hold"
    assert outcome_with((0, 1)).statements[0].verdict == "undecided"


def test_a_side_that_grows_with_some_seeds_only_is_undecided() -> None:
    def found(condition: str, seed: int) -> dict[str, float]:
        shrunk = {"effective_field_50": 1.0} if (condition, seed) == ("cnn-7x7", 2) else {}
        return values(condition, seed) | shrunk

    statement = outcome_of(make_results("receptive-field", found)).statements[0]
    assert "in 2 of 3 seeds" in statement.text
    assert statement.verdict == "undecided"


@pytest.mark.parametrize(
    ("before", "verdict"), [(0.7, "does not hold"), (0.6, "undecided"), (0.5, "holds")]
)
def test_whether_training_widens_the_field(before: float, verdict: str) -> None:
    statements = outcome_with(untrained_effective_share_50=before).statements[1:]
    assert {statement.verdict for statement in statements} == {verdict}


def test_controls() -> None:
    outside, sides = outcome_with().identities
    assert (outside.verdict, sides.verdict) == ("holds", "holds")
    assert "at most 2e-07 of it, in 18 networks" in outside.text
    assert "10 pixels with 3x3 kernels, 16 pixels with 5x5 kernels, 22 pixels" in sides.text
    assert outcome_with(untrained_influence_outside=2e-5).identities[0].verdict == "does not hold"
    assert outcome_with(theoretical_field=16.0).identities[1].verdict == "does not hold"
    assert [theoretical_side(size) for size in (3, 5, 7)] == list(SIDES.values())


def test_figures_hold_the_numbers() -> None:
    maps, sides = outcome_with().figures
    assert maps.name == "receptive-field-maps"
    assert "after training, 7x7 kernels: half within 13.2 of 22 pixels" in maps.description
    assert "before training, 3x3 kernels: half within 5.0 of 10 pixels" in maps.description
    assert "theoretical: 3x3: 10.0, 5x5: 16.0, 7x7: 22.0" in sides.description
    assert "50 %: 3x3: 6.0, 5x5: 9.6, 7x7: 13.2" in sides.description
    for figure in (maps, sides):
        assert "<svg" in figure.svg()


def test_a_sheet_stands_in_a_report_as_a_picture(tmp_path: Path) -> None:
    drawn, _ = draw_here(outcome_with().figures, tmp_path)
    assert list(specifications(drawn)) == ["receptive-field-sides"]
    static = drawn["receptive-field-maps"].static
    assert static is not None
    # Two rows of three maps, with a scale and words, on a sheet that is wider than high.
    assert 0.5 < static.height / static.width < 1


def test_it_copes_with_what_is_there() -> None:
    results = make_results("receptive-field", lambda *_: {}, seeds=(0,))
    empty = outcome_of(results)
    known = (*empty.identities, *empty.controls)
    assert {each.verdict for each in (*empty.statements, *known)} == {"not measured yet"}
    assert empty.figures == ()

    def only_five(condition: str, seed: int) -> dict[str, float]:
        return values(condition, seed) if condition == "cnn-5x5" else {}

    one = outcome_of(make_results("receptive-field", only_five, seeds=(0,)))
    assert [each.verdict for each in one.statements] == ["not measured yet", "undecided"]
    (sides,) = one.figures  # no pictures are stored
    assert "3x3" not in sides.description
