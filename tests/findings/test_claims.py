"""The original study's claims against hand-made runs, hand-counted shapes and the real data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import botocore.session
import pytest

from convbias.data.eda import explore
from convbias.data.pixel_correlation import AdjacentPixels
from convbias.errors import InputError
from convbias.experiments import ORIGINAL
from convbias.experiments.studies import load_study
from convbias.findings.claims import Claim, ClaimResult, DataFacts, FurtherEvidence, audit, claims
from convbias.findings.claims.checks import CHECKS, deployment
from convbias.findings.claims.comparisons import epochs_to_reach
from convbias.findings.results import ConditionRun
from convbias.report.sections import experiment_section
from convbias.spec.arithmetic import weight_shapes
from convbias.spec.arms import DataVariant
from factories import MODELS, make_arm, make_results, make_run, make_runs

# The subjects of the original study's statements.
ROWS = {
    "data",
    "baseline-params",
    "cnn-params",
    "kernel-params",
    "baseline-accuracy / loss",
    "cnn-accuracy / loss",
    "kernel-accuracy",
    "gap",
    "memory",
    "convergence",
    "locality",
    "sharing",
    "equivariance",
    "hierarchy",
    "7x7-covers",
    "choices",
    "not-for",
    "deploy",
}

DENSE_SHAPES = {
    "dense_1": {"kernel": (784, 128), "bias": (128,)},
    "dense_2": {"kernel": (128, 64), "bias": (64,)},
    "probabilities": {"kernel": (64, 10), "bias": (10,)},
}


def cnn_shapes(kernel_size: int) -> dict[str, dict[str, tuple[int, ...]]]:
    return {
        "conv_1": {"kernel": (kernel_size, kernel_size, 1, 32), "bias": (32,)},
        "conv_2": {"kernel": (kernel_size, kernel_size, 32, 64), "bias": (64,)},
        "dense_1": {"kernel": (64, 128), "bias": (128,)},
        "probabilities": {"kernel": (128, 10), "bias": (10,)},
    }


NETWORKS = {"dense": DENSE_SHAPES} | {f"cnn-{k}x{k}": cnn_shapes(k) for k in (3, 5, 7)}

FACTS = DataFacts(
    dataset="fashion-mnist",
    image_shape=(28, 28, 1),
    train_counts=(6_000,) * 10,
    test_counts=(1_000,) * 10,
    adjacent=AdjacentPixels(pairs=1_512, excluded=0, minimum=0.17, uncorrelated=0),
)


def audited(runs: Sequence[ConditionRun] = (), **given) -> dict[str, ClaimResult]:
    return {result.id: result for result in audit(ORIGINAL, runs, **given)}


# --- the list of claims -------------------------------------------------------------------------


def test_every_statement_is_listed_once():
    listed = claims()
    assert {claim.row for claim in listed} == ROWS
    assert len({claim.id for claim in listed}) == len(listed)


def test_published_numbers_stand_in_the_statements():
    # So that what is read and what is compared cannot drift apart.
    for claim in claims():
        if claim.id in {"data-shape", "data-balance"}:  # written with words and crosses
            continue
        for value in claim.published:
            written = f"{value:,.{3 if claim.resolution == 0.001 else 1}f}".removesuffix(".0")
            assert written in claim.statement, claim.id


def test_every_claim_is_decided_in_its_own_way_or_by_an_experiment():
    listed = {claim.id: claim for claim in claims()}
    assert set(CHECKS) <= set(listed)
    others = [claim for name, claim in listed.items() if name not in CHECKS]
    assert all(claim.kind in ("asserted", "measured") for claim in others)
    assert all(claim.plain.endswith(".") for claim in listed.values())


def test_a_contrast_that_names_no_known_claim_is_refused():
    first, *rest = ORIGINAL.contrasts
    misspelt = replace(first, claim="cnn-more-acurate")
    with pytest.raises(InputError, match="did you mean 'cnn-more-accurate'"):
        audit(replace(ORIGINAL, contrasts=(misspelt, *rest)), [])


def test_without_runs_and_data_only_what_was_tried_beforehand_is_decided():
    results = {result.id: result.verdict for result in audit(ORIGINAL, [])}
    tried = {name for name in results if name.startswith("deploy-")}
    assert {verdict for name, verdict in results.items() if name not in tried} == {
        "not measured yet"
    }
    assert {results[name] for name in tried} == {"holds", "cannot hold"}
    assert len(results) == len(claims())


@pytest.mark.parametrize(
    ("claim", "changes", "verdict", "words"),
    [
        ("deploy-export", {}, "holds", "differ from the network's by at most"),
        ("deploy-export", {"exported_difference": 0.2}, "does not hold", "by at most 0.2"),
        ("deploy-handlers", {}, "holds", "model_fn, input_fn, predict_fn, output_fn"),
        ("deploy-handlers", {"toolkit_difference": 0.3}, "does not hold", "by at most 0.3"),
        ("deploy-archive", {}, "holds", "the same bytes"),
        ("deploy-archive", {"uploaded_to": ()}, "does not hold", "AWS's own S3 was not asked"),
        ("deploy-instance", {}, "cannot hold", "ml.t3.medium is none"),
        ("deploy-instance", {"hosts_t3_medium": True}, "undecided", "ml.t3.medium is one"),
        ("deploy-response", {}, "holds", "'class': "),
        ("deploy-response", {"answer": {"label": "Bag"}}, "does not hold", "'label': "),
    ],
)
def test_deployment_is_judged_by_what_was_seen(
    claim: str, changes: dict, verdict: str, words: str, monkeypatch: pytest.MonkeyPatch
):
    seen = deployment.deployment().model_copy(update=changes)
    monkeypatch.setattr(deployment, "deployment", lambda: seen)
    result = next(each for each in audit(ORIGINAL, []) if each.id == claim)
    assert result.verdict == verdict
    assert words in result.explanation


def test_boto3_still_knows_no_hosting_on_the_published_instance():
    model = botocore.session.Session().get_service_model("sagemaker")
    types = model.shape_for("ProductionVariantInstanceType").enum
    assert ("ml.t3.medium" in types) is deployment.deployment().hosts_t3_medium


def test_numbers_are_written_with_their_published_precision():
    claim = Claim(
        id="a",
        row="a",
        statement="a",
        kind="measured",
        measured_by="a",
        published=(90.4,),
        unit="%",
        resolution=0.1,
    )
    assert claim.published_text == "90.4 %"
    assert claim.written(90.4321, digits=1) == "90.43 %"
    assert claim.matches(90.36)
    assert claim.matches(90.45)
    assert not claim.matches(90.46)
    assert not claim.matches(90.4, 90.4)


# --- arithmetic ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "verdict", "value"),
    [
        ("baseline-params", "cannot hold", 109_386),
        ("cnn-params", "cannot hold", 28_426),
        ("cnn-fewer", "cannot hold", 100 * (1 - 28_426 / 109_386)),
        ("kernel-params-3x3", "cannot hold", 28_426),
        ("kernel-params-5x5", "cannot hold", 61_706),
        ("kernel-params-7x7", "cannot hold", 111_626),
        ("sharing-weights", "holds", 100_352),
        ("sharing-ratio", "holds", 100_352 / 288),
        ("sharing-positions", "cannot hold", 784),
        ("7x7-covers", "cannot hold", 6.25),
        ("choices-flatten", "holds", 3_136),
    ],
)
def test_arithmetic(claim, verdict, value):
    result = audited(networks=NETWORKS)[claim]
    assert result.verdict == verdict
    assert result.value == pytest.approx(value)


def test_arithmetic_shows_its_derivation():
    results = audited(networks=NETWORKS)
    assert results["cnn-params"].explanation == (
        "(3*3*1*32 + 32) + (3*3*32*64 + 64) + (64*128 + 128) + (128*10 + 10) = 28,426."
    )
    assert "26*26 = 676" in results["sharing-positions"].explanation
    assert "25 % of the side" in results["7x7-covers"].explanation
    assert results["cnn-fewer"].measured == "74.01 %"
    # 28 * 28 * 288 multiplications against 100,352: fewer weights, more arithmetic.
    assert "225,792" in results["sharing-ratio"].explanation


def test_the_sweep_confounds_kernel_size_with_capacity():
    result = audited(networks=NETWORKS)["kernel-only"]
    assert result.verdict == "cannot hold"
    assert result.measured == "28,426 / 61,706 / 111,626 parameters"
    alike = NETWORKS | dict.fromkeys(("cnn-5x5", "cnn-7x7"), cnn_shapes(3))
    assert audited(networks=alike)["kernel-only"].verdict == "holds"


def test_arithmetic_follows_the_shapes_it_is_given():
    wider = NETWORKS | {"dense": DENSE_SHAPES | {"extra": {"kernel": (1_110,)}}}
    assert audited(networks=wider)["baseline-params"].verdict == "holds"  # 109,386 + 1,110


def test_arithmetic_of_the_models_themselves():
    built = {name: weight_shapes(model) for name, model in MODELS.items()}
    by_hand, by_model = audited(networks=NETWORKS), audited(networks=built)
    for name, claim in by_hand.items():
        if claim.claim.kind == "arithmetic":
            assert by_model[name] == claim


def test_missing_shapes_leave_arithmetic_open():
    result = audited(networks={"dense": DENSE_SHAPES})["cnn-fewer"]
    assert result.verdict == "not measured yet"
    assert "cnn-3x3" in result.explanation


# --- data ---------------------------------------------------------------------------------------


def test_the_counts_of_the_data():
    results = audited(facts=FACTS)
    assert results["data-size"].verdict == "holds"
    assert results["data-shape"].verdict == "holds"
    assert results["data-balance"].verdict == "holds"
    per_class = results["data-per-class"]
    assert (per_class.verdict, per_class.value) == ("does not hold", 7_000)
    assert per_class.explanation == "6,000 training and 1,000 test images of a class make 7,000."


def test_an_unbalanced_file_is_seen():
    counts = (5_999, 6_001, *(6_000,) * 8)
    facts = DataFacts("fashion-mnist", (28, 28, 1), counts, FACTS.test_counts, FACTS.adjacent)
    result = audited(facts=facts)["data-balance"]
    assert result.verdict == "does not hold"
    assert "5,999 to 6,001 training images" in result.explanation


def test_one_uncorrelated_pair_refutes_always():
    assert audited(facts=FACTS)["locality-correlation"].verdict == "holds"
    adjacent = AdjacentPixels(pairs=1_512, excluded=0, minimum=0.02, uncorrelated=1)
    facts = DataFacts(
        "fashion-mnist", FACTS.image_shape, FACTS.train_counts, FACTS.test_counts, adjacent
    )
    result = audited(facts=facts)["locality-correlation"]
    assert result.verdict == "does not hold"
    assert result.value == pytest.approx(1 / 1_512)
    assert "0.02" in result.explanation


def test_drawn_data_say_nothing_about_fashion_mnist():
    facts = DataFacts(
        "drawn", FACTS.image_shape, FACTS.train_counts, FACTS.test_counts, FACTS.adjacent
    )
    results = audited(facts=facts)
    for name in ("data-size", "data-per-class", "locality-correlation"):
        assert results[name].verdict == "not measured yet"
        assert "Other images than those of Fashion-MNIST" in results[name].explanation


# --- single numbers -----------------------------------------------------------------------------

# Accuracies of mean m and standard deviation 0.2 %: t(0.975, 2) = 4.30265, so the prediction
# interval of three runs is m -+ 4.30265 * 0.2 * sqrt(4 / 3) = m -+ 0.9937.
HALF_WIDTH = 4.30265 * 0.2 * math.sqrt(4 / 3)


def three_runs(mean: float, arm: str = "dense", spread: float = 0.2, **more) -> list[ConditionRun]:
    percent = (mean - spread, mean, mean + spread)
    return make_runs(arm, [value / 100 for value in percent], images=10_000, **more)


def test_a_number_is_held_against_the_prediction_of_one_run():
    result = audited(three_runs(87.0))["baseline-accuracy"]
    assert result.interval is not None
    assert result.interval.ends == pytest.approx((87 - HALF_WIDTH, 87 + HALF_WIDTH), abs=1e-4)
    assert result.verdict == "holds"
    assert result.value == pytest.approx(87)
    assert result.measured == "87.00 % (n = 3, sd 0.20 %)"
    assert result.n == 3
    assert result.runs == tuple(f"{make_arm('dense').hash}-seed{seed}" for seed in range(3))
    assert "Our recipe (test, 10 epochs)" in result.explanation


@pytest.mark.parametrize(
    ("mean", "verdict"),
    [
        # Published: 87.2, rounded by at most 0.05. The edge is at 87.2 + 0.05 + 0.9937.
        (88.24, "holds"),
        (88.25, "does not hold"),
        (86.16, "holds"),
        (86.15, "does not hold"),
    ],
)
def test_the_edge_of_the_prediction_interval(mean, verdict):
    assert audited(three_runs(mean))["baseline-accuracy"].verdict == verdict


def test_a_training_that_had_not_converged_refutes_no_published_number():
    short = make_runs(make_arm("dense", epochs=2), [0.798, 0.8, 0.802], images=10_000)
    result = audited(short)["baseline-accuracy"]
    assert result.verdict == "undecided"
    assert "dense was still improving" in result.explanation
    long = make_runs(make_arm("dense", epochs=10), [0.798, 0.8, 0.802], images=10_000)
    assert audited(long)["baseline-accuracy"].verdict == "does not hold"
    # What it does reach, it has reached.
    reached = make_runs(make_arm("dense", epochs=2), [0.87, 0.872, 0.874], images=10_000)
    assert audited(reached)["baseline-accuracy"].verdict == "holds"


def test_an_interval_that_holds_nearly_anything_confirms_nothing():
    result = audited(three_runs(87.2, spread=0.3))["baseline-accuracy"]
    assert result.verdict == "undecided"
    assert "more than ±1.0 %" in result.explanation
    # But a number far outside is refuted all the same.
    assert audited(three_runs(80, spread=0.3))["baseline-accuracy"].verdict == "does not hold"


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_runs_decide_nothing(n):
    results = audited(make_runs("dense", [0.80, 0.81][:n]))
    assert results["baseline-accuracy"].verdict == "undecided"
    assert results["baseline-loss"].verdict == "undecided"
    assert results["gap-baseline"].verdict == "undecided"
    assert f"With {n} of at least 3 runs" in results["baseline-accuracy"].explanation


def test_losses_gains_and_reductions():
    dense = make_runs("dense", [0.870, 0.872, 0.874], losses=[0.36, 0.365, 0.37])
    cnn = make_runs("cnn-3x3", [0.902, 0.904, 0.906], losses=[0.288, 0.292, 0.296])
    results = audited(dense + cnn)
    assert results["baseline-loss"].value == pytest.approx(0.365)
    assert results["cnn-loss"].value == pytest.approx(0.292)
    gain = results["cnn-accuracy-gain"]
    assert gain.value == pytest.approx(3.2)
    assert gain.verdict == "holds"
    assert len(gain.runs) == 6
    assert results["cnn-loss-reduction"].value == pytest.approx(-20.0)  # 0.8 times each


def test_gains_are_paired_by_seed():
    dense = make_runs("dense", [0.86, 0.87, 0.88])
    cnn = make_runs("cnn-3x3", [0.892, 0.902, 0.912])
    assert audited([*dense, *cnn[::-1]])["cnn-accuracy-gain"].verdict == "holds"  # no spread left
    assert audited(dense[:1] + cnn[1:])["cnn-accuracy-gain"].verdict == "not measured yet"


def test_kernel_sizes_are_judged_by_their_own_runs():
    results = audited(three_runs(89.8, "cnn-7x7"))
    assert results["kernel-accuracy-7x7"].verdict == "holds"
    assert results["kernel-accuracy-5x5"].verdict == "not measured yet"


def test_gaps_are_training_minus_validation_accuracy():
    runs = [
        make_run("dense", seed, train_accuracy=0.902 + 0.002 * seed, validation_accuracy=0.852)
        for seed in range(3)
    ]
    result = audited(runs)["gap-baseline"]
    assert result.value == pytest.approx(5.2)
    assert result.verdict == "holds"


def test_sizes_are_those_of_the_stored_file():
    measures = {"network_file_bytes": 5.4e6, "parameter_bytes": 437_544}
    result = audited([make_run("dense", 0, measures=measures)])["memory-baseline"]
    assert (result.verdict, result.measured) == ("holds", "5.40 MB")
    assert "0.44 MB" in result.explanation
    measures = {"network_file_bytes": 5.6e6, "parameter_bytes": 437_544}
    result = audited([make_run("dense", 0, measures=measures)])["memory-baseline"]
    assert result.verdict == "does not hold"
    assert audited([make_run("dense", 0)])["memory-baseline"].verdict == "not measured yet"


def test_diverged_runs_are_named():
    runs = [*three_runs(87.2), make_run("dense", 3, status="diverged")]
    result = audited(runs)["baseline-accuracy"]
    assert result.n == 3
    assert f"Diverged and left out: {runs[-1].key}." in result.explanation


# --- comparisons --------------------------------------------------------------------------------

JITTER = [0.001, -0.001, 0.002, 0.0, -0.002, 0.001, 0.0, -0.001, 0.002, -0.002]
BACK = JITTER[5:] + JITTER[:5]


def arm_at(arm: str, mean: float, jitter: Sequence[float] = JITTER, **more) -> list[ConditionRun]:
    runs = make_runs(arm, [round(mean + step, 4) for step in jitter], images=10_000, **more)
    # No claim asks for the interval over new images, which takes the most time.
    return [run.model_copy(update={"per_image": None}) for run in runs]


def kernels(five: float, three: float, seven: float) -> ClaimResult:
    runs = arm_at("cnn-5x5", five) + arm_at("cnn-3x3", three, BACK) + arm_at("cnn-7x7", seven, BACK)
    return audited(runs)["kernel-5x5-optimal"]


def test_5x5_is_best_only_if_it_beats_both():
    assert kernels(0.91, 0.90, 0.89).verdict == "holds"
    assert kernels(0.90, 0.91, 0.89).verdict == "does not hold"
    assert kernels(0.90, 0.89, 0.91).verdict == "does not hold"
    assert kernels(0.91, 0.90, 0.909).verdict == "undecided"


def test_equivalent_to_5x5_refutes_that_it_is_best():
    close = [0.0002, -0.0002] * 5
    runs = arm_at("cnn-5x5", 0.91) + arm_at("cnn-3x3", 0.90)
    runs += arm_at("cnn-7x7", 0.91, [a + b for a, b in zip(JITTER, close, strict=True)])
    assert audited(runs)["kernel-5x5-optimal"].verdict == "does not hold"


def test_an_advantage_needs_enough_seeds():
    two_arms = arm_at("dense", 0.87) + arm_at("cnn-3x3", 0.90, BACK)
    result = audited(two_arms)["cnn-more-accurate"]
    assert result.verdict == "holds"
    assert result.value == pytest.approx(3.0)
    assert result.interval is not None
    assert 2.5 < result.interval.low < 3.0 < result.interval.high < 3.5
    few = audited([run for run in two_arms if run.seed < 5])["cnn-more-accurate"]
    assert few.verdict == "undecided"
    assert "no difference, however large, can be shown" in few.explanation


def curves(dense: Sequence[float], cnn: Sequence[float], seeds: int = 10) -> dict[str, ClaimResult]:
    """Audit runs whose validation curves differ between seeds by a little."""
    runs = [
        make_run(arm, seed, validation_curve=[value + 0.0005 * seed for value in curve])
        for arm, curve in (("dense", dense), ("cnn-3x3", cnn))
        for seed in range(seeds)
    ]
    return audited(runs)


def test_epochs_to_reach_an_accuracy():
    run = make_run("dense", 0, validation_curve=[0.5, 0.7, 0.6, 0.8])
    assert [epochs_to_reach(run, accuracy) for accuracy in (0.4, 0.5, 0.65, 0.8, 0.81)] == [
        1,
        1,
        2,
        4,
        5,
    ]


def test_a_target_that_was_never_reached_is_no_number_of_epochs():
    result = curves([0.6, 0.7, 0.8, 0.85], [0.6, 0.7, 0.75, 0.8])["convergence-speed"]
    assert result.verdict == "does not hold"
    assert result.measured == "at least +1.0 epochs"  # more than 4, against 4
    assert "at least 5.0 for cnn-3x3 and 4.0 for dense" in result.explanation
    assert "With 10 of 10 seeds cnn-3x3 needs more than the 4 epochs" in result.explanation


def test_a_cnn_that_rises_faster_and_higher():
    results = curves([0.6, 0.7, 0.8, 0.85], [0.7, 0.86, 0.89, 0.91])
    assert results["convergence-speed"].verdict == "holds"
    assert results["convergence-speed"].value == -2  # reached after 2 epochs instead of 4
    assert results["convergence-plateau"].verdict == "holds"
    assert results["convergence-plateau"].value == pytest.approx(6.0)


def test_a_cnn_that_ends_higher_but_later():
    results = curves([0.85, 0.86, 0.85, 0.855], [0.6, 0.7, 0.8, 0.9])
    assert results["convergence-speed"].verdict == "does not hold"
    assert results["convergence-speed"].value == 2  # the baseline is there after 2 epochs
    assert results["convergence-plateau"].verdict == "holds"


def test_a_cnn_that_never_arrives():
    results = curves([0.6, 0.7, 0.8, 0.85], [0.5, 0.5, 0.5, 0.5])
    assert results["convergence-speed"].verdict == "does not hold"
    assert results["convergence-plateau"].verdict == "does not hold"


def test_convergence_with_too_few_seeds_is_undecided():
    results = curves([0.6, 0.7, 0.8, 0.85], [0.7, 0.86, 0.89, 0.91], seeds=4)
    assert results["convergence-speed"].verdict == "undecided"
    assert "With 4 seed pairs" in results["convergence-speed"].explanation


def test_the_smaller_gap():
    def runs(dense_gap: float, cnn_gap: float) -> list[ConditionRun]:
        return [
            make_run(
                arm,
                seed,
                validation_accuracy=0.85,
                train_accuracy=0.85 + gap + 0.0003 * (seed * factor % 7),
            )
            for arm, gap, factor in (("dense", dense_gap, 1), ("cnn-3x3", cnn_gap, 3))
            for seed in range(10)
        ]

    assert audited(runs(0.05, 0.02))["gap-smaller"].verdict == "holds"
    assert audited(runs(0.02, 0.05))["gap-smaller"].verdict == "does not hold"
    result = audited(runs(0.05, 0.02))["gap-smaller"]
    assert result.value == pytest.approx(-3.0, abs=0.1)


# --- what never decides anything ----------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        {"dataset": "drawn"},
        {"training_images": 5_000},
        {"scored_on": "validation"},
        {"dataset": "drawn", "training_images": 5_000},
    ],
)
def test_runs_on_other_data_never_decide(data):
    measures = {"network_file_bytes": 5.0e6, "parameter_bytes": 437_544}
    runs = [
        run
        for name in MODELS
        for run in make_runs(make_arm(name, **data), [0.9] * 10, measures=measures)
    ]
    results = audited(runs, networks=NETWORKS, facts=FACTS)
    for claim in claims():
        if claim.kind == "measured":
            assert results[claim.id].verdict == "not measured yet", claim.id
            assert results[claim.id].runs == ()
            assert "Not counted: 40" in results[claim.id].explanation


def test_runs_on_other_data_do_not_disturb_those_that_count():
    other = make_runs(make_arm("dense", dataset="drawn"), [0.99] * 10)
    here, there = audited(three_runs(87.2)), audited([*three_runs(87.2), *other])
    assert there["baseline-accuracy"] == here["baseline-accuracy"]


def further(
    name: str, values: Callable[[str, int], Mapping[str, float]], profile: str = "full"
) -> dict[str, FurtherEvidence]:
    """What an experiment found over ten seeds, at a profile's scale."""
    results = make_results(name, values, range(10))
    study = load_study(profile).of_experiment(name).with_seeds(tuple(range(10)))
    runs = []
    for run in results.runs:
        variant = run.arm.data.model_copy(update={"training_images": study.training_images})
        arm = run.arm.model_copy(update={"data": variant})
        runs.append(run.model_copy(update={"arm": arm, "arm_hash": arm.hash}))
    found = experiment_section(replace(results, study=study, runs=tuple(runs)))
    assert found is not None
    named = {statement.claim for statement in found.evidence.statements}
    assert named - {None} <= {claim.id for claim in claims()}
    return {name: found.evidence}


