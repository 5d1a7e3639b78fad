"""Write a study's report while the study is trained."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

from convbias.runs.machine import cores, is_running
from convbias.runs.processes import Workers, end_with
from convbias.runs.store import Store
from convbias.runs.worker import ONE_THREAD
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
    """

    def __init__(
        self,
        study: Study,
        store: Store,
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._study = study
        self._store = store
        self._folder = folder
        self._clock = clock
        self._workers: Workers | None = None
        self._open = ExitStack()
        self._wanted = False
        self._writing: Future[float] | None = None
        self._started_at = 0.0
        self._pause = 0.0

    def __enter__(self) -> RenewedReport:
        for folder in self._folder.glob(f"{PREFIX}*"):
            if not is_running(folder.name.removeprefix(PREFIX)):
                shutil.rmtree(folder, ignore_errors=True)
        self._open.callback(shutil.rmtree, self._scratch, ignore_errors=True)
        self._workers = self._open.enter_context(Workers(1, ONE_THREAD))
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def renew(self, *, wanted: bool) -> None:
        """Start to write the report, unless that would take too much of the processor's time.

        Args:
            wanted: whether there is something new; otherwise what was put off is caught up on.
        """
        self._wanted = self._wanted or wanted
        if self._workers is None or not self._wanted:
            return
        if self._writing is not None:
            if not self._writing.done():
                return
            if self._writing.exception() is None:
                self._pause = self._writing.result() / (SHARE * cores())
            if self._clock() - self._started_at < self._pause:
                return
        self._wanted = False
        self._started_at = self._clock()
        arguments = (self._study, self._store, self._folder, self._scratch, os.getpid())
        self._writing = self._workers.submit(write_beside_training, *arguments)

    @property
    def _scratch(self) -> Path:
        return self._folder / f"{PREFIX}{os.getpid()}"


def write_beside_training(
    study: Study, store: Store, folder: Path, scratch: Path, parent: int
) -> float:
    """Write the report of what is stored, in this process and with one thread.

    Args:
        study: the study.
        store: where its runs are stored.
        folder: where the report goes.
        scratch: folder in which it is written.
        parent: Process identifier of the command; when that process ends, this one ends too.

    Returns:
        The processor's time that it took, in seconds.
    """
    before = time.process_time()
    end_with(parent)
    # Imported here, because the command imports this module and trains before it draws.
    from convbias.report.pipeline import read_study, write_study_report

    report = write_study_report(read_study(study, store), scratch, training=True)
    files = [path for path in scratch.rglob("*") if path.is_file() and path not in report.pages]
    for path in (*files, *report.pages):  # the pages last, because they refer to the others
        target = folder / path.relative_to(scratch)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    return time.process_time() - before
