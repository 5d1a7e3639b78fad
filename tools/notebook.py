"""Execute the notebook: from neural-networks-package.py to neural-networks-package.ipynb.

    .venv/bin/python -m tools.notebook [--profile NAME] [--runs FOLDER] [--out FILE]

The source is a Python file in the percent format, which gives readable diffs. The notebook is
generated from it with stored runs, and is never edited by hand.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

from convbias.experiments.studies import PUBLISHED
from convbias.report.notebook import PROFILE, RUNS

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "neural-networks-package.py"
SECONDS_PER_CELL = 600
LONGEST_CELL = 15  # lines; longer code belongs in the package
LONGEST_OUTPUT = 60  # lines of text; longer output would need scrolling


def main() -> None:
    """Execute the notebook and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default=PUBLISHED)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--out", type=Path, default=SOURCE.with_suffix(".ipynb"))
    given = parser.parse_args()
    runs = given.runs or ROOT / "results" / given.profile / "runs"
    notebook = executed(given.profile, runs.resolve())
    given.out.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    print(f"{given.out}: {len(notebook.cells)} cells")


def executed(profile: str, runs: Path) -> nbformat.NotebookNode:
    """Execute every cell.

    Args:
        profile: name of the study profile.
        runs: folder of the profile's runs.

    Returns:
        The notebook with its outputs, without metadata that changes between executions.

    Raises:
        SystemExit: A cell or an output is too long.
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    notebook = jupytext.read(SOURCE)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        if cell.cell_type == "code" and len(cell.source.splitlines()) > LONGEST_CELL:
            sys.exit(f"cell {number} has more than {LONGEST_CELL} lines:\n{cell.source}")
    os.environ |= {PROFILE: profile, RUNS: str(runs)}
    NotebookClient(
        notebook, timeout=SECONDS_PER_CELL, resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    for number, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.NotebookNode()
        for output in cell.get("outputs", ()):
            lines = text_of(output).count("\n") + 1
            if lines > LONGEST_OUTPUT:
                sys.exit(f"cell {number} prints {lines} lines, more than {LONGEST_OUTPUT}")
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def text_of(output: nbformat.NotebookNode) -> str:
    """The text of an output; empty for a figure.

    Args:
        output: an output of a cell.
    """
    shown = output.get("data", {})
    if "image/svg+xml" in shown:
        return ""
    return output.get("text") or shown.get("text/markdown") or shown.get("text/plain", "")


if __name__ == "__main__":
    main()
