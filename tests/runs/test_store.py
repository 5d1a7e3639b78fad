"""Runs on disk: whole or not at all, and what their name says."""

import errno
import json
import os

import numpy as np
import pytest

from convbias.errors import StorageError
from convbias.runs import atomic
from convbias.runs.atomic import write_atomically
from convbias.runs.store import DamagedRunError, Store, read_run, weights_checksum
from convbias.spec.preregistration import Preregistration
from factories import make_arm, make_run


@pytest.fixture
def run():
    return make_run(make_arm(), seed=3, accuracy=0.9, loss=0.3)


def test_a_run_comes_back_as_it_was(tmp_path, run):
    path = Store(tmp_path).write(run)
    assert path.name == f"{run.arm.hash}-seed3.json"
    again = Store(tmp_path).read(run.arm, 3)
    assert again.model_dump_json() == run.model_dump_json()
    np.testing.assert_array_equal(again.per_image.correct, run.per_image.correct)
    assert Store(tmp_path).read(run.arm, 4) is None


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.99])
def test_a_file_cut_anywhere_is_damage_and_can_be_set_aside(tmp_path, run, keep):
    folder = Store(tmp_path)
    path = folder.write(run)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(DamagedRunError, match=path.name):
        folder.read(run.arm, 3)
    moved = folder.quarantine(path)
    assert not path.exists()
    assert moved.read_bytes() == content[: int(keep * len(content))]
    assert folder.read(run.arm, 3) is None
    assert list(folder) == []


def test_quarantine_keeps_every_damaged_file(tmp_path, run):
    folder = Store(tmp_path)
    for content in ("first", "second"):
        path = folder.path(run.arm, 3)
        path.write_text(content)
        folder.quarantine(path)
    kept = sorted(path.read_text() for path in (tmp_path / "quarantine").iterdir())
    assert kept == ["first", "second"]


def test_a_run_under_another_name_is_damage(tmp_path, run):
    path = Store(tmp_path).write(run)
    other = path.with_name(path.name.replace("seed3", "seed4"))
    path.rename(other)
    with pytest.raises(DamagedRunError, match="seed3"):
        read_run(other)


def test_an_edited_arm_is_damage(tmp_path, run):
    path = Store(tmp_path).write(run)
    record = json.loads(path.read_text())
    record["arm"]["recipe"]["epochs"] += 1
    path.write_text(json.dumps(record))
    with pytest.raises(DamagedRunError):
        read_run(path)


def test_an_unknown_key_is_damage(tmp_path, run):
    path = Store(tmp_path).write(run)
    path.write_text(path.read_text().replace('"seed":', '"sed":', 1))
    with pytest.raises(DamagedRunError):
        read_run(path)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")

    def fill(file):
        file.write_text("half of the new")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError, match="No space left"):
        write_atomically(path, fill)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path, run):
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(StorageError, match="runs"):
        Store(tmp_path / "runs").write(run)


def test_stored_files_are_readable_by_whom_the_folder_is_for(tmp_path, run):
    before = os.umask(0o022)
    try:
        path = Store(tmp_path).write(run)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    assert atomic._umask() == before


def test_the_runs_of_an_arm(tmp_path):
    store = Store(tmp_path)
    arm, other = make_arm("dense"), make_arm("cnn-3x3")
    for each, seed in ((arm, 10), (arm, 2), (arm, 0), (other, 1)):
        store.write(make_run(each, seed))
    store.path(arm, 2).write_text("{}")
    runs, damaged = store.of_arm(arm)
    assert [(run.arm, run.seed) for run in runs] == [(arm, 0), (arm, 10)]
    assert [store.path(arm, 2).name in error.what for error in damaged] == [True]


def test_what_was_fixed_is_kept_from_its_first_time_and_unread_where_changed(tmp_path):
    store = Store(tmp_path)
    assert store.preregistrations() == {}
    first = Preregistration(
        study="a", numerics_version=1, experiments={}, code_version="1", registered_at="2026"
    )
    path = store.write_preregistration(first)
    assert store.write_preregistration(first.model_copy(update={"registered_at": "2027"})) == path
    assert store.preregistrations() == {first.hash: first}
    assert list(store) == []  # it is no run
    text = path.read_text()
    for damaged in (text.replace('"a"', '"b"'), text[:-9], "{}"):
        path.write_text(damaged)
        assert store.preregistrations() == {}


def test_weights_checksum_sees_values_shapes_and_order():
    one, two = np.zeros((2, 3), np.float32), np.ones(4, np.float32)
    checksum = weights_checksum([one, two])
    assert checksum == weights_checksum([one.copy(), two.copy()])
    for other in (
        [two, one],
        [one.reshape(3, 2), two],
        [one, two * 2],
        [one.astype(np.float64), two],
    ):
        assert weights_checksum(other) != checksum
