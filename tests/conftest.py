"""What several test modules share."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import settings

from cheap_programs import CHEAPLY_COMPILED
from convbias.data import Dataset, load, verify
from convbias.data.idx_files import IdxFiles
from convbias.runs.imports import Refused
from convbias.runs.machine import cores
from convbias.runs.worker import ONE_THREAD
from convbias.shipping.export.archive import Archive, pack, read
from mirrors import PUBLISHED, Mirror, replace_published

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from tools.servers.serving import Server


# Without optimisation, and with the older way to fuse loops, XLA compiles in a third of the time.
XLA_FLAGS = (
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
    " --xla_cpu_multi_thread_eigen=false"
)
LONGEST_FIRST = ("end_to_end", "integration", "slow")  # markers

MOST_MEMORY = 1_250_000_000  # bytes of a test process, of which imports take half
MOST_GROWTH = 500_000_000  # bytes from one clearing to the next

# Enough to fail on what is wrong in kind; locally Hypothesis looks further.
settings.register_profile("ci", max_examples=30)
if "CI" in os.environ:
    settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """Compile less, and each function once; compute with one thread, as one process of several.

    Compiling is most of the time that tests take. Threads of several processes that wait for each
    other made one regression ten times slower.
    """
    # Processes that train and measure for a test; those of commands that it starts as a process
    # of their own compile as users' do.
    ONE_THREAD["XLA_FLAGS"] += CHEAPLY_COMPILED
    # Storing a network makes Keras import TensorFlow to look whether it has tensors of it, which
    # takes seconds. Tests use TensorFlow in processes of their own only.
    sys.meta_path.insert(0, Refused({"tensorflow"}))
    if hasattr(config, "workerinput"):
        return  # inherited from the process that started this worker
    folder = tempfile.TemporaryDirectory(prefix="convbias-compiled-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ |= {
        "XLA_FLAGS": XLA_FLAGS,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JAX_COMPILATION_CACHE_DIR": folder.name,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        # Where the learning rates of whoever runs the tests are not.
        "XDG_CONFIG_HOME": folder.name,
    }


def pytest_xdist_auto_num_workers() -> int:
    """One more than cores, because tests also wait: for servers, browsers and clusters."""
    return cores() + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while modules are imported, nor later in what they have made."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, so that no process is left with them when the others are done."""
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in LONGEST_FIRST])


_memory_in_use = MOST_MEMORY - MOST_GROWTH


@pytest.fixture(autouse=True)
def _limit_memory() -> Iterator[None]:
    """Give back what was compiled before a process outgrows a small machine."""
    yield
    global _memory_in_use
    process = psutil.Process()
    if process.memory_info().rss < _memory_in_use + MOST_GROWTH:
        return
    if "jax" in sys.modules:
        import jax
        import keras

        from convbias.networks.engine import engine

        engine.cache_clear()
        keras.backend.clear_session(free_memory=False)
        jax.clear_caches()
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    _memory_in_use = process.memory_info().rss


@pytest.fixture(scope="session")
def fashion_mnist() -> Dataset:
    """The real data, where CONVBIAS_DATA or the cache holds it; tests download nothing."""
    if any(report.status == "missing" for report in verify()):
        pytest.skip("Fashion-MNIST is not here: set CONVBIAS_DATA, or run `convbias data fetch`")
    return load("fashion-mnist")


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """As `fashion_mnist`."""
    if any(report.status == "missing" for report in verify("mnist")):
        pytest.skip("MNIST is not here: set CONVBIAS_DATA, or run `convbias data fetch mnist`")
    return load("mnist")


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An untrained 3x3 CNN, exported and packed for real."""
    # Imported here, because most tests need neither Keras nor what it brings.
    from command_line import one_at_a_time, shared_folder
    from exports import exported_cnn

    base = tmp_path_factory.getbasetemp()
    exported = exported_cnn(base)
    shared = shared_folder(base) / "shared.tar.gz"
    with one_at_a_time(shared):
        return read(shared) if shared.exists() else pack(exported, shared)


@pytest.fixture(scope="session")
def server(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The local server with that archive, as a process of its own."""
    from tools.servers.serving import Server

    server = Server(archive.path, tmp_path_factory.mktemp("server"), "--workers", "2")
    yield server
    server.stop()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Credentials that belong to nobody, no configuration files, and no address of AWS."""
    from tools.servers.aws import KEY, REGION, RUNTIME, SECRET

    from stub_server import UNREACHABLE

    for name in ("PROFILE", "REGION", "SESSION_TOKEN", "ENDPOINT_URL_S3", "ENDPOINT_URL_SAGEMAKER"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.delenv(RUNTIME, raising=False)
    variables = {
        "ACCESS_KEY_ID": KEY,
        "SECRET_ACCESS_KEY": SECRET,
        "DEFAULT_REGION": REGION,
        "CONFIG_FILE": str(tmp_path / "no-config"),
        "SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "EC2_METADATA_DISABLED": "true",
        "MAX_ATTEMPTS": "1",
        "ENDPOINT_URL": UNREACHABLE,  # for every service that a test gives no address of its own
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    # Parsing botocore's descriptions of services takes longer than the requests.
    monkeypatch.setattr("botocore.session.create_loader", _loader)
    return monkeypatch


@cache
def _loader(search_path: str | None) -> Loader:
    from botocore.loaders import create_loader

    return create_loader(search_path)


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
    replace_published(monkeypatch, addresses=(), files=PUBLISHED)
    monkeypatch.setattr(IdxFiles, "cache_folder", tmp_path / "cache")
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda _seconds: None))
    return tmp_path / "cache"
