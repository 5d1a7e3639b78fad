"""Rendering of charts in other processes."""

from __future__ import annotations

import os
import time
from concurrent.futures import Future
from pathlib import Path

import altair as alt
import psutil
import pytest

from convbias.errors import RunError
from convbias.figures import DARK, Figure
from convbias.figures.rendering import (
    MOST_PROCESSES,
    chart_libraries,
    render_chart,
    rendering_pool,
)

pytestmark = pytest.mark.slow


def chart(title: str) -> Figure:
    points = alt.Data(values=[{"x": 1, "y": len(title)}, {"x": 2, "y": 3}])
    drawing = alt.Chart(points).mark_point().encode(x="x:Q", y="y:Q")
    return Figure(title.lower(), title, "unit", "Caption.", "Points.", drawing)


@pytest.mark.parametrize("processes", [0, 2])
def test_a_pool_renders_the_same_images_as_the_figure_itself(processes):
    figures = [chart(title) for title in ("One", "Two", "Three", "Fourteen")]
    with rendering_pool(processes) as pool:
        started = [pool.submit(render_chart, figure.chart_versions()) for figure in figures]
        drawn = [one.result() for one in started]
        where = pool.submit(os.getpid).result()
    assert (where == os.getpid()) == (processes == 0)
    for figure, pictures in zip(figures, drawn, strict=True):
        assert pictures.light == figure.svg(titled=False)
        assert pictures.dark == figure.svg(DARK, titled=False)
        assert pictures.svg == figure.svg()
        assert pictures.png == figure.png()
    assert len({pictures.svg for pictures in drawn}) == len(figures)


def test_a_dead_process_is_reported():
    with pytest.raises(RunError, match="died"), rendering_pool(1) as pool:
        pool.submit(os._exit, 1).result()


def test_errors_in_a_process_are_raised_here():
    with pytest.raises(ZeroDivisionError), rendering_pool(1) as pool:
        pool.submit(divmod, 1, 0).result()


def test_only_a_few_processes_are_started():
    before = len(psutil.Process().children())
    with rendering_pool(1_000) as pool:
        pool.submit(bool).result()
        started = len(psutil.Process().children()) - before
    # Beside the one that counts semaphores, where no test before this one started it.
    assert MOST_PROCESSES <= started <= MOST_PROCESSES + 1


@pytest.mark.parametrize("processes", [0, 1])
def test_an_interruption_ends_the_rendering(processes: int) -> None:
    waiting: list[Future[None]] = []

    def interrupted() -> None:
        with rendering_pool(processes) as pool:
            waiting.extend(pool.submit(time.sleep, seconds) for seconds in (0.1, 1_000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert waiting[1].cancelled() or waiting[1].exception() is not None


def test_the_chart_libraries_are_bundled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def bundle(snippet: str) -> str:
        made.append(snippet)
        return "var vegaEmbed;"

    monkeypatch.setattr("vl_convert.javascript_bundle", bundle)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert chart_libraries() == chart_libraries() == "var vegaEmbed;"
    assert len(made) == 1
    # A file in the way of the cache folder costs time, and nothing else.
    monkeypatch.setenv("XDG_CACHE_HOME", str(next(tmp_path.rglob("*.js"))))
    assert chart_libraries() == "var vegaEmbed;"
    assert len(made) == 2
