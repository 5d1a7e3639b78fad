"""From synthetic runs to findings: pairing, correction, what is left out, and what is said."""

from __future__ import annotations

import random

import numpy as np
import pytest

from convbias.errors import InputError
from convbias.experiments import ORIGINAL
from convbias.findings.evaluation import Finding, evaluate
from convbias.runs.record import Run
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS
from convbias.statistics import paired_contrast
from factories import make_arm, make_run, make_runs

DENSE = [0.870, 0.872, 0.868, 0.873, 0.869, 0.871, 0.874, 0.870, 0.867, 0.872]
GAINS = [0.030, 0.033, 0.031, 0.034, 0.029, 0.032, 0.033, 0.030, 0.031, 0.034]
CNN = [round(dense + gain, 4) for dense, gain in zip(DENSE, GAINS, strict=True)]

FIRST = ORIGINAL.contrasts[0].name  # accuracy of the 3x3 CNN over the dense baseline
LOSS = ORIGINAL.contrasts[1].name


def finding(runs: list[Run], name: str = FIRST) -> Finding:
    return {found.planned.name: found for found in evaluate(ORIGINAL, runs)}[name]


def two_arms(n: int = 10, **data) -> list[Run]:
    return [
        *make_runs(make_arm("dense", **data), DENSE[:n]),
        *make_runs(make_arm("cnn-3x3", **data), CNN[:n]),
    ]


def test_the_factory_makes_records_that_fit_together():
    run = make_run("cnn-5x5", 3, accuracy=0.9041, loss=0.31, images=10_000)
    assert run.per_image is not None
    assert run.test is not None
    assert run.per_image.correct.mean() == run.test.accuracy == 0.9041
    assert run.per_image.loss.mean(dtype=np.float64) == pytest.approx(0.31, rel=1e-3)
    assert ((run.per_image.predicted == np.arange(10_000) % 10) == run.per_image.correct).all()
    assert Run.model_validate_json(run.model_dump_json()).model_dump_json() == (
        run.model_dump_json()
    )


def test_one_finding_per_planned_contrast_in_their_order():
    findings = evaluate(ORIGINAL, two_arms())
    assert [found.planned for found in findings] == list(ORIGINAL.contrasts)


def test_runs_are_paired_by_seed_whatever_their_order():
    runs = two_arms()
    random.Random(0).shuffle(runs)
    result = finding(runs).contrast
    assert result is not None
    reference = paired_contrast(CNN, DENSE, margin=0.002)
    assert result.difference == pytest.approx(np.mean(GAINS))
    assert result.difference_sd == pytest.approx(np.std(GAINS, ddof=1))
    assert result.p_value == reference.p_value == 2 / 2**10


def test_holm_covers_the_contrasts_that_have_pairs():
    result = finding(two_arms()).contrast
    assert result is not None
    assert result.comparisons == 2  # accuracy and loss; the larger kernels have no runs
    all_arms = [run for name in ("cnn-5x5", "cnn-7x7") for run in make_runs(name, CNN)]
    result = finding(two_arms() + all_arms).contrast
    assert result is not None
    assert result.adjusted_p_value == pytest.approx(4 * 2 / 2**10)


def test_only_seeds_that_both_arms_finished_count():
    runs = two_arms(8)
    unfinished = [run for run in runs if (run.condition, run.seed) != ("dense", 2)]
    found = finding(unfinished)
    assert found.seeds == (0, 1, 3, 4, 5, 6, 7)
    assert found.unpaired == (f"{make_arm('cnn-3x3').hash}-seed2",)
    assert found.unpaired[0] not in found.runs
    assert len(found.runs) == 14
    assert any(found.unpaired[0] in remark for remark in found.remarks)


def test_diverged_runs_are_reported_and_not_scored():
    seed_9 = [make_run("dense", 9), make_run("cnn-3x3", 9, status="diverged")]
    found = finding([*two_arms(9), *seed_9])
    assert found.contrast is not None
    assert found.contrast.n == 9
    key = f"{make_arm('cnn-3x3').hash}-seed9"
    assert found.diverged == (key,)
    assert key not in found.runs
    assert any("Diverged" in remark and key in remark for remark in found.remarks)


def test_no_common_seed_is_no_result():
    found = finding([make_run("dense", 0), make_run("cnn-3x3", 1)])
    assert found.contrast is None
    assert found.sentence == (
        "Nothing can be said yet about cnn-3x3 against dense: no seed was finished by both."
    )
    assert finding([]).data is None


def test_interval_over_images_too_is_wider_than_over_seeds_alone():
    runs = two_arms()
    result = finding(runs).contrast
    assert result is not None
    crossed, alone = result.crossed_interval, result.seeds_interval
    assert crossed.contains(result.difference)
    # What sampling 1,000 images contributes, from the differences averaged over seeds.
    correct = [run.per_image.correct.astype(float) for run in runs if run.per_image is not None]
    per_image = np.mean(correct[10:], axis=0) - np.mean(correct[:10], axis=0)
    of_images = 2 * 1.96 * per_image.std() / np.sqrt(1_000)
    width = crossed.high - crossed.low
    assert of_images < width < of_images + 2 * (alone.high - alone.low)


def test_interval_over_images_of_the_loss_comes_from_losses():
    runs = [
        *make_runs("dense", DENSE, losses=[0.36] * 10),
        *make_runs("cnn-3x3", CNN, losses=[0.29] * 10),
    ]
    crossed = finding(runs, LOSS).contrast.crossed_interval
    assert crossed.contains(-0.07)
    assert not crossed.contains(0.03)


