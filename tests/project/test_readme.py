"""The results in README are those of the published runs; links lead to files that exist."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tools.blocks import block_of, put_into
from tools.published import published

from convbias.experiments.studies import PUBLISHED
from convbias.findings.run_table import table
from convbias.report.card.contents import ModelCard
from convbias.report.card.figures import figures
from convbias.report.card.writing import markdown
from convbias.runs.store import Store

ROOT = Path(__file__).parents[2]

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_run_and_every_measure_is_published():
    for results in published(PUBLISHED):
        assert not results.absent, results.experiment.name
        assert not results.unmeasured, results.experiment.name


def test_of_single_images_what_is_compared_and_shown_is_published():
    original, *further = published(PUBLISHED)
    shared = {run.key for run in original.runs}
    for run in original.runs:
        assert run.per_image.predicted is not None, run.key
        assert (run.per_image.loss is not None) == (run.condition in ("dense", "cnn-3x3")), run.key
    for results in further:
        of_recipe = results.experiment.name == "recipe"
        for run in results.runs:
            if run.key in shared:
                continue
            assert run.per_image.predicted is None, run.key
            compared = of_recipe and run.condition in ("classic dense", "classic cnn-3x3")
            assert (run.per_image.loss is not None) == compared, run.key


def test_the_published_table_is_that_of_the_published_runs():
    table_of = {each.experiment.name: table(each.runs) for each in published(PUBLISHED)}
    rebuilt = pd.concat(rows.assign(experiment=name) for name, rows in table_of.items())
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


def test_means_in_the_results_by_hand():
    def accuracies(results, condition):
        runs = [run for run in results.runs if run.condition == condition]
        return [100 * run.test.accuracy for run in runs]

    by_name = {each.experiment.name: each for each in published(PUBLISHED)}
    cnn = accuracies(by_name["original"], "cnn-3x3")
    [row] = [line for line in README.splitlines() if line.startswith("| Test accuracy")]
    assert f"{sum(cnn) / len(cnn):.2f}" in row.split("|")[3]
    local, dense = (accuracies(by_name["sharing"], each) for each in ("local + flatten", "dense"))
    [row] = [line for line in block_of(README, "experiments").splitlines() if "`sharing`" in line]
    assert f"{(sum(local) - sum(dense)) / len(local):+.2f} [" in row


def test_only_one_block_is_replaced():
    text = "<!-- a: begin -->\nold\n<!-- a: end -->\n<!-- b: begin -->\nkept\n<!-- b: end -->\n"
    assert put_into(text, "a", "new") == text.replace("old", "new")


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/decisions/README.md",
        "docs/method.md",
        "docs/references.md",
        "docs/reproduce.md",
    ],
)
def test_links_lead_to_files_that_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert all((ROOT / page).parent.joinpath(target).exists() for target in targets), targets
