"""The claim that no architecture is the best for all kinds of data.

It is about architectures that were tried on most kinds: each must be behind another one somewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convbias.findings.claims.base import Check, Claim, ClaimResult, Evidence, not_measured
from convbias.findings.evaluation import Finding
from convbias.findings.headlines import refutes, supports
from convbias.findings.statement import FEWEST_SEEDS, Judgement, all_of

CONVOLUTION, DENSE = "convolution", "dense network"
ORIGINAL = "original"

_TABLES = ("breast-cancer", "wine", "loans")


@dataclass(frozen=True)
class Comparison:
    """A planned contrast between two architectures on one kind of data.

    Args:
        kind: The kind of data, which names the experiment.
        contrast: Its name.
        treatment: The architecture that may be better.
        baseline: The other one.
    """

    kind: str
    contrast: str
    treatment: str
    baseline: str


COMPARISONS = (
    Comparison(ORIGINAL, "cnn-over-dense-accuracy", CONVOLUTION, DENSE),
    *(
        Comparison("tables", f"dense-over-convolution-{table}", DENSE, CONVOLUTION)
        for table in _TABLES
    ),
    *(
        Comparison("tables", f"trees-over-convolution-{table}", "trees", CONVOLUTION)
        for table in _TABLES
    ),
    *(
        Comparison("sequences", f"dilated-over-{network}-{what}", CONVOLUTION, architecture)
        for network, architecture, lag in (("gru", "GRU", 300), ("attention", "attention", 100))
        for what in (f"adding-{lag}", f"copying-{lag}", "images")
    ),
    Comparison("graphs", "graph-over-grid", "graph convolution", CONVOLUTION),
    Comparison("graphs", "dense-over-grid", DENSE, CONVOLUTION),
    Comparison("graphs", "graph-over-dense", "graph convolution", DENSE),
    Comparison("language", "attention-over-convolution-8", "attention", CONVOLUTION),
    Comparison("language", "gru-over-convolution", "GRU", CONVOLUTION),
)

KINDS = {
    ORIGINAL: "images",
    "tables": "tables",
    "sequences": "sequences",
    "graphs": "graphs",
    "language": "language",
}


def _universal(claim: Claim, evidence: Evidence) -> ClaimResult:
    found = {each: _found(each, evidence) for each in (CONVOLUTION, DENSE)}
    findings = [finding for of_kinds in found.values() for _, _, finding in of_kinds]
    if not findings:
        return not_measured(claim)
    contrasts = [each.contrast for each in findings if each.contrast is not None]
    return ClaimResult(
        claim,
        all_of([_is_behind(of_kinds) for of_kinds in found.values()]),
        " ".join(_told(name, of_kinds) for name, of_kinds in found.items()),
        n=min(each.n for each in contrasts),
        runs=tuple(dict.fromkeys(run for each in findings for run in each.runs)),
    )


def _found(architecture: str, evidence: Evidence) -> list[tuple[str, Judgement, Finding]]:
    """Kind of data, whether the architecture is behind, and the evaluated contrast."""
    further = {name: each.findings for name, each in evidence.further.items()}
    by_name = {
        (kind, finding.planned.name): finding
        for kind, findings in ({ORIGINAL: evidence.findings} | further).items()
        for finding in findings
        if finding.contrast is not None and finding.contrast.n >= FEWEST_SEEDS
    }
    found = []
    for each in COMPARISONS:
        finding = by_name.get((each.kind, each.contrast))
        if finding is not None and architecture in (each.treatment, each.baseline):
            behind = supports if architecture == each.baseline else refutes
            found.append((each.kind, behind(finding.contrast), finding))
    return found


def _is_behind(found: Sequence[tuple[str, Judgement, Finding]]) -> Judgement:
    """Whether an architecture is behind another one somewhere."""
    verdicts = {verdict for _, verdict, _ in found}
    if "holds" in verdicts:
        return "holds"
    everywhere = {kind for kind, _, _ in found} == KINDS.keys()
    return "does not hold" if everywhere and verdicts == {"does not hold"} else "undecided"


def _told(architecture: str, found: Sequence[tuple[str, Judgement, Finding]]) -> str:
    behind = dict.fromkeys(KINDS[kind] for kind, verdict, _ in found if verdict == "holds")
    compared = {kind for kind, _, _ in found}
    missing = [name for kind, name in KINDS.items() if kind not in compared]
    text = f"A {architecture} is behind on {' and '.join(behind) or 'no kind of data so far'}"
    return text + (f"; it was not compared on {' and '.join(missing)}." if missing else ".")


CHECKS: Mapping[str, Check] = {"no-universal-architecture": _universal}
