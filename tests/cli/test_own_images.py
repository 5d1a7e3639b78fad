"""A person's own images on the command line: read once, then known by a name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from convbias.cli.app import run
from own_images import class_folders, noise


@pytest.fixture
def pets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "pets", noise(60, side=12), ("cat", "dog"))
    (tmp_path / "pets" / "cat" / "broken.jpg").write_bytes(b"no image")
    (tmp_path / "pets" / "cat" / "notes.txt").touch()
    return tmp_path / "pets"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    printed = capsys.readouterr()
    return printed.out + printed.err


def read(pets: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Read them, and find out their name."""
    assert run(["data", "read", str(pets), "--skip-damaged"]) == 0
    text = said(capsys)
    assert "pets: 54 training and 6 test images of 12 x 12 pixels, colour, 2 classes" in text
    assert "1 file of other kinds left out: 1 x .txt" in text
    assert "damaged and left out: 1 (cat/broken.jpg)" in text
    [name] = re.findall(r"its name is (pets-[0-9a-f]{10})", text)
    return name


def test_they_are_read_and_listed(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = read(pets, capsys)
    assert run(["data", "list"]) == 0
    [line] = [line for line in said(capsys).splitlines() if name in line]
    assert line.split() == [name, "2", "54", "6", "12", "x", "12", "x", "3", str(pets)]


@pytest.mark.parametrize(
    "command",
    [
        ["study", "first", "--plan"],
        ["experiment", "original", "--plan"],
        ["tune", "first", "--plan"],
    ],
)
def test_a_plan_is_the_same_by_path_and_by_name(
    pets: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    name = read(pets, capsys)
    assert run([*command, "--data", str(pets), "--skip-damaged"]) == 0
    by_path = without_times(capsys.readouterr().out)
    assert run([*command, "--dataset", name]) == 0
    assert without_times(capsys.readouterr().out) == by_path
    assert by_path


def without_times(plan: str) -> str:
    """A plan without predicted times, for which the machine's speed is measured each time."""
    return re.sub(r"about [^.,]* here", "", plan)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "pets", "--dataset", "mnist"], "--data and --dataset together"),
        (["--side", "12"], "--data names none"),
        (["--data", "pets"], "1 of 61 images cannot be read: cat/broken.jpg"),
        (["--data", "nowhere"], "there is no nowhere"),
        (["--data", "pets", "--side", "13"], "the side is 13 pixels"),
        (["--dataset", "pets"], "there is no data set 'pets'"),
        (["--dataset", "pets-0123456789"], "is not in the cache"),
    ],
)
def test_mistakes_are_said_before_anything_else(
    pets: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    for command in (["study", "first"], ["eda"]):
        assert run([*command, *options]) == 2
        text = said(capsys)
        assert message in text
        assert "expected:" in text
    assert {each.name for each in pets.parent.iterdir()} <= {"pets", "cache"}


def test_eda_says_what_to_look_at(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pets / "cat" / "broken.jpg").unlink()
    copy = (pets / "cat" / "0000.png").read_bytes()
    (pets / "dog" / "copy.png").write_bytes(copy)
    assert run(["eda", "--data", str(pets), "--out", "figures"]) == 0
    text = said(capsys)
    assert "What to look at before you trust a result (pets)" in text
    [line] = [line for line in text.splitlines() if "look" in line and "1 pair" in line]
    assert "cat/0000.png" in line
    assert "dog/copy.png" in line
    assert len(list(Path("figures").glob("*.png"))) >= 5
