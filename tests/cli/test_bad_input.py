"""Input that cannot be used: exit code 2, a message to act on, no traceback, nothing written."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from tools.servers.processes import CONVBIAS

from command_line import TINY, convbias, files_below, finished_study
from convbias.cli import main
from convbias.data.published_files import PublishedFile
from convbias.runs.store import Store
from convbias.spec.arms import Dense
from factories import grey, make_arm, make_run
from mirrors import (
    CONTENTS,
    IMAGES,
    LABELS,
    PUBLISHED,
    TEST_LABELS,
    fill,
    packed,
    replace_published,
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, where nothing may appear."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused; what it said."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    return said.err


COMMANDS = {
    "verb": (["stduy"], ["'stduy'", "did you mean 'study'?"]),
    "verb of a group": (["runs", "verfy"], ["'verfy'", "did you mean 'verify'?"]),
    "option": (["study", "--sedes", "0"], ["--sedes", "Did you mean --seeds?"]),
    "dataset": (
        ["study", "smoke", "--dataset", "fashion-minst"],
        ["'fashion-minst'", "did you mean 'fashion-mnist'?"],
    ),
    "model": (["train", "dens"], ['"dens"', 'Did you mean "dense"?']),
    "recipe": (["train", "dense", "--recipe", "clasic"], ['Did you mean "classic"?']),
    "profile": (["study", "smok"], ["'smok'", "did you mean 'smoke'?"]),
    "profile of a report": (["report", "smok"], ["did you mean 'smoke'?"]),
    "missing profile file": (["study", "no/such.toml"], ["no/such.toml", "No such file"]),
    "a model that is missing": (["train"], ["MODEL"]),
    "too many words": (["study", "smoke", "full"], ["full"]),
    "kernel size 0": (["train", "cnn", "--kernel-size", "0"], ["--kernel-size", "= 0", "1"]),
    "kernel size -1": (["train", "cnn", "--kernel-size", "-1"], ["--kernel-size", "= -1", "1"]),
    "kernel size 28": (["train", "cnn", "--kernel-size", "28"], ["= 28", "27"]),
    "kernel size 29": (["train", "cnn", "--kernel-size", "29"], ["= 29", "27"]),
    "kernel size x": (["train", "cnn", "--kernel-size", "x"], ["--kernel-size", '"x"', "int"]),
    "kernel size of dense": (["train", "dense", "--kernel-size", "3"], ["no kernel size"]),
    "kernel size not searched": (
        ["train", "cnn", "--kernel-size", "27", "--recipe", "tuned"],
        ["cnn-27x27", "--recipe classic"],
    ),
    "no seeds": (["study", "smoke", "--seeds"], ["seeds is empty"]),
    "no seeds to train": (["train", "dense", "--seeds"], ["seeds is empty"]),
    "a seed twice": (["study", "smoke", "--seeds", "3", "1", "3"], ["seed 3 is named 2 times"]),
    "a seed twice to train": (["train", "dense", "--seeds", "1", "1"], ["seed 1 is named 2"]),
    "a negative seed": (["train", "dense", "--seeds", "-1"], ["-1"]),
    "a seed in words": (["train", "dense", "--seeds", "one"], ["--seeds", '"one"']),
    "no epochs": (["train", "dense", "--epochs", "0"], ["--epochs", "0"]),
    "no learning rate": (["train", "dense", "--learning-rate", "0"], ["--learning-rate"]),
    "few images": (
        ["train", "dense", "--training-images", "5"],
        ["--training-images", "equal to 10"],
    ),
    "no processes": (["study", "smoke", "--jobs", "0"], ["--jobs"]),
    "a key of no run": (
        ["runs", "show", "7d2a25b1d671-seed99"],
        ["'7d2a25b1d671-seed99'", "did you mean '7d2a25b1d671-seed", "more"],
    ),
    "a seed and a half": (["train", "dense", "--seeds", "1.5"], ["1.5", "a whole number"]),
    "the second seed": (["train", "dense", "--seeds", "0", "2.0"], ["2.0", "a whole number"]),
    "a kernel size of 2.9": (["train", "cnn", "--kernel-size=2.9"], ["2.9", "a whole number"]),
    "part of an epoch": (["train", "dense", "--epochs", "0.6"], ["0.6", "a whole number"]),
    "epochs without end": (["train", "dense", "--epochs", "1e400"], ["1e400", "a whole number"]),
    "images with exponent": (
        ["train", "dense", "--training-images", "1e3"],
        ["1e3", "a whole number"],
    ),
    "half a process": (["study", "smoke", "--jobs", "1.5"], ["1.5", "a whole number"]),
    "half an instance": (
        ["deploy", "plan", "--bucket", "b", "--role", "r", "--instances", "1.5"],
        ["--instances", "a whole number"],
    ),
    "seeds backwards": (["train", "dense", "--seeds", "4-0"], ["4-0 is empty"]),
    "too many seeds": (["train", "dense", "--seeds", "0-99999999"], ["too long"]),
    "a seed of 5,000 digits": (["train", "dense", "--seeds", f"0-{'9' * 5_000}"], ["--seeds"]),
    "a seed twice in a list": (["train", "dense", "--seeds", "0,1,1"], ["seed 1 is named 2"]),
    "no folder to verify": (["runs", "verify", "--runs", ""], ["--runs is empty"]),
    "a folder that is missing": (["runs", "verify", "--runs", "no"], ["there is no folder no"]),
    "no folder to train in": (
        ["train", "dense", "--dataset", "drawn", "--runs", ""],
        ["--runs is empty"],
    ),
    "no folder for a report": (["report", "smoke", "--out", ""], ["--out is empty"]),
    "no archive": (["predict", "--archive", "", "a.png"], ["--archive is empty"]),
    "verb of deploy": (["deploy", "plna"], ["did you mean 'plan'?"]),
    "verb of data": (["data", "fetsch"], ["did you mean 'fetch'?"]),
}


@pytest.mark.parametrize(("arguments", "expected"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_that_cannot_be_done(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: list[str]
) -> None:
    said = refused(capsys, *arguments)
    assert all(words in said for words in expected), said
    assert files_below(here) == set()


PROFILES = {
    "unknown key": (TINY + "epoch = 3\n", ["tiny.toml", "'epoch'", "did you mean 'epochs'?"]),
    "unknown experiment": (
        TINY.replace('"original"', '"orignal"'),
        ["'orignal'", "did you mean 'original'?"],
    ),
    "unknown dataset": (
        TINY.replace("drawn", "drwan"),
        ["data set 'drwan'", "did you mean 'drawn'"],
    ),
    "unknown recipe": (TINY.replace("classic", "clasic"), ["recipe", "'clasic'", "'classic'"]),
    "missing key": (TINY.replace("epochs = 2\n", ""), ["tiny.toml", "'epochs' is missing"]),
    "malformed": (TINY.replace("[0, 1]", "[0, 1"), ["not valid TOML", "line"]),
    "not text": ("\ud800", ["not valid TOML"]),
    "no seeds": (TINY.replace("[0, 1]", "[]"), ["seeds", "empty"]),
    "a seed twice": (TINY.replace("[0, 1]", "[4, 4]"), ["seed 4 is named 2 times"]),
    "a negative seed": (TINY.replace("[0, 1]", "[-4]"), ["seed -4 is negative"]),
    "epochs in words": (TINY.replace("epochs = 2", 'epochs = "two"'), ["epochs", "'two'"]),
    "few images": (TINY.replace("100", "99"), ["training_images", "99", "100"]),
}


@pytest.mark.parametrize(("text", "expected"), PROFILES.values(), ids=PROFILES)
def test_a_profile_that_cannot_be_used(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, expected: list[str]
) -> None:
    profile = here.parent / "tiny.toml"
    profile.write_bytes(text.encode("utf-8", "surrogatepass"))
    said = refused(capsys, "study", str(profile))
    assert all(words in said for words in expected), said
    assert files_below(here) == set()


def test_a_folder_is_no_profile(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = here.parent / "folder.toml"
    folder.mkdir()
    assert "cannot be read" in refused(capsys, "study", str(folder))
    assert files_below(here) == set()


# Data

DATA_COMMANDS = {
    "eda": ["eda"],
    "train": ["train", "dense"],
    "study": ["study", "smoke"],
    "study on any images": ["study", "smoke", "--dataset", "auto"],
}


@pytest.fixture(params=DATA_COMMANDS.values(), ids=list(DATA_COMMANDS))
def data_command(request: pytest.FixtureRequest) -> list[str]:
    return request.param


@pytest.fixture
def data(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with small, good files; a test spoils them."""
    folder = fill(here.parent / "data")
    monkeypatch.setenv("CONVBIAS_DATA", str(folder))
    replace_published(monkeypatch, files=PUBLISHED)
    return folder


