"""Load an unpacked archive with its own inference code."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
import tempfile
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from convbias.errors import InputError, StorageError
from convbias.shipping.export.archive import MANIFEST, Archive, Manifest, unpack
from convbias.shipping.export.signature import Signature, signature_of
from convbias.spec.files import read_file

Images = list[array]  # each of an image's pixels, doubles in [0, 1]
Probabilities = list[list[float]]  # for each image, one per class

TOLERANCE = 1e-3  # of the sum of an image's probabilities


class Predictor:
    """An archive's network with the functions of its `inference.py`.

    Args:
        folder: folder with the members of a verified archive. Its code is run unchanged: load only
            archives that you trust.

    Raises:
        InputError: The archive cannot be loaded, or cannot answer a request.
    """

    def __init__(self, folder: Path) -> None:
        signature = _signature(folder)
        self.numbers = signature.form.side**2 * signature.form.channels  # of one image
        try:
            inference = _module(folder / "code" / "inference.py")
            self.request_error: type[Exception] = inference.RequestError
            self.read: Callable[[bytes, str], Images] = inference.input_fn
            self.write: Callable[[Probabilities, str], tuple[bytes, str]] = inference.output_fn
            self._predict = inference.predict_fn
        except (Exception, SystemExit) as error:  # the code may do anything
            raise InputError(
                f"the code in {folder} cannot be used: {type(error).__name__}: {error}",
                "the inference.py of `convbias package`",
                "package the export again",
            ) from error
        try:
            self._model = inference.model_fn(str(folder))
        except (Exception, SystemExit) as error:  # onnxruntime's errors have no common base class
            raise InputError(
                f"the network in {folder} cannot be loaded: {error}",
                "a model.onnx that onnxruntime can run",
                "export and package the run again",
            ) from error
        # The first prediction takes longest, so it is made before the first request.
        try:
            check_answers(self, len(signature.class_names))
        except (Exception, SystemExit) as error:
            raise InputError(
                f"the archive in {folder} cannot answer: {error}",
                "a probability for each of its class names, for every image",
                "export and package the run again",
            ) from error

    def predict(self, images: Images) -> Probabilities:
        """Predict the probabilities of all classes for each image."""
        return self._predict(images, self._model)


def _signature(folder: Path) -> Signature:
    manifest = Manifest.model_validate_json(read_file(folder / MANIFEST))
    return signature_of(manifest.identity)


def check_answers(predictor: Predictor, classes: int) -> None:
    """Check that an archive can answer requests: with one image, with two, and with every class.

    Args:
        predictor: the loaded archive.
        classes: how many classes its network tells apart.

    Raises:
        ValueError: An answer is not what clients expect; its functions may raise other errors.
    """
    for images in (1, 2):
        body = json.dumps([[0] * predictor.numbers] * images).encode()
        probabilities = predictor.predict(predictor.read(body, "application/json"))
        _check_probabilities(probabilities, images, classes)
        for accept in ("application/json;verbose=true", "text/csv", "application/x-npy"):
            predictor.write(probabilities, accept)
    certain = [[float(row == column) for column in range(classes)] for row in range(classes)]
    written, _ = predictor.write(certain, "application/json;verbose=true")
    answers = json.loads(written, parse_constant=_no_constant)
    names = {answer["class"] for answer in answers}
    if len(names) != classes or any(set(each["probabilities"]) != names for each in answers):
        raise ValueError(f"there are {len(names)} class names; expected {classes}")


def _check_probabilities(probabilities: object, images: int, classes: int) -> None:
    if not isinstance(probabilities, list) or len(probabilities) != images:
        raise ValueError(f"the network returns no list of {images} predictions")
    for row in probabilities:
        if not isinstance(row, list) or len(row) != classes:
            raise ValueError(f"a prediction is not a list of {classes} probabilities")
        valid = all(math.isfinite(each) and 0 <= each <= 1 for each in row)
        if not valid or abs(sum(row) - 1) > TOLERANCE:
            raise ValueError("the network's outputs are no probabilities that add up to 1")


def _no_constant(name: str) -> float:
    raise ValueError(f"the answer has {name}, which is no JSON")


@contextmanager
def unpacked(archive: Archive) -> Iterator[Path]:
    """A temporary folder with what was verified; an archive's own folder may have changed.

    Args:
        archive: a verified archive.

    Raises:
        StorageError: No temporary folder can be written to.
    """
    try:
        made = tempfile.TemporaryDirectory(prefix="convbias-")
    except OSError as error:
        raise StorageError(
            f"the archive cannot be unpacked: {error.strerror or error}",
            "a folder for temporary files that can be written to",
            "make room, or name another folder in the environment variable TMPDIR",
        ) from error
    with made as temporary:
        folder = Path(temporary) / "model"
        unpack(archive, folder)
        yield folder


def _module(path: Path) -> Any:  # noqa: ANN401 - a module of the archive
    specification = importlib.util.spec_from_file_location("inference", path)
    if specification is None or specification.loader is None:
        raise InputError(f"{path} is not a Python file", "the archive's inference.py")
    module = importlib.util.module_from_spec(specification)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        specification.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module
