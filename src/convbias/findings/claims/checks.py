"""The claims that are judged in their own way; experiments decide all others."""

from collections.abc import Mapping

from convbias.findings.claims import (
    arithmetic,
    comparisons,
    data,
    deployment,
    single_runs,
    universal,
)
from convbias.findings.claims.base import Check

CHECKS: Mapping[str, Check] = {
    **arithmetic.CHECKS,
    **data.CHECKS,
    **single_runs.CHECKS,
    **comparisons.CHECKS,
    **deployment.CHECKS,
    **universal.CHECKS,
}
