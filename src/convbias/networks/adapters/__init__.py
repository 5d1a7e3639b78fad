"""Networks of any framework in, one interface to their outputs, gradients and layers out."""

from convbias.networks.adapters.classifier import Classifier, InputSettings, Inside
from convbias.networks.adapters.opening import open_classifier

__all__ = ["Classifier", "InputSettings", "Inside", "open_classifier"]
