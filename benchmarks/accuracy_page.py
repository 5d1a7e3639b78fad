"""The page on the time to an accuracy, written from what was measured."""

from __future__ import annotations

from statistics import median

from benchmarks.accuracy_records import (
    KERAS,
    OURS,
    TARGET_ACCURACY,
    TORCH,
    Contender,
    Mode,
    Records,
    middle,
)

from convbias.statistics import bca_interval

MODES: dict[Mode, str] = {"one_training": "one at a time", "one_per_core": "one per core"}
CONTENDERS: tuple[Contender, Contender] = (OURS, TORCH)
TARGETS: dict[str, int] = {KERAS: 5, TORCH: 2}


def markdown(records: Records) -> str:
    """The page."""
    recipe = records.recipe
    versions = records.environment.versions | records.rival_versions
    return f"""# Time to the original study's accuracy

Written by `benchmarks/time_to_accuracy.py` from `benchmarks/results/time_to_accuracy.json`.

How many seconds of training, compilation included, until the mean over seeds of the CNN with 3x3
kernels reaches {100 * TARGET_ACCURACY:.1f} % test accuracy, as the original study's did? The
network is unchanged (28,426 parameters), the images are not augmented, no networks are averaged,
and test images are only scored. The time begins when data and libraries are loaded; scoring the
test images is left out.

{records.environment.processor}, {records.cores} cores, jax {versions["jax"]},
torch {versions["torch"]}, tensorflow {versions["tensorflow"]}; {records.dataset},
{records.rounds} rounds. The project's recipe, which its engine and the PyTorch loop share:
{recipe.optimiser.capitalize()}, learning rate {recipe.learning_rate:g} at its peak, batches of
{recipe.batch_size}, {recipe.epochs} epochs ([recipe.md](recipe.md) says how it was found, on
validation images). Stock Keras trains with Adam's defaults and batches of 128.

{_accuracies(records)}

{_times(records)}

{_ratios(records)}

Trainings one at a time have a thread for every core; with one per core, each has one thread, and
the seconds are those of the slower one divided by the number of cores. Stock Keras' seconds are
those of its first epoch, compilation included, plus the later epochs at the second one's pace,
measured in the same rounds; how many epochs it needs was found out once.
"""


def _accuracies(records: Records) -> str:
    rows = []
    for contender in CONTENDERS:
        values = records.accuracies(contender)
        interval = bca_interval(values)
        spread = (
            f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"
            if interval
            else "too few seeds"
        )
        mean = sum(values) / len(values)
        reached = "yes" if mean >= TARGET_ACCURACY else "no"
        rows.append(
            f"| {contender} | {records.recipe.epochs} | {len(values)} | {100 * mean:.2f}"
            f" | {spread} | {reached} |"
        )
    laps = records.keras_laps
    if laps:
        best = max(laps, key=lambda lap: lap.test_accuracy)
        reached = f"after {records.keras_epochs}" if records.keras_epochs else "no"
        rows.append(
            f"| {KERAS} | {len(laps)} | 1 | {100 * laps[-1].test_accuracy:.2f}, best"
            f" {100 * best.test_accuracy:.2f} after {best.epoch} | | {reached} |"
        )
    return "\n".join(
        [
            "| contender | epochs | seeds | mean test accuracy (%) | 95 % interval | reached |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _times(records: Records) -> str:
    rows = [
        f"| {contender} | {words} | {middle(records.seconds(contender, mode))} |"
        for contender in CONTENDERS
        for mode, words in MODES.items()
    ]
    if records.keras_laps:
        epochs = records.keras_epochs or len(records.keras_laps)
        more = "" if records.keras_epochs else "more than "
        seconds = middle(records.keras_seconds(epochs))
        rows.append(f"| {KERAS} | one at a time | {more}{seconds} for {epochs} epochs |")
    header = "| contender | trainings | seconds per network, median (range over rounds) |"
    return "\n".join([header, "| --- | --- | --- |", *rows])


def _ratios(records: Records) -> str:
    pairs = [
        (
            TORCH,
            f"{ours} against {theirs}",
            records.seconds(TORCH, their_mode),
            records.seconds(OURS, our_mode),
        )
        for our_mode, ours in MODES.items()
        for their_mode, theirs in MODES.items()
        if (our_mode, their_mode) != ("one_training", "one_per_core")
    ]
    if records.keras_laps:
        keras = records.keras_seconds(records.keras_epochs or len(records.keras_laps))
        pairs += [
            (KERAS, f"{words} against one at a time", keras, records.seconds(OURS, mode))
            for mode, words in MODES.items()
        ]
    rows = []
    for rival, how, theirs, ours in pairs:
        ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
        bound = "at least " if rival == KERAS and records.keras_epochs is None else ""
        target = TARGETS[rival]
        met = "met" if median(ratios) >= target else "not met"
        rows.append(
            f"| {rival} | {how} | {bound}{median(ratios):.2f}"
            f" ({min(ratios):.2f} to {max(ratios):.2f}) | {target}: {met} |"
        )
    return "\n".join(
        [
            "The rival's seconds divided by convbias', round by round, median (range):",
            "",
            "| rival | trainings | ratio | target |",
            "| --- | --- | --- | --- |",
            *rows,
        ]
    )
