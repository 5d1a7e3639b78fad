"""An environment without Keras' JAX backend or without a device is not taken for damage."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CHECK = "from convbias.networks.backend import check_backend; check_backend()"


def last_line(program: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{done.returncode} {(done.stderr.strip() or 'nothing').splitlines()[-3:]}"


@pytest.mark.integration
def test_the_package_decides_for_jax() -> None:
    assert last_line(CHECK, KERAS_BACKEND="numpy") == "0 ['nothing']"


@pytest.mark.integration
def test_another_backend_that_keras_has_already() -> None:
    said = last_line(f"import keras; {CHECK}", KERAS_BACKEND="numpy")
    assert "Keras was imported with its numpy backend" in said
    assert "import convbias before Keras" in said


@pytest.mark.integration
def test_an_accelerator_that_is_not_there() -> None:
    said = last_line(CHECK, JAX_PLATFORMS="cuda")
    assert "JAX finds no device to compute on with JAX_PLATFORMS=cuda" in said
    assert "unset JAX_PLATFORMS" in said
