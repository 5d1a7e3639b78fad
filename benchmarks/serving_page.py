"""docs/serving.md from what was measured; no number on it is typed by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.pages import table
from benchmarks.serving_records import Contest, Load, Serving

NAMES = {"convbias": "convbias serve", "toolkit": "AWS's toolkit"}


def markdown(serving: Serving) -> str:
    """The whole page."""
    machine, versions = serving.environment, serving.versions
    listed = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    return f"""# What serving costs

Written by `benchmarks/serving.py` from `benchmarks/results/serving.json`; measured on
{machine.processor}, {machine.cores} cores, Python {machine.python}, at {serving.code_version}.

The archive is that of run {serving.run} ({serving.arm}, {serving.archive_bytes:,} bytes), and both
servers answer from the same one: `convbias serve`, and AWS's inference toolkit on Multi Model
Server, each with the workers that it starts by itself. Versions: {listed}.

## One image in one process

{_one_image(serving)}

## Through HTTP

Each client asks again as soon as it is answered; the clients share the cores with the server. Both
servers are asked in turn, {_rounds(serving)} times each, after a warm-up. The request is one test
image: as the original study sends it ({serving.body_bytes["JSON"]:,} bytes of JSON), as `.npy`
({serving.body_bytes["npy"]:,}) and as PNG ({serving.body_bytes["PNG"]:,}). Medians of the rounds;
in brackets, the smallest and the largest ratio.

{_contests(serving)}

{_sustained(serving)}

## Start and memory

{_starts(serving)}

Memory is that of all processes after the load, pages that several share counted once; in brackets,
counted for each of them.
"""


def _one_image(serving: Serving) -> str:
    found = serving.one_image_milliseconds
    onnx, tensorflow = (median(found[runtime]) for runtime in ("onnxruntime", "tensorflow"))
    ratios = [
        theirs / ours
        for ours, theirs in zip(found["onnxruntime"], found["tensorflow"], strict=True)
    ]
    return (
        f"onnxruntime takes {onnx:.3f} ms with `model.onnx`, TensorFlow {tensorflow:.3f} ms with"
        f" the SavedModel's signature: {median(ratios):.1f} times as long ({min(ratios):.1f} to"
        f" {max(ratios):.1f})."
    )


def _rounds(serving: Serving) -> int:
    first = serving.contests[0]
    return len(_of(serving, first.payload, first.connections))


def _of(serving: Serving, payload: str, connections: int) -> list[Contest]:
    return [
        contest
        for contest in serving.contests
        if (contest.payload, contest.connections) == (payload, connections)
    ]


def _contests(serving: Serving) -> str:
    heads = [
        "request",
        "clients",
        "ours, requests/s",
        "toolkit, requests/s",
        "ratio",
        "ours, p50 / p99 (ms)",
        "toolkit, p50 / p99 (ms)",
        "failed, ours / toolkit",
    ]
    cells = dict.fromkeys((each.payload, each.connections) for each in serving.contests)
    return table(heads, [_row(_of(serving, *cell)) for cell in cells])


def _row(contests: Sequence[Contest]) -> list[str]:
    def middle(value: Callable[[Load], float]) -> list[float]:
        return [
            median(value(load) for load in loads)
            for loads in (
                [contest.convbias for contest in contests],
                [contest.toolkit for contest in contests],
            )
        ]

    rates = middle(lambda load: load.requests_per_second)
    medians = middle(lambda load: load.median_milliseconds)
    slow = middle(lambda load: load.slow_milliseconds)
    ratios = [contest.ratio for contest in contests]
    failed = (
        sum(contest.convbias.failed for contest in contests),
        sum(contest.toolkit.failed for contest in contests),
    )
    return [
        contests[0].payload,
        str(contests[0].connections),
        *(f"{rate:,.0f}" for rate in rates),
        f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        *(f"{each:.1f} / {late:.1f}" for each, late in zip(medians, slow, strict=True)),
        " / ".join(map(str, failed)),
    ]


def _sustained(serving: Serving) -> str:
    ours, theirs = serving.sustained["convbias"], serving.sustained["toolkit"]
    return (
        f"With {serving.sustained_connections} clients for {serving.sustained_seconds:g} seconds"
        f" (JSON), {ours.failed} requests of ours failed and {theirs.failed} of the toolkit's;"
        f" answered were {ours.requests_per_second:,.0f} and {theirs.requests_per_second:,.0f} per"
        f" second, with 99th percentiles of {ours.slow_milliseconds:.0f} and"
        f" {theirs.slow_milliseconds:.0f} ms."
    )


def _starts(serving: Serving) -> str:
    rows = [
        [
            NAMES[start.server],
            f"{median(start.seconds):.2f} ({min(start.seconds):.2f} to {max(start.seconds):.2f})",
            f"{start.proportional_bytes / 1e6:.0f} ({start.resident_bytes / 1e6:.0f})",
        ]
        for start in serving.starts
    ]
    return table(["server", "from the command to the first answer (s)", "memory (MB)"], rows)
