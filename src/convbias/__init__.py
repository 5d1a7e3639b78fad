"""What the inductive bias of convolution buys on image data: measured, shown, shipped."""

import os
from importlib.metadata import version
from pathlib import Path

import platformdirs

__version__ = version("convbias")

# Keras and matplotlib read these when they are imported, and would otherwise write their settings
# into the user's home; whoever has set them keeps what was set.
os.environ.setdefault("KERAS_BACKEND", "jax")
for _variable, _folder in (("KERAS_HOME", "keras"), ("MPLCONFIGDIR", "matplotlib")):
    os.environ.setdefault(_variable, str(Path(platformdirs.user_cache_dir("convbias")) / _folder))
