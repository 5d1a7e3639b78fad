"""What all benchmarks share: records, ratios, pages and the command line.

A benchmark plans measurements; what they give is stored as JSON in benchmarks/results/ and written
into a page. `processes.run` runs what is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.processes import CORES, ROOT
from pydantic import ValidationError
from tools import blocks

from convbias import data
from convbias.errors import ConvbiasError, InputError
from convbias.runs.atomic import write_atomically
from convbias.runs.environment import code_version, describe_machine
from convbias.runs.record import Environment
from convbias.spec.description import Description

RESULTS = ROOT / "benchmarks" / "results"

# What identifies each measurement, and what takes it; in turn, round by round.
Plan = Iterator[tuple[dict[str, Any], Callable[[], Mapping[str, Any]]]]


class Record(Description, frozen=True):
    """What a benchmark measured: each measurement with what identifies it and what it gave."""

    environment: Environment
    conditions: dict[str, Any]
    measurements: tuple[dict[str, Any], ...] = ()

    def where(self, **keys: object) -> list[dict[str, Any]]:
        """The measurements with these values, in the order in which they were taken."""
        return [
            each
            for each in self.measurements
            if all(each.get(key) == value for key, value in keys.items())
        ]

    def values(self, name: str, **keys: object) -> list[Any]:
        """One value of each of these measurements."""
        return [each[name] for each in self.where(**keys)]

    def kinds(self, name: str) -> list[Any]:
        """The different values of a key."""
        return list(dict.fromkeys(each[name] for each in self.measurements if name in each))


def save_arrays(path: Path, dataset: data.Dataset, training: np.ndarray, **more: Any) -> None:  # noqa: ANN401
    """Store chosen training images, all test images and further arrays for a contender."""
    np.savez(
        path,
        images=dataset.train_images[training],
        labels=dataset.train_labels[training],
        test_images=dataset.test_images,
        test_labels=dataset.test_labels,
        standardise=np.array([dataset.pixel_mean, dataset.pixel_std]),
        **more,
    )


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Divide round by round, because the machine's speed changes between minutes."""
    return [above / below for above, below in zip(numerators, denominators, strict=True)]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median and range, as in `2.50 (1.00 to 3.00)`."""
    three = median(values), min(values), max(values)
    return "{} ({} to {})".format(*(f"{value:.{digits}f}" for value in three))


def met(reached: bool) -> str:
    """Whether a target was met, as tables say it."""
    return "met" if reached else "not met"


def table(head: str, rows: Iterable[str]) -> str:
    """A table in Markdown from rows whose cells are separated by ` | `."""
    return blocks.table([row.split(" | ") for row in (head, *rows)])


@dataclass(frozen=True)
class Benchmark:
    """What is measured, and where it is published.

    Args:
        name: the module's name, and the record's.
        about: what the command says of itself.
        page: the Markdown page, from the root of the repository.
        conditions: what all measurements have in common, from the command's options.
        plan: the measurements, from the options and the conditions.
        blocks: the page's blocks, from a record.
        files: further files that are written from a record.
        threads: how many threads the description of the machine states.
        argument: default of the command's argument `file`; None for a command without.
    """

    name: str
    about: str | None
    page: str
    conditions: Callable[[argparse.Namespace], dict[str, Any]]
    plan: Callable[[argparse.Namespace, dict[str, Any]], Plan]
    blocks: Callable[[Record], dict[str, str]]
    files: Mapping[str, Callable[[Record], str]] = field(default_factory=dict)
    threads: int = CORES
    argument: Path | None = None

    def written(self, record: Record) -> dict[Path, str]:
        """Every file that is written from a record: path to text."""
        text = (ROOT / self.page).read_text(encoding="utf-8")
        for name, block in self.blocks(record).items():
            text = blocks.put_into(text, name, f"\n{block}\n")
        more = {ROOT / path: write(record) for path, write in self.files.items()}
        return {ROOT / self.page: text} | more

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Measure, store, and write the page; returns the exit status."""
        parser = argparse.ArgumentParser(self.name, description=self.about, allow_abbrev=False)
        parser.add_argument("--table", action="store_true", help=f"only write {self.page} again")
        parser.add_argument("--quick", action="store_true", help="a small trial; nothing is stored")
        if self.argument:
            parser.add_argument("file", type=Path, nargs="?", default=self.argument)
        options, path = parser.parse_args(arguments), RESULTS / f"{self.name}.json"
        try:
            if options.quick:
                print("\n\n".join(self.blocks(self._measure(options, None)).values()))
                return 0
            if not options.table:
                unfinished = path.with_suffix(".unfinished.json")
                _write(path, self._measure(options, unfinished))
                unfinished.unlink()
            for written, text in self.written(read(path)).items():
                _write(written, text)
        except ConvbiasError as error:
            print(f"{self.name}: {error}", file=sys.stderr)
            return error.exit_code
        except KeyboardInterrupt:
            print(f"{self.name}: interrupted; the next call continues", file=sys.stderr)
            return 130
        return 0

    def _measure(self, options: argparse.Namespace, unfinished: Path | None) -> Record:
        """Take all planned measurements except those that an interrupted call left."""
        conditions = self.conditions(options)
        record = Record(environment=describe_machine(self.threads), conditions=conditions)
        if unfinished and unfinished.exists():
            left = read(unfinished)
            if left.model_copy(update={"measurements": ()}) == record:
                record = left
        for keys, measure in self.plan(options, conditions):
            if record.where(**keys):
                continue
            began_at = datetime.now(UTC).isoformat(timespec="seconds")
            taken = {**keys, **measure(), "began_at": began_at, "code_version": code_version()}
            print(json.dumps(taken)[:200], file=sys.stderr, flush=True)
            record = record.model_copy(update={"measurements": (*record.measurements, taken)})
            if unfinished:
                _write(unfinished, record)
        return record


def read(path: Path) -> Record:
    """A stored record.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        return Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(
            f"{path} cannot be read: {str(error).splitlines()[0]}",
            fix="remove it if it exists, and run the benchmark again",
        ) from error


def _write(path: Path, content: str | Record) -> None:
    text = content if isinstance(content, str) else f"{content.model_dump_json(indent=1)}\n"
    write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"))
