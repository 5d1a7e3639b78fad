"""What this machine has: cores, an accelerator, processes."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

NVIDIA_DRIVER = Path("/dev/nvidiactl")


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_accelerator() -> bool:
    """Whether JAX would train on a GPU; determined without loading JAX."""
    plugins = find_spec("jax_plugins")
    folders = plugins.submodule_search_locations if plugins else None
    installed = [plugin.name for plugin in iter_modules(folders or [])]
    wanted = os.environ.get("JAX_PLATFORMS", "cuda")
    return (
        any(name.startswith("xla_cuda") for name in installed)
        and NVIDIA_DRIVER.exists()
        and ("cuda" in wanted or "gpu" in wanted)
    )


def is_running(process: str) -> bool:
    """Whether there is a process with this identifier, given as text."""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True  # a process of another user
    return True
