"""Output that cannot be written as it is: closed pipes, full devices, other encodings."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.console import Console
from tools.servers.processes import CONVBIAS

from convbias.cli import console, main
from convbias.cli.console import is_screen, results
from convbias.runs.store import Store

FULL = Path("/dev/full")
TRAINING = ("train", "dense", "--dataset", "drawn", "--training-images", "100", "--epochs", "2")


@pytest.mark.integration
def test_a_reader_that_goes_away_ends_no_training(tmp_path: Path) -> None:
    command = [CONVBIAS, *TRAINING, "--jobs", "1"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
    assert process.returncode == 0
    assert [run.status for run in Store(tmp_path / "runs")] == ["finished"]


@pytest.mark.skipif(not FULL.exists(), reason=f"there is no {FULL}")
@pytest.mark.parametrize("arguments", [("--help",), ("runs", "list", "--runs", ".")], ids=" ".join)
def test_a_full_device(arguments: tuple[str, ...], tmp_path: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [CONVBIAS, *arguments],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("the output cannot be written: No space left on device\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("columns", "variables", "expected"),
    [
        (80, {}, True),
        (0, {}, False),
        (80, {"NO_COLOR": "1"}, False),
        (80, {"TERM": "dumb"}, False),
        (0, {"COLUMNS": "80"}, True),
    ],
    ids=str,
)
def test_what_is_a_screen(
    columns: int, variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real terminals; what they show may change only if they have a width and colours."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24 if columns else 0, columns))
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        assert is_screen() is expected
        width = results().width
    os.close(ours)
    assert (width > 1_000) is (not columns and not variables)


def test_a_file_is_no_screen_even_with_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with (tmp_path / "log").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        assert not is_screen()
        assert results().width > 1_000


@pytest.mark.parametrize(
    ("encoding", "expected"), [("ascii", "5 ? ?"), ("latin-1", "5 × ?"), ("utf-8", "5 × ★")]
)
def test_what_an_encoding_lacks_is_replaced(
    encoding: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    assert main(["--version"]) == 0
    results().print("5 × ★")
    sys.stdout.flush()
    assert written.getvalue().decode(encoding).splitlines()[-1] == expected


def test_a_folder_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, pattern: str) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(path / pattern))

    monkeypatch.setattr(Path, "glob", refuse)  # root may read everything
    assert main(["runs", "list", "--runs", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "Permission denied" in said
    assert "check its permissions" in said


def test_an_error_that_is_not_about_files_is_not_blamed_on_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(Path, "glob", refuse)
    with pytest.raises(ConnectionResetError):
        main(["runs", "list", "--runs", str(tmp_path)])


def test_what_is_being_done_is_shown_on_a_screen_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for screen in (True, False):
        file = io.StringIO()
        shown = Console(file=file, force_terminal=screen, width=80)
        monkeypatch.setattr(console, "results", lambda shown=shown: shown)
        monkeypatch.setattr(console, "is_screen", lambda screen=screen: screen)
        with console.working("writing the report"):
            pass
        assert ("writing the report" in file.getvalue()) is screen
        assert screen or not file.getvalue()
