"""One HTML file that says what was found, rebuilt from stored runs at any time."""

from convbias.report.build import write_report
from convbias.report.comparison import comparison_table

__all__ = ["comparison_table", "write_report"]
