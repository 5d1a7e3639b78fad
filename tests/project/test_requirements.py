"""The locked requirement sets: nothing is missing from a set, and its packages can be imported."""

from __future__ import annotations

import json
import subprocess
import tomllib
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tools.servers.processes import TIMEOUT

from locks import pins

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@dataclass(frozen=True)
class RequirementSet:
    """Locked distributions, which are installed in an environment, and what they are locked for."""

    locks: tuple[str, ...]
    environment: str
    wanted: tuple[str, ...]


def groups(*names: str) -> tuple[str, ...]:
    return tuple(each for name in names for each in PROJECT["dependency-groups"][name])


RUN = (*PROJECT["project"]["dependencies"], *groups("build"))
EXTRAS = [each for extra in PROJECT["project"]["optional-dependencies"].values() for each in extra]
SETS = {
    "install": RequirementSet(("install",), ".venv", groups("install")),
    # The tests' environment holds the run set too; nothing else may be needed to run.
    "run": RequirementSet(("run",), ".venv", RUN),
    "test": RequirementSet(("test",), ".venv", (*RUN, *EXTRAS, *groups("test"))),
    "docs": RequirementSet(("docs",), ".venv-docs", groups("docs")),
    "serve": RequirementSet(("serve",), ".venv-serve", groups("container")),
    "toolkit": RequirementSet(("toolkit",), ".venv-toolkit", groups("toolkit")),
}
if (ROOT / ".venv-torch" / "stamp").exists():  # not where PyTorch's CPU build is not found
    SETS["torch"] = RequirementSet(("torch", "bench-torch-cpu"), ".venv-torch", groups("torch"))
if (ROOT / ".venv-audit" / "stamp").exists():  # only `make audit` installs it
    SETS["audit"] = RequirementSet(("audit",), ".venv-audit", groups("audit"))
if (ROOT / ".venv-bench" / "stamp").exists():  # gigabytes, which `make test` does not install
    SETS["bench"] = RequirementSet(("bench", "bench-torch"), ".venv-bench", groups("bench"))


@pytest.fixture(params=SETS)
def checked(request: pytest.FixtureRequest) -> RequirementSet:
    found = SETS[request.param]
    if not (ROOT / found.environment / "stamp").exists() and found.environment != ".venv":
        pytest.skip(f"its environment is not installed: make {found.environment}/stamp")
    return found


def installed(environment: str) -> dict[str, Distribution]:
    [folder] = (ROOT / environment).glob("lib/python*/site-packages")
    return {canonicalize_name(each.name): each for each in distributions(path=[str(folder)])}


def test_a_set_holds_all_that_its_packages_require(checked: RequirementSet) -> None:
    pinned = {name: pin for lock in checked.locks for name, pin in pins(lock).items()}
    found = installed(checked.environment)
    missing: list[str] = []
    seen: set[tuple[str, str]] = set()
    stack = [(Requirement(each), "") for each in checked.wanted]
    while stack:
        wanted, extra = stack.pop()
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        if name not in pinned or name not in found:
            missing.append(str(wanted))
            continue
        version = found[name].version
        assert pinned[name].specifier.contains(version, prereleases=True), (name, version)
        assert wanted.specifier.contains(version, prereleases=True), (str(wanted), version)
        for chosen in {"", *wanted.extras}:
            if (name, chosen) not in seen:
                seen.add((name, chosen))
                stack += [(Requirement(each), chosen) for each in found[name].requires or ()]
    assert missing == []


IMPORT_ALL = """
import importlib, json, sys
from importlib.metadata import distribution
imported = []
for name in json.loads(sys.argv[1]):
    parts = {path.parts for path in distribution(name).files if path.suffix == ".py"}
    packages = {part[0] for part in parts if part[1:] == ("__init__.py",)}
    modules = packages | {part[0].removesuffix(".py") for part in parts if len(part) == 1}
    for module in sorted(modules):
        if module.isidentifier() and not module.startswith("_"):
            importlib.import_module(module)
            imported.append(module)
print(json.dumps(imported))
"""


# Those of the set `test`, which has the set `run`, are imported by the tests that use them.
@pytest.mark.integration
@pytest.mark.parametrize("checked", sorted(SETS.keys() - {"run", "test"}), indirect=True)
def test_the_packages_of_a_set_can_be_imported_in_its_environment(checked: RequirementSet) -> None:
    wanted = [Requirement(each) for each in checked.wanted]
    names = [each.name for each in wanted if each.marker is None or each.marker.evaluate()]
    python = ROOT / checked.environment / "bin" / "python"
    done = subprocess.run(
        [python, "-c", IMPORT_ALL, json.dumps(names)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout.splitlines()[-1])) >= len(names) - 5  # types have no modules


def test_both_builds_of_pytorch_are_the_same_version() -> None:
    [cpu] = pins("bench-torch-cpu").values()
    [other] = [pin for name, pin in pins("bench-torch").items() if name == "torch"]
    assert str(cpu.specifier) == f"{other.specifier}+cpu"
