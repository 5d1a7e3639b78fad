"""Many image files in, one array out: on all cores, and of one size that fits the images."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from convbias.data.own.decoding import FORMATS_IN_WORDS, Decoded, decode
from convbias.data.own.memory import check_memory
from convbias.data.own.sources import Encoded, Squares, usable_side
from convbias.errors import DataError
from convbias.spec.datasets import LARGEST_SIDE, SMALLEST_SIDE

FILES_AT_A_TIME = 500
IN_ONE_PROCESS = 2_000  # files that take less time than starting processes
SIDE_OF_LARGER = 32  # for images of which most are larger than networks take
MOST_NAMED = 5


def decode_all(files: Sequence[Encoded], side: int | None, *, skip_damaged: bool) -> Squares:
    """Decode image files on all cores.

    Args:
        files: What to decode.
        side: Pixels per side of the results; by default as `chosen_side` says.
        skip_damaged: Whether files that cannot be decoded are left out, instead of an error.

    Raises:
        DataError: A file cannot be decoded, or none can.
        InputError: The images need more memory than there is.
    """
    held = sum(len(each.content) for each in files if isinstance(each.content, bytes))
    if side is None:
        # Most sets have one size. Then this is the only pass over the files.
        first = _size_of_first(files)
        guess = first[0] if first[0] == first[1] and usable_side(first[0]) else SMALLEST_SIDE
        check_memory(len(files), guess, held)
        squares, sizes = _pass(files, guess, exact=True)
        _check_damage(files, squares.damaged, skip_damaged=skip_damaged)
        found = sizes[sizes.any(axis=1)]
        if (found == guess).all():
            return squares
        side = chosen_side(found)
    check_memory(len(files), side, held)
    squares, _ = _pass(files, side, exact=False)
    _check_damage(files, squares.damaged, skip_damaged=skip_damaged)
    return squares


def chosen_side(sizes: np.ndarray) -> int:
    """The side that images are brought to where none is named.

    Args:
        sizes: Integers (n, 2), width and height of each image.

    Returns:
        The side of the images where all are squares of one usable size. Else the median of their
        shorter sides, rounded down to a multiple of 4 and at least 8; 32 where that is above 96.

    Example:
        >>> chosen_side(np.array([[50, 40], [90, 43], [20, 20]]))
        40
        >>> chosen_side(np.array([[640, 480]]))
        32
    """
    median = int(np.median(sizes.min(axis=1)))
    if median > LARGEST_SIDE:
        return SIDE_OF_LARGER
    return max(SMALLEST_SIDE, median - median % 4)


def _size_of_first(files: Sequence[Encoded]) -> tuple[int, int]:
    """The size of the first file that is an image; nothing of it is decoded."""
    for file in files:
        decoded = decode([file], SMALLEST_SIDE, exact=True)
        if not decoded.damaged:
            width, height = decoded.sizes[0]
            return int(width), int(height)
    return 0, 0


def _pass(files: Sequence[Encoded], side: int, *, exact: bool) -> tuple[Squares, np.ndarray]:
    images = np.empty((len(files), side, side, 3), dtype=np.uint8)
    sizes = np.empty((len(files), 2), dtype=np.int64)
    damaged: dict[int, str] = {}
    changes: Counter[str] = Counter()
    grey, start = True, 0
    for decoded in _in_order(files, side, exact=exact):
        end = start + len(decoded.sizes)
        images[start:end] = decoded.images
        sizes[start:end] = decoded.sizes
        damaged |= {start + index: reason for index, reason in decoded.damaged.items()}
        changes += decoded.changes
        grey = grey and decoded.images.shape[-1] == 1
        start = end
    if grey:
        images = images[..., :1].copy()
    return Squares(images, damaged, changes), sizes


def _in_order(files: Sequence[Encoded], side: int, *, exact: bool) -> Iterator[Decoded]:
    groups = [
        files[start : start + FILES_AT_A_TIME] for start in range(0, len(files), FILES_AT_A_TIME)
    ]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading images", total=len(files))
        for decoded in _results(groups, side, exact=exact):
            progress.update(task, advance=len(decoded.sizes))
            yield decoded


def _results(groups: Sequence[Sequence[Encoded]], side: int, *, exact: bool) -> Iterator[Decoded]:
    if sum(map(len, groups)) <= IN_ONE_PROCESS:
        for group in groups:
            yield decode(group, side, exact=exact)
        return
    # Imported here, because processes that only load images do not need it.
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # Processes, not threads: for small images most time is spent in Python, one thread at a time.
    workers = ProcessPoolExecutor(os.cpu_count(), initializer=_ignore_interrupts)
    try:
        for future in [workers.submit(decode, group, side, exact=exact) for group in groups]:
            yield future.result()
    except TerminatedWorkerError as error:
        raise DataError(
            "a process that decodes images was ended, possibly because memory ran out",
            "processes that end by themselves",
            "try again, with a smaller --side or fewer images (--most-images)",
        ) from error
    finally:
        workers.shutdown(kill_workers=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C, which a terminal sends to all processes, to the one that started them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check_damage(files: Sequence[Encoded], damaged: dict[int, str], *, skip_damaged: bool) -> None:
    if not damaged or (skip_damaged and len(damaged) < len(files)):
        return
    named = [f"{files[index].name} ({damaged[index]})" for index in sorted(damaged)[:MOST_NAMED]]
    more = f" and {len(damaged) - MOST_NAMED:,} more" if len(damaged) > MOST_NAMED else ""
    raise DataError(
        f"{len(damaged):,} of {len(files):,} images cannot be read: {', '.join(named)}{more}",
        f"undamaged {FORMATS_IN_WORDS} images",
        "repair or remove them, or leave them out with --skip-damaged",
    )
