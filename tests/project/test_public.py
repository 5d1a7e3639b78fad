"""The public names: documented, typed and imported late."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tools.servers.processes import TIMEOUT

import convbias

ROOT = Path(__file__).parents[2]


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def test_what_is_promised_is_there_and_documented() -> None:
    assert convbias.__all__ == sorted(convbias.__all__)
    for name in convbias.__all__:
        documentation = inspect.getdoc(getattr(convbias, name)) or ""
        sections = ["Args:", "Raises:", "Example:"]
        if not inspect.isclass(getattr(convbias, name)):
            sections += ["Returns:", "Source:"]
        assert [each for each in sections if each not in documentation] == [], name
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = convbias.other  # pyright: ignore[reportAttributeAccessIssue]


def test_types_are_shipped_for_the_same_names() -> None:
    stub = (ROOT / "src/convbias/__init__.pyi").read_text("utf-8")
    listed = re.findall(r'^    "(\w+)",$', stub, re.MULTILINE)
    assert listed == convbias.__all__
    assert (ROOT / "src/convbias/py.typed").exists()


def test_importing_the_package_imports_little(tmp_path: Path) -> None:
    late = "jax", "keras", "numpy", "altair", "torch", "onnxruntime"
    done = python(f"import convbias, sys; print(set({late}) & sys.modules.keys())", tmp_path)
    assert done.stdout.strip() == "set()"
