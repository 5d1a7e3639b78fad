"""What several test modules share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from convbias import fashion_mnist as files
from convbias.data import Dataset, load, verify
from mirrors import PUBLISHED, Mirror


@pytest.fixture(scope="session")
def fashion_mnist() -> Dataset:
    """The real data, where CONVBIAS_DATA or the cache holds it; tests download nothing."""
    if any(report.status == "missing" for report in verify()):
        pytest.skip("Fashion-MNIST is not here: set CONVBIAS_DATA, or run `convbias data fetch`")
    return load("fashion-mnist")


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror()
    yield mirror
    mirror.close()


@pytest.fixture
def second_mirror() -> Iterator[Mirror]:
    mirror = Mirror()
    yield mirror
    mirror.close()


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Small files in place of the published ones, nobody's folder, an empty cache, no waiting."""
    monkeypatch.delenv("CONVBIAS_DATA", raising=False)
    monkeypatch.setattr(files, "FILES", PUBLISHED)
    monkeypatch.setattr(files, "ADDRESSES", ())
    monkeypatch.setattr(files, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda _seconds: None))
    return tmp_path / "cache"