def test_no_interval_over_images_without_per_image_results():
    runs = two_arms()
    runs[3] = runs[3].model_copy(update={"per_image": None})
    found = finding(runs)
    assert found.contrast is not None
    assert found.contrast.crossed_interval is None


# --- what is refused ----------------------------------------------------------------------------


def test_two_descriptions_of_one_arm_are_refused():
    other = make_run(make_arm("dense", epochs=3), 1)
    with pytest.raises(InputError, match="both called dense, but differ in recipe"):
        evaluate(ORIGINAL, [make_run("dense", 0), other])


def test_a_run_that_occurs_twice_is_refused():
    with pytest.raises(InputError, match="occurs twice"):
        evaluate(ORIGINAL, [make_run("dense", 0), make_run("dense", 0)])


def test_arms_on_different_data_are_refused():
    runs = [make_run("dense", 0), make_run(make_arm("cnn-3x3", training_images=500), 0)]
    with pytest.raises(InputError, match="not trained on the same data"):
        evaluate(ORIGINAL, runs)
    other_files = make_run("cnn-3x3", 0).model_copy(update={"data_checksum": "other"})
    with pytest.raises(InputError, match="not trained on the same data"):
        evaluate(ORIGINAL, [make_run("dense", 0), other_files])


def test_searches_are_refused():
    arms = [make_arm(name, scored_on="validation") for name in ("dense", "cnn-3x3")]
    with pytest.raises(InputError, match="no test scores"):
        evaluate(ORIGINAL, [make_run(arm, 0) for arm in arms])


# --- what is said -------------------------------------------------------------------------------


def test_better_is_said_with_its_numbers():
    found = finding(two_arms())
    assert found.sentence.startswith(
        "cnn-3x3 has a higher test accuracy than dense: +3.17 percentage points (95 % interval +2."
    )
    assert "10 seed pairs, Holm-corrected p = 0.00" in found.sentence
    assert found.remarks == ()


def test_worse_is_said_of_a_higher_loss():
    runs = [
        *make_runs("dense", DENSE, losses=[0.30 + 0.001 * seed for seed in range(10)]),
        *make_runs("cnn-3x3", DENSE, losses=[0.35 + 0.002 * seed for seed in range(10)]),
    ]
    found = finding(runs, LOSS)
    assert found.contrast is not None
    assert found.contrast.verdict == "worse"
    assert found.sentence.startswith("cnn-3x3 has a higher test loss than dense: +0.0")
    assert "nats" in found.sentence


def test_equivalence_is_said_with_its_margin():
    runs = [*make_runs("dense", DENSE, images=10_000)]
    for small, said in (
        (
            [0.0005, -0.0005] * 5,
            "is not shown to differ from zero, and is shown to be less than the 0.20",
        ),
        ([0.0004, 0.0006] * 5, "is shown to differ from zero, but also to be less than the 0.20"),
    ):
        close = [round(d + g, 4) for d, g in zip(DENSE, small, strict=True)]
        found = finding([*runs, *make_runs("cnn-3x3", close, images=10_000)])
        assert found.contrast is not None
        assert found.contrast.verdict == "equivalent"
        assert found.sentence.startswith("cnn-3x3 and dense are equivalent in test accuracy")
        assert said in found.sentence
        assert "equivalence p" in found.sentence


def test_undecided_is_never_said_to_be_the_same():
    spread = [0.01, -0.012, 0.02, -0.004, 0.006, -0.01, 0.008, 0.002, -0.006, 0.004]
    noisy = [round(d + g, 4) for d, g in zip(DENSE, spread, strict=True)]
    found = finding([*make_runs("dense", DENSE), *make_runs("cnn-3x3", noisy)])
    assert found.contrast is not None
    assert found.contrast.verdict == "undecided"
    assert found.sentence.startswith("It is undecided whether cnn-3x3 and dense differ")
    assert "shows neither a difference nor that it is less than the 0.20" in found.sentence
    for word in ("same", "equal", "no difference", "equivalent"):
        assert word not in found.sentence


@pytest.mark.parametrize("n", [1, 2, 5])
def test_too_few_seeds_are_said_to_be_too_few(n):
    found = finding(two_arms(n))
    assert found.contrast is not None
    assert found.contrast.verdict == "undecided"
    assert "cannot be told from chance, for which 7 seed pairs are needed" in found.sentence
    assert found.remarks[0].startswith(f"With {n} seed pair")


def test_other_data_than_fashion_mnist_is_named():
    assert finding(two_arms(dataset="drawn")).sentence.startswith(
        "On drawn images instead of Fashion-MNIST: cnn-3x3 has"
    )
    assert finding(two_arms(training_images=1_000)).sentence.startswith(
        "With 1,000 images to train on: cnn-3x3 has"
    )
    assert finding(two_arms(dataset="drawn", training_images=1_000)).sentence.startswith(
        "With 1,000 drawn images to train on: "
    )


@pytest.mark.parametrize(
    ("value", "quantity", "sign", "written"),
    [
        (0.0321, TEST_ACCURACY, "+", "+3.21 percentage points"),
        (-0.0004, TEST_ACCURACY, "", "-0.04 percentage points"),
        (-1e-9, TEST_ACCURACY, "+", "+0.00 percentage points"),
        (-0.0757, TEST_LOSS, "+", "-0.076 nats"),
    ],
)
def test_amounts(value, quantity, sign, written):
    assert quantity.amount(value, sign) == written
