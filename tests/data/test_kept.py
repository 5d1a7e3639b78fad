"""Arrays that are computed once: what makes them anew, and what damage costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convbias.data.kept import kept


class Computed:
    """Computes an array, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.times += 1
        return {"squares": np.arange(5) ** 2}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "convbias"


def test_they_are_computed_once(cache: Path) -> None:
    compute = Computed()
    for _ in range(2):
        arrays = kept("squares", ("5",), ("errors.py",), compute)
        assert arrays["squares"].tolist() == [0, 1, 4, 9, 16]
    assert compute.times == 1
    assert len(list(cache.iterdir())) == 1


def test_they_are_computed_anew_where_something_has_changed(cache: Path) -> None:
    compute = Computed()
    kept("squares", ("5",), ("errors.py",), compute)
    kept("squares", ("6",), ("errors.py",), compute)
    kept("squares", ("5",), ("spec/files.py",), compute)
    assert compute.times == 3
    assert len(list(cache.iterdir())) == 3


def test_damage_and_a_folder_that_cannot_be_written_cost_time_only(cache: Path) -> None:
    compute = Computed()
    kept("squares", (), (), compute)
    [path] = cache.iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    assert kept("squares", (), (), compute)["squares"].tolist() == [0, 1, 4, 9, 16]
    assert compute.times == 2
    path.unlink()
    cache.rmdir()
    cache.touch()
    assert kept("squares", (), (), compute)["squares"].tolist() == [0, 1, 4, 9, 16]
