"""What the inductive bias of convolution buys on image data: measured, shown, shipped."""

from importlib.metadata import version

__version__ = version("convbias")
