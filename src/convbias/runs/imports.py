"""Import large libraries without what they import for other users."""

from __future__ import annotations

import sys
from collections.abc import Collection
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from convbias.runs.compiled import ignore_cache_errors

# What Keras imports where it is installed, for wrappers and views that the package does not use.
NEEDED_BY_OTHERS = frozenset({"IPython", "matplotlib", "pandas", "sklearn"})


class Refused(MetaPathFinder, Loader):
    """Lets packages be found, but not imported, while it is in `sys.meta_path`.

    Args:
        packages: their names.
    """

    def __init__(self, packages: Collection[str]) -> None:
        self._packages = packages

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Find one of the packages, and leave all others to the next finder."""
        return ModuleSpec(fullname, self) if fullname in self._packages else None

    def exec_module(self, module: ModuleType) -> None:
        """Fail as if the package were not installed."""
        raise ModuleNotFoundError(f"{module.__name__} is not imported here", name=module.__name__)


def import_keras() -> None:
    """Import Keras without the packages that it uses only for others; for processes of a study.

    Where they are installed, Keras imports pandas to take frames as data, matplotlib to draw,
    scikit-learn and IPython for wrappers and views of its own, and, to store a network, TensorFlow
    and PyTorch to look whether the network has tensors of theirs: 2 and 6 seconds. JAX is told to
    ignore what it cannot read of earlier compilations.
    """
    ignore_cache_errors()
    if "keras" in sys.modules:
        return
    sys.meta_path.insert(0, Refused({"tensorflow", "torch"}))
    for_keras = Refused(NEEDED_BY_OTHERS)
    sys.meta_path.insert(0, for_keras)
    import keras  # noqa: F401

    sys.meta_path.remove(for_keras)
