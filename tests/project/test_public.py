"""The public names: documented, imported late, and used as README and the guide show."""

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
# What makes the examples small: other words for the same things.
SMALL = {'"fashion-mnist"': '"drawn"', "epochs=3": "epochs=1, training_images=20"}
SMALL |= {"seeds=(0, 1, 2)": "seeds=(0,)", "images=500": "images=10", "images=200": "images=10"}


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


@pytest.mark.slow
@pytest.mark.parametrize("document", ["README.md", "docs/your-network.md"])
def test_the_examples_run(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / document).read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 1
    code = blocks[0]
    for before, after in SMALL.items():
        code = code.replace(before, after)
    assert "fashion-mnist" not in code
    monkeypatch.chdir(tmp_path)
    exec(compile(code, document, "exec"), {})  # noqa: S102 - of this repository
    if document == "README.md":
        assert len([line for line in code.splitlines() if line]) <= 11
        assert (tmp_path / "report" / "measured" / "measures.json").exists()
