"""A person's own images: a path in, a data set out that has a name like the built-in ones."""

from convbias.data.own.cache import Reading, kept_sets, load_own, reading_of
from convbias.data.own.reading import SOURCES_IN_WORDS, read_images, read_own
from convbias.data.own.sources import ReadingOptions

__all__ = [
    "SOURCES_IN_WORDS",
    "Reading",
    "ReadingOptions",
    "kept_sets",
    "load_own",
    "read_images",
    "read_own",
    "reading_of",
]
