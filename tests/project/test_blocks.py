"""Every block of code of the documents runs, or a mark above it says why tests do not run it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.servers.processes import TIMEOUT

from command_line import finished_study
from documented import DOCUMENTS, ROOT, Block, blocks, check_command
from own_images import class_folders, noise, save
from twins import SIDE, onnx_twin

BLOCKS = {name: blocks((ROOT / name).read_text("utf-8")) for name in DOCUMENTS}
COMMANDS = [
    (name, block, command)
    for name, found in BLOCKS.items()
    for block in found
    for command in block.commands
]
# What makes the examples small: other words for the same things.
SMALL = {'"fashion-mnist"': '"drawn"', "epochs=3": "epochs=1, training_images=20"}
SMALL |= {"seeds=(0, 1, 2)": "seeds=(0,)", "images=500": "images=10", "images=200": "images=10"}
SMALL_COMMANDS = {
    "train cnn": "train dense --dataset drawn --training-images 20 --epochs 1",
    "claims quick": "claims tiny.toml",
    "study full --plan": "study tiny.toml --plan",
    "measure network.onnx": "measure network.onnx --images 4 --data photographs",
    "--dataset fashion-mnist": "",
    "--images 500": "--images 4 --data photographs",
    "--kernel-size 5": "",
}
CLASSES = ("ant", "bee", "cat", "dog", "eel")
# Commands beside their output, which `tools/deploy_walk.py` wrote; `test_deploy_plan.py` compares.
RECORDED = "docs/deploy.md"


def test_blocks_and_marks_are_found() -> None:
    text = """\
# Title

A sentence

    make all    # with a remark
    .venv/bin/convbias serve

<!-- not run in tests
serve, make all: it does not end
-->

    convbias serve \\
        --port 1
    convbias server

```python
print("    no command")
```

- a list

```
$ X=1 convbias runs list
1 run
```
"""
    first, second, third, fourth = blocks(text)
    assert first.commands == ["make all    # with a remark", "convbias serve"]
    assert [first.reason(each) for each in first.commands] == [None, None]
    assert [second.reason(each) for each in second.commands] == ["it does not end", None]
    assert (third.language, third.commands) == ("python", [])
    assert (fourth.language, fourth.commands) == ("", ["convbias runs list"])


def test_every_reason_is_of_a_command() -> None:
    for name, found in BLOCKS.items():
        for block in found:
            for start in block.reasons:
                alone = Block(None, "", {start: "a reason"})
                assert any(alone.reason(each) for each in block.commands), (name, start)
        text = (ROOT / name).read_text("utf-8")
        assert text.count("<!-- not run") == sum(bool(block.reasons) for block in found), name


def test_tests_that_reasons_name_exist() -> None:
    for name, found in BLOCKS.items():
        for reason in {reason for block in found for reason in block.reasons.values()}:
            for path in re.findall(r"tests/[\w/.]+\w", reason):
                assert (ROOT / path).exists(), (name, path)


@pytest.mark.parametrize(
    "line", sorted({command for _, _, command in COMMANDS if command.startswith("convbias ")})
)
def test_the_commands_are_real(line: str) -> None:
    check_command(line)


def test_other_blocks_are_python_or_no_code() -> None:
    for name, found in BLOCKS.items():
        for block in found:
            if block.commands or block.language == "python":
                continue
            formula = block.language is None and name == "docs/method.md"
            tree = block.language == "" and name == "README.md"
            walked = name == "CONTRIBUTING.md" and block.language == "toml"
            directives = block.language == "{eval-rst}" and name == "docs/site/reference.md"
            assert formula or tree or walked or directives, (name, block.text)


# `test_contributing.py` runs the blocks of CONTRIBUTING.md, which are files.
@pytest.mark.slow
@pytest.mark.parametrize(
    "document",
    [
        name
        for name, found in BLOCKS.items()
        if name != "CONTRIBUTING.md" and any(block.language == "python" for block in found)
    ],
)
def test_the_python_examples_run(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "\n".join(each.text for each in BLOCKS[document] if each.language == "python")
    for before, after in SMALL.items():
        code = code.replace(before, after)
    assert "fashion-mnist" not in code
    monkeypatch.chdir(tmp_path)
    exec(compile(code, document, "exec"), {})  # noqa: S102 - of this repository
    if document == "README.md":
        assert len([line for line in code.splitlines() if line]) <= 11
        assert (tmp_path / "report" / "measured" / "measures.json").exists()


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands name: a study's runs, photographs and networks."""
    shutil.copytree(finished_study(tmp_path_factory.getbasetemp()), tmp_path, dirs_exist_ok=True)
    photographs = noise(100, side=SIDE)[..., :1]
    class_folders(tmp_path / "photographs", photographs, CLASSES)
    save(noise(1, side=28)[0], tmp_path / "photo.jpg")
    for seed, names in enumerate((("network", "new-0", "old-0"), ("new-1", "old-1"))):
        for name in names:
            onnx_twin(tmp_path / f"{name}.onnx", seed=seed)
    return tmp_path


def small(command: str, folder: Path) -> list[str]:
    """The words of a command on what is in the folder."""
    for before, after in SMALL_COMMANDS.items():
        command = command.replace(before, after)
    [run, *_] = sorted(path.stem for path in (folder / "runs").glob("*.json"))
    words = [run if each == "RUN" else each for each in shlex.split(command, comments=True)]
    expanded = [
        sorted(path.name for path in folder.glob(word)) if "*" in word else [word]
        for word in words[1:]
    ]
    return [word for each in expanded for word in each]


@pytest.mark.integration
def test_the_commands_run(folder: Path) -> None:
    commands = [
        command
        for name, block, command in COMMANDS
        if block.reason(command) is None and not (name == RECORDED and block.language == "")
    ]
    assert [each for each in commands if not each.startswith("convbias ")] == []
    to_run = dict.fromkeys(tuple(small(each, folder)) for each in commands)
    assert len(to_run) >= 10
    done = subprocess.run(
        [sys.executable, ROOT / "tests/several_commands.py"],
        input=json.dumps(list(to_run)),
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = zip(to_run, json.loads(done.stdout), strict=True)
    assert [(words, *answer) for words, answer in answers if answer[0] != 0] == []
