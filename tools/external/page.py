"""The generated blocks of docs/external-checks.md."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness import Record

from tools.blocks import table_lines
from tools.external.check import Check, Comparison, all_checks
from tools.external.runs import missing, stored

HEAD = ["published", "ours [95 % interval]", "over", "agrees from", "verdict"]


def external_blocks() -> dict[str, str]:
    """The table of all checks, and each check's section, from the stored runs."""
    read = [(check, stored(check)) for check in all_checks().values()]
    return {
        "summary": "\n".join(table_lines([["paper", "compared", *HEAD], *_rows(read)])),
        "checks": "\n\n".join(section(check, record) for check, record in read),
    }


def _rows(read: Sequence[tuple[Check, Record]]) -> list[list[str]]:
    """The rows of the first table: every comparison but the details."""
    return [
        [f"[{check.paper}](#{_anchor(check)})", row.what, *_cells(row)]
        for check, record in read
        if not missing(check, record)
        for row in check.compare(record)
        if not row.detail
    ]


def section(check: Check, record: Record) -> str:
    """A check's heading, what was done, and the table of its details."""
    source = f"[arXiv:{check.arxiv}](https://arxiv.org/abs/{check.arxiv})"
    lines = [
        f"## {check.title}",
        "",
        f"{check.paper}, {source}; `tools/external/checks/{check.name}.py`.",
        "",
    ]
    if left := missing(check, record):
        return "\n".join([*lines, f"No verdict yet: {left} of its runs are not stored."])
    lines.append(check.about(record))
    details = [[row.what, *_cells(row)] for row in check.compare(record) if row.detail]
    if details:
        lines += ["", *table_lines([["compared", *HEAD], *details])]
    return "\n".join(lines)


def _cells(row: Comparison) -> list[str]:
    least, most = row.agreeing
    ends = f"{least:g} to {most:g}"
    if least == float("-inf"):
        ends = f"below {most:g}"
    return [row.published, row.written, row.count, ends, f"**{row.verdict}**"]


def _anchor(check: Check) -> str:
    kept = "".join(each for each in check.title.lower() if each.isalnum() or each in " -")
    return kept.replace(" ", "-")
