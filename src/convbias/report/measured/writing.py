"""Write what was measured of classifiers: a page, its figures, and all numbers as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from convbias.figures.files import write_images
from convbias.measures.classifier import MEASURES
from convbias.report import page
from convbias.report.coverage import COMPLETE
from convbias.report.measured.measuring import Measurement, draw
from convbias.report.measured.tables import document_of, images_of, limit_of, remarks_of, table_of
from convbias.runs.atomic import check_writable, write_atomically

INTERVALS = (
    "Intervals: 95 %. For one network over images (Wilson's for shares of images, else Student's"
    " t); for two over networks; for more over networks and images, crossed. Numbers that no single"
    " image has are without an interval for one network. A difference of single networks says"
    " nothing about other trainings."
)


@dataclass(frozen=True)
class _Heading:
    """What the page is about."""

    title: str


def write(measurement: Measurement, folder: str | Path) -> Path:
    """Write `report.html`, `measures.json` and `figures/`.

    Args:
        measurement: From `measure` or `contrast`.
        folder: Created where it is missing; an earlier report in it is replaced.

    Returns:
        The path of the page.

    Raises:
        StorageError: The folder is not writable or the disk is full.

    Source:
        Each measure's section names its own.

    Example:
        >>> import convbias
        >>> drawn = convbias.load("drawn")
        >>> def brightness(images):
        ...     return images.mean(axis=(1, 2)) * range(10)
        >>> found = convbias.measure(brightness, drawn, images=20)
        >>> convbias.write(found, "report/darkness")  # doctest: +SKIP
        PosixPath('report/darkness/report.html')
    """
    folder = Path(folder)
    check_writable(folder)
    figures = draw(measurement)
    numbered, libraries = page.draw_here(figures, folder)
    rows = table_of(measurement)
    groups = " and ".join(
        networks[0].name if len(networks) == 1 else f"{group} ({len(networks)} networks)"
        for group, networks in measurement.classifiers.items()
    )
    html = page.fill_template(
        "measured.html.j2",
        numbered,
        coverage=COMPLETE,
        libraries=libraries,
        study_name="measured",
        experiment=_Heading(f"What {groups} can do"),
        sections=[
            ("networks", "Networks"),
            *((f"measure-{each.name}", each.title) for each in MEASURES),
        ],
        data=measurement.data,
        networks=measurement.classifiers,
        measures=MEASURES,
        limit=limit_of(measurement),
        remarks=remarks_of(measurement),
        images=images_of(measurement),
        tables_of={
            each.name: [row for row in rows if row.measure == each.name] for each in MEASURES
        },
        intervals=INTERVALS,
        headlines={},
        remark=None,
        runs_by_key={},
    )
    for name, figure in numbered.items():
        write_images(folder / "figures" / name, figure.svg, figure.png)
    text = json.dumps(document_of(measurement), indent=1)
    write_atomically(folder / "measures.json", lambda file: file.write_text(text, "utf-8"))
    path = folder / "report.html"
    write_atomically(path, lambda file: file.write_text(html, "utf-8"))
    return path
