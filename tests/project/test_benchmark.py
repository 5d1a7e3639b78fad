"""The arithmetic of benchmarks/, its errors, and its contender that needs no rival."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import results, tables, throughput
from benchmarks.contender import BATCH_SIZE, LEARNING_RATE, Task
from benchmarks.processes import hold
from benchmarks.results import Contest, Measurement, Mode, Round

from convbias.data.drawn import drawn
from convbias.errors import InputError, RunError
from convbias.spec.recipes import classic

ROOT = Path(__file__).parents[2]


def measurement(amount: int, seconds: float, cpu: float = 1, machine: float = 1) -> Measurement:
    return Measurement(
        amount=amount,
        seconds=seconds,
        cpu_seconds=cpu,
        machine_seconds=machine,
        start_seconds=1,
        warm_up_seconds=1,
        peak_memory_bytes=1,
    )


def contest(contender: str, mode: Mode, *rates: int) -> Contest:
    """Processes that each trained for two seconds."""
    return Contest(
        contender=contender,
        mode=mode,
        processes=tuple(measurement(2 * rate, seconds=2) for rate in rates),
    )


def turn(ours: int, ours_each: int, rival: int, rival_each: int) -> Round:
    """A round on two cores in which both rivals do the same."""
    contests = [
        contest("convbias", "one_training", ours),
        contest("convbias", "one_per_core", ours_each, ours_each),
    ]
    for name in results.RIVALS:
        contests += [
            contest(name, "one_training", rival),
            contest(name, "one_per_core", rival_each, rival_each),
        ]
    return Round(began_at="2026-01-01T00:00:00+00:00", code_version="0", contests=tuple(contests))


# The machine becomes half as fast in the second round, and the third one is disturbed.
ROUNDS = [turn(300, 200, 100, 80), turn(150, 100, 50, 40), turn(360, 250, 90, 100)]


def test_processes_that_run_together_add_up() -> None:
    together = Contest(
        contender="convbias",
        mode="one_per_core",
        processes=(measurement(1_000, seconds=4), measurement(900, seconds=3)),
    )
    assert together.rate == 250 + 300


def test_cores_are_told_apart_from_what_others_took() -> None:
    # Each of two processes keeps 0.75 cores busy, and both see 1.75 cores busy in all.
    together = Contest(
        contender="convbias",
        mode="one_per_core",
        processes=(measurement(1, 4, cpu=3, machine=7), measurement(1, 2, cpu=1.5, machine=3.5)),
    )
    assert together.cores_used == 1.5
    assert together.cores_taken_by_others == 0.25


def test_ratios_are_taken_round_by_round() -> None:
    ratio = results.ratio(ROUNDS, results.KERAS, "one_training", "one_training")
    assert ratio.by_round == (3, 3, 4)
    assert (ratio.median, ratio.minimum, ratio.maximum) == (3, 3, 4)
    # Across rounds, 300 / 90 would be the ratio of the medians, and 360 / 50 the most flattering.


def test_the_median_of_an_even_number_of_rounds_lies_between_the_middle_two() -> None:
    rounds = [turn(ours, 1, 10, 1) for ours in (10, 20, 40, 80)]
    assert results.ratio(rounds, results.KERAS, "one_training", "one_training").median == 3


def test_each_contender_is_judged_by_its_better_way() -> None:
    all_busy, one_training, at_best = results.compare(ROUNDS)
    assert {ratio.median for ratio in all_busy} == {4}
    assert [ratio.rival for ratio in at_best] == list(results.RIVALS)
    assert {ratio.median for ratio in one_training} == {3}
    for ratio in at_best:
        assert (ratio.ours_mode, ratio.rival_mode) == ("one_per_core", "one_per_core")
        assert ratio.by_round == (2.5, 2.5, 2.5)


def test_a_rival_that_prefers_one_training_keeps_it() -> None:
    *_, at_best = results.compare([turn(300, 200, 100, 40)])
    assert {ratio.rival_mode for ratio in at_best} == {"one_training"}
    assert at_best[0].median == 4


def test_contenders_share_the_optimiser_settings() -> None:
    recipe = classic(epochs=1)
    assert (recipe.batch_size, recipe.learning_rate) == (BATCH_SIZE, LEARNING_RATE)
    assert (recipe.schedule, recipe.standardised) == ("constant", False)


def test_the_tables_in_the_readme_are_those_of_the_stored_results(tmp_path: Path) -> None:
    readme = ROOT / "benchmarks" / "README.md"
    copy = tmp_path / "README.md"
    copy.write_text(readme.read_text(encoding="utf-8"), encoding="utf-8")
    tables.write(copy, tables.markdown(results.read_all(ROOT / "benchmarks" / "results")))
    assert copy.read_text(encoding="utf-8") == readme.read_text(encoding="utf-8")


def test_stored_ratios_follow_from_the_stored_measurements() -> None:
    for result in results.read_all(ROOT / "benchmarks" / "results"):
        assert len(result.rounds) >= 5
        stored = (result.all_busy, result.one_training, result.at_best)
        assert stored == results.compare(result.rounds)


def test_a_readme_without_a_place_for_the_tables_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("No markers here.\n", encoding="utf-8")
    with pytest.raises(InputError, match="no place for the tables"):
        tables.write(readme, "tables")
    assert readme.read_text(encoding="utf-8") == "No markers here.\n"


def test_missing_results_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dense\.json cannot be read"):
        results.read_all(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--round", "5"], "unrecognized arguments: --round"),
        (["--arms", "cnn-4x4"], "invalid choice: 'cnn-4x4'"),
        (["--rounds", "many"], "invalid int value: 'many'"),
    ],
)
def test_unknown_options_end_with_status_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        throughput.main(arguments)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--rounds", "0"], "0 rounds were asked for"),
        (["--rival-python", "/nowhere/python"], "the rivals' environment cannot be used"),
        (["--rival-python", sys.executable], "does not have torch"),
    ],
)
def test_impossible_wishes_end_with_status_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert throughput.main(["--quick", *arguments]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert "fix:" in error


def task(folder: Path, steps: int) -> Task:
    images, labels, _, _ = drawn(n_train=steps * BATCH_SIZE, n_test=1)
    path = folder / "images.npz"
    np.savez(path, images=images, labels=labels)
    return Task("cnn-3x3", "drawn", path, steps, seconds=0.5, started=0.0)


@pytest.mark.integration
def test_our_contender_trains_whole_epochs_on_one_core(tmp_path: Path) -> None:
    """With one thread it must not use a second core; the rate is only sure to be positive."""
    wish = task(tmp_path, steps=3)
    module = throughput.MODULES[results.OURS]
    held = hold(results.OURS, module, Path(sys.executable), "one_core", 1, wish)
    [process] = held.processes
    assert process.amount > 0
    assert process.amount % (3 * BATCH_SIZE) == 0
    assert process.seconds >= wish.seconds
    assert held.cores_used < 1.1
    assert process.start_seconds > 0.5
    assert process.peak_memory_bytes > 100 * 2**20


@pytest.mark.integration
def test_processes_begin_together(tmp_path: Path) -> None:
    """The matrix product needs no framework, so two of them are soon started."""
    module = throughput.MODULES[results.MATRIX_PRODUCT]
    wish = task(tmp_path, steps=1)
    held = hold("matrix_product", module, Path(sys.executable), "one_per_core", 2, wish)
    assert len(held.processes) == 2
    assert all(process.amount % (2 * 1024**3) == 0 for process in held.processes)
    assert held.rate > 0


@pytest.mark.integration
def test_a_contender_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="No module named"):
        hold("none", "benchmarks.none", Path(sys.executable), "one_core", 1, task(tmp_path, 1))


@pytest.mark.integration
def test_the_command_runs_from_any_folder(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "throughput.py"
    done = subprocess.run(
        [sys.executable, str(script), "--rival-python", "/nowhere/python"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "/nowhere/python" in done.stderr
