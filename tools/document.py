"""Write what docs/method.md and docs/reproduce.md say in numbers.

    .venv/bin/python -m tools.document

Every number there comes from the code or from the published runs; a test makes them again and
compares. `tools/publish.py` does the same for the study that it publishes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from convbias.experiments.studies import PUBLISHED
from convbias.findings.results import Results
from convbias.report import Section
from convbias.runs.atomic import write_atomically
from tools.blocks import put_into
from tools.method_page import method_blocks
from tools.reproduce_page import reproduce_blocks

ROOT = Path(__file__).parents[1]


def page_blocks(
    profile: str, original: Results, sections: Sequence[Section]
) -> dict[str, dict[str, str]]:
    """The blocks of both pages, by file name and by their own names."""
    return {
        "method.md": method_blocks(original, [each.results for each in sections]),
        "reproduce.md": reproduce_blocks(profile, original, sections),
    }


def write_pages(profile: str, original: Results, sections: Sequence[Section]) -> None:
    """Put the blocks into both pages."""
    for name, blocks in page_blocks(profile, original, sections).items():
        path = ROOT / "docs" / name
        text = path.read_text("utf-8")
        for block, content in blocks.items():
            text = put_into(text, block, content)
        write_atomically(path, lambda file, text=text: file.write_text(text, "utf-8"))


def main() -> None:
    """Write the pages from the published study."""
    from tools.publish import published_sections  # which imports this module

    argparse.ArgumentParser(description=__doc__).parse_args()
    write_pages(PUBLISHED, *published_sections(PUBLISHED))


if __name__ == "__main__":
    main()