def judged(name: str, values: Callable[[str, int], Mapping[str, float]], profile: str = "full"):
    """The claims by what an experiment found, and by nothing else."""
    return {
        result.id: result for result in audit(ORIGINAL, [], further=further(name, values, profile))
    }


CHOICES = {"1x1": 0.5, "strides": 0.9, "valid padding": 0.7}


def choices(condition: str, seed: int) -> dict[str, float]:
    return {"accuracy": CHOICES.get(condition, 0.8) + seed / 1_000}


def test_what_does_not_decide_a_claim_is_told_with_the_reason():
    results = judged("choices", choices)
    # The 3x3 kernel is more accurate than the 1x1, and less than strides.
    for name, measured in (("3x3", "+30.00"), ("stride", "-10.00")):
        result = results[f"choices-{name}"]
        assert result.verdict == "undecided"
        assert result.explanation.startswith(result.claim.undecided_because)
        assert result.measured == f"{measured} percentage points"
        assert (result.n, len(result.runs)) == (10, 20)
    assert results["equivariance-relearn"].verdict == "not measured yet"


@pytest.mark.parametrize(
    ("accuracy", "verdict"), [(0.7, "does not hold"), (0.1, "undecided"), (0.05, "holds")]
)
def test_stacking_without_padding_is_refuted_by_a_network_that_learns(accuracy, verdict):
    def values(condition: str, seed: int) -> dict[str, float]:
        return {
            "accuracy": accuracy + 0.001 * (seed - 4.5) if condition == "valid padding" else 0.9
        }

    assert judged("choices", values)["choices-padding"].verdict == verdict


