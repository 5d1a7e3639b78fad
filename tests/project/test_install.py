"""The built wheel and sdist, installed outside the checkout: every verb works there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest
from PIL import Image
from tools.servers.processes import TIMEOUT, StartedProcess
from tools.servers.serving import RunningServer, address_in

from command_line import finished_study
from convbias.cli.app import VERBS
from convbias.data.drawn import drawn
from convbias.experiments import ORIGINAL
from convbias.experiments.studies import load_study
from convbias.runs.record import run_key
from locks import pins

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
COMMANDS = Path(__file__).parents[1] / "several_commands.py"
LARGEST_WHEEL = 10_500_000  # bytes, with the published study
PUBLISHED_NETWORK = "7d2a25b1d671-seed0"


def run(*words: str | Path, cwd: Path) -> None:
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Built:
    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    run("-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", folder, cwd=ROOT)
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_what_the_verbs_read_and_is_small(built: Built) -> None:
    assert built.wheel.stat().st_size < LARGEST_WHEEL
    held = contents(built.wheel)
    published = ROOT / "results"
    files = [path for path in published.rglob("*") if path.is_file()]
    assert len(files) > 1_000
    for path in files:
        name = f"convbias/runs/results/{path.relative_to(published)}"
        assert held[name] == path.read_bytes()
    assert held["convbias/shipping/export/inference.py"] == (ROOT / "inference.py").read_bytes()


def test_the_sdist_gives_the_same_wheel(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.iterdir()
    run("-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=unpacked)
    [wheel] = tmp_path.glob("*.whl")
    assert contents(wheel) == contents(built.wheel)


# An environment outside the checkout


def link(names: Iterable[str], folder: Path) -> Path:
    """Make a folder of links to installed distributions."""
    folder.mkdir()
    for name in names:
        installed = distribution(name)
        for entry in {path.parts[0] for path in installed.files or ()} - {"..", "__pycache__"}:
            target = Path(str(installed.locate_file(entry)))
            if not (folder / entry).exists():
                (folder / entry).symlink_to(target)
    return folder


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


class Installed:
    """An installed wheel, with a home, a working folder and environment variables of its own.

    The locked packages are links to those that pip installed with their hashes into the
    environment of these tests: copies would be the same files. An editable `convbias` is not
    among them.
    """

    def __init__(self, wheel: Path, folder: Path) -> None:
        environment = folder / "environment"
        run("-m", "venv", "--without-pip", environment, cwd=folder)
        self.python, self.convbias = (environment / "bin" / name for name in ("python", "convbias"))
        [site] = environment.glob("lib/python*/site-packages")
        needed = pins("run").keys()
        links = link(needed, folder / "run")
        (site / "run.pth").write_text(f"{links}\n")
        self.extras = link(pins("test").keys() - needed, folder / "extras")
        pip = ("-m", "pip", "--python", self.python, "install", "--no-deps", "--no-index")
        run(*pip, "--disable-pip-version-check", wheel, cwd=folder)
        self.site = site
        self.package = site / "convbias"
        self.home, self.here = folder / "home", folder / "here"
        for each in (self.home, self.here):
            each.mkdir()

    def variables(self, *, extras: bool = False) -> dict[str, str]:
        own = ("PYTHON", "XDG_", "CONVBIAS", "KERAS", "MPL", "AWS_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        kept |= {"HOME": str(self.home), "AWS_EC2_METADATA_DISABLED": "true"}
        return kept | ({"PYTHONPATH": str(self.extras)} if extras else {})

    def commands(
        self, *commands: Sequence[str], extras: bool = False
    ) -> list[tuple[int, str, str]]:
        """Exit code, standard output and standard error of each command."""
        done = subprocess.run(
            [self.python, COMMANDS],
            cwd=self.here,
            env=self.variables(extras=extras),
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The installed wheel, in a `site-packages` that may not be written to and stays unchanged."""
    installed = Installed(built.wheel, tmp_path_factory.mktemp("installed"))
    Image.fromarray(drawn(n_train=1, n_test=1)[2][0, ..., 0]).save(installed.here / "photo.png")
    folders = [path for path in (installed.site, *installed.site.rglob("*")) if path.is_dir()]
    before = fingerprints(installed.site)
    for folder in folders:
        folder.chmod(0o555)
    yield installed
    for folder in folders:
        folder.chmod(0o755)
    # Root may write anyway.
    assert fingerprints(installed.site) == before


