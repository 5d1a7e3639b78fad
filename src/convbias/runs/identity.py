"""What a run's numbers depend on besides its arm and seed: code, libraries and data."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from convbias import __version__
from convbias.errors import ConvbiasError, DataError, InputError
from convbias.runs.environment import RELEVANT_DISTRIBUTIONS
from convbias.runs.worker import dataset_of_process
from convbias.spec.arms import Arm
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.datasets import DatasetName
from convbias.spec.numerics import NUMERICS_VERSION


@dataclass(frozen=True)
class Identity:
    """Code and libraries of a process.

    Args:
        numerics_version: `NUMERICS_VERSION`.
        source: SHA-256 of the package's files.
        versions: distribution name to version.
    """

    numerics_version: int
    source: str
    versions: Mapping[str, str]


@cache
def identity() -> Identity:
    """The identity of this process's code."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.suffix in {".py", ".toml"}):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    versions = {name: version(name) for name in RELEVANT_DISTRIBUTIONS}
    return Identity(NUMERICS_VERSION, digest.hexdigest(), {**versions, "convbias": __version__})


def checksums_of(arms: Iterable[AnyArm]) -> dict[DatasetName, str]:
    """Checksums of the images that arms are trained on, which are read once per process.

    Data of other tasks is generated, or was compared with its published checksum when it was read.
    """
    names = {arm.data.dataset for arm in arms if isinstance(arm, Arm)}
    return {name: dataset_of_process(name).checksum for name in sorted(names)}


def check_same(expected: Identity, checksums: Mapping[DatasetName, str]) -> None:
    """Refuse to work in this process where its numbers could differ from those at home.

    Args:
        expected: the code at home.
        checksums: of the data at home.

    Raises:
        InputError: The code or a library is another one.
        DataError: Data is missing, or is not the same.
    """
    here, machine = identity(), platform.node()
    other = [
        f"{name} {here.versions[name]} instead of {wanted}"
        for name, wanted in expected.versions.items()
        if here.versions[name] != wanted
    ]
    if here.numerics_version != expected.numerics_version:
        other.append(f"numerics {here.numerics_version} instead of {expected.numerics_version}")
    if not other and here.source != expected.source:
        other.append(f"other source of convbias ({here.source[:12]}, not {expected.source[:12]})")
    if other:
        raise InputError(
            f"the worker on {machine} has {', '.join(other)}",
            "the same code and libraries on every machine, so that numbers do not differ",
            f"install the same versions on {machine}, or take it out of the cluster",
        )
    for name, checksum in checksums.items():
        try:
            found = dataset_of_process(name).checksum
        except ConvbiasError as error:
            raise DataError(
                f"the worker on {machine} cannot read {name}: {error.what}",
                error.expected,
                f"on {machine}: {error.fix}" if error.fix else None,
            ) from error
        if found != checksum:
            raise DataError(
                f"the worker on {machine} has other data of the name {name}:"
                f" checksum {found[:12]} instead of {checksum[:12]}",
                "the same data on every machine",
                f"copy the data to {machine}, or take it out of the cluster",
            )
