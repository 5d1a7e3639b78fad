"""Links lead to files that exist; sources and citation are complete."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml
from tools.blocks import put_into, table_lines

ROOT = Path(__file__).parents[2]
REFERENCES = (ROOT / "docs/references.md").read_text("utf-8")
ARXIV = r"arXiv[:\s]\s*(\d{4}\.\d{4,5})"
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "PROGRESS.md", "CHANGELOG.md"] + [
    str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))
]


def test_only_one_block_is_replaced():
    text = "<!-- a: begin -->\nold\n<!-- a: end -->\n<!-- b: begin -->\nkept\n<!-- b: end -->\n"
    assert put_into(text, "a", "new") == text.replace("old", "new")


def test_tables_by_hand():
    assert table_lines([["a", "b"], ["1", "2"]]) == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_that_exist(document):
    text = (ROOT / document).read_text("utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    missing = [each for each in targets if not ((ROOT / document).parent / each).exists()]
    assert missing == []


# CONTRIBUTING names the files of its examples, which another test writes and runs.
@pytest.mark.parametrize("document", [each for each in DOCUMENTS if each != "CONTRIBUTING.md"])
def test_paths_in_texts_exist(document):
    text = (ROOT / document).read_text("utf-8")
    paths = re.findall(r"`((?:src|tests|tools|benchmarks|docs|results)/[\w./-]+)`", text)
    named = [each for each in paths if "NAME" not in each]
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_every_decision_is_listed():
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text("utf-8"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))


def test_the_benchmarks_are_there():
    rows = [
        (found[1], re.findall(r"python -m benchmarks\.(\w+)", found[2]))
        for found in re.finditer(
            r"^\| \[.*\]\((.*?)\) \| (.*) \|$",
            (ROOT / "docs/reproduce.md").read_text("utf-8"),
            re.MULTILINE,
        )
    ]
    assert sum(len(names) for _, names in rows) == 6
    for page, names in rows:
        for name in names:
            assert (ROOT / f"benchmarks/{name}.py").exists()
            assert f"`benchmarks/{name}.py`" in (ROOT / "docs" / page).read_text("utf-8")


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
