"""Downloads over real connections, by one process and by several."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from convbias.data import download
from convbias.errors import DataError
from mirrors import (
    ARRAYS,
    CONTENTS,
    IMAGES,
    LABELS,
    NAMES,
    PUBLISHED,
    TEST_IMAGES,
    TEST_LABELS,
    Mirror,
    assert_complete,
    fetch,
    fill,
    read,
    replace_published,
)


def closed_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


# Downloads


def test_download_into_the_cache_happens_once(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    replace_published(monkeypatch, (mirror.address,))
    assert fetch() == empty_cache
    assert_complete(empty_cache)
    for name, array in zip(NAMES, read(), strict=True):
        assert np.array_equal(array, ARRAYS[name])
    assert mirror.served == dict.fromkeys(NAMES, 1)


def test_only_what_is_missing_is_downloaded(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    fill(empty_cache)
    (empty_cache / LABELS).unlink()
    replace_published(monkeypatch, (mirror.address,))
    read()
    assert mirror.served == {LABELS: 1}
    assert_complete(empty_cache)


@pytest.mark.parametrize("fault", ["truncated", "corrupted", "error"])
def test_a_bad_transfer_is_repeated(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror, fault: str
) -> None:
    mirror.faults = {IMAGES: [fault, fault], TEST_LABELS: [fault]}
    replace_published(monkeypatch, (mirror.address,))
    fetch()
    assert_complete(empty_cache)
    assert mirror.served == {IMAGES: 3, LABELS: 1, TEST_IMAGES: 1, TEST_LABELS: 2}


@pytest.mark.parametrize("fault", ["truncated", "corrupted", "error"])
def test_the_next_address_has_its_turn(
    empty_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    mirror: Mirror,
    second_mirror: Mirror,
    fault: str,
) -> None:
    mirror.faults = {LABELS: [fault] * 100}
    replace_published(monkeypatch, (mirror.address, second_mirror.address))
    fetch()
    assert_complete(empty_cache)
    assert mirror.served == {IMAGES: 1, LABELS: 3}
    # What had arrived is kept.
    assert second_mirror.served == {LABELS: 1, TEST_IMAGES: 1, TEST_LABELS: 1}


def test_the_first_address_is_down(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    replace_published(monkeypatch, (closed_address(), mirror.address))
    fetch()
    assert_complete(empty_cache)


def test_an_address_that_never_answers_is_given_up(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        replace_published(monkeypatch, (address, mirror.address))
        fetch()
    assert_complete(empty_cache)


def test_no_network_names_every_place(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = (closed_address(), "http://does-not-exist.invalid/data/")
    replace_published(monkeypatch, addresses)
    with pytest.raises(DataError) as caught:
        read()
    for place in ("CONVBIAS_DATA", str(empty_cache), *addresses):
        assert place in caught.value.what
    assert caught.value.fix is not None
    assert "--dataset drawn" in caught.value.fix


def test_all_addresses_serve_something_else(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    mirror.faults = {IMAGES: ["corrupted"] * 100}
    replace_published(monkeypatch, (mirror.address,))
    with pytest.raises(DataError, match="does not match the known hash"):
        fetch()
    assert list(empty_cache.iterdir()) == []


def test_a_cache_that_cannot_be_written(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    empty_cache.write_text("in the way")
    replace_published(monkeypatch, (mirror.address,))
    with pytest.raises(DataError, match="could not be stored"):
        fetch()
    assert empty_cache.read_text() == "in the way"


def test_progress_is_shown_on_a_terminal_only(
    empty_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    mirror: Mirror,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replace_published(monkeypatch, (mirror.address,))
    fetch()
    assert capsys.readouterr() == ("", "")
    (empty_cache / TEST_LABELS).unlink()
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes any stream for a terminal
    monkeypatch.setenv("COLUMNS", "100")
    fetch()
    shown = capsys.readouterr()
    assert shown.out == ""
    size = PUBLISHED[TEST_LABELS].size
    assert TEST_LABELS in shown.err
    assert f"{size}/{size} bytes" in shown.err


# Several processes

WORKER = """
import json, sys
from pathlib import Path
from convbias.data.idx_files import IdxFiles
from convbias.data.published_files import PublishedFile
plan = json.loads(sys.argv[1])
published = {name: PublishedFile(*file) for name, file in plan["files"].items()}
IdxFiles.cache_folder = Path(plan["cache"])
files = IdxFiles("fashion-mnist", published, tuple(plan["addresses"]))
print([int(array.sum()) for array in files.read()])
"""


def start_worker(cache: Path, *addresses: str) -> subprocess.Popen[str]:
    files = {name: (file.sha256, file.size) for name, file in PUBLISHED.items()}
    plan = json.dumps({"files": files, "addresses": addresses, "cache": str(cache)})
    environment = {key: value for key, value in os.environ.items() if key != "CONVBIAS_DATA"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", WORKER, plan],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.integration
def test_processes_that_start_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    mirror = Mirror(delay=0.5)
    try:
        workers = [start_worker(tmp_path / "cache", mirror.address) for _ in range(3)]
        outcomes = [worker.communicate(timeout=1_200) for worker in workers]
    finally:
        mirror.close()
    sums = str([int(array.sum()) for array in ARRAYS.values()])
    for worker, (output, errors) in zip(workers, outcomes, strict=True):
        assert worker.returncode == 0, errors
        assert output.strip() == sums
    # They did meet: the same file was on its way more than once.
    assert max(mirror.served.values()) > 1
    assert_complete(tmp_path / "cache")


@pytest.mark.integration
def test_a_killed_download_leaves_nothing_half_written(tmp_path: Path, mirror: Mirror) -> None:
    mirror.faults = {LABELS: ["stalled"]}
    killed = start_worker(tmp_path / "cache", mirror.address)
    assert mirror.stalled.wait(600)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=600)
    arrived = {path.name for path in (tmp_path / "cache").iterdir()} & set(NAMES)
    assert arrived == {IMAGES}
    successor = start_worker(tmp_path / "cache", mirror.address)
    _, errors = successor.communicate(timeout=600)
    assert successor.returncode == 0, errors
    assert mirror.served[IMAGES] == 1
    for name, content in CONTENTS.items():
        assert (tmp_path / "cache" / name).read_bytes() == content
