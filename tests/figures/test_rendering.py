"""Charts that are rendered as units of work, and their libraries."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import altair as alt
import psutil
import pytest

from convbias.errors import RunError
from convbias.figures import DARK, Figure
from convbias.figures import charts as charts_module
from convbias.figures.charts import MOST_PROCESSES, rendering
from convbias.figures.rendering import ChartVersions, chart_libraries
from convbias.runs import machine
from convbias.runs.engines.base import Engine
from convbias.runs.engines.here import Here
from convbias.runs.engines.local import Local

pytestmark = pytest.mark.slow


def chart(title: str) -> Figure:
    points = alt.Data(values=[{"x": 1, "y": len(title)}, {"x": 2, "y": 3}])
    drawing = alt.Chart(points).mark_point().encode(x="x:Q", y="y:Q")
    return Figure(title.lower(), title, "unit", "Caption.", "Points.", drawing)


def workers() -> list[psutil.Process]:
    """Child processes, except the one that counts semaphores, which serves this one for ever."""
    found = psutil.Process().children()
    return [each for each in found if "resource_tracker" not in " ".join(each.cmdline())]


@pytest.mark.parametrize("engine", [Here(), Local()])
def test_images_are_those_of_the_figure_itself(tmp_path: Path, engine: Engine) -> None:
    first, *others = figures = [chart(title) for title in ("One", "Two", "Three", "Fourteen")]
    with rendering(engine, tmp_path) as charts:
        charts.start({first.name: first.chart_versions()})
        assert list(charts.images()) == ["one"]
        charts.start({figure.name: figure.chart_versions() for figure in others})
        drawn = charts.images()
        assert charts.libraries() == chart_libraries()
    assert len({pictures.svg for pictures in drawn.values()}) == len(drawn) == len(figures)
    for figure in figures:
        pictures = drawn[figure.name]
        assert pictures.light == figure.svg(titled=False)
        assert pictures.dark == figure.svg(DARK, titled=False)
        assert pictures.svg == figure.svg()
        assert pictures.png == figure.png()
    assert list(tmp_path.iterdir()) == []


def unit(
    call: Callable[[], object], _folder: Path, _report: object, name: str, _chart: ChartVersions
) -> tuple[str, object]:
    return name, call()


def render_by(
    call: Callable[[], object], folder: Path, patch: pytest.MonkeyPatch, count: int = 1
) -> list[str]:
    """Render charts with a function in place of the one that renders them; their names."""
    patch.setattr(charts_module, "render_unit", partial(unit, call))
    versions = chart("Any").chart_versions()
    with rendering(Local(), folder) as charts:
        charts.start({str(number): versions for number in range(count)})
        return list(charts.images())


def test_processes_that_die_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="a process died"):
        render_by(partial(os._exit, 1), tmp_path, monkeypatch)


def die_once(mark: Path) -> None:
    if not mark.exists():
        mark.touch()
        os._exit(1)


def test_charts_whose_process_died_are_rendered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = render_by(partial(die_once, tmp_path / "died"), tmp_path, monkeypatch, count=3)
    assert sorted(drawn) == ["0", "1", "2"]
    assert (tmp_path / "died").exists()


def test_errors_in_a_process_are_raised_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ZeroDivisionError):
        render_by(partial(divmod, 1, 0), tmp_path, monkeypatch)


def test_only_a_few_processes_are_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 1_000)
    before = len(workers())
    with rendering(Local(), tmp_path) as charts:
        charts.libraries()
        assert len(workers()) - before == MOST_PROCESSES


def test_an_interruption_ends_the_rendering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        monkeypatch.setattr(charts_module, "render_unit", partial(unit, partial(time.sleep, 1_000)))
        with rendering(Local(), tmp_path) as charts:
            charts.start({"any": chart("Any").chart_versions()})
            assert set(workers()) - set(before)
            raise KeyboardInterrupt

    before = workers()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert set(workers()) <= set(before)


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
