"""Images and labels in Parquet files, as the library `datasets` of Hugging Face writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from convbias.data.dataset import label_dtype
from convbias.data.own.classes import check_class_names, number_labels
from convbias.data.own.memory import check_file_fits
from convbias.data.own.sources import Encoded, Part, Source
from convbias.errors import DataError, InputError
from convbias.spec.extras import check_installed

IMAGE_COLUMNS, LABEL_COLUMNS = ("image", "img"), ("label", "labels")
TRAINING, TEST = ("train", "val"), ("test",)  # how the names of files start


def parquet_files(path: Path) -> list[Path]:
    """The Parquet files that a path names: itself, or those in a folder."""
    if path.is_dir():
        return sorted(each for each in path.glob("*.parquet") if each.is_file())
    return [path] if path.suffix == ".parquet" else []


def read_parquet(files: Sequence[Path]) -> Source:
    """Read Parquet files with a column of encoded images and one of labels.

    The columns are those that the file's description for `datasets` calls an image and a class
    label, else those called `image` or `img`, and `label` or `labels`.

    Args:
        files: One file; or several, whose names start with `train`, `val` or `test`.

    Raises:
        InputError: pyarrow is not installed, or the images need more memory than there is.
        DataError: A file is damaged, or lacks such columns.
    """
    check_installed("parquet", ["pyarrow"])
    where = str(files[0]) if len(files) == 1 else str(files[0].parent)
    check_file_fits(Path(where), sum(path.stat().st_size for path in files))
    train_files, test_files = _by_part(files)
    train = [_read(path) for path in train_files]
    test = [_read(path) for path in test_files]
    images, labels, names = _together(train, where)
    tested = _together(test, where) if test else None
    if names is None:
        tested_labels = None if tested is None else tested[1]
        numbered, labels, tested_labels = number_labels(labels, tested_labels, where)
        part = None if tested is None or tested_labels is None else Part(tested[0], tested_labels)
        return Source(numbered, Part(images, labels), part)
    classes = check_class_names(names, where)
    parts = [(images, labels), *([] if tested is None else [tested[:2]])]
    numbers = [Part(each, _checked(numbers, classes, where)) for each, numbers in parts]
    return Source(classes, numbers[0], numbers[1] if len(numbers) > 1 else None)


def _by_part(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    if len(files) == 1:
        return list(files), []
    train = [path for path in files if path.name.startswith(TRAINING)]
    test = [path for path in files if path.name.startswith(TEST)]
    strange = sorted(set(files) - set(train) - set(test))
    if strange or not train:
        raise DataError(
            f"{files[0].parent} holds the Parquet files"
            f" {', '.join(path.name for path in files[:5])}",
            "one file, or files whose names start with train, val or test",
            "rename them, or name a single file",
        )
    return train, test


def _read(path: Path) -> tuple[list[Encoded], np.ndarray, tuple[str, ...] | None]:
    # Imported here, because only this needs the extra.
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        features = _features(schema.metadata or {})
        image = _column(schema.names, features, "Image", IMAGE_COLUMNS, path)
        label = _column(schema.names, features, "ClassLabel", LABEL_COLUMNS, path)
        table = file.read(columns=[image, label])
        images, labels = table.column(image).to_pylist(), table.column(label).to_pylist()
    except InputError:
        raise
    except Exception as error:  # Arrow has errors of many kinds
        raise DataError(
            f"{path} cannot be read: {str(error).split(chr(10))[0]}",
            "a complete Parquet file",
            "copy or write it again",
        ) from error
    names = features.get(label, {}).get("names")
    named = tuple(map(str, names)) if isinstance(names, list) else None
    encoded = [
        Encoded(f"{path.name}, row {row:,}", _content(value, path, row))
        for row, value in enumerate(images)
    ]
    strange = [row for row, each in enumerate(labels) if not isinstance(each, int | str)]
    if strange:
        raise DataError(
            f"{path}, row {strange[0]:,} has the label {labels[strange[0]]!r}",
            "a whole number or a text for each image",
            "give each image one class, or leave it out",
        )
    return encoded, np.array(labels), named or None


def _features(metadata: Mapping[bytes, bytes]) -> dict[str, dict[str, Any]]:
    """What `datasets` says of each column; empty where the file was written by others."""
    with suppress(KeyError, ValueError, TypeError, AttributeError):
        described = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {name: each for name, each in described.items() if isinstance(each, dict)}
    return {}


def _column(
    columns: Sequence[str],
    features: Mapping[str, Mapping[str, Any]],
    kind: str,
    usual: Sequence[str],
    path: Path,
) -> str:
    described = [name for name in columns if features.get(name, {}).get("_type") == kind]
    named = [name for name in columns if name in usual]
    both = [name for name in described if name in usual]
    for candidates in (both, described, named):
        if len(candidates) == 1:
            return candidates[0]
    raise DataError(
        f"{path} has the columns {', '.join(columns)}",
        f"one column called {' or '.join(usual)}",
        "rename a column, or write the file with `datasets`",
    )


def _content(value: object, path: Path, row: int) -> bytes:
    if isinstance(value, Mapping):
        value = value.get("bytes")
    if isinstance(value, bytes):
        return value
    raise DataError(
        f"{path}, row {row:,} has no bytes of an image",
        "an encoded image in each row, as `datasets` writes it with `embed_external_files`",
        "write the file with the images in it",
    )


def _together(
    parts: Sequence[tuple[list[Encoded], np.ndarray, tuple[str, ...] | None]], where: str
) -> tuple[list[Encoded], np.ndarray, tuple[str, ...] | None]:
    names = {each[2] for each in parts}
    if len(names) > 1:
        raise DataError(f"the files of {where} name different classes", "the same in all files")
    images = [image for each in parts for image in each[0]]
    return images, np.concatenate([each[1] for each in parts]), parts[0][2]


def _checked(labels: np.ndarray, classes: Sequence[str], where: str) -> np.ndarray:
    whole = labels.dtype.kind in "iu"
    if not whole or not len(labels) or labels.min() < 0 or labels.max() >= len(classes):
        found = f" from {labels.min()} to {labels.max()}" if whole and len(labels) else ""
        raise DataError(
            f"{where}: {len(labels):,} labels are {labels.dtype}{found}",
            f"whole numbers from 0 to {len(classes) - 1}, one per class name",
            "leave out images without a class (-1)",
        )
    return labels.astype(label_dtype(len(classes)))
