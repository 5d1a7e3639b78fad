"""Arrays in, intervals, tests and verdicts out."""

from convbias.statistics.contrasts import Contrast, Verdict, paired_contrast
from convbias.statistics.convergence import Convergence, convergence
from convbias.statistics.coverage import Coverage, simulated_coverage
from convbias.statistics.crossed import crossed_interval
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
from convbias.statistics.self_comparison import SelfComparison, self_comparison
from convbias.statistics.sequential import SequentialContrast, sequential_contrast
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
    "Convergence",
    "Coverage",
    "ImagesRatio",
    "Interval",
    "RatioAtSize",
    "Reliability",
    "SelfComparison",
    "SequentialContrast",
    "Share",
    "Summary",
    "Verdict",
    "attainable_level",
    "benjamini_hochberg",
    "benjamini_hochberg_over",
    "convergence",
    "crossed_interval",
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
    "self_comparison",
    "sequential_contrast",
    "shares_of_gap",
    "sign_flip_p_value",
    "simulated_coverage",
    "smallest_findable",
    "smallest_p_value",
    "spread_of_differences",
    "summarise",
    "wilson_interval",
]
