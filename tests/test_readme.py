"""The README against what it speaks of: the published runs and the tree."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from convbias.store import table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "results"))

from publish import BEGIN, END, published_runs, put_into_readme, readme_block  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_result_is_made_from_the_published_runs():
    block = README.split(BEGIN)[1].split(END)[0].strip()
    assert block == readme_block("quick", published_runs("quick")).strip()


def test_the_published_table_is_that_of_the_published_runs():
    published = pd.read_csv(ROOT / "results/quick/table.csv")
    rebuilt = table(published_runs("quick"))
    pd.testing.assert_frame_equal(published, rebuilt, check_dtype=False)


def test_a_mean_in_the_result_by_hand():
    runs = [run for run in published_runs("quick") if run.arm_name == "cnn-3x3"]
    mean = 100 * sum(run.test.accuracy for run in runs if run.test) / len(runs)
    [row] = [line for line in README.splitlines() if line.startswith("| Test accuracy")]
    assert f"{mean:.2f}" in row.split("|")[3]


def test_only_the_result_is_replaced():
    text = f"before\n{BEGIN}\nold\n{END}\nafter"
    assert put_into_readme(text, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/decisions/README.md"])
def test_links_lead_to_files_that_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert all((ROOT / page).parent.joinpath(target).exists() for target in targets), targets


def test_the_tree_names_what_is_there():
    tree = README.split("## The tree")[1].split("\n\n[CONTRIBUTING")[0]
    lines = [line for line in tree.splitlines() if line.startswith("    ")]
    for line in lines:
        folder = ROOT / "src/convbias" if line.startswith("      ") else ROOT
        names = re.split(r"\s{2,}", line.strip())[0].split(", ")
        assert all((folder / name.split(" ")[0]).exists() for name in names), line
