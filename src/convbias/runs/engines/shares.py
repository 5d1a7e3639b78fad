"""A share of a study's units: what one task of an array of jobs does, with a common folder."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convbias.runs.atomic import write_atomically
from convbias.runs.engines.base import Finished, Lost, Work, undisturbed
from convbias.runs.engines.local import started
from convbias.runs.identity import Identity, check_same
from convbias.spec.datasets import DatasetName


@dataclass(frozen=True)
class Ended:
    """What became of a unit of a share.

    Args:
        result: what its function returned.
        error: what it raised.
        lost: why it has no result, where its process died.
    """

    result: Any = None
    error: Exception | None = None
    lost: str | None = None


@dataclass(frozen=True)
class Share:
    """Units that one task does, in some processes of its machine.

    A task that is stopped and started again goes on with the units that have not ended.

    Args:
        works: the units by their numbers.
        folder: of the store, which all machines see.
        notes: receives progress.
        ends: folder that receives what became of every unit.
        processes: how many of the machine's.
        accelerator: whether they use an accelerator.
        expected: the code at home.
        checksums: of the data at home.
    """

    works: dict[int, Work]
    folder: Path
    notes: Path
    ends: Path
    processes: int
    accelerator: bool
    expected: Identity
    checksums: dict[DatasetName, str]

    def __call__(self) -> None:
        """Do what has not ended."""
        rest = {
            number: work for number, work in self.works.items() if not end_of(self.ends, number)
        }
        if not rest:
            return
        try:
            check_same(self.expected, self.checksums)
        except Exception as error:  # noqa: BLE001 - it is raised at home
            self._end(rest, Ended(error=error))
            return
        self._work(rest)

    def __submitit_checkpoint__(self) -> Any:  # noqa: ANN401 - named by submitit
        """What is submitted again when the task is stopped: the same, of which the rest is done."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)

    def _work(self, rest: dict[int, Work]) -> None:
        numbers = {id(work): number for number, work in rest.items()}
        opened = started(self.folder, self.notes, self.processes, accelerator=self.accelerator)
        with undisturbed(opened) as execution:
            execution.submit(list(rest.values()))
            left = len(rest)
            while left:
                try:
                    event = execution.next()
                except Exception as error:  # noqa: BLE001 - it is raised at home
                    self._end(rest, Ended(error=error))
                    return
                if isinstance(event, Finished):
                    self._end([numbers[id(event.work)]], Ended(event.result))
                    left -= 1
                elif isinstance(event, Lost):
                    self._end([numbers[id(work)] for work in event.works], Ended(lost=event.reason))
                    left -= len(event.works)

    def _end(self, numbers: Sequence[int] | dict[int, Work], ended: Ended) -> None:
        for number in numbers:
            if not end_of(self.ends, number):
                content = pickle.dumps(ended)
                path = _path(self.ends, number)
                write_atomically(path, lambda file, content=content: _write(file, content))


def end_of(ends: Path, number: int) -> Ended | None:
    """What became of a unit; None where it has not ended.

    Args:
        ends: the folder of a command, written by its own tasks.
        number: of the unit.
    """
    try:
        return pickle.loads(_path(ends, number).read_bytes())  # noqa: S301 - our own tasks' file
    except FileNotFoundError:
        return None


def _path(ends: Path, number: int) -> Path:
    return ends / f"{number}.end"


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
