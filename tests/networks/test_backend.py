"""An environment without Keras' JAX backend or without a device is not taken for damage."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CHECK = "from convbias.networks.backend import check_backend; check_backend()"


def run(program: str, **variables: str) -> tuple[int, str]:
    """Exit code and error output of a Python program."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.integration
def test_the_package_decides_for_jax() -> None:
    assert run(CHECK, KERAS_BACKEND="numpy") == (0, "")


@pytest.mark.integration
def test_another_backend_that_keras_has_already() -> None:
    code, said = run(f"import keras; {CHECK}", KERAS_BACKEND="numpy")
    assert code == 1
    assert "Keras was imported with its numpy backend" in said
    assert "import convbias before Keras" in said


@pytest.mark.integration
def test_an_accelerator_that_is_not_there() -> None:
    code, said = run(CHECK, JAX_PLATFORMS="cuda")
    assert code == 1
    assert "JAX finds no device to compute on with JAX_PLATFORMS=cuda" in said
    assert "unset JAX_PLATFORMS" in said
