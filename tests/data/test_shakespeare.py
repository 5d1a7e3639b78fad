"""Tiny Shakespeare is what it is known to be."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.data.beyond.texts import FILE, TINY_SHAKESPEARE, load_shakespeare
from convbias.errors import AbsentDataError, DataError


def test_the_text_has_its_known_numbers():
    try:
        text = load_shakespeare()
    except AbsentDataError:
        pytest.skip("Tiny Shakespeare is not here, and there is no network")
    parts = (text.training, text.validation, text.test)
    # The customary split keeps the first 90 % of 1,115,394 characters; the rest is halved.
    assert [len(part) for part in parts] == [1_003_854, 55_770, 55_770]
    assert len(text.characters) == 65
    # Nothing is lost, and the parts follow one another.
    whole = "".join(text.characters[code] for code in np.concatenate(parts))
    assert whole.encode() == TINY_SHAKESPEARE.read()[FILE]
    assert whole.startswith("First Citizen:\nBefore we proceed any further")


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "tiny-shakespeare").mkdir()
    (tmp_path / "tiny-shakespeare" / FILE).write_text("To be, or not to be")
    monkeypatch.setenv("CONVBIAS_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"input\.txt is not the published file"):
        TINY_SHAKESPEARE.read()
