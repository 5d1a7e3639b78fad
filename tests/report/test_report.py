from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convbias.data import Dataset
from convbias.errors import InputError, StorageError
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.tuning import write_rates
from convbias.figures import finished_arms
from convbias.findings.claims import claims
from convbias.findings.evaluation import evaluate, runs_by_arm
from convbias.report import (
    ExperimentSection,
    comparison_table,
    experiment_section,
    write_experiment,
    write_report,
)
from convbias.report.caveats import caveats, rates_caveat
from convbias.report.comparison import comparison, comparison_records
from convbias.report.methods import mean_found, networks, recipe_names, self_comparisons
from convbias.runs.record import Run
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.rates import SearchedSetting, TriedRate, own_rates_path, setting_of
from convbias.spec.recipes import classic, scheduled
from factories import make_arm, make_results, make_run, make_runs

DRAWN_MARK = "drawn garments, not Fashion-MNIST"
VOID = {"meta", "link", "img", "br", "path", "use"}


@dataclass
class Page(HTMLParser):
    """The content of a report; fails if elements are not closed in order."""

    html: str
    text: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    images_without_alt: list[str] = field(default_factory=list)
    captions: int = 0
    open: list[str] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self._script: str | None = None
        self.feed(self.html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        elif "href" in values or "src" in values:
            self.loaded.append(values.get("src") or values["href"])
        if tag == "img" and not values.get("alt"):
            self.images_without_alt.append(values["src"][:40])
        if tag == "script":
            self._script = values.get("id", "")
        self.captions += tag == "caption"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, self.getpos()
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.data[self._script] = data
        else:
            self.text.append(data)

    @property
    def words(self) -> str:
        """The page's text, with typographic spaces and minus signs replaced by plain ones."""
        text = "".join(self.text).replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")
        return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def page(report: Path) -> Page:
    return Page(report.read_text("utf-8"))


@dataclass
class Unusual:
    """A report with text that could break HTML, another recipe, and a further experiment."""

    page: Page
    folder: Path
    section: ExperimentSection


REASON = "<script>alert('x')</script> & </table>"
STUDY_NAME = "</title><b>"


@pytest.fixture(scope="module")
def unusual(dataset: Dataset, runs: list[Run], tmp_path_factory: pytest.TempPathFactory) -> Unusual:
    recipe = runs[0].arm.recipe.model_copy(update={"images_per_epoch": 1_234})
    changed = []
    for run in runs:
        arm = run.arm.model_copy(update={"recipe": recipe})
        reason = REASON if run.status == "diverged" else run.reason
        update = {"arm": arm, "arm_hash": arm.hash, "reason": reason}
        changed.append(run.model_copy(update=update))
    section = further_section(dataset)
    folder = tmp_path_factory.mktemp("unusual")
    path = write_report(STUDY_NAME, ORIGINAL, changed, dataset, folder, [section])
    return Unusual(Page(path.read_text("utf-8")), folder, section)


# --- the file -----------------------------------------------------------------------------------


def test_report_needs_nothing_but_itself(page: Page):
    assert page.loaded
    assert [address for address in page.loaded if not address.startswith(("data:", "#"))] == []
    assert [address for address in page.links if not address.startswith("#")] == []
    assert "@import" not in page.html
    assert "url(" not in page.html.partition("</style>")[0]


def test_every_link_has_a_target_and_every_anchor_is_unique(page: Page):
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []


def test_every_image_has_words(page: Page):
    assert page.images_without_alt == []


def test_libraries_are_there_once_and_every_chart_uses_them(page: Page):
    assert page.html.count("window.vegaEmbed") == 1
    charts = json.loads(page.data["chart-specifications"])
    assert len(charts) == 11
    assert {f"figure-{name}" for name in charts} <= set(page.ids)
    assert all(chart["width"] == "container" for chart in charts.values())


@pytest.mark.integration
def test_report_is_the_same_when_it_is_written_again(
    report: Path, dataset: Dataset, runs: list[Run], tmp_path: Path
):
    again = write_report("tiny", ORIGINAL, runs[::-1], dataset, tmp_path)
    assert again.read_bytes() == report.read_bytes()


def test_figures_and_tables_stand_beside_the_report(report: Path, runs: list[Run]):
    figures = report.parent / "figures"
    names = {path.stem for path in figures.glob("*.svg")}
    assert names == {path.stem for path in figures.glob("*.png")}
    assert len(names) == 14
    for path in figures.glob("*.png"):
        with Image.open(path) as picture:
            picture.verify()
    with (report.parent / "claims.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [claim.id for claim in claims()]
    assert {row["verdict"] for row in rows} <= {
        "holds", "does not hold", "undecided", "cannot hold", "not measured yet",
    }  # fmt: skip
    with (report.parent / "comparison.csv").open(newline="") as file:
        compared = {(row["measure"], row["arm"]): row for row in csv.DictReader(file)}
    accuracies = [run.test.accuracy for run in runs if run.condition == "cnn-3x3" and run.test]
    row = compared["test_accuracy", "cnn-3x3"]
    assert float(row["mean"]) == pytest.approx(100 * np.mean(accuracies))
    assert (row["n"], row["unit"]) == ("3", "%")


# --- what it says -------------------------------------------------------------------------------


def test_findings_come_first_and_in_full(page: Page, runs: list[Run]):
    for finding in evaluate(ORIGINAL, runs):
        assert finding.sentence in page.words
        assert f"contrast-{finding.planned.name}" in page.ids
    assert page.ids.index("findings") < page.ids.index("claims")


def test_every_claim_is_listed(page: Page):
    for claim in claims():
        assert f"claim-{claim.id}" in page.ids
        assert claim.statement in page.words


def test_arithmetic_is_judged_from_the_networks(page: Page):
    assert "(784*128 + 128) + (128*64 + 64) + (64*10 + 10) = 109,386" in page.words


def test_every_run_is_listed_and_diverged_ones_are_called_so(page: Page, runs: list[Run]):
    for run in runs:
        assert f"run-{run.key}" in page.ids
    assert page.words.count("diverged") >= 3
    assert "the loss is not finite in epoch 1" in page.words
    assert "cnn-7x7 with seed 3" in page.words


def test_drawn_data_are_marked_at_the_top_and_at_every_table_and_figure(page: Page):
    assert DRAWN_MARK in page.words[: page.words.index("The original comparison", 40)]
    figures = len(re.findall(r"<figure ", page.html))
    tables_of_results = len(re.findall(r'class="remark"', page.html))
    assert page.words.count(DRAWN_MARK) >= figures + 5
    assert tables_of_results >= 6


@pytest.mark.integration
def test_text_of_a_run_or_a_study_cannot_break_the_page(unusual: Unusual):
    assert REASON in unusual.page.words
    assert STUDY_NAME in unusual.page.words
    assert "alert" not in "".join(unusual.page.data.values())


# --- what it refuses ----------------------------------------------------------------------------


def test_no_runs_are_refused(dataset: Dataset, tmp_path: Path):
    with pytest.raises(InputError, match="there are no runs to report on"):
        write_report("none", ORIGINAL, [], dataset, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_runs_on_other_data_are_refused(dataset: Dataset, runs: list[Run], tmp_path: Path):
    other = [*runs[:-1], runs[-1].model_copy(update={"data_checksum": "0" * 64})]
    with pytest.raises(InputError, match="with the checksum 000000000000, not on drawn with"):
        write_report("other", ORIGINAL, other, dataset, tmp_path)


def test_only_diverged_runs_are_refused(dataset: Dataset, runs: list[Run], tmp_path: Path):
    with pytest.raises(InputError, match="none of 1 runs is a finished run"):
        write_report("diverged", ORIGINAL, runs[-1:], dataset, tmp_path)


@pytest.mark.integration
def test_a_folder_that_cannot_be_written_is_reported(dataset: Dataset, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="could not write"):
        write_experiment(further_section(dataset), dataset, tmp_path / "file")


# --- its parts ----------------------------------------------------------------------------------


def test_comparison_has_means_intervals_and_stars():
    sizes = {"parameters": 10.0, "network_file_bytes": 2_000.0, "train_validation_gap": 0.05}
    runs = make_runs("dense", [0.86, 0.87, 0.88], measures=sizes)
    runs += make_runs("cnn-3x3", [0.90, 0.90, 0.90], measures=sizes | {"parameters": 5.0})
    table = comparison_table(ORIGINAL, runs)
    assert list(table.columns) == ["dense", "cnn-3x3"]
    # 87 -+ t(0.975, 2) / sqrt(3) with a standard deviation of 1
    assert list(table.loc["Test accuracy (%)"]) == ["87.00 [84.52 to 89.48]", "90.00 ★"]
    assert list(table.loc["Trainable parameters"]) == ["10", "5 ★"]
    assert list(table.loc["Size on disk (kB)"]) == ["2 ★", "2 ★"]
    assert list(table.loc["In memory: parameters (kB)"]) == ["not measured", "not measured"]


def test_the_best_gap_is_the_one_nearest_to_zero():
    runs = make_runs("dense", [0.9], measures={"train_validation_gap": -0.05})
    runs += make_runs("cnn-3x3", [0.9], measures={"train_validation_gap": 0.01})
    gap = comparison_table(ORIGINAL, runs).loc[
        "Training minus validation accuracy (percentage points)"
    ]
    assert list(gap) == ["-5.00", "1.00 ★"]


def test_published_numbers_stand_beside_ours():
    rows = comparison(ORIGINAL, [*make_runs("dense", [0.9]), *make_runs("cnn-3x3", [0.9])])
    published = {
        (measure.column, cell.arm): cell.published for measure, cells in rows for cell in cells
    }
    assert published["test_accuracy", "cnn-3x3"] == "90.4, 89.2"
    assert published["parameters", "dense"] == "110,496"
    assert published["network_file_bytes", "dense"] == "5 MB"
    assert published["training_state_bytes", "dense"] == ""
    assert comparison_records(rows)["published"].isna().any()


def test_diverged_runs_are_in_no_mean():
    runs = [*make_runs("dense", [0.8, 0.9]), make_run("dense", 2, status="diverged")]
    (_, cells) = comparison(ORIGINAL, runs)[0]
    assert cells[0].summary is not None
    assert (cells[0].summary.n, cells[0].summary.mean) == (2, pytest.approx(85))


def test_rates_that_were_searched_for_another_training_are_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platformdirs.user_config_dir", lambda _: str(tmp_path))
    arms = [
        Arm(data=DataVariant(dataset="drawn"), model=model, recipe=recipe)
        for model, recipe in (
            (Dense(), scheduled(2, 0.008)),
            (Convolutional(), scheduled(2, 0.008)),
            (Convolutional(), classic(2)),
        )
    ]
    runs = [make_run(arm, seed) for arm in arms for seed in (0, 1)]
    caveat = rates_caveat(runs)
    assert caveat is not None
    assert caveat.title == "2 of 2 learning rates were searched for another training"
    tried = {"seeds": (0,), "validation_accuracy": (0.9,), "validation_loss": (0.3,)}
    for rate, title in ((0.016, "2 of 2"), (0.008, "1 of 2")):
        row = TriedRate(learning_rate=rate, train_validation_gap=(0.01,), **tried)
        found = SearchedSetting(setting=setting_of(arms[0]), learning_rate=rate, search=(row,))
        write_rates([found], own_rates_path())
        caveat = rates_caveat(runs)
        assert caveat is not None
        assert caveat.title.startswith(title)
    assert rates_caveat(runs[:2]) is None  # the dense network's, which was searched
    assert rates_caveat(runs[4:]) is None  # a fixed recipe


def found_caveats(runs: list[Run]) -> dict[str, str]:
    arms = finished_arms(ORIGINAL, runs)
    found = caveats(ORIGINAL, arms, evaluate(ORIGINAL, runs), runs_by_arm(runs))
    return {caveat.title: " ".join(caveat.sentences) for caveat in found}


def all_arms(seeds: int, spread: float = 0.001, **more: object) -> list[Run]:
    """Runs with noise over seeds; the arms' accuracies are one percentage point apart."""
    rng = np.random.default_rng(0)
    return [
        run
        for index, model in enumerate(("dense", "cnn-3x3", "cnn-5x5", "cnn-7x7"))
        for run in make_runs(
            make_arm(model, **more),  # type: ignore[arg-type]
            (0.8 + 0.01 * index + spread * rng.normal(size=seeds)).tolist(),
            (0.5 - 0.1 * index + spread * rng.normal(size=seeds)).tolist(),
            images=2_000,
        )
    ]


def test_few_seeds_are_warned_of_with_what_they_could_reach():
    found = found_caveats(all_arms(3))
    # 2 / 2^3 = 0.25, times 4 contrasts, at most 1; 2 / 2^8 < 0.05 / 4 <= 2 / 2^7
    [sentences] = [text for title, text in found.items() if title.startswith("3 seed pairs")]
    assert re.search(r"p-value .* is 0\.25, or 1 after .* 4 contrasts", sentences)
    assert re.search(r"8 seed pairs .* 80 % probability", sentences)


def test_enough_seeds_for_what_matters_need_no_warning():
    assert found_caveats(all_arms(20)) == {}


def test_seeds_that_cannot_resolve_the_margin_are_warned_of():
    rng = np.random.default_rng(1)
    runs = make_runs("cnn-5x5", (0.9 + 0.01 * rng.normal(size=10)).tolist(), images=2_000)
    runs += make_runs("cnn-7x7", (0.9 + 0.01 * rng.normal(size=10)).tolist(), images=2_000)
    sentences = found_caveats(runs)["Too few seeds for small differences"]
    assert "Between cnn-5x5 and cnn-7x7" in sentences
    assert "margin of equivalence is 0.20 percentage points" in sentences


def test_a_part_of_the_data_is_warned_of():
    found = found_caveats(all_arms(20, training_images=1_000))
    assert any("1,000 training images" in title for title in found)


def test_arms_with_enough_runs_are_compared_with_themselves():
    found = self_comparisons([*all_arms(12), *all_arms(11, epochs=3)])
    assert [name for name, _ in found] == ["dense", "cnn-3x3", "cnn-5x5", "cnn-7x7"]
    assert {result.pairs for _, result in found} == {6}
    shares = [100 * result.found_without for _, result in found]
    assert mean_found(found).startswith(f"{np.mean(shares):.1f} % (95 % interval over arms ")
    assert mean_found(found[:1]) == f"{shares[0]:.1f} %"


def test_arms_that_had_not_converged_are_warned_of():
    runs = [
        make_run(make_arm("dense", epochs=2), seed, validation_curve=[0.7, 0.8 + 0.01 * seed])
        for seed in (0, 1, 2)
    ]
    sentences = found_caveats(runs)["Not every arm had converged"]
    # Mean 11, sd 1, Student's quantile for three values 4.303: 11 -+ 4.303 / sqrt(3).
    assert sentences == (
        "dense was still improving: in the last of 2 epochs its validation accuracy improved by"
        " 8.52 to 13.48 percentage points (95 % interval)."
    )


def test_missing_arms_and_uneven_seeds_are_warned_of():
    missing = found_caveats(make_runs("dense", [0.9])).values()
    assert any("cnn-3x3, cnn-5x5, cnn-7x7" in sentences for sentences in missing)
    uneven = found_caveats(all_arms(8)[:-1]).values()
    assert any("7 of cnn-7x7" in sentences for sentences in uneven)


def test_networks_are_those_of_the_models():
    layers = networks(ORIGINAL)
    assert layers["cnn-5x5"]["conv_2"]["kernel"] == (5, 5, 32, 64)
    counts = [
        sum(int(np.prod(shape)) for shapes in model.values() for shape in shapes.values())
        for model in layers.values()
    ]
    assert counts == [109_386, 28_426, 61_706, 111_626]


def test_recipes_are_named_once():
    arms = finished_arms(ORIGINAL, make_runs("dense", [0.9]) + make_runs("cnn-3x3", [0.9]))
    assert recipe_names(arms) == ["test, 10 epochs"]


def test_recipes_say_of_how_many_images_an_epoch_is():
    usual = make_run(make_arm("dense", epochs=1), 0)
    recipe = usual.arm.recipe.model_copy(update={"images_per_epoch": 54_000})
    more = make_run(make_arm("cnn-3x3").model_copy(update={"recipe": recipe}), 0)
    arms = finished_arms(ORIGINAL, [usual, more])
    assert recipe_names(arms) == ["test, 1 epoch", "test, 1 epoch of 54,000 images"]


@pytest.mark.integration
def test_the_page_says_of_how_many_images_an_epoch_is(unusual: Unusual):
    assert "test, 2 epochs of 1,234 images" in unusual.page.words
    assert "2 of 1,234 images" in unusual.page.words


def further_section(dataset: Dataset) -> ExperimentSection:
    """The section of an experiment whose conditions improve in order."""
    places = {name: place for place, name in enumerate(EXPERIMENTS["choices"].names)}
    results = make_results(
        "choices", lambda name, _: {"accuracy": 0.5 + places[name] / 100}, dataset="drawn"
    )
    runs = [run.model_copy(update={"data_checksum": dataset.checksum}) for run in results.runs]
    found = experiment_section(replace(results, runs=tuple(runs)))
    assert found is not None
    return found


@pytest.mark.integration
def test_further_experiments_have_sections_of_their_own(unusual: Unusual) -> None:
    added, page = unusual.section, unusual.page
    experiment = added.results.experiment
    assert "#experiment-choices" in page.links
    assert {"experiment-choices", "figure-choices-accuracy"} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    for text in (experiment.title, experiment.question, experiment.control, experiment.not_shown):
        assert text in page.words
    for contrast in experiment.contrasts:
        assert f"contrast-{contrast.name}" in page.ids
    # 9 alternatives, the first 1 and the last 9 points ahead of the network as it was built.
    assert "59.00" in page.words
    assert {f"run-{run.key}" for run in added.results.runs} <= set(page.ids)
    assert (unusual.folder / "figures" / "choices-accuracy.svg").exists()


def test_an_experiment_alone_has_a_page_of_its_own(dataset: Dataset, tmp_path: Path) -> None:
    added = further_section(dataset)
    page = Page(write_experiment(added, dataset, tmp_path).read_text("utf-8"))
    assert "#experiment-choices" in page.links
    assert "claims" not in page.ids
    assert all(each.startswith(("data:", "#")) for each in page.loaded)
    other = Dataset(
        "drawn",
        dataset.train_images[::-1].copy(),
        dataset.train_labels[::-1].copy(),
        dataset.test_images,
        dataset.test_labels,
    )
    with pytest.raises(InputError, match="was trained on"):
        write_experiment(added, other, tmp_path)


def test_an_experiment_without_a_finished_run_has_no_section() -> None:
    results = make_results("choices", lambda *_: {})
    assert experiment_section(replace(results, runs=())) is None
