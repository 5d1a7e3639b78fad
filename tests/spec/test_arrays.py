"""Stored arrays: read as they were written, by hand, and refused when damaged."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pydantic import BaseModel, ValidationError

from convbias.spec.arrays import BoolArray, Float16Array, UInt8Array, decode, encode

SHAPES = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9)


class Holder(BaseModel, arbitrary_types_allowed=True):
    correct: BoolArray
    predicted: UInt8Array | None = None
    loss: Float16Array | None = None


def stored(content, dtype, *shape):
    data = base64.b64encode(zlib.compress(bytes(content))).decode()
    return {"dtype": dtype, "shape": list(shape), "data": data}


@given(st.sampled_from(["bool", "uint8", "float16"]).flatmap(lambda t: npst.arrays(t, SHAPES)))
def test_an_array_is_read_as_it_was_written(array):
    again = decode(encode(array))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array, strict=True)


def test_the_form_by_hand():
    read = decode(stored([0b10000001, 0b10000000], "bool", 9))
    assert read.tolist() == [True, *[False] * 6, True, True]
    assert decode(stored([1, 2, 3, 4, 5, 6], "uint8", 2, 3)).tolist() == [[1, 2, 3], [4, 5, 6]]
    # IEEE 754: 1.0 is 0x3c00 and -2.0 is 0xc000, low byte first.
    assert decode(stored([0x00, 0x3C, 0x00, 0xC0], "float16", 2)).tolist() == [1, -2]


def test_a_description_holds_read_only_arrays_of_its_types():
    made = Holder(correct=np.array([1, 0]), loss=np.array([0.1, 3.0]))
    again = Holder.model_validate_json(made.model_dump_json())
    assert (again.correct.dtype, again.correct.tolist()) == (bool, [True, False])
    assert again.predicted is None
    assert again.loss is not None
    assert again.loss.tolist() == [float(np.float16(0.1)), 3.0]
    for array in (made.correct, again.correct, again.loss):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (stored([1], "uint8", 1), "an array of uint8, expected bool"),
        (stored([1], "bool", 9), "1 stored elements"),
        (stored([1, 2, 3], "bool", 9), "3 stored elements"),
        (stored([1], "int9", 1), "not a stored array"),
        (stored([1], "bool", "x"), "not a stored array"),
        (stored([1], "bool", 1) | {"data": "AAAA"}, "not a stored array"),
        (stored([1], "bool", 1) | {"data": "?"}, "not a stored array"),
        ({"dtype": "bool", "shape": [1]}, "not a stored array"),
        ("text", "a str, expected an array of bool"),
        (None, "a NoneType, expected an array of bool"),
    ],
    ids=str,
)
def test_damage_is_refused(damaged, message):
    with pytest.raises(ValidationError, match=message):
        Holder.model_validate({"correct": damaged})
