"""Write a study's report while the study is trained."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from convbias.runs.engines.base import Engine, Execution, Finished, Lost, Report, Work
from convbias.runs.engines.local import Local
from convbias.runs.machine import cores, is_running
from convbias.runs.store import Store
from convbias.spec.study import Study

SHARE = 0.05  # of the processor's time, at most

PREFIX = ".renewing-"  # followed by the process identifier of the command


class RenewedReport:
    """Writes a study's report in a process of its own, as a context around the study's training.

    Reports are written to a folder of their own and then moved, so that the report is complete at
    every moment. One that cannot be written is left out: that of the finished study says why.

    Args:
        study: the study.
        store: where its runs are stored.
        folder: where the report goes.
        clock: returns seconds since an arbitrary start.
        engine: where it is written. Runs may be trained elsewhere, but the report needs all that is
            stored, and its reader is here.
    """

    def __init__(
        self,
        study: Study,
        store: Store,
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
        engine: Engine | None = None,
    ) -> None:
        self._study = study
        self._store = store
        self._folder = folder
        self._clock = clock
        self._engine = engine or Local()
        self._execution: Execution | None = None
        self._open = ExitStack()
        self._wanted = False
        self._writing = False
        self._started_at = 0.0
        self._pause = 0.0

    def __enter__(self) -> RenewedReport:
        for folder in self._folder.glob(f"{PREFIX}*"):
            if not is_running(folder.name.removeprefix(PREFIX)):
                shutil.rmtree(folder, ignore_errors=True)
        self._open.callback(shutil.rmtree, self._scratch, ignore_errors=True)
        self._execution = self._open.enter_context(self._engine.open(self._folder, 1))
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def renew(self, *, wanted: bool) -> None:
        """Start to write the report, unless that would take too much of the processor's time.

        Args:
            wanted: whether there is something new; otherwise what was put off is caught up on.
        """
        self._wanted = self._wanted or wanted
        if self._execution is None or not self._wanted:
            return
        if self._writing and not self._has_ended(self._execution):
            return
        if self._clock() - self._started_at < self._pause:
            return
        self._wanted = False
        self._writing = True
        self._started_at = self._clock()
        arguments = (self._study, self._store, self._scratch)
        self._execution.submit([Work(write_beside_training, arguments)])

    def _has_ended(self, execution: Execution) -> bool:
        """Whether the report is written, or cannot be, and how long to pause then."""
        try:
            event = execution.poll()
        except Exception:  # noqa: BLE001 - the report of the finished study says why
            return True
        if isinstance(event, Finished):
            self._pause = event.result / (SHARE * cores())
        return isinstance(event, Finished | Lost)

    @property
    def _scratch(self) -> Path:
        return self._folder / f"{PREFIX}{os.getpid()}"


def write_beside_training(
    folder: Path, _report: Report, study: Study, store: Store, scratch: Path
) -> float:
    """Write the report of what is stored, in this process and with one thread.

    Args:
        folder: where the report goes.
        study: the study.
        store: where its runs are stored.
        scratch: folder in which it is written.

    Returns:
        The processor's time that it took, in seconds.
    """
    before = time.process_time()
    # Imported here, because the command imports this module and trains before it draws.
    from convbias.report.pipeline import read_study, write_study_report

    report = write_study_report(read_study(study, store), scratch, training=True)
    files = [path for path in scratch.rglob("*") if path.is_file() and path not in report.pages]
    for path in (*files, *report.pages):  # the pages last, because they refer to the others
        target = folder / path.relative_to(scratch)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    return time.process_time() - before
