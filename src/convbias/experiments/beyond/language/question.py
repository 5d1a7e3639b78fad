"""Language: does convolution suit a text, of which every character may matter to a later one?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from convbias.spec.beyond.arms import TaskCondition
from convbias.spec.beyond.causal import (
    CausalAttention,
    CausalConvolution,
    CausalModel,
    GatedRecurrence,
)
from convbias.spec.beyond.texts import CountRecipe, NGram, TextRecipe, TextTask
from convbias.spec.experiment import Experiment, PlannedContrast
from convbias.spec.quantities import TEST_LOSS

# About a hundredth of what the networks reach. In perplexity it is 2 %.
NATS = replace(
    TEST_LOSS,
    noun="loss",
    long_unit="nats per character",
    value_unit="nats per character",
    margin=0.02,
    items="blocks of text",
)

CHARACTERS = 65  # different ones
CONTEXT = 129  # characters that precede every scored one, at least

# Seven layers of two taps; what grows is the dilation, up to the given one. Nothing else differs,
# so networks of all fields have the same weights and the same arithmetic.
LARGEST_DILATIONS = (1, 2, 4, 16, 64)
CONVOLUTIONS = tuple(
    CausalConvolution(width=64, layers=7, kernel_size=2, growth=2, largest_dilation=dilation)
    for dilation in LARGEST_DILATIONS
)
FIELDS = tuple(model.receptive_field for model in CONVOLUTIONS)
SHORTEST, LONGEST = FIELDS[0], FIELDS[-1]

# As many parameters as the convolutions, to 1 %.
ATTENTIONS = tuple(
    CausalAttention(width=60, layers=2, positions="rotated", field=field) for field in FIELDS
)
RECURRENCE = GatedRecurrence(width=111)

# Sees one character, as a 2-gram does: what is the best that it can predict is known.
NEAREST = CausalConvolution(width=64, layers=7, kernel_size=1)
GRU, ONE_CHARACTER = "GRU", "convolution, 1 character"

ORDERS = (1, 2, 3, 4, 5, 6)  # of n-grams

STEPS, WINDOWS = 800, 4

# Searched on the validation part, for this many steps; see docs/decisions/0015-other-data.md.
RATES = {"convolution": 0.016, "attention": 0.008, GRU: 0.032}


def condition_name(model: str, field: int) -> str:
    """Name of a condition, for instance "attention, 24 characters"."""
    return f"{model}, {field} characters"


def ngram_name(order: int) -> str:
    """Name of a condition that counts."""
    return f"{order}-gram"


def _trained(name: str, model: CausalModel, learning_rate: float) -> TaskCondition:
    recipe = TextRecipe(learning_rate=learning_rate, steps=STEPS, windows=WINDOWS)
    return TaskCondition(name, TextTask(), model, recipe)


def _conditions() -> Iterator[TaskCondition]:
    for model, field in zip(CONVOLUTIONS, FIELDS, strict=True):
        yield _trained(condition_name("convolution", field), model, RATES["convolution"])
    for model, field in zip(ATTENTIONS, FIELDS, strict=True):
        yield _trained(condition_name("attention", field), model, RATES["attention"])
    yield _trained(GRU, RECURRENCE, RATES[GRU])
    yield _trained(ONE_CHARACTER, NEAREST, RATES["convolution"])
    for order in ORDERS:
        yield TaskCondition(ngram_name(order), TextTask(), NGram(order=order), CountRecipe())


def _contrasts() -> Iterator[PlannedContrast]:
    for field in FIELDS:
        yield PlannedContrast(
            name=f"attention-over-convolution-{field}",
            question=f"Does attention predict the next character better than convolution, where"
            f" both see {field} characters?",
            treatment=condition_name("attention", field),
            baseline=condition_name("convolution", field),
            quantity=NATS,
        )
    for model in ("convolution", "attention"):
        yield PlannedContrast(
            name=f"context-{model}",
            question=f"Does {model} predict the next character better if it sees {LONGEST}"
            f" characters instead of {SHORTEST}?",
            treatment=condition_name(model, LONGEST),
            baseline=condition_name(model, SHORTEST),
            quantity=NATS,
        )
    # Of the two fields at which rates were searched, the shortest had the lower loss with both.
    for model in ("convolution", "attention"):
        yield PlannedContrast(
            name=f"gru-over-{model}",
            question=f"Does a GRU predict the next character better than {model} that sees"
            f" {SHORTEST} characters?",
            treatment=GRU,
            baseline=condition_name(model, SHORTEST),
            quantity=NATS,
        )


EXPERIMENT = Experiment(
    name="language",
    title="Is convolution unsuited to language?",
    question=(
        "Which network predicts the next character of plays by Shakespeare better, a convolution or"
        " attention, where both see as many characters, have as many parameters and take as many"
        " steps? How much does each gain from seeing more, and are they better than counts?"
    ),
    conditions=tuple(_conditions()),
    contrasts=tuple(_contrasts()),
    control=(
        "Counts of what follows one, two and three characters predict the text better and better. A"
        " convolution that sees one character predicts as well as counts of pairs, to within 0.03"
        " nats. No answer depends on a character outside the field."
    ),
    not_shown=(
        "One text of a million characters, of which the networks read most once, and 67,000"
        " parameters: nothing is shown about large networks, long training, words, or contexts"
        f" beyond {LONGEST} characters. The learning rates were searched at the shortest and the"
        " longest field. The intervals are over seeds and blocks of 128 characters of the last 5 %"
        " of the text; accuracy is that of each block’s last character. The n-grams have no seed,"
        " and one run each."
    ),
    short_question="causal convolution, attention and n-grams, with equally many characters seen",
    short_control="n-grams, and a convolution that sees one character",
)
