"""The notebook's outputs, compared with the stored runs."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
import pytest
import requests
from tools.notebook import LONGEST_CELL, LONGEST_OUTPUT, SOURCE, text_of
from tools.servers.processes import TIMEOUT

from command_line import finished_study
from convbias.data import Dataset
from convbias.errors import InputError, RunError
from convbias.experiments.studies import PUBLISHED
from convbias.figures import Figure
from convbias.report.notebook import MarkdownText, NotebookStudy
from convbias.shipping.export.archive import Archive
from convbias.shipping.serve.local import local_server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOTEBOOK = nbformat.read(SOURCE.with_suffix(".ipynb"), as_version=4)
PARTS = (
    "1. EDA",
    "2. Baseline",
    "3. CNN",
    "4. Kernel experiments",
    "5. Interpretation",
    "6. SageMaker",
)


@pytest.fixture(scope="module")
def study(fashion_mnist: Dataset) -> NotebookStudy:
    assert fashion_mnist.name == "fashion-mnist"
    return NotebookStudy(PUBLISHED, ROOT / "results" / PUBLISHED / "runs")


def code_cells() -> list:
    return [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]


def test_the_notebook_is_its_source_executed() -> None:
    source = jupytext.read(SOURCE)
    assert [cell.source for cell in NOTEBOOK.cells] == [cell.source for cell in source.cells]
    counts = [cell.execution_count for cell in code_cells()]
    assert counts == list(range(1, len(counts) + 1))
    text = "\n".join(cell.source for cell in NOTEBOOK.cells)
    places = [text.index(f"## {part}") for part in PARTS]
    assert places == sorted(places)


def test_no_cell_and_no_output_is_too_long() -> None:
    for cell in code_cells():
        assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source
        for output in cell.outputs:
            assert output.output_type != "error"
            assert text_of(output).count("\n") < LONGEST_OUTPUT, cell.source


SHOWN = [cell for cell in code_cells() if cell.source.splitlines()[-1].startswith("study.")]


@pytest.mark.integration
@pytest.mark.parametrize("cell", SHOWN, ids=lambda cell: cell.source.splitlines()[-1])
def test_the_notebooks_numbers_are_those_of_the_published_runs(cell, study: NotebookStudy) -> None:
    shown = eval(cell.source.splitlines()[-1], {"study": study})  # noqa: S307 - the project's own
    [output] = cell.outputs
    if isinstance(shown, MarkdownText):
        assert output.data["text/markdown"] == shown.text
    elif isinstance(shown, Figure):
        assert output.data["image/svg+xml"] == shown.svg()
    else:
        assert output.data["text/html"] == shown.to_html(notebook=True)


def test_most_cells_are_held_against_the_runs() -> None:
    assert len(SHOWN) >= 25


@pytest.mark.integration
def test_what_is_not_stored_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = finished_study(tmp_path_factory.getbasetemp())
    study = NotebookStudy(str(folder / "tiny.toml"), folder / "runs")
    assert "8 runs planned, 8 stored" in study._repr_markdown_()
    assert study.remark is not None
    for shown in (study.figure("shift"), study.outcome("shift")):
        assert isinstance(shown, MarkdownText)
        assert shown.text == "*The profile tiny has no run of the experiment shift.*"
    run, network = study.stored_network()
    assert run.arm.model.name == "cnn-3x3"
    assert network.count_params() == 28_426  # by arithmetic


def test_runs_that_are_not_there(
    tmp_path: Path, study: NotebookStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=f"the study {PUBLISHED} is stored in") as refused:
        NotebookStudy(PUBLISHED, tmp_path)
    assert "CONVBIAS_NOTEBOOK_RUNS" in refused.value.fix
    monkeypatch.setattr(study.store, "network_path", lambda _arm, _seed: tmp_path / "absent")
    with pytest.raises(InputError, match="no run of cnn-3x3 is stored with its network"):
        study.stored_network()


def test_words_of_claims_are_no_markup(study: NotebookStudy) -> None:
    row = next(line for line in study.claims("7x7-covers").text.splitlines() if "25" in line)
    assert row.count(" | ") == 3
    assert "**cannot hold**" in row
    assert study.claims("sharing").text.count("\n") == 4


@pytest.mark.integration
def test_an_archive_that_cannot_be_served(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"no archive")
    with (
        pytest.raises(RunError, match=r"the server did not start: .*cannot be read"),
        local_server(path),
    ):
        pass


@pytest.mark.integration
def test_a_local_server_answers_as_long_as_it_is_needed(archive: Archive) -> None:
    with local_server(archive.path) as address:
        assert requests.get(f"{address}/ping", timeout=TIMEOUT).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/ping", timeout=TIMEOUT)
