"""The IDX format: a shape and the bytes of an array, as MNIST and Fashion-MNIST are published."""

from __future__ import annotations

import gzip
import math
import zlib

import numpy as np

from convbias.errors import DataError

UNSIGNED_BYTE = 0x08  # the format's code for uint8, the only type that images and labels use


def read_compressed(compressed: bytes, name: str) -> np.ndarray:
    """Unpack a gzip-compressed IDX file.

    Args:
        compressed: The file's bytes.
        name: What an error calls the file.

    Returns:
        uint8, of the shape that the file states.

    Raises:
        DataError: The file is not gzip, is cut off, or holds no IDX array of unsigned bytes.
    """
    try:
        content = gzip.decompress(compressed)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{name} cannot be unpacked: {error}",
            "a complete gzip file",
            "copy or download it again",
        ) from error
    return parse(content, name)


def parse(content: bytes, name: str) -> np.ndarray:
    """Read an IDX array of unsigned bytes.

    The format is two zero bytes, a type code, the number of axes, the length of each axis as a
    big-endian 32-bit number, then the elements in row-major order (Y. LeCun, C. Cortes and
    C. Burges, The MNIST database of handwritten digits).

    Args:
        content: The uncompressed file.
        name: What an error calls the file.

    Returns:
        uint8, of the shape that the file states; a read-only view of `content`.

    Raises:
        DataError: The bytes are not such an array, or are fewer or more than the shape needs.

    Example:
        >>> parse(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 5, 250]), "example")
        array([[  5],
               [250]], dtype=uint8)
    """
    start = content[:4]
    axes = start[3] if len(start) == 4 else 0
    header = 4 + 4 * axes
    if start[:3] != bytes([0, 0, UNSIGNED_BYTE]) or axes == 0 or len(content) < header:
        raise DataError(
            f"{name} does not start like an IDX file of unsigned bytes, but with"
            f" {start.hex(' ') or 'nothing'}",
            f"00 00 {UNSIGNED_BYTE:02x}, the number of axes, then the length of each",
            "check that the file is what its name says",
        )
    shape = tuple(
        int.from_bytes(content[begin : begin + 4], "big") for begin in range(4, header, 4)
    )
    elements = len(content) - header
    if elements != math.prod(shape):
        raise DataError(
            f"{name} holds {elements:,} bytes of data, its header says shape {shape}",
            f"{math.prod(shape):,} bytes",
            "the file is cut off or damaged; copy or download it again",
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
