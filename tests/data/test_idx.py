"""The IDX parser against files written from the format's description."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from convbias.data.idx import parse, read_compressed
from convbias.errors import DataError

SMALL_SHAPES = npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6)


def idx_bytes(array: np.ndarray) -> bytes:
    """The format, written from its description."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


@given(npst.arrays(np.uint8, SMALL_SHAPES))
def test_what_was_written_is_read(array: np.ndarray) -> None:
    read = parse(idx_bytes(array), "file")
    assert read.dtype == np.uint8
    assert read.shape == array.shape
    assert np.array_equal(read, array)


def test_lengths_are_big_endian() -> None:
    content = bytes([0, 0, 8, 1, 0, 0, 1, 2]) + bytes(258)
    assert parse(content, "file").shape == (258,)


@given(npst.arrays(np.uint8, SMALL_SHAPES), st.data())
def test_a_cut_file_is_an_error(array: np.ndarray, data: st.DataObject) -> None:
    content = idx_bytes(array)
    kept = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(DataError, match="labels file"):
        parse(content[:kept], "labels file")


@given(npst.arrays(np.uint8, SMALL_SHAPES), st.binary(min_size=1, max_size=5))
def test_a_longer_file_is_an_error(array: np.ndarray, rest: bytes) -> None:
    with pytest.raises(DataError, match="its header says shape"):
        parse(idx_bytes(array) + rest, "file")


@given(st.binary(max_size=40))
def test_any_bytes_are_an_array_or_an_error(content: bytes) -> None:
    try:
        array = parse(content, "file")
    except DataError:
        return
    assert idx_bytes(array) == content


def test_other_types_are_refused() -> None:
    with pytest.raises(DataError, match="00 00 0d 01"):
        parse(bytes([0, 0, 0x0D, 1, 0, 0, 0, 1]) + bytes(4), "floats")


def test_a_number_without_axes_is_refused() -> None:
    with pytest.raises(DataError, match="00 00 08 00"):
        parse(bytes([0, 0, 8, 0, 7]), "number")


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-9],
        lambda packed: packed[: len(packed) // 2],
        lambda _packed: b"",
        lambda _packed: b"<html>not found</html>",
        lambda packed: packed[:12] + bytes([packed[12] ^ 0xFF]) + packed[13:],
    ],
    ids=["no trailer", "half", "empty", "a web page", "a flipped byte"],
)
def test_damaged_compression_is_an_error_that_names_the_file(
    damage: Callable[[bytes], bytes],
) -> None:
    packed = gzip.compress(idx_bytes(np.arange(200, dtype=np.uint8)))
    assert np.array_equal(read_compressed(packed, "file"), np.arange(200))
    with pytest.raises(DataError, match=r"images\.gz"):
        read_compressed(damage(packed), "images.gz")
