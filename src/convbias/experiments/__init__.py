"""One file per question, all of one shape."""

from convbias.experiments.base import Condition, Experiment
from convbias.experiments.choices import CHOICES
from convbias.experiments.data_efficiency import DATA_EFFICIENCY
from convbias.experiments.hierarchy import HIERARCHY
from convbias.experiments.kernel_size import KERNEL_SIZE
from convbias.experiments.location import LOCATION
from convbias.experiments.original import ORIGINAL
from convbias.experiments.permutation import PERMUTATION
from convbias.experiments.receptive_field import RECEPTIVE_FIELD
from convbias.experiments.recipe import RECIPE
from convbias.experiments.sharing import SHARING
from convbias.experiments.shift import SHIFT

__all__ = ["EXPERIMENTS", "ORIGINAL", "Condition", "Experiment"]

# In the order in which a study trains them and a report shows them.
_ALL = (
    ORIGINAL,
    RECIPE,
    SHARING,
    DATA_EFFICIENCY,
    PERMUTATION,
    SHIFT,
    LOCATION,
    RECEPTIVE_FIELD,
    HIERARCHY,
    CHOICES,
    KERNEL_SIZE,
)

EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for experiment in _ALL}
