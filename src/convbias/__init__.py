"""Measure what the inductive bias of convolution buys on images.

The names of `__all__` are public: they change with the version number only. Everything else may
change with any version. They are imported when they are used (PEP 562), because Keras and JAX take
seconds; `__init__.pyi` has their types.
"""

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import platformdirs

__version__ = version("convbias")

# Public name to its module.
_PUBLIC = {
    "InputSettings": "networks.adapters",
    "contrast": "report.measured",
    "describe": "networks.by_name",
    "draw": "report.measured",
    "load": "data",
    "measure": "report.measured",
    "read_images": "data.own",
    "train": "networks.by_name",
    "write": "report.measured",
}
__all__ = list(_PUBLIC)  # pyright: ignore[reportUnsupportedDunderAll] - __init__.pyi has them


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})


# Read by Keras when it is imported. Everything here is written for JAX, so another backend, set for
# other programs, does not count; `convbias.networks.backend` refuses one that Keras has already.
if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "jax"

# By default Keras and matplotlib would write settings into the user's home.
_cache = Path(platformdirs.user_cache_dir("convbias"))
os.environ.setdefault("KERAS_HOME", str(_cache / "keras"))
if "MPLCONFIGDIR" not in os.environ:
    _folder = _cache / "matplotlib"
    # `os.path`, because it finds nothing where it may not look, instead of raising.
    _existing = next(filter(os.path.exists, (_folder, *_folder.parents)), _folder)
    if not os.access(_existing, os.W_OK | os.X_OK):
        # matplotlib would complain, and make a temporary folder in every process.
        with suppress(OSError):
            _folder = tempfile.mkdtemp(prefix="convbias-matplotlib-")
            atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    os.environ["MPLCONFIGDIR"] = str(_folder)
