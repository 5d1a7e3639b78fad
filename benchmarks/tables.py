"""The stored results as Markdown; no number in benchmarks/README.md is typed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.pages import table
from benchmarks.results import (
    KERAS,
    LARGEST_MEMORY_BYTES,
    LONGEST_START_SECONDS,
    MATRIX_PRODUCT,
    OURS,
    RIVALS,
    TARGETS,
    TORCH,
    Measurement,
    Mode,
    Ratio,
    Result,
    median_rate,
)

from convbias.errors import InputError
from convbias.runs.atomic import write_atomically

BEGIN = "<!-- written by `python benchmarks/throughput.py --table` -->"
END = "<!-- end of what is written -->"

NAMES = {OURS: "convbias", KERAS: "Keras-TensorFlow", TORCH: "PyTorch"}
MODE_NAMES: dict[Mode, str] = {
    "one_training": "one training",
    "one_per_core": "one per core",
}


def markdown(results: Sequence[Result]) -> str:
    """All tables.

    Args:
        results: At least one.
    """
    return "\n\n".join(
        [_circumstances(results), _rates(results), _ratios(results), _costs(results)]
    )


def cost_model(results: Sequence[Result]) -> str:
    """The package's `cost.toml`: how fast training is beside a matrix product on one core."""
    lines = [
        "# Training on one core of a busy machine, written by `benchmarks/throughput.py --table`:",
        "# images per second for every GFLOP/s of a matrix product on one core, seconds until a",
        "# new process trains, and of these, compilation; by kernel size (0: the dense network).",
    ]
    for result in results:
        arm, cores = result.circumstances.arm, result.circumstances.cores
        per_gigaflop = median(
            turn.contest(OURS, "one_per_core").rate
            / cores
            / (turn.contest(MATRIX_PRODUCT, "one_core").rate / 1e9)
            for turn in result.rounds
        )
        processes = _processes(result, "one_per_core")
        start = median(process.start_seconds for process in processes)
        compilation = median(process.compile_seconds for process in processes)
        size = int(arm.partition("x")[2]) if "x" in arm else 0
        lines += [
            f"\n[kernel_size.{size}]",
            f"images_per_gigaflop = {per_gigaflop:.4g}",
            f"start_seconds = {start:.3g}",
            f"compile_seconds = {compilation:.3g}",
        ]
    return "\n".join(lines) + "\n"


def write(readme: Path, text: str) -> None:
    """Replace what stands between the two markers.

    Raises:
        InputError: The file does not hold the markers.
    """
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{readme} has no place for the tables", f"the lines {BEGIN} and {END}")
    whole = f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
    write_atomically(readme, lambda file: file.write_text(whole, encoding="utf-8"))


def _circumstances(results: Sequence[Result]) -> str:
    first = results[0].circumstances
    rounds = [turn for result in results for turn in result.rounds]
    others = [contest.cores_taken_by_others for turn in rounds for contest in turn.contests]
    versions = {name: first.environment.versions[name] for name in ("jax", "keras")}
    listing = ", ".join(
        f"{name} {number}" for name, number in (versions | first.rival_versions).items()
    )
    days = sorted({turn.began_at[:10] for turn in rounds})
    return (
        f"{first.environment.processor}, {first.cores} cores, Python {first.environment.python},"
        f" {listing}; {first.dataset}, batches of {first.batch_size}, float32;"
        f" {' and '.join(days)}, {len(results[0].rounds)} rounds per network."
        f" Other programs took {median(others):.2f} of the {first.cores} cores"
        f" (median; at most {max(others):.2f})."
    )


def _rates(results: Sequence[Result]) -> str:
    columns: list[tuple[str, Mode]] = [
        (contender, mode) for contender in (OURS, *RIVALS) for mode in MODE_NAMES
    ]
    rows = []
    for result in results:
        rates = [median_rate(result.rounds, *column) for column in columns]
        peaks = (
            median_rate(result.rounds, MATRIX_PRODUCT, mode) / 1e9
            for mode in ("one_core", "one_training")
        )
        rows.append(
            [
                result.circumstances.arm,
                *(f"{rate:,.0f}" for rate in rates),
                " / ".join(f"{p:.0f}" for p in peaks),
            ]
        )
    heads = [f"{NAMES[contender]}, {MODE_NAMES[mode]}" for contender, mode in columns]
    return "Images per second, median over rounds:\n\n" + table(
        ["network", *heads, "matrix product, GFLOP/s on one core / all"], rows
    )


def _ratios(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        arm = result.circumstances.arm
        compared = zip(result.all_busy, result.one_training, result.at_best, strict=True)
        for all_busy, one, best in compared:
            target = TARGETS[arm][all_busy.rival]
            rows.append(
                [
                    arm,
                    NAMES[one.rival],
                    _spread(all_busy),
                    f"{target:g}: {_verdict(all_busy.median >= target)}",
                    _spread(one),
                    f"{_spread(best)}, {_modes(best)}",
                ]
            )
    heads = [
        "network",
        "rival",
        "one per core against one training",
        "target",
        "one training against one",
        "each at its best",
    ]
    return "convbias divided by the rival round by round, median (minimum to maximum):\n\n" + table(
        heads, rows
    )


def _costs(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        cells = [result.circumstances.arm]
        for mode in MODE_NAMES:
            processes = _processes(result, mode)
            start = median(process.start_seconds for process in processes)
            cells.append(f"{start:.1f} s, {_verdict(start <= LONGEST_START_SECONDS)}")
        for mode in MODE_NAMES:
            memory = max(process.peak_memory_bytes for process in _processes(result, mode))
            cells.append(f"{memory / 2**30:.2f} GiB, {_verdict(memory <= LARGEST_MEMORY_BYTES)}")
        rows.append(cells)
    heads = [f"{what}, {name}" for what in ("start", "peak memory") for name in MODE_NAMES.values()]
    return (
        "One convbias process: median seconds from its start to its first training step (target:"
        f" {LONGEST_START_SECONDS:g} s), and its largest resident memory in any round (target:"
        f" {LARGEST_MEMORY_BYTES / 2**30:g} GiB):\n\n" + table(["network", *heads], rows)
    )


def _processes(result: Result, mode: Mode) -> list[Measurement]:
    return [one for turn in result.rounds for one in turn.contest(OURS, mode).processes]


def _verdict(met: bool) -> str:
    return "met" if met else "not met"


def _spread(ratio: Ratio) -> str:
    return f"{ratio.median:.2f} ({ratio.minimum:.2f} to {ratio.maximum:.2f})"


def _modes(ratio: Ratio) -> str:
    return f"{MODE_NAMES[ratio.ours_mode]} / {MODE_NAMES[ratio.rival_mode]}"
