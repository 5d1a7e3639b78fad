"""Generated blocks of Markdown documents, each between two comments."""

from __future__ import annotations

from collections.abc import Sequence


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; the first row is the header.

    Example:
        >>> table_lines([["a", "b"], ["1", "2"]])
        ['| a | b |', '| --- | --- |', '| 1 | 2 |']
    """
    head, *body = rows
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]


def block_of(text: str, name: str) -> str:
    """The content of a document's block."""
    return text.split(f"<!-- {name}: begin -->")[1].split(f"<!-- {name}: end -->")[0].strip()


def put_into(text: str, name: str, block: str) -> str:
    """Replace the content of a document's block."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{block}\n{end}{after}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first row is the header."""
    return "\n".join(table_lines(rows))
