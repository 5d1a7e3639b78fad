"""Any classifier and labelled images in, named numbers out; one module per measure."""

from convbias.measures.classifier.base import Found, LabelledImages, Score
from convbias.measures.classifier.battery import MEASURES, cost, measure_classifier

__all__ = ["MEASURES", "Found", "LabelledImages", "Score", "cost", "measure_classifier"]
