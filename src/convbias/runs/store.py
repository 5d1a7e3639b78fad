"""Store runs: one file per run, written atomically.

A run is stored once its JSON file exists under its final name. Every file is written under a
temporary name and then renamed, so a reader never sees an incomplete file. The trained network is
stored beside the record as a `.keras` file, which is written first.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from convbias.errors import ConvbiasError, InputError, StorageError, did_you_mean
from convbias.runs.atomic import write_atomically
from convbias.runs.measurement import Measurement
from convbias.runs.record import Run, run_key
from convbias.runs.stored_dataset import StoredDataset
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.datasets import DatasetName, register
from convbias.spec.files import read_file, refused
from convbias.spec.numerics import NUMERICS_VERSION
from convbias.spec.preregistration import Preregistration

NETWORK = ".keras"  # suffix of a trained network, whose record has the same name
PREREGISTRATIONS = "preregistrations"  # folder beside the records
DATASETS = "datasets"  # likewise


class DamagedRunError(ConvbiasError):
    """A stored run cannot be read, or its content does not match its name."""


class Store:
    """A folder of runs.

    Args:
        folder: Folder of the runs; created with the first run.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     list(Store(folder))
        []
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path(self, arm: AnyArm, seed: int) -> Path:
        """Path of a run's record."""
        return self.folder / f"{run_key(arm, seed)}.json"

    def network_path(self, arm: AnyArm, seed: int) -> Path:
        """Path of a run's trained network."""
        return self.folder / f"{run_key(arm, seed)}{NETWORK}"

    def write(self, run: Run) -> Path:
        """Store a run.

        Returns:
            The record's path.

        Raises:
            StorageError: The folder is not writable or the disk is full.
        """
        path = self.path(run.arm, run.seed)
        write_atomically(path, lambda file: file.write_text(run.model_dump_json() + "\n"))
        return path

    def read(self, arm: AnyArm, seed: int) -> Run | None:
        """The stored run, or None if it is not stored.

        Raises:
            DamagedRunError: The file exists but is damaged.
            StorageError: The file may not be read.
        """
        path = self.path(arm, seed)
        return read_run(path) if path.exists() else None

    def named(self, key: str) -> Run:
        """The stored run with a key.

        Raises:
            InputError: There is none; the message suggests the nearest key.
            DamagedRunError: Its file is damaged.
            StorageError: Its file may not be read.
        """
        known = {path.stem: path for path in self.paths()}
        if key not in known:
            raise InputError(
                f"no run {key!r} is stored in {self.folder}",
                "the name of a stored run",
                did_you_mean(key, known)
                if known
                else "train one, or name another folder with --runs",
            )
        return read_run(known[key])

    def of_arm(self, arm: AnyArm) -> tuple[list[Run], list[ConvbiasError]]:
        """The stored runs of an arm, seeds ascending, and the errors of unreadable ones."""
        start = f"{arm.hash}-seed"
        runs, damaged = _readable(path for path in self.paths() if path.stem.startswith(start))
        return sorted(runs, key=lambda run: run.seed), damaged

    def with_networks(self) -> tuple[list[Run], list[ConvbiasError]]:
        """The runs that are stored with their networks, and the errors of unreadable ones."""
        return _readable(path for path in self.paths() if path.with_suffix(NETWORK).exists())

    def measurement_path(self, run: Run, measure: str) -> Path:
        """Path of a measurement of a run's network."""
        return self.folder / "measurements" / f"{run.key}-{measure}.json"

    def write_measurement(self, run: Run, measurement: Measurement) -> None:
        """Store a measurement.

        Args:
            run: The run whose network was measured.
            measurement: The measurement.

        Raises:
            StorageError: The folder is not writable or the disk is full.
        """
        path = self.measurement_path(run, measurement.measure)
        write_atomically(path, lambda file: file.write_text(measurement.model_dump_json() + "\n"))

    def read_measurement(self, run: Run, measure: str) -> Measurement | None:
        """Read a measurement of a run's network.

        Returns:
            None if it is not stored, the file is damaged, or other weights were measured, because
            it can be measured again.
        """
        try:
            text = self.measurement_path(run, measure).read_bytes()
            found = Measurement.model_validate_json(text)
        except (OSError, ValidationError):
            return None
        fits = (found.measure, found.weights_checksum) == (measure, run.weights_checksum)
        return found if fits else None

    def measurements_of(self, run: Run) -> list[Measurement]:
        """The readable measurements of a run's network, sorted by measure."""
        start = f"{run.key}-"
        names = sorted(
            path.stem.removeprefix(start)
            for path in (self.folder / "measurements").glob(f"{start}*.json")
        )
        found = [self.read_measurement(run, name) for name in names]
        return [each for each in found if each is not None]

    def write_preregistration(self, preregistration: Preregistration) -> Path:
        """Store what is fixed before runs are trained; the earliest of equal ones is kept.

        Returns:
            The file's path.

        Raises:
            StorageError: The folder is not writable or the disk is full.
        """
        path = self.folder / PREREGISTRATIONS / f"{preregistration.hash}.json"
        if not path.exists():
            text = preregistration.model_dump_json(indent=1) + "\n"
            write_atomically(path, lambda file: file.write_text(text))
        return path

    def preregistrations(self) -> dict[str, Preregistration]:
        """Hash to what was fixed; files that are damaged or renamed are left out."""
        found = {}
        for path in sorted((self.folder / PREREGISTRATIONS).glob("*.json")):
            with contextlib.suppress(OSError, ValidationError):
                each = Preregistration.model_validate_json(path.read_bytes())
                if each.hash == path.stem:
                    found[each.hash] = each
        return found

    def dataset_path(self, name: DatasetName) -> Path:
        """Path of what describes a person's own data set."""
        return self.folder / DATASETS / f"{name}.json"

    def write_dataset(self, dataset: StoredDataset) -> None:
        """Keep what describes a person's own data set; once, because its name has its checksum.

        Raises:
            StorageError: Another data set of that name is stored, the folder is not writable or the
                disk is full.
        """
        path = self.dataset_path(dataset.name)
        if (known := self.read_dataset(dataset.name)) is not None:
            if known.checksum != dataset.checksum:
                raise StorageError(
                    f"{path} describes other images of the name {dataset.name}",
                    "one data set per name",
                    "name another folder with --runs",
                )
            return
        write_atomically(path, lambda file: file.write_text(dataset.model_dump_json() + "\n"))

    def read_dataset(self, name: DatasetName) -> StoredDataset | None:
        """What is kept of a person's own data set; None where it is not stored or damaged."""
        path = self.dataset_path(name)
        try:
            found = StoredDataset.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        return found if found.name == name else None

    def register_datasets(self) -> None:
        """Make the data sets of the stored runs known, whether or not their images are here."""
        for path in sorted((self.folder / DATASETS).glob("*.json")):
            if (found := self.read_dataset(path.stem)) is not None:
                register(found.name, found.description)

    def quarantine(self, path: Path) -> Path:
        """Move a damaged record to the store's `quarantine` folder; nothing is deleted.

        Returns:
            The new path.
        """
        target = self.folder / "quarantine" / path.name
        copies = 1
        while target.exists():
            copies += 1
            target = target.with_name(f"{path.stem}-{copies}{path.suffix}")
        try:
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
        except OSError as error:
            raise StorageError(
                f"could not move the damaged run {path}: {error.strerror or error}",
                "a writable folder of runs",
                "make the folder writable, or move the file away by hand",
            ) from error
        return target

    def paths(self) -> list[Path]:
        """The records' paths, sorted by name; none where there is no folder.

        Raises:
            StorageError: The folder may not be read.
        """
        try:
            # Not `glob`, which finds nothing in a folder that may not be read.
            return sorted(
                path
                for path in self.folder.iterdir()
                if path.suffix == ".json" and not path.name.startswith(".")
            )
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise refused(self.folder, error) from error

    def __iter__(self) -> Iterator[Run]:
        return (read_run(path) for path in self.paths())


