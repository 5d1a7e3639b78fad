"""Train, score and store runs in one process of a sweep."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convbias import data
from convbias.networks.scores import Epoch
from convbias.runs.imports import import_keras
from convbias.runs.progress import Progress
from convbias.runs.record import Cost, Run, run_key
from convbias.spec.arms import Arm
from convbias.spec.beyond.arms import AnyArm, TaskArm
from convbias.spec.datasets import DatasetName, is_own
from convbias.spec.numerics import NUMERICS_VERSION

if TYPE_CHECKING:
    from convbias.networks.training import Trained

# Restricts XLA and the linear algebra libraries to one CPU thread. They read it when they are
# loaded, so the parent process sets it before it starts this one.
ONE_THREAD = {
    "JAX_PLATFORMS": "cpu",
    "PJRT_NPROC": "1",  # of XLA's threads for single operations
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "KERAS_BACKEND": "jax",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

SHARE_OF_ACCELERATOR_MEMORY = 0.85  # for all processes together; the driver needs some, too


def on_accelerator(processes: int) -> dict[str, str]:
    """Environment variables of processes that share an accelerator.

    Args:
        processes: How many processes; each gets an equal share of the memory.
    """
    return ONE_THREAD | {
        "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cuda"),
        # Otherwise the order of sums and the choice of algorithms vary from run to run, and the
        # same seed gives other numbers.
        "XLA_FLAGS": "--xla_gpu_deterministic_ops=true",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": f"{SHARE_OF_ACCELERATOR_MEMORY / processes:.3f}",
    }


def execute(
    arm: AnyArm,
    seeds: Sequence[int],
    folder: Path,
    report: Callable[[Progress], object],
    preregistration: str | None,
) -> list[str]:
    """Train an arm with several seeds and store the runs, those on images with their networks.

    Args:
        arm: The arm to train.
        seeds: The seeds; on an accelerator they train together.
        folder: The store's folder.
        report: Called when a run starts or finishes an epoch.
        preregistration: `Preregistration.hash` of what was fixed before, for the runs' records.

    Returns:
        The stored runs' keys.

    Raises:
        ConvbiasError: The data cannot be loaded, or a run cannot be stored.
    """
    import_keras()
    # Imported here, because the parent imports this module and must not load JAX for it.
    from convbias.networks import training

    def note(seed: int, epoch: int, latest: Epoch | None, images_per_second: float) -> None:
        report(
            Progress(
                key=run_key(arm, seed),
                seed=seed,
                epoch=epoch,
                epochs=arm.recipe.epochs,
                latest=latest,
                images_per_second=images_per_second,
            )
        )

    for seed in seeds:
        note(seed, 0, None, 0.0)
    keys = []
    if isinstance(arm, TaskArm):
        for seed in seeds:
            _store_task(arm, seed, folder, preregistration)
            keys.append(run_key(arm, seed))
        return keys
    dataset = dataset_of_process(arm.data.dataset)
    if is_own(dataset.name):
        from convbias.runs.store import Store
        from convbias.runs.stored_dataset import StoredDataset

        Store(folder).write_dataset(StoredDataset.of(dataset))
    for trained in training.train(arm, seeds, dataset, note):
        _store(arm, trained, dataset.checksum, folder, preregistration)
        keys.append(run_key(arm, trained.seed))
    return keys


def _store(
    arm: Arm, trained: Trained, data_checksum: str, folder: Path, preregistration: str | None
) -> None:
    from convbias.measures.generalisation_gap import generalisation_gap
    from convbias.measures.network_size import network_size
    from convbias.runs.atomic import write_atomically
    from convbias.runs.environment import code_version, describe_machine, peak_memory_bytes
    from convbias.runs.store import Store, weights_checksum

    store = Store(folder)
    network_path = store.network_path(arm, trained.seed)
    write_atomically(network_path, trained.network.save)
    measures = network_size(trained.network, network_path)
    if trained.train and trained.validation:
        measures |= generalisation_gap(trained.train, trained.validation)
    store.write(
        Run(
            numerics_version=NUMERICS_VERSION,
            arm_hash=arm.hash,
            arm=arm,
            seed=trained.seed,
            status=trained.status,
            reason=trained.reason,
            epochs=trained.epochs,
            train=trained.train,
            validation=trained.validation,
            test=trained.test,
            per_image=trained.per_image,
            measures=measures,
            preregistration=preregistration,
            data_checksum=data_checksum,
            weights_checksum=weights_checksum(
                np.asarray(variable) for variable in trained.network.trainable_variables
            ),
            code_version=code_version(),
            environment=describe_machine(threads=1),
            cost=Cost(
                wall_seconds=trained.wall_seconds,
                training_seconds=trained.training_seconds,
                compile_seconds=trained.compile_seconds,
                images_per_second=trained.images_per_second,
                peak_memory_bytes=peak_memory_bytes(),
                finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        )
    )


def _store_task(arm: TaskArm, seed: int, folder: Path, preregistration: str | None) -> None:
    """Train an arm on other data than images, and store the run without its networks."""
    from convbias.networks.beyond.tasks import train
    from convbias.runs.environment import code_version, describe_machine, peak_memory_bytes
    from convbias.runs.store import Store

    started = time.perf_counter()
    result = train(arm, seed)
    diverged = not np.isfinite(result.test.loss)
    wall_seconds = time.perf_counter() - started
    Store(folder).write(
        Run(
            numerics_version=NUMERICS_VERSION,
            arm_hash=arm.hash,
            arm=arm,
            seed=seed,
            status="diverged" if diverged else "finished",
            reason=f"the test loss is {result.test.loss}" if diverged else None,
            epochs=(),
            train=None,
            validation=None,
            test=None if diverged else result.test,
            per_image=None if diverged else result.per_item,
            measures=dict(result.measures),
            preregistration=preregistration,
            data_checksum=result.checksum,
            weights_checksum=None,
            code_version=code_version(),
            environment=describe_machine(threads=1),
            cost=Cost(
                wall_seconds=wall_seconds,
                training_seconds=result.training_seconds,
                compile_seconds=result.compile_seconds,
                images_per_second=result.test.images / wall_seconds,
                peak_memory_bytes=peak_memory_bytes(),
                finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        )
    )


@cache
def dataset_of_process(name: DatasetName) -> data.Dataset:
    """A data set, read once per process."""
    return data.load(name)
