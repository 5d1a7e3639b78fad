"""The outcome of `recipe`: the original comparison with two recipes."""

from __future__ import annotations

from convbias.experiments.outcome import Outcome
from convbias.experiments.parameter_counts import parameters_as_counted
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.findings.claims import claims
from convbias.findings.results import Results
from convbias.findings.statement import Statement, above
from convbias.findings.values import minus, scores_by_seed
from convbias.findings.wording import mean_of
from convbias.spec.quantities import TEST_ACCURACY
from convbias.spec.recipes import classic_name

# Condition of the original comparison to the claim that publishes its test accuracy.
_PUBLISHED = {
    "dense": "baseline-accuracy",
    "cnn-3x3": "cnn-accuracy",
    "cnn-5x5": "kernel-accuracy-5x5",
    "cnn-7x7": "kernel-accuracy-7x7",
}


def outcome(results: Results) -> Outcome:
    """Accuracy under both recipes, and what the recipe does to the CNN's lead.

    Args:
        results: the stored runs of the experiment `recipe`.
    """
    words = FigureText(
        name="accuracy",
        title="Test accuracy with two recipes",
        reading=(
            "Rows called classic are trained with Keras’ defaults, the others with the recipe that"
            f" was searched for.{_published(results)}"
        ),
    )
    return Outcome(
        statements=(_lead(results),),
        identities=(parameters_as_counted(results),),
        controls=(),
        figures=(rows_of_conditions(results, TEST_ACCURACY, words),),
    )


def _published(results: Results) -> str:
    """The original study's accuracies, in a sentence; empty for other images than its own."""
    if results.study.dataset != "fashion-mnist":
        return ""
    texts = {claim.id: claim.published_text for claim in claims()}
    told = ", ".join(f"{name} {texts[claim]}" for name, claim in _PUBLISHED.items())
    return f" Published, without a recipe: {told}."


def _lead(results: Results) -> Statement:
    """Whether the CNN's lead over the dense network depends on the recipe."""
    asked = "The 3x3 CNN is further ahead of the dense network with the tuned recipe"
    tuned, classic = (
        _differences(results, name("cnn-3x3"), name("dense")) for name in (str, classic_name)
    )
    more = minus(tuned, classic)
    if not more:
        return Statement(f"{asked}: no seed was finished with both.", "not measured yet")
    both = [seed for seed in tuned if seed in classic]
    leads = (
        mean_of([of_recipe[seed] for seed in both], TEST_ACCURACY.scale, 2, "", "+")
        for of_recipe in (tuned, classic)
    )
    told = mean_of(more, TEST_ACCURACY.scale, 2, TEST_ACCURACY.unit, "+")
    return Statement(
        f"{asked}: its lead is {' tuned and '.join(leads)} classic, a difference of {told}.",
        above(more, 0.0, margin=TEST_ACCURACY.margin),
    )


def _differences(results: Results, treatment: str, baseline: str) -> dict[int, float]:
    scores, others = (
        scores_by_seed(results, name, TEST_ACCURACY) for name in (treatment, baseline)
    )
    return {seed: scores[seed] - others[seed] for seed in scores if seed in others}
