"""Tiny Shakespeare: 1,115,394 characters of plays, in the order in which they are published."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np

from convbias.data.beyond.published import PublishedData

FILE = "input.txt"
TRAINING_SHARE = 0.9  # of the customary split; the rest is halved

TINY_SHAKESPEARE = PublishedData(
    title="Tiny Shakespeare",
    folder="tiny-shakespeare",
    checksums={FILE: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
    addresses=("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",),
)


@dataclass(frozen=True, eq=False)
class Text:
    """A text as numbers of its characters, in three parts that follow one another.

    Args:
        characters: All that occur, in the order of their code points.
        training: uint8 (n,), indices into `characters`.
        validation: Likewise.
        test: Likewise.
    """

    characters: str
    training: np.ndarray = field(repr=False)
    validation: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over the bytes of the three parts."""
        digest = hashlib.sha256()
        for array in (self.training, self.validation, self.test):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def split_text(text: str) -> Text:
    """Number a text's characters, and divide it: 90 % training, then validation and test.

    The last tenth, which is customarily called validation, is halved: nothing that is chosen on the
    first half has seen the second.

    Args:
        text: At most 256 different characters.

    Example:
        >>> parts = split_text("abababababababababcd")
        >>> parts.characters, len(parts.training), parts.validation.tolist(), parts.test.tolist()
        ('abcd', 18, [2], [3])
    """
    characters = "".join(sorted(set(text)))
    number = {character: code for code, character in enumerate(characters)}
    codes = np.array([number[character] for character in text], dtype=np.uint8)
    first = int(TRAINING_SHARE * len(codes))
    second = first + (len(codes) - first) // 2
    return Text(characters, codes[:first], codes[first:second], codes[second:])


@cache
def load_shakespeare() -> Text:
    """Load Tiny Shakespeare: 1,003,854 characters to train on, and twice 55,770; 65 different ones.

    Source: Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015, whose
    repository char-rnn publishes the file.

    Raises:
        DataError: The file is damaged, or is missing and cannot be downloaded.
    """
    return split_text(TINY_SHAKESPEARE.read()[FILE].decode("ascii"))