def _readable(paths: Iterable[Path]) -> tuple[list[Run], list[ConvbiasError]]:
    runs: list[Run] = []
    damaged: list[ConvbiasError] = []
    for path in paths:
        try:
            runs.append(read_run(path))
        except DamagedRunError as error:
            damaged.append(error)
    return runs, damaged


def read_run(path: Path) -> Run:
    """Read one record and check that its content matches its name.

    Raises:
        DamagedRunError: It is not a record, or does not match.
        StorageError: The file may not be read, which does not mean that it is damaged.
    """
    try:
        run = _validated(path)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise DamagedRunError(
            f"{path} is not a run record: {first['msg']} (at {where})",
            "a file written by `convbias train` or `convbias study`",
            "run the study again: it moves the file to quarantine/ and trains the run anew",
        ) from error
    if run.numerics_version != NUMERICS_VERSION:
        raise DamagedRunError(
            f"{path} was trained with version {run.numerics_version} of the numerics",
            f"version {NUMERICS_VERSION}, that of this code",
            "run the study again to train it anew, or read it with the version that trained it",
        )
    if run.arm_hash != run.arm.hash or path.stem != run.key:
        raise DamagedRunError(
            f"{path} holds the run {run.key}, recorded for arm {run.arm_hash}",
            f"the run {path.stem}",
            "run the study again: it moves the file to quarantine/ and trains the run anew",
        )
    return run


def _validated(path: Path) -> Run:
    text = read_file(path)
    try:
        return Run.model_validate_json(text)
    except ValidationError:
        # A run on images that this process does not know yet is valid once they are known.
        Store(path.parent).register_datasets()
        return Run.model_validate_json(text)


def weights_checksum(weights: Iterable[np.ndarray]) -> str:
    """SHA-256 of shapes, dtypes and bytes of a network's weights, in order."""
    digest = hashlib.sha256()
    for array in weights:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
