"""The documents' generated parts are those of the published runs, and the runs are complete."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tools.blocks import block_of
from tools.document import page_blocks
from tools.published import published, published_sections

from convbias.experiments.studies import PUBLISHED
from convbias.figures.drawing import Drawing
from convbias.findings.run_table import table
from convbias.report.card.contents import ModelCard
from convbias.report.card.figures import figures
from convbias.report.card.writing import markdown
from convbias.runs.store import Store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "docs/method.md",
    "docs/reproduce.md",
    "docs/external-checks.md",
    "docs/decisions/0013-looks.md",
)
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}


@pytest.fixture(scope="module")
def study():
    """Results of the original comparison, and the report's sections of the other experiments."""
    return published_sections(PUBLISHED)


@pytest.fixture(scope="module")
def experiments(study):
    """The published results of every experiment."""
    original, sections = study
    return [original, *(each.results for each in sections)]


@pytest.fixture(scope="module")
def generated(study):
    return page_blocks(PUBLISHED, *study)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_blocks_are_generated_from_the_published_runs(document, generated):
    names = re.findall(r"<!-- ([\w-]+): begin -->", TEXTS[document])
    assert set(names) == set(generated[document])
    for name, block in generated[document].items():
        assert block_of(TEXTS[document], name) == block.strip(), name


def test_every_chart_of_the_experiments_is_a_valid_specification(study):
    _, sections = study
    charts = [
        figure.drawing
        for section in sections
        for figure in section.figures
        if not isinstance(figure.drawing, Drawing)
    ]
    assert len(charts) >= len(sections)
    for chart in charts:
        assert chart.to_dict(validate=True)


def test_every_run_and_every_measure_is_published(experiments):
    for results in experiments:
        assert results.runs, results.experiment.name
        assert not results.absent, results.experiment.name
        assert not results.unmeasured, results.experiment.name


def test_per_image_values_are_published_where_they_are_used(experiments):
    original, *further = experiments
    shared = {run.key for run in original.runs}
    for run in original.runs:
        assert run.per_image.predicted is not None, run.key
        assert (run.per_image.loss is not None) == (run.condition in ("dense", "cnn-3x3")), run.key
    for results in further:
        by_loss = {
            name
            for contrast in results.experiment.contrasts
            if contrast.quantity.name == "test_loss"
            for name in (contrast.treatment, contrast.baseline)
        }
        for run in results.runs:
            if run.key in shared:
                continue
            assert run.per_image.predicted is None, run.key
            assert (run.per_image.loss is not None) == (run.condition in by_loss), run.key


def test_the_published_table_is_that_of_the_published_runs():
    # Also of experiments that share all their runs with others, and are not measured yet.
    table_of = {
        each.experiment.name: table(each.runs) for each in published(PUBLISHED) if each.runs
    }
    rebuilt = pd.concat(rows.assign(experiment=name) for name, rows in table_of.items())
    rebuilt = rebuilt.where(rebuilt.notna(), np.nan)  # a file has one kind of nothing
    stored = pd.read_csv(ROOT / "results" / PUBLISHED / "table.csv")
    pd.testing.assert_frame_equal(
        stored, rebuilt.reset_index(drop=True), check_dtype=False, check_like=True
    )


@pytest.mark.integration
def test_the_published_card_is_that_of_the_published_network(fashion_mnist):
    folder = ROOT / "results" / PUBLISHED
    card = ModelCard.model_validate_json((folder / "model-card/model-card.json").read_bytes())
    store = Store(folder / "runs")
    run = store.named(card.run)
    [network] = store.folder.glob("*.keras")
    assert network == store.network_path(run.arm, run.seed)
    assert card.checks.weights_checksum == run.weights_checksum
    assert card.accuracy.value == run.per_image.correct.mean()
    # Right answers stand on the diagonal.
    counts = np.array(card.confusion_counts)
    assert np.trace(counts) == run.per_image.correct.sum()
    scores = [one.test.accuracy for one in store.of_arm(run.arm)[0]]
    assert len(card.accuracy_over_seeds.runs) == len(scores) > 1
    assert card.accuracy_over_seeds.mean == pytest.approx(np.mean(scores))
    text = (folder / "model-card/model-card.md").read_text("utf-8")
    assert text == markdown(card, figures(card, run, fashion_mnist)).rstrip() + "\n"


def test_means_by_hand(experiments):
    def accuracies(results, condition):
        runs = [run for run in results.runs if run.condition == condition]
        return [100 * run.test.accuracy for run in runs]

    by_name = {each.experiment.name: each for each in experiments}
    cnn = accuracies(by_name["original"], "cnn-3x3")
    [row] = [line for line in TEXTS["README.md"].splitlines() if line.startswith("| Test accuracy")]
    assert f"{sum(cnn) / len(cnn):.2f}" in row.split("|")[3]
    local, dense = (accuracies(by_name["sharing"], each) for each in ("local + flatten", "dense"))
    [row] = [
        line
        for line in block_of(TEXTS["README.md"], "experiments").splitlines()
        if "`sharing`" in line
    ]
    assert f"{(sum(local) - sum(dense)) / len(local):+.2f} [" in row


def cells(page: str, block: str) -> list[list[str]]:
    rows = [line for line in block_of(TEXTS[page], block).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


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
    example = block_of(TEXTS["docs/method.md"], "example")
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
            if not results.experiment.on_images:
                minutes += run.cost.wall_seconds / 60
                continue
            images = run.arm.recipe.images_per_epoch or run.arm.data.training_images or 54_000
            training = len(run.epochs) * images / run.cost.images_per_second
            minutes += (training + run.cost.compile_seconds) / 60
        cost = results.study.cost.split(",")[0]
        assert row[2:5] == [str(len(results.runs)), f"{minutes:.0f} min", cost]
        assert re.match(r"about [\d.]+ (minutes|hours)", cost)