def test_part_of_the_images_decides_no_choice():
    result = judged("choices", choices, "quick")["choices-3x3"]
    assert result.verdict == "not measured yet"
    assert "+30.00 percentage points" in result.explanation
    assert result.runs == ()


def shift(condition: str, seed: int) -> dict[str, float]:
    """Maps follow before pooling and not behind it; pooling leaves less of what moved."""
    noise = seed % 3 / 1_000
    found = {"shift_consistency": (0.9 if condition == "cnn" else 0.8) + noise}
    if condition == "cnn":
        found |= {"equivariance_error_conv_1": 2e-7, "equivariance_error_pool_1": 0.3 + noise}
        found |= {"framed_equivariance_error_conv_1": 0.1 + noise}
        found |= {"stillness_conv_1": 0.6 + noise, "stillness_pool_1": 0.4}
        found |= {"stillness_conv_2": 0.6 + noise, "stillness_pool_2": 0.4}
    return found


def test_claims_about_shifts_are_decided_by_statements_and_contrasts():
    results = judged("shift", shift)
    moves = results["equivariance-shift"]
    assert moves.verdict == "does not hold"
    assert moves.explanation.startswith("Holds: “A shoe moved by one pixel")
    assert moves.explanation.count("Does not hold: “A shoe moved by one pixel") == 2
    assert moves.n == 10
    assert len(moves.runs) == 80  # eight conditions
    adds = results["equivariance-pooling"]
    assert adds.verdict == "undecided"
    assert adds.explanation.startswith(adds.claim.undecided_because)
    assert "cnn has a higher consistency under shifts than cnn with strides" in adds.explanation
    assert "Holds: “Pooling adds invariance to small shifts”" in adds.explanation
    assert adds.measured == "+10.00 percentage points"


