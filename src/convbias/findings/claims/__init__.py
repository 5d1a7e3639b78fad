"""The original study's statements, and how each is judged by what was measured."""

from convbias.findings.claims.base import Claim, ClaimResult, DataFacts, FurtherEvidence
from convbias.findings.claims.catalogue import claims
from convbias.findings.claims.judging import audit

__all__ = [
    "Claim",
    "ClaimResult",
    "DataFacts",
    "FurtherEvidence",
    "audit",
    "claims",
]
