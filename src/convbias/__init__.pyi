from convbias.data import load
from convbias.data.own import read_images
from convbias.networks.adapters import InputSettings
from convbias.networks.by_name import describe, train
from convbias.report.measured import contrast, draw, measure, write

__all__ = [
    "InputSettings",
    "contrast",
    "describe",
    "draw",
    "load",
    "measure",
    "read_images",
    "train",
    "write",
]
__version__: str
