"""What engines have in common: lost units, and files that come home."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from convbias.errors import RunError, StorageError
from convbias.runs.engines.base import Event, Finished, Lost, Waiting, Work, run_all
from convbias.runs.engines.parcels import execute_parcel, packed, store_files
from convbias.runs.identity import identity
from convbias.runs.record import run_key
from convbias.runs.store import Store
from convbias.runs.sweep import sweep
from factories import make_arm, make_run

ARM = make_arm("dense", dataset="drawn")


class Scripted:
    """An engine with room for a number of seeds: units with more are lost, others are stored."""

    accelerator = True

    def __init__(self, store: Store, room: int) -> None:
        self.store = store
        self.room = room
        self.units: list[list[int]] = []
        self._works: list[Work] = []

    def processes(self, units: int, most: int | None = None) -> int:
        return most or units

    def plan(self, *_: object) -> Sequence[str]:
        return ()

    def open(self, *_: object, **__: object) -> Scripted:
        return self

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, works: Sequence[Work]) -> None:
        self._works += works

    def next(self) -> Event:
        work = self._works.pop(0)
        _, arm, seeds, _ = work.arguments
        self.units.append(list(seeds))
        if len(seeds) > self.room:
            return Lost((work,), "a machine ran out of memory and ended a task")
        for seed in seeds:
            self.store.write(make_run(arm, seed))
        return Finished(work, [(run_key(arm, seed), None) for seed in seeds])

    def poll(self) -> Event | None:
        return self.next() if self._works else None

    def wake(self) -> None:
        pass


def test_fewer_seeds_are_trained_together_where_memory_ran_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    engine = Scripted(store, room=1)
    result = sweep([(ARM, seed) for seed in (0, 1, 2)], store, engine=engine)
    assert engine.units == [[0, 1, 2], [0, 1], [2], [0], [1]]
    assert len(result.trained) == 3


def test_a_run_for_which_there_is_never_room_is_named(tmp_path: Path) -> None:
    engine = Scripted(Store(tmp_path), room=0)
    with pytest.raises(RunError) as caught:
        sweep([(ARM, 5)], Store(tmp_path), engine=engine)
    assert "ran out of memory" in caught.value.what
    assert "3 times before dense with seed 5 was finished" in caught.value.what
    assert engine.units == [[5]] * 3


def test_each_unit_has_its_own_deaths_where_it_is_known_which_died() -> None:
    # A machine with three units dies: these are three losses, and no reason to give up.
    works = [Work(print, ()) for _ in range(3)]
    events: list[Event] = [
        *(Lost((work,), "a machine died") for work in works),
        Waiting("no machine is left"),
        *(Finished(work, number) for number, work in enumerate(works)),
    ]
    results: list[int] = []
    waited: list[str] = []

    class Execution:
        submitted: list[Work] = []  # noqa: RUF012

        def submit(self, added: Sequence[Work]) -> None:
            self.submitted += added

        def next(self) -> Event:
            return events.pop(0)

        def poll(self) -> Event | None:
            return self.next()

        def wake(self) -> None:
            pass

    execution = Execution()
    run_all(
        nullcontext(execution),
        works,
        results.append,
        lambda work: [work],
        lambda lost: RunError(lost.reason),
        waited.append,
    )
    assert execution.submitted == works * 2
    assert results == [0, 1, 2]
    assert waited == ["no machine is left"]


def reads_and_writes(folder: Path, _report: object, text: str) -> int:
    (folder / "measurements").mkdir()
    (folder / "measurements" / "new.json").write_text((folder / "given.json").read_text() + text)
    return 7


def test_a_parcel_takes_files_along_and_brings_new_ones_home(tmp_path: Path) -> None:
    (tmp_path / "given.json").write_text("given, ")
    work = Work(reads_and_writes, ("new",), reads=("given.json",))
    outcome = execute_parcel(packed(work, identity(), {}, tmp_path), print)
    assert outcome.error is None
    assert outcome.result == 7
    assert outcome.files == {"measurements/new.json": b"given, new"}
    store_files(outcome.files, tmp_path)
    assert (tmp_path / "measurements" / "new.json").read_bytes() == b"given, new"


def test_what_another_command_has_stored_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a-seed0.json").write_text("theirs")
    (tmp_path / "a-seed0.keras").write_text("theirs")
    files = {
        f"{key}.{kind}": b"ours" for key in ("a-seed0", "a-seed1") for kind in ("json", "keras")
    }
    store_files(files, tmp_path)
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {
        "a-seed0.json": "theirs",
        "a-seed0.keras": "theirs",
        "a-seed1.json": "ours",
        "a-seed1.keras": "ours",
    }


def test_a_disk_that_is_full_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        store_files({"a-seed0.json": b"record", "a-seed0.keras": b"network"}, tmp_path)
    assert list(tmp_path.iterdir()) == []
