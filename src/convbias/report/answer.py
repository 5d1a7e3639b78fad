"""What a study shows, in short: one finding per figure, sorted by what held and what did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from convbias.figures import Arms
from convbias.findings.claims import ClaimResult
from convbias.findings.evaluation import Finding, evaluated
from convbias.findings.headlines import gain, supports
from convbias.findings.learning_curves import arm_convergence
from convbias.findings.statement import Judgement, Statement, all_of
from convbias.report.sections import ExperimentSection
from convbias.spec.quantities import TEST_LOSS
from convbias.statistics import Contrast

# Heading to the verdicts below it, in the order of the report.
GROUPS: dict[str, tuple[Judgement, ...]] = {
    "What holds": ("holds",),
    "What depends": ("depends",),
    "What does not hold": ("does not hold", "cannot hold"),
    "What is undecided": ("undecided", "not measured yet"),
}


@dataclass(frozen=True)
class Answer:
    """A short finding of the report's first page.

    Args:
        finding: the sentence with its verdict.
        anchor: the part of the report that shows it.
    """

    finding: Statement
    anchor: str


def answer(
    arms: Arms, findings: Iterable[Finding], sections: Iterable[ExperimentSection]
) -> list[tuple[str, list[Answer]]]:
    """What a study shows: one finding per experiment, under the heading of its verdict.

    Args:
        arms: arm name to finished runs of the original comparison.
        findings: its contrasts, from `evaluate`.
        sections: the other experiments.

    Returns:
        Heading and findings; headings without findings are left out.
    """
    found = [Answer(_ahead(arms, evaluated(findings)), "comparison")]
    for section in sections:
        first = list(section.headlines.values())[:1]
        anchor = f"experiment-{section.results.experiment.name}"
        found += [Answer(finding, anchor) for finding in first]
    return by_verdict(found)


def by_verdict(found: Sequence[Answer]) -> list[tuple[str, list[Answer]]]:
    """Sort findings under the headings of their verdicts.

    Args:
        found: the findings.
    """
    groups = (
        (title, [each for each in found if each.finding.verdict in verdicts])
        for title, verdicts in GROUPS.items()
    )
    return [(title, of_group) for title, of_group in groups if of_group]


def original_headlines(
    arms: Arms, findings: Sequence[Finding], claims: Iterable[ClaimResult]
) -> dict[str, Statement]:
    """What the figures of the original comparison show.

    Args:
        arms: arm name to finished runs.
        findings: its contrasts, from `evaluate`.
        claims: the original study's claims, judged.

    Returns:
        Name of a figure to its finding.
    """
    contrasts = evaluated(findings)
    smaller, larger = (contrasts.get(f"5x5-over-{size}-accuracy") for size in ("3x3", "7x7"))
    loss = contrasts.get("cnn-over-dense-loss")
    return {
        "accuracy": _ahead(arms, contrasts),
        "contrasts-accuracy": Statement(
            f"5x5 is the best kernel size at equal width: {gain(smaller)} points over 3x3,"
            f" {gain(larger)} over 7x7.",
            all_of([supports(smaller), supports(larger)]),
        ),
        "contrasts-loss": Statement(
            f"The CNN also has the lower test loss: {gain(loss, TEST_LOSS)} nats per image.",
            supports(loss),
        ),
        **_faster(claims),
        "convergence-loss": _overtrained(arms),
    }


def _ahead(arms: Arms, contrasts: Mapping[str, Contrast]) -> Statement:
    ahead = contrasts.get("cnn-over-dense-accuracy")
    return Statement(
        f"The 3x3 CNN is more accurate than the dense network: {gain(ahead)} percentage points"
        f"{_with_fewer_parameters(arms)}.",
        supports(ahead),
    )


def _with_fewer_parameters(arms: Arms) -> str:
    cnn, dense = (
        runs[0].measures.get("parameters") if (runs := arms.get(name)) else None
        for name in ("cnn-3x3", "dense")
    )
    if cnn is None or dense is None:
        return ""
    return f" with {100 * cnn / dense:.0f} % of its parameters"


def _faster(claims: Iterable[ClaimResult]) -> dict[str, Statement]:
    """Nothing where no claims are judged."""
    found = next((each for each in claims if each.id == "convergence-speed"), None)
    if found is None:
        return {}
    measured = f": {found.measured}" if found.measured else ""
    text = f"The CNN needs fewer epochs for the dense network’s final accuracy{measured}."
    return {"convergence-accuracy": Statement(text, found.verdict)}


def _overtrained(arms: Arms) -> Statement:
    states = {name: arm_convergence(runs, TEST_LOSS).state for name, runs in arms.items()}
    some = [name for name, state in states.items() if state == "overtrained"]
    verdict: Judgement = "undecided"
    if some:
        verdict = "does not hold"
    elif set(states.values()) == {"converged"}:
        verdict = "holds"
    told = f"; the loss of {', '.join(some)} rises again before the end" if some else ""
    return Statement(f"All networks are trained until their loss no longer falls{told}.", verdict)
