"""README and CONTRIBUTING describe the tree as it is, in the order of the import contract."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/convbias"
MOST_ROOMS = 13
# Every package has these; they hold nothing of a room.
NO_ROOMS = {"__init__.py", "__init__.pyi", "__main__.py", "__pycache__", "py.typed"}


def listed(block: int) -> dict[str, str]:
    """One of the two lists in the README's section on the tree: names with their descriptions."""
    tree = (ROOT / "README.md").read_text("utf-8").split("## The tree")[1]
    described = {}
    for line in tree.split("```")[2 * block + 1].strip().splitlines():
        names, text = re.split(r"\s{2,}", line, maxsplit=1)
        described |= dict.fromkeys(names.split(", "), text)
    return described


def rooms() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    [layers] = [each["layers"] for each in contracts["contracts"] if each["type"] == "layers"]
    return [f"{each}/" if (PACKAGE / each).is_dir() else f"{each}.py" for each in layers[::-1]]


def test_the_contract_has_every_room_and_there_are_few():
    found = {
        f"{each.name}/" if each.is_dir() else each.name
        for each in PACKAGE.iterdir()
        if each.name not in NO_ROOMS
    }
    assert set(rooms()) == found
    assert len(found) <= MOST_ROOMS


def test_the_readme_lists_the_rooms_from_the_lowest_to_the_highest():
    assert list(listed(0)) == rooms()


def test_the_readme_describes_a_room_as_its_docstring_does():
    for room, description in listed(0).items():
        file = PACKAGE / room / "__init__.py" if room.endswith("/") else PACKAGE / room
        first = ast.get_docstring(ast.parse(file.read_text("utf-8"))).splitlines()[0]
        assert f"{description}." == first
        assert len(first) < 100


def test_the_readme_lists_every_file_of_the_root():
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    entries = {f"{name.split('/')[0]}/" if "/" in name else name for name in files}
    names = ["src/" if name == "src/convbias/" else name for name in listed(1)]
    assert sorted(names) == sorted(entries)


def test_the_reading_order_is_that_of_the_contract():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    [order] = re.findall(r"^Read `src/convbias/`[^:]*:([^.]*(?:\.py[^.]*)*)\.", text, re.MULTILINE)
    assert re.findall(r"`([\w.]+/?)`", order) == rooms()
