"""Tell a text's next character by a trained network or by counts, and score block by block."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.data.beyond.texts import Text, load_shakespeare
from convbias.errors import InputError
from convbias.networks import optimisers
from convbias.networks.backend import check_backend
from convbias.networks.beyond.causal import build
from convbias.networks.beyond.ngrams import log_probabilities
from convbias.networks.beyond.result import TaskResult
from convbias.networks.engine import cross_entropy
from convbias.networks.scores import PerImage, Scores
from convbias.spec.beyond.causal import CausalModel
from convbias.spec.beyond.texts import CountRecipe, NGram, TextRecipe
from convbias.spec.recipes import scheduled
from convbias.spec.streams import Stream, generator

SCORED_AT_ONCE = 16  # windows
PROBED = 16  # windows whose early characters are replaced


class Windows(NamedTuple):
    """Windows of a text that overlap by half; the second half of each is a block.

    Args:
        inputs: uint8 (blocks, 2 * block), the characters that are seen.
        targets: uint8 (blocks, block), those that follow the characters of the second half.
    """

    inputs: np.ndarray
    targets: np.ndarray


def windows_of(part: np.ndarray, block: int) -> Windows:
    """All windows of a part of a text.

    Args:
        part: uint8 (n,), at least two blocks and one character.
        block: Characters of a block.

    Example:
        >>> inputs, targets = windows_of(np.arange(9), block=2)
        >>> inputs.tolist(), targets.tolist()
        ([[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7]], [[3, 4], [5, 6], [7, 8]])
    """
    starts = block * np.arange((len(part) - 1) // block - 1)[:, None]
    targets = part[starts + block + 1 + np.arange(block)]
    return Windows(part[starts + np.arange(2 * block)], targets)


def train_text(model: CausalModel, recipe: TextRecipe, seed: int) -> TaskResult:
    """Train a network on Tiny Shakespeare, and score it.

    Args:
        model: Its description.
        recipe: How it is trained.
        seed: Draws initial weights and training windows.

    Returns:
        Scores by block, see `_result`. `largest_change_beyond_field` is by how much an output
        changes when all characters before its receptive field are replaced; it is absent where the
        output depends on all.

    Raises:
        InputError: The receptive field is longer than what precedes a scored character.
    """
    field, most = model.receptive_field, recipe.block + 1
    if field is not None and field > most:
        raise InputError(
            f"{model.name} sees {field} characters, but only {most} precede some that are scored",
            f"a receptive field of at most {most} characters",
            "take longer blocks, or a smaller field",
        )
    started = time.perf_counter()
    text = load_shakespeare()
    trainer = _trainer(model, recipe, len(text.characters))
    weights, compile_seconds = trainer.train(text.training, seed)
    windows = windows_of(_scored(text, recipe), recipe.block)
    told = trainer.log_probabilities(weights, windows.inputs)[:, recipe.block :]
    measures = {"parameters": float(trainer.parameters)}
    if field is not None:
        changed = _replaced(windows.inputs[:PROBED], field, len(text.characters), seed)
        last = trainer.log_probabilities(weights, changed)[:, -1]
        measures["largest_change_beyond_field"] = float(np.abs(last - told[:PROBED, -1]).max())
    seconds = time.perf_counter() - started - compile_seconds
    return _result(text, told, windows.targets, measures, (seconds, compile_seconds))


def count_text(model: NGram, recipe: CountRecipe) -> TaskResult:
    """Count n-grams of Tiny Shakespeare's training part, and score them on the same blocks.

    Args:
        model: Their order.
        recipe: What is scored.

    Returns:
        Scores by block, see `_result`. Nothing is drawn, so every seed would give the same.
    """
    started = time.perf_counter()
    text = load_shakespeare()
    part, targets = _scored(text, recipe), windows_of(_scored(text, recipe), recipe.block).targets
    found = log_probabilities(text.training, part, model.order, len(text.characters))
    first = recipe.block + 1 - (model.order - 1)  # the first target's place among those told
    told = found[first : first + targets.size].reshape(*targets.shape, -1)
    return _result(text, told, targets, {}, (time.perf_counter() - started, 0.0))


def _scored(text: Text, recipe: TextRecipe | CountRecipe) -> np.ndarray:
    return text.test if recipe.scored_on == "test" else text.validation


def _result(
    text: Text,
    told: np.ndarray,
    targets: np.ndarray,
    measures: Mapping[str, float],
    seconds: tuple[float, float],
) -> TaskResult:
    """Scores by block: the mean loss of its characters, and whether its last one was told.

    A character is told if it was the most probable one; `characters_told` is the share of all.
    """
    losses = -np.take_along_axis(told, targets[..., None].astype(int), axis=-1)[..., 0]
    right = told.argmax(axis=-1) == targets
    of_blocks = losses.astype(np.float64).mean(axis=1)
    correct = right[:, -1]
    return TaskResult(
        test=Scores(
            images=len(correct), loss=float(of_blocks.mean()), accuracy=float(correct.mean())
        ),
        per_item=PerImage(correct=correct, loss=of_blocks),
        checksum=text.checksum,
        measures={**measures, "characters_told": float(right.mean())},
        training_seconds=seconds[0],
        compile_seconds=seconds[1],
    )


def _replaced(inputs: np.ndarray, field: int, characters: int, seed: int) -> np.ndarray:
    """Windows whose characters before the last `field` are drawn."""
    random = generator(seed, Stream.REPLACED_CHARACTERS)
    drawn = random.integers(characters, size=inputs.shape).astype(inputs.dtype)
    drawn[:, -field:] = inputs[:, -field:]
    return drawn


def _seed_stream(seed: int) -> Iterator[int]:
    random = generator(seed, Stream.NETWORK)
    while True:
        yield int(random.integers(2**31))


@lru_cache(maxsize=16)
def _trainer(model: CausalModel, recipe: TextRecipe, characters: int) -> _Trainer:
    return _Trainer(model, recipe, characters)


class _Trainer:
    """The compiled training of one network with one recipe.

    A step is compiled, and not a loop of steps: as the body of a loop, XLA's code for a processor
    takes seven times as long for the convolutions.
    """

    def __init__(self, model: CausalModel, recipe: TextRecipe, characters: int) -> None:
        check_backend()
        self.model, self.recipe, self.characters = model, recipe, characters
        self._network = self._built(0)
        self._rest = [jnp.array(each.value) for each in self._network.non_trainable_variables]
        rate = optimisers.learning_rate(scheduled(1, recipe.learning_rate), recipe.steps)
        self._optimiser: Any = keras.optimizers.Adam(rate)
        self._optimiser.build(self._network.trainable_variables)
        self._start = [jnp.array(variable.value) for variable in self._optimiser.variables]
        self._tell = jax.jit(self._told)
        self._compiled: Any = None

    @property
    def parameters(self) -> int:
        """How many parameters the network has."""
        return self._network.count_params()

    def train(self, training: np.ndarray, seed: int) -> tuple[list[jax.Array], float]:
        """Train a network.

        Args:
            training: uint8 (n,), the text.
            seed: Draws initial weights and windows.

        Returns:
            The trained weights, and the seconds that compilation took.
        """
        size = 2 * self.recipe.block + 1
        starts = generator(seed, Stream.TEXT_WINDOWS).integers(
            len(training) - size + 1, size=(self.recipe.steps, self.recipe.windows, 1)
        )
        weights = [jnp.array(each.value) for each in self._built(seed).trainable_variables]
        state, seconds = self._start, 0.0
        for first in starts:
            windows = training[first + np.arange(size)]
            if self._compiled is None:
                started = time.perf_counter()
                self._compiled = jax.jit(self._step).lower(weights, state, windows).compile()
                seconds = time.perf_counter() - started
            weights, state = self._compiled(weights, state, windows)
        return jax.block_until_ready(weights), seconds

    def log_probabilities(self, weights: list[jax.Array], inputs: np.ndarray) -> np.ndarray:
        """Log-probabilities of what follows each character.

        Args:
            weights: The trained weights.
            inputs: uint8 (windows, length).

        Returns:
            float32 (windows, length, characters), in nats.
        """
        missing = -len(inputs) % SCORED_AT_ONCE  # filled up, so that one compilation is enough
        filled = np.concatenate([inputs, np.repeat(inputs[-1:], missing, axis=0)])
        batches = np.split(filled, len(filled) // SCORED_AT_ONCE)
        found = [np.asarray(self._tell(weights, batch)) for batch in batches]
        return np.concatenate(found)[: len(inputs)]

    def _built(self, seed: int) -> Any:  # noqa: ANN401 - Keras annotates calls as tensors
        return build(self.model, self.characters, self.characters, _seed_stream(seed))

    def _logits(self, weights: list[jax.Array], inputs: jax.Array) -> jax.Array:
        seen = jax.nn.one_hot(inputs, self.characters)
        return self._network.stateless_call(weights, self._rest, seen, training=True)[0]

    def _told(self, weights: list[jax.Array], inputs: jax.Array) -> jax.Array:
        return jax.nn.log_softmax(self._logits(weights, inputs))

    def _step(
        self, weights: list[jax.Array], state: list[jax.Array], windows: jax.Array
    ) -> tuple[list[jax.Array], list[jax.Array]]:
        def loss_of(weights: list[jax.Array]) -> jax.Array:
            logits = self._logits(weights, windows[:, :-1])
            following = windows[:, 1:].reshape(-1).astype(jnp.int32)
            return cross_entropy(logits.reshape(-1, self.characters), following).mean()

        weights, state = self._optimiser.stateless_apply(state, jax.grad(loss_of)(weights), weights)
        return list(weights), list(state)
