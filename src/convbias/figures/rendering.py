"""Charts as pictures, drawn by other processes where that pays.

Vega-Lite is drawn by a JavaScript engine that keeps Python waiting, so only processes draw beside
one another. This module imports little, for each of them imports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import vl_convert

from convbias.errors import RunError

PNG_SCALE = 2.0  # pixels of the file per pixel at display size
MOST_PROCESSES = 4  # each takes a second to start
StyledSpecification = tuple[dict[str, Any], dict[str, Any]]


@dataclass(frozen=True)
class ChartVersions:
    """A chart as a page and as files want it, each with the configuration that colours it.

    Args:
        light: Specification without title, and light colours.
        dark: The same in dark ones.
        titled: With title, on paper of its own.
    """

    light: StyledSpecification
    dark: StyledSpecification
    titled: StyledSpecification


@dataclass(frozen=True)
class ChartImages:
    """What was drawn.

    Args:
        light: SVG text for a page in light colours, without title.
        dark: The same in dark ones.
        svg: SVG text with title, in light colours.
        png: The same as a PNG file.
    """

    light: str
    dark: str
    svg: str
    png: bytes


def svg(sheet: StyledSpecification) -> str:
    """Draw a specification with a configuration as SVG text."""
    specification, config = sheet
    return vl_convert.vegalite_to_svg(specification, config=config)


def png(svg: str) -> bytes:
    """Draw SVG text as a PNG file, at twice its size on the screen."""
    return vl_convert.svg_to_png(svg, scale=PNG_SCALE)


def render_chart(chart: ChartVersions) -> ChartImages:
    """Draw a chart for a page and as files."""
    titled = svg(chart.titled)
    return ChartImages(svg(chart.light), svg(chart.dark), titled, png(titled))


@contextmanager
def rendering_pool(processes: int) -> Iterator[Executor]:
    """What draws charts while this thread goes on.

    Args:
        processes: How many processes; with 0 a thread of this one draws, which is quicker for a
            few charts.

    Raises:
        RunError: One of the processes died.
    """
    if processes == 0:
        with ThreadPoolExecutor(max_workers=1) as pool:
            yield pool
        return
    # Here and not above: the processes that draw need none of it.
    from joblib.externals.loky import ProcessPoolExecutor

    from convbias.runs.processes import keep_worker
    from convbias.runs.sweep import interrupts_for_this_process_only

    executor: Any = ProcessPoolExecutor(min(processes, MOST_PROCESSES), initializer=keep_worker)
    try:
        with interrupts_for_this_process_only():
            executor.submit(bool)  # starts them all
        yield executor
    except BrokenExecutor as error:
        raise RunError(
            "a process that draws figures died",
            f"enough memory for {min(processes, MOST_PROCESSES)} of them",
            "free some memory and build the report again: `convbias report` trains nothing",
        ) from error
    finally:
        executor.shutdown(wait=True, kill_workers=True)
