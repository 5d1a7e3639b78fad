"""docs/cost.md from what was measured; no number on it is typed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from benchmarks.cost_records import Costs, Growth, MeasureTime, Profile
from benchmarks.pages import table

SMALLEST_SHARE = 0.02  # of a step; smaller parts are put together


def markdown(costs: Costs) -> str:
    """The whole page."""
    machine = costs.environment
    return f"""# What training costs

Written by `benchmarks/cost.py` from `benchmarks/results/cost.json`; measured on {machine.processor}
with one thread per process, jax {machine.versions["jax"]}, float32, batches of 128, at
{costs.code_version}.

## Every network on one core

The matrix product beside it reached {_gigaflops(costs)} GFLOP/s. The share of that is counted as
if convolution were computed directly, so it may exceed 100 %: in the Fourier domain fewer
multiplications are needed.

{_networks(costs)}

## How the cost grows

{_growth(costs)}

Beyond {max(costs.processes)} cores nothing was measured. Processes share no data, so on paper
their number is bounded by memory (one needs what the table above says) and by the bandwidth of the
last-level cache, which activations of 128 images do not fit into.

## What measures cost

Seconds on one core of each measure that an experiment takes of every trained network, at the scale
of the quick profile, compilation included.

{_measures(costs)}

## Where the time of a step goes

{_profiles(costs.profiles)}
"""


def measure_cost(costs: Costs) -> str:
    """The package's `measure_cost.toml`: how long measures take beside a matrix product."""
    lines = [
        "# Measuring one network on one core, written by `benchmarks/cost.py`: what a matrix",
        "# product would do in the time (GFLOP), by measure, for the dense network and the CNN.",
    ]
    for measure, times in _by_measure(costs).items():
        lines += [f"\n[measure.{measure}]"]
        lines += [f"{network} = {time.gigaflop:.4g}" for network, time in times.items()]
    return "\n".join(lines) + "\n"


def _by_measure(costs: Costs) -> dict[str, dict[str, MeasureTime]]:
    names = dict.fromkeys(time.measure for time in costs.measures)
    return {
        name: {time.network: time for time in costs.measures if time.measure == name}
        for name in names
    }


def _measures(costs: Costs) -> str:
    rows = [
        [measure]
        + [f"{times[each].seconds:.1f}" if each in times else "" for each in ("dense", "cnn")]
        for measure, times in _by_measure(costs).items()
    ]
    return table(["measure", "dense (s)", "cnn-3x3 (s)"], rows)


def _gigaflops(costs: Costs) -> str:
    rates = [network.gigaflops for network in costs.networks]
    return f"{min(rates):.0f} to {max(rates):.0f}"


def _networks(costs: Costs) -> str:
    rows = [
        [
            network.name,
            f"{network.images_per_second:,.0f}",
            f"{1e3 * 128 / network.images_per_second:.1f}",
            f"{2 * network.multiply_adds / 1e6:.1f}",
            f"{100 * network.share_of_peak:.0f} %",
            f"{network.compile_seconds:.1f}",
            f"{network.peak_memory_bytes / 2**30:.2f}",
        ]
        for network in costs.networks
    ]
    heads = [
        "network",
        "images/s",
        "ms per step",
        "MFLOP per image, directly",
        "share of the matrix product",
        "compiling (s)",
        "memory (GiB)",
    ]
    return table(heads, rows)


def _growth(costs: Costs) -> str:
    sentences = [_sentence(growth) for growth in costs.growth]
    alone, *more = zip(costs.processes, costs.images_per_second_together, strict=True)
    for count, rate in more:
        sentences.append(
            f"- **Cores.** {count} processes at once trained {rate / alone[1]:.2f} times as many"
            f" images per second as one ({rate:,.0f} against {alone[1]:,.0f}, 3x3)."
        )
    sizes = [network for network in costs.networks if network.kernel_size]
    slowest, fastest = max(sizes, key=lambda n: n.kernel_size), sizes[0]
    ratio = fastest.images_per_second / slowest.images_per_second
    direct = slowest.multiply_adds / fastest.multiply_adds
    sentences.append(
        f"- **Kernel size.** From {fastest.kernel_size} to {slowest.kernel_size} pixels per side"
        f" an image takes {ratio:.1f} times as long, where direct convolution needs {direct:.0f}"
        " times the multiplications."
    )
    return "\n".join(sentences)


def _sentence(growth: Growth) -> str:
    slope, offset = np.polyfit(growth.amounts, growth.seconds, deg=1)
    listing = ", ".join(
        f"{amount:,}: {seconds:.1f} s"
        for amount, seconds in zip(growth.amounts, growth.seconds, strict=True)
    )
    unit = {"images": "1,000 images", "epochs": "epoch", "seeds": "seed"}[growth.what]
    each = slope * (1_000 if growth.what == "images" else 1)
    return (
        f"- **{growth.what.capitalize()}.** {listing} (3x3, one process): {each:.1f} s for every"
        f" {unit}, and {offset:.1f} s once."
    )


def _profiles(profiles: Sequence[Profile]) -> str:
    return "\n\n".join(_profile(profile) for profile in profiles)


def _profile(profile: Profile) -> str:
    name = f"cnn-{profile.kernel_size}x{profile.kernel_size}" if profile.kernel_size else "dense"
    whole = profile.step_milliseconds
    large = {part: ms for part, ms in profile.parts.items() if ms >= SMALLEST_SHARE * whole}
    small = sum(profile.parts.values()) - sum(large.values())
    rest = whole - sum(profile.parts.values())
    rows = [[part, f"{ms:.2f}", f"{100 * ms / whole:.0f} %"] for part, ms in large.items()]
    rows.append(["smaller parts", f"{small:.2f}", f"{100 * small / whole:.0f} %"])
    rows.append(["between the operations", f"{rest:.2f}", f"{100 * rest / whole:.0f} %"])
    head = f"{name}, {whole:.2f} ms"
    return table([head, "ms", "share"], rows)
