"""Programs that processes share: what is damaged of them costs nothing but time."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from convbias.cli import main
from convbias.runs.compiled import cache_variables, processor_name
from convbias.runs.store import Store

TRAINING = (
    *("train", "dense", "--dataset", "drawn", "--training-images", "100"),
    *("--epochs", "1", "--seeds", "0", "--runs", "runs"),
)
FOLDER = "JAX_COMPILATION_CACHE_DIR"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the programs of a user who has none yet; tests otherwise share another one."""
    monkeypatch.delenv(FOLDER)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Path(platformdirs.user_cache_dir("convbias")) / "compiled" / processor_name()


def test_where_programs_are_kept(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_variables()[FOLDER] == str(programs)
    monkeypatch.setenv(FOLDER, "mine")
    assert cache_variables() == {}


def test_what_a_killed_process_has_begun_to_write_is_removed(programs: Path) -> None:
    programs.mkdir(parents=True)
    for name in ("whole-cache", "whole-atime", "half-cache"):
        (programs / name).touch()
    cache_variables()
    assert {path.name for path in programs.iterdir()} - {".lockfile"} == {
        "whole-cache",
        "whole-atime",
    }


def spoil(programs: Path) -> None:
    for path in programs.glob("*-cache"):
        path.write_bytes(path.read_bytes()[:20])


def put_a_file_in_its_place(programs: Path) -> None:
    for path in programs.iterdir():
        path.unlink()
    programs.rmdir()
    programs.touch()


@pytest.mark.integration
def test_damage_costs_nothing_but_time(
    programs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(TRAINING) == 0
    [before] = Store(tmp_path / "runs")
    for damage in (spoil, put_a_file_in_its_place):
        assert list(programs.glob("*_epoch-*-cache"))
        damage(programs)
        Store(tmp_path / "runs").path(before.arm, before.seed).unlink()
        capfd.readouterr()
        # What the processes that train write to the standard error is captured as well.
        assert (main(TRAINING), capfd.readouterr().err) == (0, ""), damage
        [after] = Store(tmp_path / "runs")
        assert after.weights_checksum == before.weights_checksum
