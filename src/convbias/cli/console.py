"""Print results to standard output, and messages to standard error."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from convbias.errors import ConvbiasError
from convbias.spec.names import arm_names

if TYPE_CHECKING:
    from convbias.runs.record import Run

# In columns; in files and pipes, no line is wrapped or cut off.
WIDTH_OF_A_FILE = 2_000


# Visible signs for the characters by which terminals are controlled; nothing else ends a line.
_SIGNS = {code: 0x2400 + code for code in range(32) if code not in (9, 10)} | {127: 0x2421}
# The second set of controls, the directions of writing, and bytes that are no text: "?" in a box.
_SIGNS |= dict.fromkeys(
    [*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)],
    0xFFFD,
)


class _Console(Console):
    """A console that outlives its reader, and shows control characters instead of sending them.

    Without the first, rich would end a training of hours when its reader has gone, for instance
    `head`. Names in archives and answers of servers may contain control characters.
    """

    def on_broken_pipe(self) -> None:
        """Discard what is still to be printed."""
        discard(self.file)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The parts of something to print, with control characters as visible signs."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield segment._replace(text=_visible(segment.text))


def _visible(text: str) -> str:
    return text.translate(_SIGNS)


def discard(stream: IO[str]) -> None:
    """Let everything that is still written to a stream vanish.

    Args:
        stream: standard output or standard error.
    """
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def results() -> Console:
    """The console for what a command was asked for: standard output."""
    return _console(stderr=False)


def messages() -> Console:
    """The console for everything else: standard error."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = _Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not _has_width(console):
        console.width = WIDTH_OF_A_FILE
    return console


def is_screen() -> bool:
    """Whether what standard output shows can change; elsewhere only lines are added.

    A terminal without colours or without a width is taken for a log that somebody keeps.
    """
    console = results()
    changes = console.is_terminal and not console.is_dumb_terminal and not console.no_color
    return changes and _has_width(console)


def _has_width(console: Console) -> bool:
    """Whether the console is a terminal, not a file, and as wide as it says."""
    if not console.is_terminal or not console.file.isatty():
        return False
    columns = os.get_terminal_size(console.file.fileno()).columns
    return columns > 0 or "COLUMNS" in os.environ


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show what is being done, and for how long already, as long as it lasts.

    Only on a screen, where it disappears at the end: it says nothing that a log should keep.

    Args:
        what: in a few words, such as "writing the report".
    """
    # From standard output, so that the next result takes its place.
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=results(), transient=True, disable=not is_screen()) as shown:
        shown.add_task(what, total=None)
        yield


def print_error(error: ConvbiasError) -> None:
    """Print in red what happened, what was expected and how to fix it."""
    messages().print(str(error), style="red", soft_wrap=True)


def warn(text: str) -> None:
    """Print a warning in yellow."""
    messages().print(text, style="yellow", soft_wrap=True)


def print_diverged(runs: Iterable[Run]) -> None:
    """Name the runs that diverged, with their reasons."""
    shown = list(runs)
    names = arm_names(run.arm for run in shown)
    for run in shown:
        if run.status == "diverged":
            warn(f"{names[run.arm.hash]} seed {run.seed} diverged: {run.reason}")


def print_damaged(errors: Iterable[ConvbiasError]) -> None:
    """Print in red why stored runs cannot be read."""
    for error in errors:
        messages().print(error.what, style="red", soft_wrap=True)


def print_page(words: str, page: Path) -> None:
    """Print where a page is, as a path and as an address that terminals open."""
    results().print(f"{words}: {page}\n  {page.resolve().as_uri()}", soft_wrap=True)


def print_panel(text: str, title: str) -> None:
    """Print an important message in a frame."""
    panel = Panel(Text(text), title=title, border_style="yellow", expand=False, padding=(1, 2))
    messages().print(panel)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    words: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """Print a table without cutting off any cell.

    Args:
        title: printed above the table.
        columns: the headings.
        rows: one text per column.
        words: columns that contain words and are aligned to the left; others to the right.
        whole: columns whose cells are never broken into lines, such as keys, which are copied.
    """
    table = Table(box=box.SIMPLE, padding=(0, 1), pad_edge=False)
    for number, column in enumerate(columns):
        longest = max((len(row[number]) for row in rows), default=0)
        table.add_column(
            column,
            justify="left" if column in words else "right",
            overflow="fold",
            no_wrap=column in whole,
            min_width=longest if column in whole else None,
        )
    for row in rows:
        table.add_row(*map(_visible, row))  # here as well, for the widths of the columns
    console = results()
    console.print(title, style="bold")  # not `Table(title=...)`, which is wrapped to the table
    console.print(table, crop=False)


def percent(share: float | None, digits: int = 2) -> str:
    """Format a fraction (0 to 1) as a percentage, and None as an empty text.

    Example:
        >>> percent(0.9042), percent(None)
        ('90.42 %', '')
    """
    return "" if share is None else f"{100 * share:.{digits}f} %"
