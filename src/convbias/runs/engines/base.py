"""The protocol of execution: submit units of work, take what becomes of them, cancel the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from convbias.errors import RunError
from convbias.runs.interrupts import held_interrupts
from convbias.runs.progress import Progress
from convbias.spec.beyond.arms import AnyArm

ATTEMPTS = 3  # deaths of a unit's process, or of all processes without a result, before giving up

Report = Callable[[Progress], object]


@dataclass(frozen=True, eq=False)
class Work:
    """A unit of work.

    Args:
        function: of a module; called where the work is done, with the folder of a store, a function
            that reports progress, and the arguments. What it leaves in the folder is stored.
        arguments: see there.
        arms: what it trains or measures; their data is needed.
        reads: files of the store that it reads, relative to its folder.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    arms: tuple[AnyArm, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finished:
    """A unit has ended, and what it left is stored.

    Args:
        work: the unit.
        result: what its function returned.
    """

    work: Work
    result: Any


@dataclass(frozen=True)
class Lost:
    """The process or machine of units died; they can be submitted again.

    Args:
        works: the units; several where it is not known which of them ended the process.
        reason: what is known of it, as a clause.
    """

    works: tuple[Work, ...]
    reason: str


@dataclass(frozen=True)
class Waiting:
    """Nothing goes on at present.

    Args:
        reason: what is waited for, as a clause.
    """

    reason: str


Event = Finished | Lost | Waiting


class Execution(Protocol):
    """Units of work in progress."""

    def submit(self, works: Sequence[Work]) -> None:
        """Add units; they are started in this order."""

    def next(self) -> Event:
        """Wait for what happens next.

        Raises:
            KeyboardInterrupt: The wait was interrupted.
            Exception: What a unit's function raised.
        """
        ...

    def poll(self) -> Event | None:
        """What `next` would return or raise, where it would not wait; else None."""
        ...

    def wake(self) -> None:
        """Interrupt the wait in `next`; called while a signal is handled."""


class Engine(Protocol):
    """A place where units of work are executed."""

    @property
    def accelerator(self) -> bool:
        """Whether it trains on accelerators."""
        ...

    def processes(self, units: int, most: int | None = None) -> int:
        """How many units it executes at the same time.

        Args:
            units: how many there are, at least one.
            most: an upper limit.
        """
        ...

    def plan(self, units: int, most: int | None = None) -> Sequence[str]:
        """What would be asked of a cluster, in sentences; none for this machine.

        Args:
            units: how many there are, at least one.
            most: an upper limit of those at the same time.
        """
        ...

    def open(
        self,
        folder: Path,
        processes: int,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        accelerator: bool = False,
    ) -> AbstractContextManager[Execution]:
        """Start to execute; at the end of the context, units that have not ended are cancelled.

        Args:
            folder: of the store that units read and write.
            processes: how many units are executed at the same time.
            on_progress: called from another thread with what units report.
            accelerator: whether the units use an accelerator.
        """
        ...


@contextmanager
def undisturbed(opened: AbstractContextManager[Execution]) -> Iterator[Execution]:
    """An execution during which interrupts only end its wait for the next event.

    Otherwise one could arrive while a result is stored, or while processes are ended.

    Args:
        opened: from `Engine.open`, not yet entered.
    """
    entered: list[Execution] = []
    with held_interrupts(lambda: [each.wake() for each in entered]) as arrived, opened as execution:
        entered.append(execution)
        if arrived:  # while it was being opened
            execution.wake()
        yield execution


def run_all(
    opened: AbstractContextManager[Execution],
    works: Sequence[Work],
    on_result: Callable[[Any], object],
    again: Callable[[Work], Sequence[Work]],
    given_up: Callable[[Lost], RunError],
    on_waiting: Callable[[str], object] = lambda _: None,
) -> None:
    """Execute units of work, and those again whose process or machine died.

    Interrupts wait until a result is taken, and end the execution then.

    Args:
        opened: where, from `Engine.open`.
        works: the units, in the order in which they are started.
        on_result: called with what each unit's function returned.
        again: returns what of a lost unit is still to be done.
        given_up: returns the error where units were lost too often.
        on_waiting: called with what is waited for, where nothing goes on.

    Raises:
        RunError: A unit, or all units without any result, were lost `ATTEMPTS` times.
        KeyboardInterrupt: It was interrupted.
        Exception: What a unit's function raised.
    """
    with undisturbed(opened) as execution:
        execution.submit(works)
        take_results(execution, len(works), on_result, again, given_up, on_waiting)


def take_results(
    execution: Execution,
    in_progress: int,
    on_result: Callable[[Any], object],
    again: Callable[[Work], Sequence[Work]],
    given_up: Callable[[Lost], RunError],
    on_waiting: Callable[[str], object] = lambda _: None,
) -> None:
    """Take the results of units that were submitted, and submit again those that were lost.

    Args:
        execution: where.
        in_progress: how many were submitted, and have not ended.
        on_result: called with what each unit's function returned.
        again: returns what of a lost unit is still to be done.
        given_up: returns the error where units were lost too often.
        on_waiting: called with what is waited for, where nothing goes on.

    Raises:
        RunError: A unit, or all units without any result, were lost `ATTEMPTS` times.
        KeyboardInterrupt: The wait was interrupted.
        Exception: What a unit's function raised.
    """
    alone: Counter[Work] = Counter()
    together: Counter[Work] = Counter()
    while in_progress:
        event = execution.next()
        if isinstance(event, Waiting):
            on_waiting(event.reason)
            continue
        if isinstance(event, Finished):
            together.clear()
            in_progress -= 1
            on_result(event.result)
            continue
        in_progress -= len(event.works)
        rest = {work: list(again(work)) for work in event.works}
        if len(event.works) == 1:
            losses = alone
        else:
            losses = together
            if any(list(remaining) != [work] for work, remaining in rest.items()):
                together.clear()  # something was finished before
        losses.update(work for work, remaining in rest.items() if remaining)
        if any(losses[work] >= ATTEMPTS for work in event.works):
            raise given_up(event)
        repeated = [each for remaining in rest.values() for each in remaining]
        execution.submit(repeated)
        in_progress += len(repeated)
