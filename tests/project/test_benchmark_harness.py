"""The benchmarks' harness: processes, records, ratios and the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks.contender import CONVBIAS, KERAS, MODULES, PYTORCH
from benchmarks.harness import Benchmark, Plan, Record, ratios, read, spread, table
from benchmarks.processes import rival_versions, run

from convbias.errors import InputError, RunError
from factories import make_run

ENVIRONMENT = make_run("dense", 0).environment
ENGINE = MODULES[CONVBIAS]


def test_medians_and_ratios_by_hand() -> None:
    assert ratios([300, 150, 360], [100, 50, 90]) == [3, 3, 4]
    assert spread([3, 3, 4]) == "3.00 (3.00 to 4.00)"
    assert spread([1, 2, 4, 8], 1) == "3.0 (1.0 to 8.0)"
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


def test_tables() -> None:
    assert table("a | b", ["1 | 2"]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_measurements_are_found_by_their_keys() -> None:
    record = Record(
        environment=ENVIRONMENT,
        conditions={},
        measurements=(
            {"network": "dense", "round": 0, "rate": 1},
            {"network": "dense", "round": 1, "rate": 3},
            {"network": "cnn", "round": 0, "rate": 2},
        ),
    )
    assert record.values("rate", network="dense") == [1, 3]
    assert record.where(network="cnn") == [{"network": "cnn", "round": 0, "rate": 2}]
    assert record.kinds("network") == ["dense", "cnn"]


class Counting:
    """A benchmark of three measurements, of which one may be interrupted."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: list[int] = []
        self.interrupted_at: int | None = None
        self.page = folder / "page.md"
        self.page.write_text("Before\n<!-- sum: begin -->\n<!-- sum: end -->\nAfter\n")
        monkeypatch.setattr("benchmarks.harness.RESULTS", folder)
        self.benchmark = Benchmark(
            name="counting",
            about=None,
            page=str(self.page),
            conditions=lambda _: {"unit": "s"},
            plan=self.plan,
            blocks=lambda record: {"sum": str(sum(record.values("value")))},
            files={str(folder / "more.txt"): lambda record: str(len(record.measurements))},
        )

    def plan(self, *_: object) -> Plan:
        for number in (1, 2, 3):
            yield {"number": number}, lambda number=number: self.measure(number)

    def measure(self, number: int) -> dict[str, int]:
        if number == self.interrupted_at:
            raise KeyboardInterrupt
        self.taken.append(number)
        return {"value": 10 * number}


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(tmp_path, monkeypatch)


def test_a_benchmark_stores_its_measurements_and_writes_its_page(
    counting: Counting, tmp_path: Path
) -> None:
    assert counting.benchmark.main([]) == 0
    stored = read(tmp_path / "counting.json")
    assert stored.values("value") == [10, 20, 30]
    assert "Before\n<!-- sum: begin -->\n\n60\n\n<!-- sum: end -->" in counting.page.read_text()
    assert (tmp_path / "more.txt").read_text() == "3"
    counting.page.write_text(counting.page.read_text().replace("60", "wrong"))
    assert counting.benchmark.main(["--table"]) == 0
    assert "60" in counting.page.read_text()
    assert counting.taken == [1, 2, 3]


def test_an_interrupted_benchmark_continues(
    counting: Counting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counting.interrupted_at = 2
    assert counting.benchmark.main([]) == 130
    assert "the next call continues" in capsys.readouterr().err
    assert not (tmp_path / "counting.json").exists()
    counting.interrupted_at = None
    assert counting.benchmark.main([]) == 0
    assert counting.taken == [1, 2, 3]
    assert not (tmp_path / "counting.unfinished.json").exists()


def test_a_quick_trial_stores_nothing(
    counting: Counting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_text() for path in tmp_path.iterdir()}
    assert counting.benchmark.main(["--quick"]) == 0
    assert capsys.readouterr().out == "60\n"
    assert {path: path.read_text() for path in tmp_path.iterdir()} == before


def test_missing_results_are_an_input_error(
    counting: Counting, capsys: pytest.CaptureFixture[str]
) -> None:
    assert counting.benchmark.main(["--table"]) == 2
    assert "counting.json cannot be read" in capsys.readouterr().err


def test_unknown_options_end_with_status_2(counting: Counting) -> None:
    with pytest.raises(SystemExit) as ended:
        counting.benchmark.main(["--rounds", "5"])
    assert ended.value.code == 2


@pytest.mark.parametrize("python", [Path("/nowhere/bin/python"), Path(sys.executable)])
def test_an_environment_without_the_rivals_is_an_input_error(python: Path) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        rival_versions(python, ("no-such-distribution",))


@pytest.mark.integration
def test_two_processes_are_timed_together() -> None:
    held = run(ENGINE, "matrix_product", *[{"seconds": 0.2}] * 2, barrier=True)
    assert len(held) == 2
    for process in held:
        assert process["amount"] % (2 * 1024**3) == 0
        assert process["amount"] > 0
        assert process["seconds"] >= 0.2
        assert 0 < process["cpu_seconds"] <= process["machine_seconds"] + 0.1
        assert process["start_seconds"] > 0
        assert process["peak_memory_bytes"] > 12 * 2**20


@pytest.mark.integration
@pytest.mark.parametrize("barrier", [False, True])
def test_a_contender_that_fails_is_reported(barrier: bool) -> None:
    with pytest.raises(RunError, match="ended with status 1") as failed:
        run("benchmarks.none", "throughput", {}, barrier=barrier)
    assert "No module named benchmarks.none" in str(failed.value)


def test_every_contender_has_a_module() -> None:
    assert list(MODULES) == [CONVBIAS, KERAS, PYTORCH]
    for module in MODULES.values():
        assert (Path(__file__).parents[2] / f"{module.replace('.', '/')}.py").exists()
