"""Units of work as arrays of jobs of Slurm, on machines that see the store's folder.

A scheduler is not made for thousands of small jobs: an array has few tasks, each with many units. A
task that is preempted or reaches its time limit is queued again, and goes on with the rest.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convbias.errors import InputError
from convbias.runs.engines.abandoned import Cluster, jobs_folder, note_jobs
from convbias.runs.engines.base import Event, Finished, Lost, Waiting, Work
from convbias.runs.engines.shares import Share, end_of
from convbias.runs.engines.slurm_jobs import (
    NO_OPTIONS,
    SlurmOptions,
    submit_array,
)
from convbias.runs.engines.slurm_queue import (
    SECONDS_BETWEEN_LOOKS,
    queued,
    scancel,
    wait_for_end,
)
from convbias.runs.identity import checksums_of, identity
from convbias.runs.progress import NOTES_PREFIX, Progress, watch
from convbias.spec.extras import check_installed
from convbias.spec.formatting import counted

TASKS = 64  # of an array, by default
SECONDS_BETWEEN_QUEUES = 15.0  # the scheduler is asked no more often
SECONDS_BETWEEN_REMARKS = 300.0


class Slurm:
    """A cluster that Slurm schedules.

    Args:
        options: of every array.
        cluster: `local` for processes of this machine that submitit starts as Slurm would.
    """

    def __init__(self, options: SlurmOptions = NO_OPTIONS, cluster: Cluster = "slurm") -> None:
        self.options = options
        self._cluster: Cluster = cluster

    @property
    def accelerator(self) -> bool:
        """Whether tasks have GPUs."""
        return "gpu" in (self.options.gres or "")

    def processes(self, units: int, most: int | None = None) -> int:
        """As many as the tasks of an array have CPUs, but not more than units."""
        return min(most or TASKS * self.options.cpus_per_task, units)

    def tasks(self, units: int, processes: int) -> int:
        """How many tasks an array has.

        Args:
            units: how many there are.
            processes: how many units are executed at the same time.
        """
        return min(-(-processes // self.options.cpus_per_task), units)

    def plan(self, units: int, most: int | None = None) -> Sequence[str]:
        """What is submitted."""
        tasks = self.tasks(units, self.processes(units, most))
        flags = "".join(
            f" --{name.replace('_', '-')}={value}" for name, value in self.options.given.items()
        )
        shares = f"{counted(tasks, 'task')}, up to {-(-units // tasks)} in each"
        command = f"sbatch --array=0-{tasks - 1}{flags}"
        return [f"Slurm: {command}: {counted(units, 'unit')} of work in {shares}."]

    @contextmanager
    def open(
        self,
        folder: Path,
        processes: int,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        accelerator: bool = False,
    ) -> Iterator[SlurmExecution]:
        """Start to execute; at the end of the context, also on Ctrl-C, jobs are cancelled.

        Jobs of a killed command go on and store runs, until `clear_leftovers` of the next command
        on the same store cancels them.
        """
        check_installed("slurm", ["submitit"])
        if self._cluster == "slurm" and shutil.which("sbatch") is None:
            raise InputError(
                "there is no Slurm on this machine: the command sbatch is missing",
                "a machine from which jobs are submitted",
                "run the same command there, or leave --on out to use this machine",
            )
        folder = folder.resolve()
        notes = folder / f"{NOTES_PREFIX}{os.getpid()}"
        jobs = jobs_folder(folder)
        execution = SlurmExecution(self, self._cluster, folder, notes, jobs, processes, accelerator)
        with watch(notes, on_progress):
            try:
                yield execution
            finally:
                execution.cancel()
                shutil.rmtree(jobs, ignore_errors=True)


@dataclass
class _Task:
    """A task of an array, and its units that have not ended."""

    job: Any  # submitit's
    numbers: set[int] = field(default_factory=set)


class SlurmExecution:
    """Units of work in arrays of jobs.

    Args:
        engine: the cluster.
        cluster: how submitit names it.
        folder: of the store.
        notes: receives progress.
        jobs: folder of this command's jobs.
        processes: how many units are executed at the same time.
        accelerator: whether they use an accelerator.
    """

    def __init__(
        self,
        engine: Slurm,
        cluster: Cluster,
        folder: Path,
        notes: Path,
        jobs: Path,
        processes: int,
        accelerator: bool,
    ) -> None:
        self._engine = engine
        self._cluster: Cluster = cluster
        self._folder = folder
        self._notes = notes
        self._jobs = jobs
        self._processes = processes
        self._accelerator = accelerator
        self._works: dict[int, Work] = {}
        self._tasks: list[_Task] = []
        self._count = 0
        self._events: deque[Event] = deque()
        self._interrupted = False
        self._asked_at = time.monotonic()
        self._remarked_at = -SECONDS_BETWEEN_REMARKS

    def wake(self) -> None:
        """Interrupt the wait in `next`; called while a signal is handled."""
        self._interrupted = True

    def submit(self, works: Sequence[Work]) -> None:
        """Add units, as one array."""
        if not works:
            return
        numbers = range(self._count, self._count + len(works))
        self._count += len(works)
        added = dict(zip(numbers, works, strict=True))
        self._works |= added
        tasks = self._engine.tasks(len(works), self._processes)
        checksums = checksums_of({arm for work in works for arm in work.arms})
        shares = [
            Share(
                # Dealt like cards, so that every task has units of every length.
                works={number: added[number] for number in list(numbers)[first::tasks]},
                folder=self._folder,
                notes=self._notes,
                ends=self._jobs / "ends",
                processes=self._engine.options.cpus_per_task,
                accelerator=self._accelerator,
                expected=identity(),
                checksums=checksums,
            )
            for first in range(tasks)
        ]
        submitted = submit_array(shares, self._engine.options, self._cluster, self._jobs)
        self._tasks += [
            _Task(job, set(share.works)) for job, share in zip(submitted, shares, strict=True)
        ]
        note_jobs(self._jobs, self._cluster, [task.job.job_id for task in self._tasks])

    def next(self) -> Event:
        """Wait for the next unit that ends.

        Raises:
            KeyboardInterrupt: The wait was interrupted.
            Exception: What a unit's function raised.
        """
        while (event := self.poll()) is None:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return event

    def poll(self) -> Event | None:
        """What `next` would return or raise, where it would not wait; else None."""
        if self._interrupted:
            raise KeyboardInterrupt
        if not self._events:
            self._look()
        if not self._events:
            self._ask()
        return self._events.popleft() if self._events else None

    def cancel(self) -> None:
        """Cancel the tasks that have not ended, and wait until none writes any more."""
        unended = [task.job for task in self._tasks if task.numbers]
        if self._cluster == "local":
            for job in unended:
                job.cancel(check=False)
        else:
            scancel([job.job_id for job in unended])
        wait_for_end([task.job.job_id for task in self._tasks], self._states)

    def _states(self, identifiers: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Identifier of each task that has not ended to its state and the reason for it."""
        if self._cluster == "local":
            wanted = set(identifiers)
            jobs = [task.job for task in self._tasks if task.job.job_id in wanted]
            return {job.job_id: ("RUNNING", "") for job in jobs if not job.done()}
        return queued(identifiers)

    def _look(self) -> None:
        """Take what became of units since the last look."""
        for task in self._tasks:
            for number in sorted(task.numbers):
                ended = end_of(self._jobs / "ends", number)
                if ended is None:
                    continue
                task.numbers.remove(number)
                work = self._works.pop(number)
                if ended.error is not None:
                    raise ended.error
                self._events.append(
                    Lost((work,), ended.lost) if ended.lost else Finished(work, ended.result)
                )

    def _ask(self) -> None:
        """Ask for the tasks: some may have died, or all wait."""
        now = time.monotonic()
        if now - self._asked_at < SECONDS_BETWEEN_QUEUES:
            return
        self._asked_at = now
        states = self._states([task.job.job_id for task in self._tasks if task.numbers])
        gone = [task for task in self._tasks if task.numbers and task.job.job_id not in states]
        self._look()  # what ended before the answer
        for task in gone:
            for number in sorted(task.numbers):
                self._events.append(Lost((self._works.pop(number),), "a job ended early"))
            task.numbers.clear()
        waits = {reason for state, reason in states.values() if state == "PENDING"}
        long_ago = now - self._remarked_at >= SECONDS_BETWEEN_REMARKS
        if waits and long_ago and all(state == "PENDING" for state, _ in states.values()):
            self._remarked_at = now
            reasons = ", ".join(sorted(waits))
            self._events.append(Waiting(f"all tasks wait in Slurm's queue: {reasons}"))
