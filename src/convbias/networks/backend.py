"""Check that Keras computes with JAX, and that JAX has a device."""

from __future__ import annotations

import os
from functools import cache

import jax
import keras

from convbias.errors import BackendError


@cache  # once it holds, it holds for the process
def check_backend() -> None:
    """Check the environment, so that it is not taken for damage of a file.

    Raises:
        BackendError: Keras was imported with another backend than JAX, or JAX finds no device.
    """
    if keras.backend.backend() != "jax":
        raise BackendError(
            f"Keras was imported with its {keras.backend.backend()} backend",
            "the jax backend, which the package is written for",
            "import convbias before Keras, or set KERAS_BACKEND=jax",
        )
    try:
        jax.devices()
    except Exception as error:  # depends on the platform and its driver
        platforms = os.environ.get("JAX_PLATFORMS")
        asked = f" with JAX_PLATFORMS={platforms}" if platforms else ""
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BackendError(
            f"JAX finds no device to compute on{asked}: {reason}",
            "a CPU, or an accelerator with its driver",
            "unset JAX_PLATFORMS, or set it to cpu",
        ) from error
