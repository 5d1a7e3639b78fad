"""How each claim is judged: arithmetic, counting, numbers, comparisons, experiments, a try."""

from collections.abc import Mapping

from convbias.findings.claims import (
    arithmetic,
    comparisons,
    data,
    deployment,
    experiments,
    single_runs,
)
from convbias.findings.claims.base import Check

CHECKS: Mapping[str, Check] = {
    **arithmetic.CHECKS,
    **data.CHECKS,
    **single_runs.CHECKS,
    **comparisons.CHECKS,
    **experiments.CHECKS,
    **deployment.CHECKS,
}
