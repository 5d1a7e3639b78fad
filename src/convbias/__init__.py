"""Measure what the inductive bias of convolution buys on images."""

import os
from importlib.metadata import version
from pathlib import Path

import platformdirs

__version__ = version("convbias")

# Keras and matplotlib read these when imported; by default they would write settings into the
# user's home. Values that are already set are kept.
os.environ.setdefault("KERAS_BACKEND", "jax")
for _variable, _folder in (("KERAS_HOME", "keras"), ("MPLCONFIGDIR", "matplotlib")):
    os.environ.setdefault(_variable, str(Path(platformdirs.user_cache_dir("convbias")) / _folder))
