"""The container without building it: its Dockerfile, and the command that it starts."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from tools.servers.processes import TIMEOUT, StartedProcess, free_port, wait_until
from tools.servers.serving import RunningServer, address_in, probabilities

from convbias.data.drawn import drawn
from convbias.shipping.export.archive import Archive, unpack
from convbias.shipping.predict.images import npy_bytes
from convbias.shipping.serve.container import main

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "container" / "Dockerfile"
ENVIRONMENT = ROOT / ".venv-serve" / "bin"
IMAGES = drawn(n_train=1, n_test=3)[2]

pytestmark = pytest.mark.integration
needs_environment = pytest.mark.skipif(
    not ENVIRONMENT.exists(),
    reason="the container's requirements are not installed: make .venv-serve/stamp",
)


def instructions() -> list[tuple[str, str]]:
    """Name and arguments of each instruction."""
    joined = DOCKERFILE.read_text().replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines()]
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(name, arguments) for name, arguments in pairs]


def last(name: str) -> str:
    return [arguments for found, arguments in instructions() if found == name][-1]


def test_it_fulfils_sagemakers_contract() -> None:
    # Exec form; a shell would not pass SIGTERM on.
    entry, command = json.loads(last("ENTRYPOINT")), json.loads(last("CMD"))
    assert entry == ["python", "-m", "convbias.shipping.serve.container"]
    assert command == ["serve"]
    assert last("EXPOSE") == "8080"
    assert last("USER") == "root"


def test_all_copied_files_exist_and_are_sent_to_docker() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sent = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    copied = [
        source
        for name, arguments in instructions()
        if name == "COPY"
        for source in shlex.split(arguments)[:-1]
    ]
    assert "requirements/serve.lock" in copied
    for source in copied:
        assert (ROOT / source).exists()
        assert any(fnmatch(source, pattern) for pattern in sent), source
    # The package is built inside, and contains a link to inference.py.
    assert {"inference.py", "pyproject.toml", "README.md", "src"} <= set(copied)


def test_the_package_is_built_from_what_is_copied(tmp_path: Path) -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    left_out = {line for line in ignored if line.startswith("src/")}
    [line] = [text for name, text in instructions() if name == "COPY" and "README.md" in text]
    for name in shlex.split(line)[:-1]:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(
        ROOT / "src",
        tmp_path / "src",
        symlinks=True,
        ignore=lambda folder, names: {
            name for name in names if str((Path(folder) / name).relative_to(ROOT)) in left_out
        },
    )
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    [wheel] = tmp_path.glob("dist/*.whl")
    assert wheel.stat().st_size < 1_000_000  # without the published study


def test_every_requirement_is_locked_with_its_hash() -> None:
    lines = (ROOT / "requirements" / "serve.lock").read_text().splitlines()
    named = [number for number, line in enumerate(lines) if not line.startswith((" ", "#"))]
    assert all(lines[number + 1].strip().startswith("--hash=sha256:") for number in named)


class Container(RunningServer):
    def __init__(self, folder: Path, **variables: str) -> None:
        started = start(folder, *json.loads(last("CMD")), **variables)
        super().__init__(started, lambda: address_in(started.errors))


def start(folder: Path, *arguments: str, **variables: str) -> StartedProcess:
    """Start the command of `docker run IMAGE`, in an environment with the image's packages."""
    interpreter, *entry = json.loads(last("ENTRYPOINT"))
    return StartedProcess(
        *(*entry, *arguments),
        cwd=folder,
        program=[str(ENVIRONMENT / interpreter)],
        variables={
            "PYTHONPATH": str(ROOT / "src"),
            "CONVBIAS_HOST": "127.0.0.1",
            "SAGEMAKER_BASE_DIR": str(folder / "ml"),
            "SAGEMAKER_BIND_TO_PORT": str(free_port()),
            **variables,
        },
    )


@pytest.fixture(scope="module")
def container(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("container")
    (folder / "ml").mkdir()
    unpack(archive, folder / "ml" / "model")
    container = Container(folder, SAGEMAKER_MODEL_SERVER_WORKERS="1")
    yield container
    shutil.rmtree(folder / "ml")


@needs_environment
def test_it_contains_no_training_framework() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "--python", ENVIRONMENT / "python", "list", "--format=json"],
        capture_output=True,
        check=True,
    )
    installed = {package["name"].lower() for package in json.loads(listed.stdout)}
    assert {"onnxruntime", "starlette", "uvicorn", "convbias"} <= installed
    assert installed.isdisjoint({"jax", "jaxlib", "keras", "tensorflow", "tensorflow-cpu", "torch"})


@needs_environment
def test_it_responds_writes_nothing_and_ends_on_sigterm(
    container: Container, archive: Archive
) -> None:
    model = container.started.errors.parent / "ml" / "model"
    before = {path: path.stat().st_mtime_ns for path in model.rglob("*")}
    assert container.get("/ping").json() == {"run": archive.manifest.identity["run"]}
    answer = container.post(npy_bytes(IMAGES), "application/x-npy").json()
    expected = probabilities(archive, IMAGES)
    assert [one["confidence"] for one in answer] == pytest.approx(expected.max(axis=1), abs=1e-6)
    assert container.post("{").status_code == 400
    assert container.stop() == 0
    assert {path: path.stat().st_mtime_ns for path in model.rglob("*")} == before
    wait_until(lambda: container.started.processes() == [])


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["train"], {}, "the arguments are ['train']"),
        (["serve"], {"SAGEMAKER_BIND_TO_PORT": "http"}, "SAGEMAKER_BIND_TO_PORT is 'http'"),
        (["serve"], {"SAGEMAKER_MODEL_SERVER_WORKERS": "0"}, "a whole number from 1 to 256"),
        (["serve"], {}, "ml/model cannot be read"),
    ],
)
def test_invalid_input_is_reported(
    tmp_path: Path,
    arguments: list[str],
    variables: dict[str, str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(arguments, {"SAGEMAKER_BASE_DIR": str(tmp_path / "ml"), **variables}) == 2
    assert message in capsys.readouterr().err


@needs_environment
def test_a_changed_model_is_not_served(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "ml").mkdir()
    unpack(archive, tmp_path / "ml" / "model")
    with (tmp_path / "ml" / "model" / "code" / "inference.py").open("a") as file:
        file.write("# changed\n")
    started = start(tmp_path, "serve")
    assert started.process.wait(TIMEOUT) == 2
    message = started.errors.read_text()
    assert "wrong or missing checksum of 'code/inference.py'" in message
    assert "Traceback" not in message
