"""Worker processes for training, measuring and drawing, which end whenever they are interrupted."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from joblib.externals.loky import ProcessPoolExecutor, process_executor

from convbias.runs.interrupts import held_interrupts

if TYPE_CHECKING:
    from convbias.runs.progress import Progress

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_IDLE = 10  # after which a process without a call ends, and gives its memory back


class Workers(ProcessPoolExecutor):
    """Worker processes, as a context at whose end they are killed.

    Args:
        count: How many processes.
        variables: Environment variables that they get in addition.
    """

    def __init__(self, count: int, variables: Mapping[str, str] | None = None) -> None:
        with held_interrupts():
            super().__init__(
                count,
                timeout=SECONDS_IDLE,
                env=variables,
                initializer=prepare_worker,
                initargs=(os.getpid(),),
            )

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:  # noqa: ANN401 - loky annotates nothing
        """Call a function in one of the processes, which are started for the first call."""
        with held_interrupts(), _interrupts_for_this_process_only():
            return super().submit(function, *arguments)

    def __exit__(self, *_error: object) -> None:
        with held_interrupts():
            # loky would forget the calls that no process has yet, then look for them, and fail.
            with suppress(Empty):
                while True:
                    self._work_ids.get_nowait()
            processes = list((self._processes or {}).values())
            # Otherwise idle processes keep their memory, and busy ones their cores.
            self.shutdown(wait=True, kill_workers=True)
            for process in processes:
                process.join()  # loky kills them without waiting for their end


def call(folder: Path, notes: Path, function: Callable[..., object], *arguments: object) -> object:
    """Execute a unit of work in one of the processes.

    Args:
        folder: of the store.
        notes: receives its progress.
        function: the unit's.
        *arguments: the unit's.
    """

    def report(progress: Progress) -> None:
        # Imported here, because a process that only draws does not need it.
        from convbias.runs.progress import report_progress

        report_progress(notes, progress)

    return function(folder, report, *arguments)


def prepare_worker(parent: int) -> None:
    """End this process when its parent has ended, and not when its memory grows.

    A killed parent cannot end its processes, and a restarted sweep must not compete with orphans
    for the cores. A process without a call would wait for ever, if the parent was killed while it
    held loky's lock. If psutil is installed, loky treats growth as a leak. Here it is what JAX has
    compiled, which a new process would have to compile again.

    Args:
        parent: its process identifier.
    """
    process_executor._USE_PSUTIL = False

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    threading.Thread(target=look, name="end-with-parent", daemon=True).start()


@contextmanager
def _interrupts_for_this_process_only() -> Iterator[None]:
    """Block SIGINT while processes are started, so that Ctrl-C reaches only this process.

    A terminal sends SIGINT to the whole process group, and processes that are just starting would
    each print a traceback. Processes inherit the blocked signal; this process ends them.
    """
    # First, because Python 3.11 unblocks SIGINT when it starts this helper process.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
