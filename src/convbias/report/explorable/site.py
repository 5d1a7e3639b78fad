"""Write the explorable page: the built site, the study's numbers, images and networks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from convbias.data.transforms import block_permutation
from convbias.data.variants import SEED
from convbias.errors import InputError
from convbias.report.explorable.images import choosable_images, measured_images
from convbias.report.explorable.networks import PageNetwork, page_networks
from convbias.report.explorable.numbers import SHOWN, experiment_record
from convbias.report.explorable.onnx_runtime import FOLDER
from convbias.report.pipeline import StudyResults, read_study
from convbias.runs.atomic import check_writable, write_atomically
from convbias.runs.store import Store
from convbias.spec.datasets import description_of
from convbias.spec.study import Study

FORMAT = 2  # of study.json; the built site reads no other


@dataclass(frozen=True)
class Page:
    """What was written.

    Args:
        index: The page itself.
        experiments: Names of the experiments that it shows.
        networks: Keys of the runs whose networks it computes with.
    """

    index: Path
    experiments: tuple[str, ...]
    networks: tuple[str, ...]


def read_shown(study: Study, store: Store) -> StudyResults:
    """Read the runs of those experiments of a study that the page shows.

    Args:
        study: The study.
        store: Where its runs and measurements are.

    Raises:
        InputError: The study has none of these experiments.
    """
    names = tuple(name for name in study.experiments if name in SHOWN)
    if not names:
        raise InputError(
            f"the study {study.name} has nothing that the page shows",
            f"at least one of the experiments {', '.join(SHOWN)}",
            "name another study; `convbias page --runs published` shows the published one",
        )
    return read_study(study.model_copy(update={"experiments": names}), store)


def write_page(
    results: StudyResults,
    networks: Sequence[Store],
    folder: Path,
    *,
    onnx_runtime: Mapping[str, bytes] | None = None,
) -> Page:
    """Write the explorable page on a study's stored runs; nothing is trained.

    Args:
        results: From `read_shown`.
        networks: Hold the networks that the page computes with, the first that has one; without
            any the page shows the stored results alone.
        folder: Receives the site; its `index.html` and `study.json` are written last.
        onnx_runtime: From `read_runtime`; with it, readers' own networks are computed.

    Raises:
        InputError: No run is finished, or a network cannot be read; nothing is written then.
        DataError: The images are missing or damaged, and cannot be downloaded.
        StorageError: The folder is not writable or the disk is full.
    """
    finished = [
        each for each in results.experiments if any(run.status == "finished" for run in each.runs)
    ]
    if not finished:
        raise InputError(
            f"no finished run of the study {results.study.name} is stored",
            "at least one finished run",
            "train the study first, or read the published one with --runs published",
        )
    chosen = page_networks(networks, results.study.dataset, results.runs)
    shown = choosable_images(results.dataset)
    measured = measured_images(results.dataset.test_images, results.dataset.test_labels)
    record = {
        "format": FORMAT,
        "study": _study(results.study),
        "images": {
            "file": "images.bin",
            "indices": shown.tolist(),
            "labels": results.dataset.test_labels[shown].tolist(),
        },
        "sample": {"file": "sample.bin", "images": measured.count},
        "networks": [each.description for each in chosen],
        "onnxRuntime": onnx_runtime is not None,
        "permutations": _permutations(results),
        "experiments": {each.experiment.name: experiment_record(each) for each in finished},
    }
    check_writable(folder)
    _write(folder / "images.bin", results.dataset.test_images[shown].tobytes())
    _write(folder / "sample.bin", measured.content)
    for each in chosen:
        _write(folder / each.file, each.weights)
    for name, content in (onnx_runtime or {}).items():
        _write(folder / FOLDER / name, content)
    _write_study(folder, record)
    built = resources.files("convbias.report.explorable") / "site"
    for file in sorted(built.iterdir(), key=lambda each: each.name == "index.html"):
        _write(folder / file.name, file.read_bytes())
    return Page(
        index=folder / "index.html",
        experiments=tuple(each.experiment.name for each in finished),
        networks=tuple(_run_of(each) for each in chosen),
    )


def _run_of(network: PageNetwork) -> str:
    return str(network.description["run"])


def _study(study: Study) -> dict[str, Any]:
    described = description_of(study.dataset)
    return {
        "name": study.name,
        "dataset": study.dataset,
        "title": described.title,
        "remark": described.remark,
        "source": described.source,
        "classes": list(described.class_names),
        "thing": described.thing,
        "side": described.side,
        "channels": described.channels,
        "conversion": described.conversion,
    }


def _permutations(results: StudyResults) -> dict[str, list[int]]:
    """Pixels per side of the shuffled blocks to the permutation of an image's pixels."""
    side = description_of(results.study.dataset).side
    blocks = {
        run.image_arm.data.shuffled_blocks
        for each in results.experiments
        if each.experiment.name == "permutation"
        for run in each.runs
    }
    return {
        str(block): block_permutation(side, block, SEED).tolist()
        for block in sorted(each for each in blocks if each is not None)
    }


def _write_study(folder: Path, record: dict[str, Any]) -> None:
    text = json.dumps(record, separators=(",", ":"), allow_nan=False)
    _write(folder / "study.json", text.encode())
    # A page that is opened as a bare file may load scripts, but no data.
    safe = text.replace("<", "\\u003c")
    _write(folder / "study.js", f"globalThis.study={safe};\n".encode())


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda file: file.write_bytes(content))
