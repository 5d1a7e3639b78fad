"""Arrays in, intervals, tests and verdicts out."""

from convbias.statistics.contrasts import Contrast, Verdict, paired_contrast
from convbias.statistics.crossed import crossed_bootstrap, crossed_bootstraps
from convbias.statistics.data_ratio import ImagesRatio, RatioAtSize, images_ratio
from convbias.statistics.families import (
    benjamini_hochberg,
    benjamini_hochberg_over,
    holm,
    holm_over,
)
from convbias.statistics.intervals import (
    Interval,
    Summary,
    bca_interval,
    mean_interval,
    prediction_interval,
    summarise,
)
from convbias.statistics.power import (
    POWER,
    pairs_needed,
    predicted_power,
    smallest_findable,
    spread_of_differences,
)
from convbias.statistics.proportions import wilson_interval
from convbias.statistics.reliability import Reliability, error_by_chance, reliability
from convbias.statistics.shares import Share, shares_of_gap
from convbias.statistics.sign_flips import (
    attainable_level,
    fewest_pairs,
    sign_flip_p_value,
    smallest_p_value,
)

__all__ = [
    "POWER",
    "Contrast",
    "ImagesRatio",
    "Interval",
    "RatioAtSize",
    "Reliability",
    "Share",
    "Summary",
    "Verdict",
    "attainable_level",
    "bca_interval",
    "benjamini_hochberg",
    "benjamini_hochberg_over",
    "crossed_bootstrap",
    "crossed_bootstraps",
    "error_by_chance",
    "fewest_pairs",
    "holm",
    "holm_over",
    "images_ratio",
    "mean_interval",
    "paired_contrast",
    "pairs_needed",
    "predicted_power",
    "prediction_interval",
    "reliability",
    "shares_of_gap",
    "sign_flip_p_value",
    "smallest_findable",
    "smallest_p_value",
    "spread_of_differences",
    "summarise",
    "wilson_interval",
]
