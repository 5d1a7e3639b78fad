"""Random streams: the draws of NumPy's generator for the seed and the stream's number."""

import numpy as np
import pytest

from convbias.spec.streams import Stream, generator


@pytest.mark.parametrize("stream", Stream)
def test_draws_are_those_of_seed_and_number(stream):
    drawn = generator(3, stream).integers(2**31, size=5)
    expected = np.random.Generator(np.random.PCG64([3, int(stream)])).integers(2**31, size=5)
    assert np.array_equal(drawn, expected)


def test_no_two_streams_share_their_draws():
    assert len({generator(0, stream).random() for stream in Stream}) == len(Stream)
