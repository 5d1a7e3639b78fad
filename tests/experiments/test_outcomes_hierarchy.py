"""The hierarchy's outcome on results whose numbers are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.experiments import outcome_of
from convbias.experiments.outcome import Outcome
from convbias.figures.filters import as_image
from convbias.findings.statement import above, absent
from factories import make_results

PROBES = {
    "pixels": 0.80,
    "conv_1": 0.82,
    "pool_1": 0.83,
    "conv_2": 0.85,
    "pool_2": 0.86,
    "global_average": 0.87,
    "dense_1": 0.88,
    "probabilities": 0.89,
}
ONE_LAYER = [name for name in PROBES if not name.endswith("_2")]


def values(condition: str, seed: int) -> dict[str, float]:
    """Trained edges are 0.35 against chance's 0.25, bars as by chance; probes rise by layer."""
    frozen, spread = condition == "two frozen layers", 0.01 * (seed - 1)
    layers = ONE_LAYER if condition == "one layer" else list(PROBES)
    edge = (0.25 if frozen else 0.35) + spread
    return {
        "accuracy": 0.7 if frozen else 0.9,
        **{f"probe_{name}": PROBES[name] + spread for name in layers},
        "probe_last_maps": 0.86,
        "edge_energy": edge,
        "edge_energy_by_chance": 0.25,
        "edge_energy_chance_error": 0.03,
        "edge_energy_standard_errors_from_chance": (edge - 0.25) / 0.03,
        "bar_energy": 0.375 + spread,
        "bar_energy_by_chance": 0.375,
        "bar_energy_chance_error": 0.04,
        "bar_energy_standard_errors_from_chance": spread / 0.04,
        "kernels_moved": 0.0 if frozen else 0.5 + spread,
    }


def pictures(condition: str, seed: int) -> dict[str, np.ndarray]:
    kernels = np.random.default_rng(seed).normal(size=(3, 3, 32)).astype(np.float16)
    shares = np.linspace(0, 1, 32) if condition == "two layers" else np.full(32, 0.25)
    return {"kernels": kernels, "edge_shares": shares.astype(np.float16)}


def outcome_with(
    seeds: tuple[int, ...] = (0, 1, 2), condition: str = "two layers", **changes: float
) -> Outcome:
    def found(name: str, seed: int) -> dict[str, float]:
        return values(name, seed) | (changes if name == condition else {})

    return outcome_of(make_results("hierarchy", found, seeds, pictures))


def test_edges_beside_chance() -> None:
    edges = outcome_with().statements[0]
    assert edges.verdict == "holds"
    # Student's t with 2 degrees of freedom, 4.3027, times 1 / sqrt(3) points: 2.5.
    assert "35.0 % (95 % interval 32.5 to 37.5, 3 seeds) of their energy is edges" in edges.text
    assert "chance gives 25.0 %; it is more than that with 3 of 3 seeds, by 3.3 " in edges.text
    assert "Bars have 37.5 %" in edges.text
    # No more than by chance, or by less than the margin of two points.
    assert outcome_with(edge_energy=0.25).statements[0].verdict == "does not hold"
    assert outcome_with(edge_energy=0.269).statements[0].verdict == "does not hold"
    assert outcome_with(edge_energy=0.271).statements[0].verdict == "holds"
    assert outcome_with(edge_energy=0.20).statements[0].verdict == "does not hold"
    assert outcome_with((0, 1)).statements[0].verdict == "undecided"


def test_probes_that_rise_at_every_step() -> None:
    rising = outcome_with().statements[1]
    assert rising.verdict == "holds"
    assert "pixels 80.0, first convolution 82.0, first pooling 83.0" in rising.text
    assert "with 3 of 3 seeds" in rising.text
    assert "Not shown" not in rising.text


def test_one_step_that_falls_is_enough() -> None:
    statement = outcome_with(probe_pool_1=0.65).statements[1]
    assert statement.verdict == "does not hold"
    assert "with 0 of 3 seeds" in statement.text
    # From 81, 82 and 83 %: the spread over seeds stays that of one side.
    assert (
        "from first convolution to first pooling it changes by -17.0 percentage points (95 %"
        " interval -19.5 to -14.5, 3 seeds)" in statement.text
    )
    assert "to second convolution" not in statement.text.partition("Not shown")[2]


def test_what_random_kernels_reach() -> None:
    statement = outcome_with().statements[2]
    # 60 points over guessing of 80.
    assert "random kernels have 75.0 % (95 % interval 75.0 to 75.0, 3 seeds)" in statement.text
    assert statement.verdict == "holds"
    weak = outcome_with(condition="two frozen layers", accuracy=0.2).statements[2]
    assert "random kernels have 12.5 %" in weak.text
    assert weak.verdict == "does not hold"


