"""What an export is known by, and what the classes are called in answers."""

from __future__ import annotations

RECORD = "export.json"  # marks a folder as an export, which alone may be replaced

# As the original study published them; two differ from the data set's own names. Written out, so
# that a server need not load what reads the data.
PUBLISHED_NAMES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle Boot",
)
