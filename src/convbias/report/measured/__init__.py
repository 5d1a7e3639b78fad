"""Networks and images in, measurements with tables, figures and a report out."""

from convbias.report.measured.measuring import Measurement, contrast, draw, measure
from convbias.report.measured.tables import TableRow, table_of
from convbias.report.measured.writing import write

__all__ = [
    "Measurement",
    "TableRow",
    "contrast",
    "draw",
    "measure",
    "table_of",
    "write",
]
