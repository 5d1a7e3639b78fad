"""How processes compile that train and measure for tests, and how users' do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from convbias.runs.worker import ONE_THREAD

# They score a thousand images, which takes twice as long without any optimisation.
CHEAPLY_COMPILED = " --xla_backend_optimization_level=1 --xla_cpu_use_fusion_emitters=false"


@contextmanager
def compiled_as_users_do() -> Iterator[None]:
    """Train in processes with users' flags meanwhile, to compare with commands and jobs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            ONE_THREAD, "XLA_FLAGS", ONE_THREAD["XLA_FLAGS"].removesuffix(CHEAPLY_COMPILED)
        )
        yield
