"""Where the command line prints: results to the standard output, errors beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from convbias.errors import ConvbiasError

# In files and pipes nothing is wrapped or cut off to fit a screen.
WIDTH_OF_A_FILE = 2_000


def results() -> Console:
    """What a verb was asked for, on the standard output."""
    return _console(stderr=False)


def messages() -> Console:
    """What a person should know beside it, on the standard error output."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDTH_OF_A_FILE
    return console


def print_error(error: ConvbiasError) -> None:
    """Say in red what happened, what was expected and how to fix it."""
    messages().print(str(error), style="red", soft_wrap=True)


def print_panel(text: str, title: str) -> None:
    """Print what must not be overlooked, in a frame."""
    panel = Panel(Text(text), title=title, border_style="yellow", expand=False, padding=(1, 2))
    messages().print(panel)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], words: Sequence[str] = ()
) -> None:
    """Print a table; no cell is cut off, however narrow the screen.

    Args:
        title: Above it.
        columns: Headings.
        rows: One text per column.
        words: Columns that hold words, and are therefore aligned to the left.
    """
    table = Table(box=box.SIMPLE, padding=(0, 1), pad_edge=False)
    for column in columns:
        table.add_column(column, justify="left" if column in words else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = results()
    console.print(title, style="bold")  # not the table's own, which is broken to its width
    console.print(table)


def percent(share: float | None, digits: int = 2) -> str:
    """Write a share (0 to 1) in per cent, and nothing as nothing.

    Example:
        >>> percent(0.9042), percent(None)
        ('90.42 %', '')
    """
    return "" if share is None else f"{100 * share:.{digits}f} %"
