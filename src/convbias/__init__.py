"""Measure what the inductive bias of convolution buys on images."""

import os
import sys
from importlib.metadata import version
from pathlib import Path

import platformdirs

__version__ = version("convbias")

# Read by Keras when it is imported. Everything here is written for JAX, so another backend, set for
# other programs, does not count; `convbias.networks.backend` refuses one that Keras has already.
if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "jax"

# By default Keras and matplotlib would write settings into the user's home.
for _variable, _folder in (("KERAS_HOME", "keras"), ("MPLCONFIGDIR", "matplotlib")):
    os.environ.setdefault(_variable, str(Path(platformdirs.user_cache_dir("convbias")) / _folder))
