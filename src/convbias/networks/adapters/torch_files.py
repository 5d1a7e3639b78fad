"""Files of PyTorch, read without unpickling anything by Python.

A TorchScript file is a zip archive of code in a small language of its own and of tensors, whose
pickles PyTorch reads by a reader that knows tensors, numbers and containers alone. Its language can
write files, though, so such calls are refused. An exported program is a zip archive of a graph in
JSON and of tensors; what it may also hold as pickles is read as tensors alone, or refused.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from convbias.errors import InputError
from convbias.networks.adapters.archives import check_archive, check_importable
from convbias.networks.adapters.classifier import Opened, Order
from convbias.networks.adapters.torch_network import open_torch

SAVE_AGAIN = "save it with torch.export.save, or pass the module itself from Python"
# In TorchScript's language: calls that write or read files or load libraries.
_FILE_CALLS = re.compile(
    r"torch\.save|torch\.from_file|ops\.(?!aten\.|prim\.|quantized\.)|\bsave\("
)
# In a program's graph: what may be called, and what an expression of sizes may consist of.
_TARGET = re.compile(
    r"torch\.ops\.aten\.[A-Za-z0-9_]+\.[A-Za-z0-9_]+|_operator\.(getitem|add|sub|mul|floordiv|ge|le"
    r"|eq|lt|gt|ne|neg|and_)|math\.(ceil|floor|trunc)|torch\.sym_[a-z]+"
)
_SYMBOL = re.compile(r"Symbol\('[A-Za-z0-9_]+'")
_EXPRESSION = re.compile(r"[A-Za-z0-9_+\-*/%(), <>=]*")
_WORDS = re.compile(
    r"[su]\d+|positive|integer|nonnegative|True|False|Integer|Add|Mul|Pow|Max|Min|Mod|PythonMod"
    r"|FloorDiv|CleanDiv|CeilDiv|Eq|Ne|Le|Lt|Ge|Gt|Equality|Unequality"
)


def open_torch_file(path: Path, example: np.ndarray, order: Order) -> Opened:
    """Read a TorchScript file or an exported program.

    Args:
        path: The file.
        example: As for `open_torch`.
        order: Where its axis of channels is.

    Raises:
        InputError: It is neither, or holds what could run code or touch other files.
    """
    check_importable(["torch"], "a PyTorch file")
    what = "a TorchScript file or a program of torch.export"
    names = check_archive(path, what)
    inner = [name.partition("/")[2] for name in names]
    if "models/model.json" in inner:
        return _program(path, names, example, order)
    if "constants.pkl" in inner and any(name.startswith("code/") for name in inner):
        return open_torch(_script(path), example, order)
    if "data.pkl" in inner:
        raise InputError(
            f"{path} was written by torch.save: it is a pickle, and reading it may run any code",
            what,
            SAVE_AGAIN,
        )
    raise InputError(f"{path} is not what its name says", what, SAVE_AGAIN)


def _script(path: Path) -> Any:  # noqa: ANN401 - a torch.jit.ScriptModule
    import warnings

    import torch  # pyright: ignore[reportMissingImports]

    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                found = _FILE_CALLS.search(archive.read(name).decode("utf-8", "replace"))
                if found:
                    raise InputError(
                        f"{path} holds code that may touch files: {found[0]}",
                        "a network of PyTorch's own operations",
                        SAVE_AGAIN,
                    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return torch.jit.load(path, map_location="cpu")
    except (RuntimeError, ValueError) as error:
        raise _unreadable(path, error) from error


def _program(path: Path, names: list[str], example: np.ndarray, order: Order) -> Opened:
    import torch  # pyright: ignore[reportMissingImports]

    _check_program(path, names)
    try:
        with _tensors_alone():
            program = torch.export.load(path)
        module = program.module()
    except Exception as error:  # of many kinds, also from the graph's checks
        raise _unreadable(path, error) from error
    return open_torch(module, example, order, program=program)


def _check_program(path: Path, names: list[str]) -> None:
    """Refuse pickled objects, compiled libraries, and what is called beyond tensors' operations."""
    for name in names:
        file = name.rpartition("/")[2]
        legacy = "/data/weights/" in name and name.endswith(".pt")
        if "aotinductor" in name or file.startswith(("custom_obj", "opaque_obj")) or legacy:
            raise InputError(
                f"{path} holds {name}, which may run code", "a graph and tensors alone", SAVE_AGAIN
            )
    with zipfile.ZipFile(path) as archive:
        for name in names:
            if name.endswith(".json"):
                try:
                    found = json.loads(archive.read(name))
                except (ValueError, RecursionError) as error:
                    raise _unreadable(path, error) from error
                for refusal in _refusals(found):
                    raise InputError(
                        f"{path} has in its graph {refusal!r}, which is not run",
                        "PyTorch's own operations on tensors",
                        SAVE_AGAIN,
                    )


def _refusals(node: Any) -> Iterator[str]:  # noqa: ANN401 - what JSON gives
    """What in a graph is called or evaluated, and is not known to be harmless."""
    if isinstance(node, list):
        for each in node:
            yield from _refusals(each)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "target" and isinstance(value, str) and "inputs" in node:
            if not _TARGET.fullmatch(value):
                yield value
        elif key == "expr_str" and isinstance(value, str):
            if not _is_arithmetic(value):
                yield value
        elif key == "use_pickle" and value:
            yield key
        else:
            yield from _refusals(value)


def _is_arithmetic(expression: str) -> bool:
    """Whether an expression of sizes calls nothing but arithmetic; PyTorch evaluates it."""
    left = _SYMBOL.sub("(", expression)
    words = re.findall(r"[A-Za-z_]\w*", left)
    return bool(_EXPRESSION.fullmatch(left)) and all(map(_WORDS.fullmatch, words))


@contextmanager
def _tensors_alone() -> Iterator[None]:
    """Make torch.load refuse all but tensors and containers, also where it is asked not to."""
    key = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(key)
    os.environ[key] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[key]
        else:
            os.environ[key] = before


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return InputError(f"PyTorch cannot read {path}: {reason}", "an undamaged file", SAVE_AGAIN)
