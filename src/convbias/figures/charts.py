"""Render charts as units of work, while the caller computes something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from convbias.errors import RunError
from convbias.figures.rendering import ChartImages, ChartVersions, libraries_unit, render_unit
from convbias.runs.engines.base import Engine, Execution, Lost, Work, take_results

MOST_PROCESSES = 4  # each takes a second to start


@contextmanager
def rendering(engine: Engine, folder: Path) -> Iterator[Charts]:
    """Start to render charts; Ctrl-C ends it at once.

    Args:
        engine: where. Charts are small and the caller waits for them, so that processes of this
            machine serve best, and this process where there are few.
        folder: of the report.
    """
    with engine.open(folder, engine.processes(MOST_PROCESSES)) as execution:
        yield Charts(execution)


class Charts:
    """Charts that are rendered, and the libraries that draw them in a browser.

    Args:
        execution: where.
    """

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._in_progress = 0
        self._libraries = ""
        self._images: dict[str, ChartImages] = {}
        self._submit(Work(libraries_unit, ()))

    def start(self, charts: Mapping[str, ChartVersions]) -> None:
        """Add charts.

        Args:
            charts: name to the versions of each.
        """
        for name, chart in charts.items():
            self._submit(Work(render_unit, (name, chart)))

    def images(self) -> Mapping[str, ChartImages]:
        """Name to images of all charts that were added; waits for them.

        Raises:
            RunError: Processes died repeatedly.
        """
        self._finish()
        return self._images

    def libraries(self) -> str:
        """From `chart_libraries`; waits for them, and for all charts that were added.

        Raises:
            RunError: Processes died repeatedly.
        """
        self._finish()
        return self._libraries

    def _submit(self, work: Work) -> None:
        self._execution.submit([work])
        self._in_progress += 1

    def _finish(self) -> None:
        take_results(self._execution, self._in_progress, self._take, _again, _given_up)
        self._in_progress = 0

    def _take(self, result: str | tuple[str, ChartImages]) -> None:
        if isinstance(result, str):
            self._libraries = result
        else:
            name, images = result
            self._images[name] = images


def _again(work: Work) -> list[Work]:
    return [work]


def _given_up(lost: Lost) -> RunError:
    return RunError(
        f"figures cannot be rendered: {lost.reason} repeatedly",
        f"enough memory for {MOST_PROCESSES} of them",
        "free some memory and build the report again: `convbias report` trains nothing",
    )
