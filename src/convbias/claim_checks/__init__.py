"""How each claim is judged: arithmetic, counting, numbers, comparisons, experiments, a try."""

from collections.abc import Mapping

from convbias.claim_checks import (
    arithmetic,
    comparisons,
    data,
    deployment,
    experiments,
    single_runs,
)
from convbias.claim_checks.base import Check

CHECKS: Mapping[str, Check] = {
    **arithmetic.CHECKS,
    **data.CHECKS,
    **single_runs.CHECKS,
    **comparisons.CHECKS,
    **experiments.CHECKS,
    **deployment.CHECKS,
}
