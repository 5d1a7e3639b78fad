"""The documents match the published runs; sources and citation are complete."""

import re
import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml
from tools.blocks import block_of, table_lines
from tools.document import page_blocks
from tools.published import published_sections

from convbias.experiments.studies import PUBLISHED

ROOT = Path(__file__).parents[2]

PAGES = {
    name: (ROOT / name).read_text("utf-8")
    for name in ("README.md", "docs/method.md", "docs/reproduce.md")
}
REFERENCES = (ROOT / "docs/references.md").read_text("utf-8")
ARXIV = r"arXiv[: ](\d{4}\.\d{4,5})"


@pytest.fixture(scope="module")
def study():
    return published_sections(PUBLISHED)


@pytest.fixture(scope="module")
def made(study):
    """The blocks of all pages, made again from the published runs."""
    return page_blocks(PUBLISHED, *study)


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_are_made_from_the_published_runs(page, made):
    assert re.findall(r"<!-- ([\w-]+): begin -->", PAGES[page]) != []
    assert set(re.findall(r"<!-- ([\w-]+): begin -->", PAGES[page])) == set(made[page])
    for name, block in made[page].items():
        assert block_of(PAGES[page], name) == block.strip(), name


def cells(page: str, block: str) -> list[list[str]]:
    rows = [line for line in block_of(PAGES[page], block).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_tables_by_hand():
    assert table_lines([["a", "b"], ["1", "2"]]) == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]


def test_the_fewest_pairs_by_hand():
    # 2 of 2^n sign patterns are as extreme as they can be; four contrasts.
    rows = {row[0]: row[1:] for row in cells("docs/method.md", "pairs")}
    assert rows["3"] == ["0.25", "1", "nothing"]
    assert rows["6"] == ["0.0312", "0.125", "one contrast, without correction"]
    assert rows["8"] == ["0.00781", "0.0312", "every contrast"]


def test_the_example_by_hand(study):
    original, _ = study
    accuracy = {
        arm: np.array([run.test.accuracy for run in original.runs if run.condition == arm])
        for arm in ("cnn-3x3", "dense")
    }
    difference = 100 * (accuracy["cnn-3x3"] - accuracy["dense"])
    example = block_of(PAGES["docs/method.md"], "example")
    for seed, value in enumerate(difference):
        [row] = [line for line in example.splitlines() if line.startswith(f"| {seed} |")]
        assert row.endswith(f" {value:+.2f} |")
    assert f"| {difference.mean():+.2f} |" in example
    assert f"differences | {difference.std(ddof=1):.2f} percentage points |" in example


def test_the_spread_by_hand(study):
    original, sections = study
    dense = 100 * np.array([run.test.accuracy for run in original.runs if run.condition == "dense"])
    deviation = dense.std(ddof=1)
    n = len(dense)
    # Student's 97.5 % quantiles for n - 1 degrees of freedom, from a table.
    t = {3: 4.302653, 5: 2.776445, 10: 2.262157, 30: 2.045230}[n]
    one_more, again = (t * deviation * np.sqrt(1 / n + share) for share in (1, 1 / n))
    [row] = [
        row
        for row in cells("docs/reproduce.md", "arms")
        if row[:2] == ["dense", "test accuracy (%)"]
    ]
    assert row[2:] == [
        f"{dense.mean():.2f}",
        f"{deviation:.2f}",
        f"{dense.mean() - one_more:.2f} to {dense.mean() + one_more:.2f}",
        f"{dense.mean() - again:.2f} to {dense.mean() + again:.2f}",
    ]
    contrasts = len(original.experiment.contrasts) + sum(len(each.contrasts) for each in sections)
    assert len(cells("docs/reproduce.md", "contrasts")) == 2 + contrasts


def test_the_cost_by_hand(study):
    original, sections = study
    rows = {row[0]: row for row in cells("docs/reproduce.md", "experiments")}
    for results in (original, *(each.results for each in sections)):
        row = rows[f"`{results.experiment.name}`"]
        minutes = 0.0
        for run in results.runs:
            images = run.arm.recipe.images_per_epoch or run.arm.data.training_images or 54_000
            training = len(run.epochs) * images / run.cost.images_per_second
            minutes += (training + run.cost.compile_seconds) / 60
        cost = results.study.cost.split(",")[0]
        assert row[2:5] == [str(len(results.runs)), f"{minutes:.0f} min", cost]
        assert re.match(r"about [\d.]+ (minutes|hours)", cost)


def test_the_benchmarks_are_there():
    scripts = re.findall(r"python (benchmarks/\w+\.py)", PAGES["docs/reproduce.md"])
    assert len(scripts) == 5
    for script in scripts:
        page = ROOT / "docs" / f"{Path(script).stem}.md"
        assert (ROOT / script).exists()
        if page.exists():
            assert f"Written by `{script}`" in page.read_text("utf-8")


def test_every_source_in_the_code_is_listed():
    texts = [path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py")]
    texts.append((ROOT / "README.md").read_text("utf-8"))
    named = {number for text in texts for number in re.findall(ARXIV, text)}
    assert named
    assert named == set(re.findall(ARXIV, REFERENCES))
    for number in named:
        assert f"[arXiv:{number}](https://arxiv.org/abs/{number})" in REFERENCES


def test_the_files_that_use_a_source_name_it():
    sources = REFERENCES.split("\n- ")[1:]
    used = [re.findall(r"`([\w/]+\.py)`", source) for source in sources]
    assert all(used)
    for source, files in zip(sources, used, strict=True):
        texts = [(ROOT / "src/convbias" / file).read_text("utf-8") for file in files]
        for number in re.findall(ARXIV, source):
            assert any(number in text for text in texts), number


def test_the_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["type"] == "software"
    for name in ("version", "license", "keywords"):
        assert citation[name] == project[name], name
    assert citation["abstract"].split(",")[0] in project["description"]
    assert isinstance(citation["date-released"], date)
    assert citation["authors"] == [{"name": "The convbias developers"}]
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= reference.keys()
        names = [f"{each['given-names']} {each['family-names']}" for each in reference["authors"]]
        assert names == ["Han Xiao", "Kashif Rasul", "Roland Vollgraf"]
    article, data = citation["references"]
    assert article["url"] == "https://arxiv.org/abs/1708.07747"
    assert (data["type"], data["license"]) == ("data", "MIT")
    assert data["url"] == "https://github.com/zalandoresearch/fashion-mnist"
