"""A bounded run of the fuzzer; docs/serving.md has the figures of a long one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import fuzzing
from tools.fuzzing import READERS, fuzz

pytest.importorskip("atheris", reason="atheris exists for Linux on x86-64")

INPUTS = 1_000

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("reader", READERS)
def test_no_input_is_neither_read_nor_refused(reader: str) -> None:
    result = fuzz(reader, f"-runs={INPUTS}", "-seed=1")
    assert result["finding"] is None, result["finding"]
    assert result["inputs"] >= INPUTS
    assert result["branches"] >= 20  # the reader is instrumented, and read the examples
    assert result["megabytes"] < 500


def test_a_fault_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a copy of inference.py that lets the errors of numbers in CSV pass."""
    source = (fuzzing.ROOT / "inference.py").read_text("utf-8")
    caught = "except (ValueError, csv.Error) as error:"
    assert source.count(caught) == 1
    for name in ("tools", "src"):
        (tmp_path / name).symlink_to(fuzzing.ROOT / name)
    (tmp_path / "inference.py").write_text(source.replace(caught, "except csv.Error as error:"))
    monkeypatch.setattr(fuzzing, "ROOT", tmp_path)
    finding = str(fuzz("CSV", f"-runs={INPUTS}", "-seed=1")["finding"])
    assert re.search(r"^(UnicodeDecode|Value)Error: ", finding, re.MULTILINE)
    assert "inputs: ['" in finding
