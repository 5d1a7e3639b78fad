"""Size of a network: parameters, bytes in memory, bytes on disk."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

ADAM_MOMENTS = 2  # Adam keeps a mean and a mean square beside every trainable parameter


def network_size(network: keras.Model, network_file: Path) -> dict[str, float]:
    """Measure a network's size.

    Args:
        network: The network.
        network_file: The file that it was saved to.

    Returns:
        `parameters` (count, trainable), `parameter_bytes` (float32, what inference needs),
        `training_state_bytes` (parameters with Adam's moments, what training needs beside the
        gradients and activations) and `network_file_bytes` (the .keras file).
    """
    weights = [np.asarray(weight) for weight in network.trainable_variables]
    parameter_bytes = sum(weight.nbytes for weight in weights)
    return {
        "parameters": sum(weight.size for weight in weights),
        "parameter_bytes": parameter_bytes,
        "training_state_bytes": parameter_bytes * (1 + ADAM_MOMENTS),
        "network_file_bytes": network_file.stat().st_size,
    }
