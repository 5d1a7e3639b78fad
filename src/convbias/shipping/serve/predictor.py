"""Load an unpacked archive with its own inference code."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from convbias.errors import InputError
from convbias.shipping.export.archive import Archive, unpack

Images = list[array]  # each 784 doubles, pixels in [0, 1]
Probabilities = list[list[float]]  # for each image, ten


class Predictor:
    """An archive's network with the functions of its `inference.py`.

    Args:
        folder: folder with the members of a verified archive. Its code is run unchanged: load only
            archives that you trust.

    Raises:
        InputError: The network cannot be loaded.
    """

    def __init__(self, folder: Path) -> None:
        inference = _module(folder / "code" / "inference.py")
        self.request_error: type[Exception] = inference.RequestError
        self.read: Callable[[bytes, str], Images] = inference.input_fn
        self.write: Callable[[Probabilities, str], tuple[bytes, str]] = inference.output_fn
        self._predict = inference.predict_fn
        try:
            self._model = inference.model_fn(str(folder))
        except Exception as error:  # onnxruntime's errors have no common base class
            raise InputError(
                f"the network in {folder} cannot be loaded: {error}",
                "a model.onnx that onnxruntime can run",
                "export and package the run again",
            ) from error
        # The first prediction takes longest, so it is made before the first request.
        self.predict([array("d", [0.0]) * 784])

    def predict(self, images: Images) -> Probabilities:
        """Predict ten class probabilities for each image."""
        return self._predict(images, self._model)


@contextmanager
def unpacked(archive: Archive) -> Iterator[Path]:
    """A temporary folder with what was verified; an archive's own folder may have changed."""
    with tempfile.TemporaryDirectory(prefix="convbias-") as temporary:
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
