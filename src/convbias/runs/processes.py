"""Worker processes for training and measuring."""

from __future__ import annotations

from typing import Any

from joblib.externals.loky import get_reusable_executor, process_executor


def worker_processes(count: int, *, accelerator: bool = False) -> Any:  # noqa: ANN401 - loky annotates nothing
    """Start worker processes with one thread each; they run until they are shut down.

    Args:
        count: How many processes.
        accelerator: Whether they share the accelerator instead of using the CPU.
    """
    # Not at the top, because processes that only draw figures do not need it.
    from convbias.runs.worker import ONE_THREAD, on_accelerator

    variables = on_accelerator(count) if accelerator else ONE_THREAD
    return get_reusable_executor(count, env=variables, initializer=keep_worker)


def keep_worker() -> None:
    """Prevent loky from replacing this process when its memory grows.

    If psutil is installed, loky treats growth as a leak. Here it is what JAX has compiled, which a
    new process would have to compile again.
    """
    process_executor._USE_PSUTIL = False
