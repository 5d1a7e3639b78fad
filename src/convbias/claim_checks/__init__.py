"""How each claim is judged: by arithmetic, counting, single numbers, comparisons, experiments."""

from collections.abc import Mapping

from convbias.claim_checks import arithmetic, comparisons, data, experiments, single_runs
from convbias.claim_checks.base import Check

CHECKS: Mapping[str, Check] = {
    **arithmetic.CHECKS,
    **data.CHECKS,
    **single_runs.CHECKS,
    **comparisons.CHECKS,
    **experiments.CHECKS,
}
