"""Write an export without training: files of the layout, with any content."""

from __future__ import annotations

import json
from pathlib import Path

from factories import CLASS_NAMES

IDENTITY = {
    "run": "0123456789ab-seed0",
    "input": {"shape": [None, 28, 28, 1]},
    "output": {"classes": list(CLASS_NAMES)},
}
_FILES = {
    "1/saved_model.pb": b"graph",
    "1/variables/variables.index": b"index",
    "model.onnx": b"onnx",
    "export.json": json.dumps(IDENTITY).encode(),
}


def write_export(folder: Path) -> Path:
    """Write a small export, whose network cannot be loaded.

    Args:
        folder: the new folder.
    """
    for name, content in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