def test_shifts_on_part_of_the_images_decide_nothing():
    result = judged("shift", shift, "quick")["equivariance-shift"]
    assert result.verdict == "not measured yet"
    assert "Does not hold: “A shoe moved by one pixel" in result.explanation


def test_the_hierarchy_needs_edges_and_rising_probes():
    def values(seed: int, edges: float = 0.7) -> dict[str, float]:
        noise = seed % 3 / 1_000
        found = {"edge_energy": edges + noise, "edge_energy_by_chance": 0.5}
        found |= {"edge_energy_standard_errors_from_chance": 3.0}
        found |= {"bar_energy": 0.1, "bar_energy_by_chance": 0.1, "kernels_moved": 0.1}
        found |= {f"{kind}_energy_chance_error": 0.02 for kind in ("edge", "bar")}
        probes = ("pixels", "first_maps", "last_maps", "features")
        return found | {f"probe_{each}": 0.7 + 0.05 * at for at, each in enumerate(probes)}

    result = judged("hierarchy", lambda _, seed: values(seed))["hierarchy"]
    assert result.verdict == "holds"
    assert len(result.runs) == 30
    blobs = judged("hierarchy", lambda _, seed: values(seed, 0.4))
    assert blobs["hierarchy"].verdict == "does not hold"


def kernel_sizes(condition: str, seed: int) -> dict[str, float]:
    """5x5 is best at equal width only, and at equal parameters as good as 3x3."""
    accuracy = 0.9 if condition == "5x5 at equal width" else 0.8
    return {"accuracy": accuracy + seed % 3 / 1_000, "parameters": 28_426}


