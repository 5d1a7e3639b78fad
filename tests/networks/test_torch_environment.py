"""Run the tests that need PyTorch in the environment that has it, in one process."""

import os
import subprocess
from pathlib import Path

import pytest
from tools.servers.processes import TIMEOUT

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-torch"


@pytest.mark.integration
@pytest.mark.skipif(
    not (ENVIRONMENT / "stamp").exists() and "CI" not in os.environ,
    reason="PyTorch's CPU build is not installed: make .venv-torch/stamp",
)
def test_networks_of_pytorch() -> None:
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/torch_networks"]
    done = subprocess.run(
        [ENVIRONMENT / "bin" / "python", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
