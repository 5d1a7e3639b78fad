"""Parts of documents that are written by scripts: between two marks, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown, line by line; the first row is its head.

    Example:
        >>> table_lines([["a", "b"], ["1", "2"]])
        ['| a | b |', '| --- | --- |', '| 1 | 2 |']
    """
    head, *body = rows
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]


def block_of(text: str, name: str) -> str:
    """A block as it stands in a document."""
    return text.split(f"<!-- {name}: begin -->")[1].split(f"<!-- {name}: end -->")[0].strip()


def put_into(text: str, name: str, block: str) -> str:
    """A document with one of its blocks replaced."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{block}\n{end}{after}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """The same as one text."""
    return "\n".join(table_lines(rows))
