"""The processes that train and measure."""

from __future__ import annotations

from typing import Any

from joblib.externals.loky import get_reusable_executor, process_executor


def worker_processes(count: int, *, accelerator: bool = False) -> Any:  # noqa: ANN401 - loky annotates nothing
    """Start processes with one thread each, which stay until they are shut down.

    Args:
        count: How many.
        accelerator: Whether they share the accelerator; else they compute on the processor.
    """
    # Here and not above: processes that only draw need none of it.
    from convbias.runs.worker import ONE_THREAD, on_accelerator

    variables = on_accelerator(count) if accelerator else ONE_THREAD
    return get_reusable_executor(count, env=variables, initializer=keep_worker)


def keep_worker() -> None:
    """Keep loky from replacing this process when its memory grows.

    Where psutil is installed, loky takes growth for a leak. Ours is what JAX has compiled, which a
    new process would compile again.
    """
    process_executor._USE_PSUTIL = False
