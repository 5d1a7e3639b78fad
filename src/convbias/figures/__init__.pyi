from convbias.figures.accuracy import accuracy_of_arms
from convbias.figures.arms import (
    Arms,
    arm_data,
    data_remark,
    dataset_remark,
    finished_arms,
    seeds_text,
    with_remark,
)
from convbias.figures.classes import confusion, most_confused, per_class
from convbias.figures.contrasts import contrasts
from convbias.figures.convergence import convergence
from convbias.figures.exploration import (
    class_counts,
    mean_images,
    pixel_correlation,
    pixel_histogram,
    sample_grid,
)
from convbias.figures.figure import Figure
from convbias.figures.files import PICTURE, check_suffix, save, write_figure, write_picture
from convbias.figures.grids import ImageGrid, Tile
from convbias.figures.theme import DARK, LIGHT, Theme

__all__ = [
    "DARK",
    "LIGHT",
    "PICTURE",
    "Arms",
    "Figure",
    "ImageGrid",
    "Theme",
    "Tile",
    "accuracy_of_arms",
    "arm_data",
    "check_suffix",
    "class_counts",
    "confusion",
    "contrasts",
    "convergence",
    "data_remark",
    "dataset_remark",
    "finished_arms",
    "mean_images",
    "most_confused",
    "per_class",
    "pixel_correlation",
    "pixel_histogram",
    "sample_grid",
    "save",
    "seeds_text",
    "with_remark",
    "write_figure",
    "write_picture",
]