def test_controls() -> None:
    found = outcome_with()
    [kernels], (edges, _) = found.identities, found.controls
    assert (kernels.verdict, edges.verdict) == ("holds", "holds")
    assert "change of a frozen weight is 0 in 3 networks; in each of 6 networks" in kernels.text
    assert "moved by 0.49 or more" in kernels.text
    # Glorot's bound for 3 x 3 taps, one channel and 32 filters is 0.142: a last bit of 2^-26.
    bit = float(np.spacing(np.float32((6 / (9 + 288)) ** 0.5)))
    for changed, verdict in ((bit, "holds"), (2 * bit, "does not hold")):
        moved = outcome_with(condition="two frozen layers", kernels_moved=changed)
        assert moved.identities[0].verdict == verdict
    assert outcome_with(kernels_moved=0.0).identities[0].verdict == "does not hold"


@pytest.mark.parametrize(
    # The mean of three networks is 3 ** 0.5 times as far away as each of them.
    ("errors", "verdict"),
    [(1.7, "holds"), (1.8, "does not hold"), (-1.8, "does not hold")],
)
def test_frozen_edges_are_near_chance(errors: float, verdict: str) -> None:
    changed = {"edge_energy_standard_errors_from_chance": errors}
    outcome = outcome_with(condition="two frozen layers", **changed)
    assert outcome.controls[0].verdict == verdict
    few = outcome_with((0, 1), "two frozen layers", **changed)
    assert few.controls[0].verdict == "undecided"


def test_figures_hold_the_numbers() -> None:
    probes, filters, energies = outcome_with().figures
    assert probes.name == "hierarchy-probes"
    assert "one layer: pixels: 80.0, conv 1: 82.0, pool 1: 83.0, mean: 87.0" in probes.description
    assert "Two layers, seed 0: mean share of edges 50 % over 32 filters, range 0 to 100 %" in (
        filters.description
    )
    assert "two layers: edges 35.0 (chance 25.0, n = 3)" in energies.description
    assert "two frozen layers: bars 37.5 (chance 37.5, n = 3)" in energies.description
    for figure in (probes, filters, energies):
        assert "<svg" in figure.svg()


def test_it_copes_with_what_is_there() -> None:
    empty = outcome_of(make_results("hierarchy", lambda *_: {}, seeds=(0,)))
    known = (*empty.identities, empty.controls[0])
    verdicts = [each.verdict for each in (*empty.statements, *known)]
    # Accuracies are there without any measure.
    assert verdicts == ["not measured yet", "not measured yet", "undecided", *verdicts[3:]]
    assert verdicts[3:] == ["not measured yet", "not measured yet"]
    assert empty.figures == ()

    def only_one_layer(condition: str, seed: int) -> dict[str, float]:
        return values(condition, seed) if condition == "one layer" else {}

    one = outcome_of(make_results("hierarchy", only_one_layer, seeds=(0,)))
    assert [figure.name for figure in one.figures] == ["hierarchy-probes", "hierarchy-energies"]


def test_nothing_learnt_is_no_share() -> None:
    outcome = outcome_with(accuracy=0.1)
    assert outcome.statements[2].verdict == "undecided"
    assert "only guesses" in outcome.statements[2].text


def test_above_a_bound() -> None:
    assert above([1.0, 1.1, 1.2], 0.5) == "holds"
    assert above([1.0, 1.1, 1.2], 1.1) == "undecided"
    assert above([1.0, 1.1, 1.2], 2.0) == "does not hold"
    assert above([1.0, 1.1], 0.5) == "undecided"
    assert above([], 0.5) == "not measured yet"


def test_what_does_not_matter_or_is_one_of_many_is_not_shown() -> None:
    # Mean 1.1, standard deviation 0.1: the 95 % interval is 1.1 -+ 4.303 * 0.1 / 3 ** 0.5, from
    # 0.852 to 1.348; with a fifth of the level for each of five it is 1.1 -+ 9.925 * 0.0577, from
    # 0.527 to 1.673.
    values = [1.0, 1.1, 1.2]
    assert above(values, 0.8) == above(values, 0.8, margin=0.5) == "holds"
    assert above(values, 0.8, margin=0.6) == "does not hold"  # all of it is below 1.4
    assert above(values, 0.8, comparisons=5) == "undecided"
    assert above(values, 1.4, comparisons=5) == "undecided"
    assert above(values, 0.5, comparisons=5) == "holds"
    assert absent(values, none=0, matters=0.8) == "does not hold"
    assert absent(values, none=0, matters=0.8, comparisons=5) == "undecided"


def test_grey_has_zero_in_the_middle() -> None:
    np.testing.assert_array_equal(as_image(np.zeros((3, 3))), 128)
    np.testing.assert_array_equal(as_image(np.array([[-4.0, 4.0]])), [[1, 255]])
