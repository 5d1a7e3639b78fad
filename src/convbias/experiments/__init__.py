"""One file per question, all of one shape."""

from convbias.experiments.base import Experiment
from convbias.experiments.original import ORIGINAL

__all__ = ["EXPERIMENTS", "ORIGINAL", "Experiment"]

EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for experiment in (ORIGINAL,)}
