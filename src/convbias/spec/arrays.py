"""How arrays are stored in JSON: the same form for all of them."""

from __future__ import annotations

import base64
import math
import zlib
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import PlainSerializer, PlainValidator

DataType = Literal["bool", "uint8", "uint16", "float16"]

# Little-endian, whatever the machine is.
_STORED_TYPES: dict[DataType, str] = {
    "bool": "|u1",
    "uint8": "|u1",
    "uint16": "<u2",
    "float16": "<f2",
}


def encode(array: np.ndarray) -> dict[str, Any]:
    """Put an array into a dictionary that JSON can hold.

    Args:
        array: bool, uint8, uint16 or float16, of any shape.

    Returns:
        `dtype`; `shape`; `data`, the elements in row-major order, compressed by zlib, in base64.
        Boolean elements are packed, eight in a byte, the first in the highest bit.

    Example:
        >>> stored = encode(np.array([True, False, True]))
        >>> stored["dtype"], stored["shape"]
        ('bool', [3])
        >>> zlib.decompress(base64.b64decode(stored["data"])) == bytes([0b10100000])
        True
        >>> decode(stored).tolist()
        [True, False, True]
    """
    dtype: Any = array.dtype.name
    elements = np.packbits(array) if dtype == "bool" else array.astype(_STORED_TYPES[dtype])
    compressed = zlib.compress(elements.tobytes(), level=9)
    return {
        "dtype": dtype,
        "shape": list(array.shape),
        "data": base64.b64encode(compressed).decode("ascii"),
    }


def decode(stored: dict[str, Any]) -> np.ndarray:
    """Read an array from what `encode` returns.

    Raises:
        ValueError: It is something else, or the elements are more or fewer than the shape says.
    """
    try:
        dtype, shape = stored["dtype"], tuple(int(length) for length in stored["shape"])
        content = zlib.decompress(base64.b64decode(stored["data"], validate=True))
        elements = np.frombuffer(content, dtype=_STORED_TYPES[dtype])
        count = math.prod(shape)
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise ValueError(f"not a stored array: {error}") from None
    expected = -(-count // 8) if dtype == "bool" else count
    if len(elements) != expected:
        raise ValueError(f"{len(elements)} stored elements, but shape {shape} needs {expected}")
    if dtype == "bool":
        elements = np.unpackbits(elements, count=count).astype(bool)
    return elements.reshape(shape)


def _field(*dtypes: DataType) -> tuple[PlainValidator, PlainSerializer]:
    """A field of a description that holds a read-only array of one of some types.

    Args:
        *dtypes: The types; arrays of others are converted to the first.
    """
    expected = " or ".join(dtypes)

    def validate(value: object) -> np.ndarray:
        if isinstance(value, dict):
            value = decode(value)
            if value.dtype.name not in dtypes:
                raise ValueError(f"an array of {value.dtype.name}, expected {expected}")
        if not isinstance(value, np.ndarray):
            raise ValueError(f"a {type(value).__name__}, expected an array of {expected}")  # noqa: TRY004 - pydantic reports ValueError alone
        array = value.astype(value.dtype.name if value.dtype.name in dtypes else dtypes[0])
        array.flags.writeable = False
        return array

    return PlainValidator(validate), PlainSerializer(encode)


BoolArray = Annotated[np.ndarray, *_field("bool")]
UInt8Array = Annotated[np.ndarray, *_field("uint8")]
LabelArray = Annotated[np.ndarray, *_field("uint8", "uint16")]
Float16Array = Annotated[np.ndarray, *_field("float16")]
