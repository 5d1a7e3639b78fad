"""Results in, the HTML report, model cards and the notebook's outputs out."""

from convbias.report.build import write_experiment, write_report
from convbias.report.comparison import comparison_table
from convbias.report.sections import Section, section

__all__ = ["Section", "comparison_table", "section", "write_experiment", "write_report"]
