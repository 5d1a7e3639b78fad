"""What an export is known by, and what the classes are called in answers."""

from __future__ import annotations

RECORD = "export.json"  # marks a folder as an export, which alone may be replaced

# As the original study published them; they differ in three places from the data set's own names.
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