def test_data_folder_missing(
    here: Path,
    data_command: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CONVBIAS_DATA", "/no/such/folder")
    said = refused(capsys, *data_command)
    assert "/no/such/folder is not a folder" in said
    assert "CONVBIAS_DATA" in said
    assert files_below(here) == set()


def test_data_file_missing(
    here: Path, data: Path, data_command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (data / LABELS).unlink()
    assert f"{data / LABELS} is missing" in refused(capsys, *data_command)
    assert files_below(here) == set()


def test_data_file_unreadable(
    here: Path, data: Path, data_command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    # A folder of the file's name: not even root, who may read everything, can read that.
    (data / IMAGES).unlink()
    (data / IMAGES).mkdir()
    assert f"{data / IMAGES} cannot be read" in refused(capsys, *data_command)
    assert files_below(here) == set()


def test_data_file_cut_off(
    here: Path, data: Path, data_command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (data / IMAGES).write_bytes(CONTENTS[IMAGES][:1000])
    said = refused(capsys, *data_command)
    assert f"{data / IMAGES} is not the published file: 1000 bytes" in said
    assert PUBLISHED[IMAGES].sha256 in said
    assert files_below(here) == set()


def test_data_file_with_another_checksum(
    here: Path, data: Path, data_command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(CONTENTS[IMAGES])
    content[-9] ^= 1
    (data / IMAGES).write_bytes(content)
    said = refused(capsys, *data_command)
    assert hashlib.sha256(content).hexdigest() in said
    assert files_below(here) == set()


def test_labels_of_other_images(
    here: Path, data: Path, data_command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (data / LABELS).write_bytes(CONTENTS[TEST_LABELS])
    assert f"{data / LABELS} is not the published file" in refused(capsys, *data_command)
    assert files_below(here) == set()


BEHIND_THE_CHECKSUM = {
    "cut off": (gzip.compress(b"\0\0\x08\x01\0\0\1\x2c" + bytes(300))[:-12], "cannot be unpacked"),
    "too few labels": (packed(np.zeros(299, dtype=np.uint8)), "(299,)"),
}


@pytest.mark.parametrize(
    ("labels", "expected"), BEHIND_THE_CHECKSUM.values(), ids=BEHIND_THE_CHECKSUM
)
def test_labels_that_no_checksum_guards_against(
    here: Path,
    data: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    labels: bytes,
    expected: str,
) -> None:
    (data / LABELS).write_bytes(labels)
    believed = PublishedFile(hashlib.sha256(labels).hexdigest(), len(labels))
    replace_published(monkeypatch, files=PUBLISHED | {LABELS: believed})
    said = refused(capsys, "eda")
    assert expected in said, said
    assert files_below(here) == set()


# Where results go


@pytest.mark.parametrize(
    "arguments",
    [
        ["study", "smoke", "--dataset", "drawn", "--runs", "file/runs"],
        ["study", "smoke", "--dataset", "drawn", "--out", "file/report"],
        ["train", "dense", "--dataset", "drawn", "--runs", "file"],
        ["eda", "--dataset", "drawn", "--out", "file/eda"],
    ],
)
def test_a_file_in_the_way(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (here / "file").write_text("mine")
    said = refused(capsys, *arguments)
    assert "file" in said
    assert "--runs or --out" in said
    assert (here / "file").read_text() == "mine"
    assert {path for path in here.rglob("*") if path.is_file()} == {here / "file"}


@pytest.mark.integration
def test_a_disk_that_fills_up_while_the_report_is_written(
    here: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    study = finished_study(tmp_path_factory.getbasetemp())
    monkeypatch.setattr("convbias.runs.atomic.os.fsync", full)
    said = refused(
        capsys, "report", str(study / "tiny.toml"), "--runs", str(study / "runs"), "--out", "out"
    )
    assert "No space left on device" in said
    assert "free some space" in said
    assert files_below(here) == {"out"}


def in_a_mount(options: str, script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script with a small file system of its own at `disk`, gone when it ends."""
    (cwd / "disk").mkdir()
    mount = f"mount -t tmpfs -o {options} tmpfs disk"
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    probe = subprocess.run([*inside, mount], cwd=cwd, capture_output=True, check=False)
    if shutil.which("unshare") is None or probe.returncode:
        pytest.skip("no file system can be mounted here")
    return subprocess.run(
        [*inside, f"{mount} && {script}"],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


TRAIN_DENSE = f"{CONVBIAS} train dense --dataset drawn --training-images 100 --epochs 1"


@pytest.mark.integration
def test_a_full_disk(tmp_path: Path) -> None:
    script = f"{TRAIN_DENSE} --runs disk/runs; echo exit $?; find disk -type f"
    done = in_a_mount("size=64k", script, tmp_path)
    assert "No space left on device" in done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    after = done.stdout.partition("exit ")[2].split()
    assert after == ["2"]  # and no file is left


@pytest.mark.integration
def test_a_read_only_disk(tmp_path: Path) -> None:
    script = f"{TRAIN_DENSE} --runs disk; echo exit $?"
    done = in_a_mount("ro", script, tmp_path)
    assert "disk cannot be written to: Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.endswith("exit 2\n")


# Stored runs


@pytest.mark.integration
def test_a_run_cut_in_half_is_named_moved_away_and_trained_anew(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = tmp_path_factory.getbasetemp()
    shutil.copytree(finished_study(base), tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    table = Path("report/table.csv").read_bytes()
    dense = table.decode().splitlines()[1].split(",")[2]
    record = Path("runs", f"{dense}-seed0.json")
    half = record.read_bytes()[: record.stat().st_size // 2]
    record.write_bytes(half)

    assert main(["runs", "verify"]) == 1
    said = capsys.readouterr()
    assert record.name in said.err
    assert "8 runs in runs, 1 damaged" in said.out
    assert main(["runs", "list"]) == 0
    said = capsys.readouterr()
    assert record.name in said.err
    assert "7 runs in runs" in said.out
    assert main(["study", "tiny.toml", "--plan"]) == 0
    assert "1 missing (1 of them damaged)" in capsys.readouterr().out
    assert record.read_bytes() == half  # so far, nothing was changed

    # With a home of its own: nothing is written outside the working folder and the cache.
    home = tmp_path / "home"
    made_before = Path(platformdirs.user_cache_dir("convbias"))  # what takes long to make
    shutil.copytree(made_before, home / ".cache" / "convbias")
    monkeypatch.setenv("HOME", str(home))
    for redirection in ("XDG_CACHE_HOME", "KERAS_HOME", "MPLCONFIGDIR"):
        monkeypatch.delenv(redirection, raising=False)
    done = convbias("study", "tiny.toml", "--out", "report", cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    assert {str(path.relative_to(home)) for path in home.glob("*/*")} == {".cache/convbias"}
    assert {path.name for path in home.iterdir()} == {".cache"}
    assert "8 runs planned, 7 stored in runs, 1 to train in 1 process" in done.stdout
    quarantined = Path("runs", "quarantine", record.name)
    assert f"moved to {quarantined}" in done.stderr
    assert quarantined.read_bytes() == half
    assert Path("report/table.csv").read_bytes() == table
    assert main(["runs", "verify"]) == 0
    assert len(Store("runs").paths()) == 8


VERBS = {
    "explain": ["explain", "0", "--out", "new/why.html", "--run"],
    "card": ["card", "--out", "new"],
    "export": ["export", "--out", "new"],
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Dense networks as they are drawn, stored for images on a canvas and for shuffled ones."""
    from convbias.networks.models import build

    store = Store(tmp_path_factory.mktemp("changed") / "runs")
    for changes in ({"canvas": 40}, {"shuffled_blocks": 1}):
        run = make_run(make_arm("dense", dataset="drawn", **changes), 0)
        store.write(run)
        network = build(Dense(), seed=0, dimensions=grey(run.arm.data.canvas or 28))
        network.save(store.network_path(run.arm, run.seed))
    return store


@pytest.mark.parametrize("arguments", VERBS.values(), ids=VERBS)
def test_no_verb_gives_a_network_other_images_than_it_was_trained_on(
    here: Path, changed: Store, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    for run in changed:
        said = refused(capsys, *arguments, run.key, "--runs", str(changed.folder))
        assert f"{run.key} was trained on changed images" in said
    assert files_below(here) == set()
