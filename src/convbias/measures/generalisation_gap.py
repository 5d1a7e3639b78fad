"""Difference between the scores on training images and on held-out images."""

from __future__ import annotations

from convbias.networks.scores import Scores


def generalisation_gap(train: Scores, validation: Scores) -> dict[str, float]:
    """The differences between training and validation scores, both without dropout.

    Args:
        train: Scores on training images.
        validation: Scores on as many images that were held out.

    Returns:
        `train_validation_gap` (accuracy, positive where the training images are easier) and
        `validation_train_loss_gap` (nats per image, positive likewise).

    Example:
        >>> train = Scores(images=4, loss=0.25, accuracy=1.0)
        >>> generalisation_gap(train, Scores(images=4, loss=0.5, accuracy=0.75))
        {'train_validation_gap': 0.25, 'validation_train_loss_gap': 0.25}
    """
    return {
        "train_validation_gap": train.accuracy - validation.accuracy,
        "validation_train_loss_gap": validation.loss - train.loss,
    }
