"""Results in, the HTML report, model cards and the notebook's outputs out."""

from convbias.report.build import write_experiment, write_report
from convbias.report.comparison import comparison_table
from convbias.report.sections import ExperimentSection, experiment_section

__all__ = [
    "ExperimentSection",
    "comparison_table",
    "experiment_section",
    "write_experiment",
    "write_report",
]
