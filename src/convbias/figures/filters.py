"""The filters of the first layer as images, by network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.conditions import FigureText
from convbias.figures.figure import Figure
from convbias.figures.panels import Panel
from convbias.figures.sheets import PanelRows, Sheet
from convbias.findings.results import Results

SIDE, SLOT = 48, 56


@dataclass(frozen=True, eq=False)
class Gallery:
    """The filters of one network.

    Args:
        name: name of the network.
        kernels: float (size, size, filters), of coloured images (size, size, 3, filters).
        edge_shares: float (filters,), share (0 to 1) of each filter's energy that is an oriented
            edge.
    """

    name: str
    kernels: np.ndarray
    edge_shares: np.ndarray


def filter_sheet(results: Results, text: FigureText, galleries: Sequence[Gallery]) -> Figure:
    """Draw every filter in grey or in colour, ordered by their share of edges, largest first.

    Args:
        results: results of the experiment that the filters belong to.
        text: the figure's name, title and caption.
        galleries: filters of each network, from top to bottom.
    """
    told = "; ".join(
        f"{one.name}: mean share of edges {100 * one.edge_shares.mean():.0f} % over"
        f" {len(one.edge_shares)} filters, range {100 * one.edge_shares.min():.0f} to"
        f" {100 * one.edge_shares.max():.0f} %"
        for one in galleries
    )
    return Figure(
        name=f"{results.experiment.name}-{text.name}",
        title=text.title,
        subtitle=with_remark(
            "share of oriented edges in each filter’s energy", data_remark(results.data)
        ),
        caption=(
            f"{text.reading} Mid-grey: 0, light: positive, dark: negative; each filter is scaled to"
            " its largest absolute weight. Numbers: share of the filter’s energy that is an"
            f" oriented edge, largest first. {told}."
        ),
        description=f"Filters of the first layer. {told}.",
        drawing=Sheet(tuple(map(_section, galleries))),
    )


def _section(gallery: Gallery) -> PanelRows:
    order = np.argsort(-gallery.edge_shares, kind="stable")
    panels = tuple(
        Panel(as_image(gallery.kernels[..., index]), (f"{100 * gallery.edge_shares[index]:.0f} %",))
        for index in order
    )
    size, filters = gallery.kernels.shape[0], gallery.kernels.shape[-1]
    note = f"{filters} filters of {size} × {size} pixels, ordered by their share of edges."
    return PanelRows(gallery.name, note, (((), panels),), side=SIDE, slot=SLOT)


def as_image(kernel: np.ndarray) -> np.ndarray:
    """Convert a kernel to an image: 0 is mid-grey, the largest absolute weight black or white.

    Args:
        kernel: float (height, width), or (height, width, 3), whose channels become red, green and
            blue.

    Returns:
        uint8 of the same shape.

    Example:
        >>> as_image(np.array([[-2.0, 0.0], [1.0, 2.0]])).tolist()
        [[1, 128], [192, 255]]
    """
    kernel = kernel.astype(np.float64)
    largest = np.abs(kernel).max() or 1.0
    return np.rint(128 + 127 * kernel / largest).astype(np.uint8)
