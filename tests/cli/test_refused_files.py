"""Files and folders that the system refuses: the message says so, and blames no content."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from tools.servers.processes import TIMEOUT

from command_line import files_below, finished_study
from convbias.cli import main
from mirrors import IMAGES


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def study(here: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a finished study and other things to read, and the name of one of its runs."""
    shutil.copytree(finished_study(tmp_path_factory.getbasetemp()), here, dirs_exist_ok=True)
    Image.new("L", (40, 50)).save("a.png")
    np.save("a.npy", np.zeros((28, 28)))
    (here / "data").mkdir()
    for path in ("archive.tar.gz", f"data/{IMAGES}"):
        Path(path).write_bytes(b"not looked at")
    return here, min(path.stem for path in Path("runs").glob("*.json"))


TRAIN_DENSE = (
    *("train", "dense", "--dataset", "drawn"),
    *("--training-images", "100", "--epochs", "2", "--seeds"),
)
# Runs commands, each while one path has other permissions; prints exit codes and messages.
WITH_PERMISSIONS = """
import contextlib, io, json, os, sys
from convbias.cli import main
answers = []
for path, mode, arguments in json.load(sys.stdin):
    before = os.stat(path).st_mode
    os.chmod(path, mode)
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = main(arguments)
    os.chmod(path, before)
    answers.append((code, said.getvalue()))
print(json.dumps(answers))
"""


def unprivileged() -> list[str]:
    """What goes before a command that obeys permissions, as root's commands do not."""
    if os.geteuid() != 0:
        return []
    without = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    if (
        shutil.which("setpriv") is None
        or subprocess.run([*without, "true"], check=False).returncode
    ):
        pytest.skip("the tests run as root, whom no permission stops")
    return without


@pytest.mark.integration
def test_permissions_are_named(study: tuple[Path, str]) -> None:
    here, run = study
    denied = "cannot be read: Permission denied"
    allow = "check the path and its permissions"
    record, network = f"runs/{run}.json", f"runs/{run}.keras"
    cases = [
        ("a.png", 0, ["explain", "a.png"], 2, f"a.png {denied}", allow),
        ("a.npy", 0, ["explain", "a.npy"], 2, f"a.npy {denied}", allow),
        ("archive.tar.gz", 0, ["package", "verify", "archive.tar.gz"], 2, denied, allow),
        ("archive.tar.gz", 0, ["predict", "0", "--archive", "archive.tar.gz"], 2, denied, allow),
        ("tiny.toml", 0, ["study", "tiny.toml"], 2, f"tiny.toml {denied}", allow),
        (record, 0, ["runs", "show", run], 2, f"{record} {denied}", allow),
        (record, 0, ["runs", "list"], 0, f"{record} {denied}", "7 runs in runs"),
        (record, 0, ["runs", "verify"], 2, f"{record} {denied}", allow),
        (
            record,
            0,
            ["study", "tiny.toml", "--out", "report"],
            2,
            f"{record} {denied}",
            allow,
        ),  # not moved away
        (network, 0, ["runs", "verify"], 2, f"{network} {denied}", allow),
        (network, 0, ["explain", "a.png", "--run", run], 2, f"{network} {denied}", allow),
        (f"data/{IMAGES}", 0, ["data", "verify"], 1, f"{IMAGES} {denied}", "missing"),
        (f"data/{IMAGES}", 0, ["eda"], 2, f"{IMAGES} {denied}", "check its permissions"),
        ("runs", 0, ["runs", "list"], 2, f"runs {denied}", allow),
        ("runs", 0o555, [*TRAIN_DENSE, "0", "1"], 0, "All 2 runs are stored in runs", ""),
        ("runs", 0o555, [*TRAIN_DENSE, "2"], 2, "runs cannot be written to: Permission", "--runs"),
    ]
    before = files_below(here)
    done = subprocess.run(
        [*unprivileged(), sys.executable, "-c", WITH_PERMISSIONS],
        input=json.dumps([case[:3] for case in cases]),
        env=os.environ | {"CONVBIAS_DATA": str(here / "data")},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    for (_, _, arguments, code, *words), (returned, said) in zip(cases, answers, strict=True):
        assert returned == code, (arguments, said)
        assert all(each in said for each in words), (arguments, said)
        assert "damaged" not in said, (arguments, said)
    assert files_below(here) == before


def pipe(path: str) -> None:
    """A named pipe, and a writer: without one, a reader would wait for ever."""
    os.mkfifo(path)
    Thread(target=Path(path).write_bytes, args=(b"",), daemon=True).start()


@pytest.mark.integration
@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("pipe.toml", ["study", "pipe.toml"]),
        ("pipe.png", ["explain", "pipe.png"]),
        ("pipe.npy", ["explain", "pipe.npy"]),
        ("pipe.tar.gz", ["package", "verify", "pipe.tar.gz"]),
        ("runs/pipe.json", ["runs", "verify"]),
    ],
)
def test_a_pipe_is_not_waited_for(
    capsys: pytest.CaptureFixture[str], path: str, arguments: list[str]
) -> None:
    pipe(path)
    assert main(arguments) == 2
    assert "is not a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["runs", "list"],
        ["report", "smoke"],
        ["explain", "0"],
        ["study", "smoke", "--plan"],
        ["train", "dense", "--dataset", "drawn"],
    ],
)
def test_links_and_files_in_place_of_a_store(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    Path("file").write_text("mine")
    Path("link").symlink_to("gone")
    Path("link-to-file").symlink_to("file")
    expected = {
        "link": "link is a link to gone, which does not exist",
        "link/runs": "link is a link to gone, which does not exist",
        "link-to-file": "link-to-file is a file",
    }
    for folder, words in expected.items():
        assert main([*arguments, "--runs", folder]) == 2
        assert words in capsys.readouterr().err
    assert files_below(here) == {"file", "link", "link-to-file"}


@pytest.mark.usefixtures("here")
def test_a_link_to_a_folder_is_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder").mkdir()
    Path("link").symlink_to("folder")
    assert main(["runs", "list", "--runs", "link"]) == 0
    assert "0 runs in link" in capsys.readouterr().out


@pytest.mark.integration
def test_figures_need_no_home() -> None:
    variables = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", "import convbias.figures, os; print(os.environ['MPLCONFIGDIR'])"],
        env={**variables, "HOME": "/dev/null"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path(done.stdout.strip()).exists()  # a temporary folder, removed
