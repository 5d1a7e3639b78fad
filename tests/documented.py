"""Blocks of code in Markdown documents, their commands, and which of these tests do not run."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from convbias.cli.app import make_app

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))),
)
# A comment above a block, which readers of the page do not see. On each line the first words of
# commands, after a colon why tests do not run them.
MARK = re.compile(
    r"<!-- not run in tests\n((?:(?!-->).)*)-->\s*(?:<!-- [\w-]+(?:: begin)? -->\s*)?\Z", re.DOTALL
)
BLOCK = re.compile(
    r"^```(?P<language>[^\n]*)\n(?P<fenced>(?:.*\n)*?)```$"
    r"|(?P<indented>(?:(?<=\n\n)|(?<=-->\n))(?: {4}.*\n|\n(?= {4}\S))+)",
    re.MULTILINE,
)
PROGRAMS = ("convbias", "make", "npm", "pip", "python", "ray")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Args:
        language: Of a fenced block; empty where it names none; None for an indented block.
        text: Its lines, without indentation.
        reasons: First words of commands to the reason why they are not run, from the mark above it.
    """

    language: str | None
    text: str
    reasons: dict[str, str]

    @property
    def commands(self) -> list[str]:
        """Command lines without prompt, folder of the program and remark."""
        found = []
        for line in self.text.replace("\\\n", " ").splitlines():
            command = re.match(r"(?:\$ )?(?:\w+=\S+ )*(?:\S*/)?(\w+)( .*)?$", line)
            if command and command[1] in PROGRAMS:
                found.append(command[1] + (command[2] or ""))
        return found

    def reason(self, command: str) -> str | None:
        """Why a command is not run; None for one that is."""
        words = command.removeprefix("convbias ")
        for start, reason in self.reasons.items():
            if start == "*" or f"{words} ".startswith(f"{start} "):
                return reason
        return None


def blocks(text: str) -> list[Block]:
    """All blocks of code of a document, fenced or indented, in their order."""
    found = []
    end = 0
    for block in BLOCK.finditer(text):
        mark = MARK.search(text[end : block.start()])
        reasons = {}
        for line in mark[1].splitlines() if mark else ():
            starts, _, reason = line.partition(": ")
            reasons |= dict.fromkeys(starts.split(", "), reason)
        content = block["fenced"] or re.sub("^ {4}", "", block["indented"], flags=re.MULTILINE)
        found.append(Block(block["language"], content, reasons))
        end = block.end()
    return found


def check_command(line: str) -> None:
    """Parse a documented command without running it.

    Raises:
        AssertionError: There is no such command, or it lacks an option.
        CycloptsError: Its options are not spelt or filled as the command wants them.
    """
    words = shlex.split(line, comments=True)
    assert words[0] == "convbias", line
    ends = [place for place, word in enumerate(words) if word in {"|", "&&", ";", ">", "&"}]
    arguments = words[1 : min(ends, default=len(words))]
    if {"--help", "--version"} & set(arguments):
        return
    command, bound, _ = make_app(overview=False).parse_args(
        arguments, exit_on_error=False, print_error=False
    )
    assert "help" not in command.__name__, f"not a whole command: {line}"
    bound.apply_defaults()
