"""Write the generated parts of README.md and docs/, and the published model card.

    .venv/bin/python -m tools.document

Every number comes from the code or the published runs; a test generates the parts again and
compares.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from convbias.data import load
from convbias.experiments.studies import PUBLISHED
from convbias.findings.results import Results
from convbias.report import ExperimentSection
from convbias.report.card.contents import ModelCard
from convbias.report.card.figures import figures
from convbias.report.card.writing import write_card
from convbias.runs.atomic import write_atomically
from convbias.runs.store import Store
from tools.across_page import across_blocks
from tools.adapting_page import adapting_blocks
from tools.blocks import put_into
from tools.external.page import external_blocks
from tools.looks.page import designs_blocks
from tools.method_page import method_blocks
from tools.published import ROOT, published_sections
from tools.readme_page import readme_blocks
from tools.reproduce_page import reproduce_blocks

ACROSS_PAGE = "docs/across-data.md"


def page_blocks(
    profile: str, original: Results, sections: Sequence[ExperimentSection]
) -> dict[str, dict[str, str]]:
    """Write the generated blocks of each page, by the page's path and the block's name."""
    return {
        "README.md": readme_blocks(profile, original, sections),
        "docs/method.md": method_blocks(original, [each.results for each in sections]),
        "docs/reproduce.md": reproduce_blocks(profile, original, sections),
        "docs/adapting.md": adapting_blocks(),
        # Written once there are studies of other images.
        **({ACROSS_PAGE: across_blocks(profile)} if (ROOT / ACROSS_PAGE).exists() else {}),
        "docs/external-checks.md": external_blocks(),
        "docs/decisions/0013-looks.md": designs_blocks(),
    }


def write_pages(profile: str, original: Results, sections: Sequence[ExperimentSection]) -> None:
    """Replace the generated blocks of all pages."""
    for name, blocks in page_blocks(profile, original, sections).items():
        path = ROOT / name
        text = path.read_text("utf-8")
        for block, content in blocks.items():
            text = put_into(text, block, content)
        write_atomically(path, lambda file, text=text: file.write_text(text, "utf-8"))


def write_published_card(profile: str) -> None:
    """Render the published model card again from its numbers."""
    folder = ROOT / "results" / profile
    card = ModelCard.model_validate_json((folder / "model-card/model-card.json").read_bytes())
    run = Store(folder / "runs").named(card.run)
    dataset = load(run.image_arm.data.dataset)
    write_card(card, figures(card, run, dataset), folder / "model-card")


def main() -> None:
    """Write the pages and the card from the published study."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    write_published_card(PUBLISHED)
    write_pages(PUBLISHED, *published_sections(PUBLISHED))


if __name__ == "__main__":
    main()