def test_5x5_must_also_be_best_when_one_thing_is_held_equal():
    runs = [
        run
        for name, accuracy in (("cnn-3x3", 0.85), ("cnn-5x5", 0.9), ("cnn-7x7", 0.85))
        for run in make_runs(make_arm(name), [accuracy] * 10)
    ]
    assert audited(runs)["kernel-5x5-optimal"].verdict == "holds"
    found = further("kernel-size", kernel_sizes)
    result = audited(runs, further=found)["kernel-5x5-optimal"]
    assert result.verdict == "does not hold"
    assert "Holds: “5x5 is optimal” at equal width" in result.explanation
    assert "Does not hold: “5x5 is optimal” at equal parameters" in result.explanation
    part = replace(found["kernel-size"], data=DataVariant(training_images=18_000))
    result = audited(runs, further={"kernel-size": part})["kernel-5x5-optimal"]
    assert result.verdict == "holds"
    assert "Not on all of Fashion-MNIST, and deciding nothing: Holds:" in result.explanation


def test_two_recipes_at_once_are_refused():
    runs = [make_run("dense", 0), make_run(make_arm("dense", epochs=3), 0)]
    with pytest.raises(InputError, match="differ in recipe"):
        audit(ORIGINAL, runs)


# --- the published files ------------------------------------------------------------------------


def test_the_published_files(fashion_mnist):
    facts = DataFacts.of(fashion_mnist, explore(fashion_mnist))
    results = audited(facts=facts)
    assert facts.train_counts == (6_000,) * 10
    assert results["data-size"].measured == "70,000 / 60,000 / 10,000 images"
    assert results["data-per-class"].value == 7_000
