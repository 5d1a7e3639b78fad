"""scikit-learn's models of tables, with the interface of `RowNetworks`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convbias.networks.beyond.rows import Fit
from convbias.spec.beyond.tables import BoostedTrees, LogisticRegression

ITERATIONS = 5_000  # of the logistic regression's solver; it ends as soon as it has converged
LEAST = 1e-7  # probability, so that a confident error has a finite loss


@dataclass(frozen=True, eq=False)
class Estimators:
    """Trains scikit-learn's models, each on its own rows with its own setting.

    Args:
        model: Which model.
        seed: The run's seed.
        values: float32 (rows, columns), the whole table.
        labels: int (rows,).
    """

    model: LogisticRegression | BoostedTrees
    seed: int
    values: np.ndarray
    labels: np.ndarray

    @property
    def parameters(self) -> int | None:
        """How many parameters a model has; None of trees, which grow with the data."""
        classes = int(self.labels.max()) + 1
        outputs = 1 if classes == 2 else classes
        linear = isinstance(self.model, LogisticRegression)
        return (self.values.shape[1] + 1) * outputs if linear else None

    def log_probabilities(self, fits: Sequence[Fit]) -> tuple[np.ndarray, float]:
        """Train a model per fit, and tell all rows with it.

        Args:
            fits: What to train; the value is C of the logistic regression, or the learning rate of
                the trees.

        Returns:
            float32 (fits, rows, classes), and 0 seconds of compilation.
        """
        found = []
        for fit in fits:
            trained = self._made(fit.value).fit(self.values[fit.rows], self.labels[fit.rows])
            probabilities = np.maximum(trained.predict_proba(self.values), LEAST)
            found.append(np.log(probabilities).astype(np.float32))
        return np.stack(found), 0.0

    def _made(self, value: float) -> Any:  # noqa: ANN401 - scikit-learn has no types
        # Imported here, because scikit-learn is an extra.
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression as Logistic
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if isinstance(self.model, LogisticRegression):
            return make_pipeline(StandardScaler(), Logistic(C=value, max_iter=ITERATIONS))
        return HistGradientBoostingClassifier(
            learning_rate=value,
            max_iter=self.model.trees,
            early_stopping=False,  # pyright: ignore[reportArgumentType] - its stub knows "auto" alone
            random_state=self.seed,
        )