def test_the_command_is_that_of_the_wheel(installed: Installed) -> None:
    source = "import convbias; print(convbias.__file__)"
    for command, said in (
        ([installed.convbias, "--version"], "0.1.0"),
        ([installed.python, "-c", source], str(installed.package / "__init__.py")),
    ):
        done = subprocess.run(
            command,
            cwd=installed.here,
            env=installed.variables(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
        assert done.stdout.strip() == said


MISSING = "nothing-of-this-name"
BAD_INPUT = {
    "eda": ["--dataset", MISSING],
    "train": ["cnn", "--kernel-size", "2"],
    "study": [MISSING],
    "experiment": [MISSING],
    "report": [MISSING],
    "page": [MISSING],
    "claims": [MISSING],
    "explain": [f"{MISSING}.png", "--run", PUBLISHED_NETWORK],
    "measure": [f"{MISSING}.onnx"],
    "export": [MISSING],
    "card": [MISSING],
    "package": [MISSING],
    "serve": [f"{MISSING}.tar.gz"],
    "predict": [f"{MISSING}.png"],
    "deploy": ["plan", f"{MISSING}.tar.gz", "--bucket", "b", "--role", "r"],
    "runs": ["show", MISSING],
    "data": [MISSING],
    "tune": [MISSING],
}


def test_every_verb_has_its_help_and_refuses_bad_input(installed: Installed) -> None:
    assert BAD_INPUT.keys() == set(VERBS)
    before = sorted(installed.here.rglob("*"))
    helped = [[verb, "--help"] for verb in VERBS]
    refused = [[verb, *BAD_INPUT[verb]] for verb in VERBS]
    answers = installed.commands([], *helped, *refused)
    for words, (code, said, errors) in zip([["overview"], *helped], answers, strict=False):
        assert (code, errors) == (0, ""), errors
        assert words[0] in said or words == ["overview"]
    for words, (code, _, errors) in zip(refused, answers[1 + len(VERBS) :], strict=True):
        assert code == 2, words
        assert "Traceback" not in errors
        assert errors.count("\n") <= 4, errors
    assert sorted(installed.here.rglob("*")) == before


@pytest.fixture(scope="module")
def study(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Store a study in the folder `trained`, except for one run; the runs' keys by arm."""
    finished = finished_study(tmp_path_factory.getbasetemp())
    shutil.copy(finished / "tiny.toml", installed.here)
    shutil.copytree(finished / "runs", installed.here / "trained")
    arms = load_study(str(finished / "tiny.toml")).arms(ORIGINAL)
    for path in (installed.here / "trained").glob(f"{arms['dense'].hash}-seed1.*"):
        path.unlink()
    return {name: run_key(arm, 0) for name, arm in arms.items()}


def test_every_verb(installed: Installed, study: dict[str, str]) -> None:
    # The file of a user who has searched nothing yet.
    own = installed.home / ".config" / "convbias" / "rates.toml"
    own.parent.mkdir(parents=True)
    own.write_text("# Nothing was searched yet.\n", "utf-8")
    training = "train dense --dataset drawn --training-images 100 --epochs 2"
    published = f"runs show {PUBLISHED_NETWORK}"
    rates = "study full --dataset drawn --plan"
    expected = {
        # As long as nothing was trained, from the published study.
        published: "arm.recipe.learning_rate",
        "explain photo.png --out why.svg": PUBLISHED_NETWORK,
        "eda --dataset drawn": "wrote report/eda",
        "experiment permutation --dataset drawn --plan": "0 stored in runs",
        "tune tiny.toml --plan": "settings",
        rates: "0 stored in runs",
        f"{training} --seeds 1 --runs trained --jobs 1": "finished",
        "study tiny.toml --runs trained": "Report: report/tiny/report.html",
        "report tiny.toml --runs trained --out again": "Report: again/report.html",
        "claims tiny.toml --runs trained": "claims:",
        "runs list --runs trained": "8 runs in trained",
        "runs verify --runs trained": "8 runs in trained, 0 damaged",
        f"card {study['cnn-3x3']} --runs trained": "wrote model_card",
        f"measure trained/{study['cnn-3x3']}.keras --dataset drawn --plan": "What it takes",
    }
    *answers, lacking = installed.commands(
        *map(str.split, expected), ["export", study["cnn-3x3"], "--runs", "trained"]
    )
    for (words, wanted), (code, said, errors) in zip(expected.items(), answers, strict=True):
        assert code == 0, (words, errors)
        assert wanted in said, (words, said)
        assert "Traceback" not in errors, errors
    assert lacking[0] == 2
    assert "convbias[export]" in lacking[2]
    messages = {words: errors for words, (*_, errors) in zip(expected, answers, strict=True)}
    assert "the published study is read" in messages[published]
    assert f"Learning rates are read from {own}" in messages[rates]
    for written in ("why.svg", "again/report.html", "model_card/model-card.md"):
        assert (installed.here / written).stat().st_size > 100


def test_every_verb_that_needs_extras(installed: Installed, study: dict[str, str]) -> None:
    key = study["cnn-3x3"]
    role = "arn:aws:iam::123456789012:role/R"
    expected = {
        f"export {key} --runs trained": "outputs differ from the network's by at most",
        "package": "verified",
        "package verify fashion_mnist_model.tar.gz": key,
        "predict photo.png": "photo.png",
        f"deploy plan --bucket my-bucket --role {role} --region eu-central-1": "my-bucket",
    }
    answers = installed.commands(*map(str.split, expected), extras=True)
    for (words, wanted), (code, said, errors) in zip(expected.items(), answers, strict=True):
        assert code == 0, (words, errors)
        assert wanted in said, (words, said)

    started = StartedProcess(
        *("serve", "--port", "0", "--workers", "1"),
        cwd=installed.here,
        program=[str(installed.convbias)],
        variables=installed.variables(extras=True),
    )
    server = RunningServer(started, lambda: address_in(started.errors))
    try:
        answer = server.post((installed.here / "photo.png").read_bytes(), "image/png")
        assert answer.status_code == 200, answer.text
    finally:
        assert server.stop() == 0
