"""Claims of the original study, the evidence for them, and the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from convbias.data import Dataset
from convbias.data.eda import Exploration
from convbias.data.pixel_correlation import AdjacentPixels
from convbias.findings.evaluation import Finding
from convbias.findings.results import ConditionRun
from convbias.findings.statement import FEWEST_SEEDS, Judgement, Statement
from convbias.spec.arithmetic import Layers, Shape
from convbias.spec.arms import DataVariant
from convbias.spec.datasets import DatasetName
from convbias.spec.description import Description
from convbias.spec.formatting import without_rounding_error
from convbias.statistics import Contrast, Interval


class Claim(Description, frozen=True):
    """A statement of the original study, as `claims.toml` lists it."""

    id: str
    row: str = Field(description="The subject that the claim belongs to.")
    statement: str
    plain: str = Field(default="", description="One sentence: what is at stake, or why.")
    published: tuple[float, ...] = Field(default=(), description="In `unit`.")
    unit: str = ""
    resolution: float = Field(default=1.0, gt=0, description="One unit of the last digit.")
    tolerance: float | None = Field(
        default=None, gt=0, description="Widest half width of our spread that can confirm."
    )
    kind: Literal["arithmetic", "data", "measured", "asserted"]
    measured_by: str = Field(description="What decides the claim, in words.")
    note: str | None = None
    undecided_because: str | None = Field(
        default=None, description="Why what is measured so far does not decide it."
    )

    @property
    def published_text(self) -> str:
        """The published numbers with their unit, or that there are none.

        Example:
            >>> claim = Claim(id="a", row="a", statement="a", kind="data", measured_by="a",
            ...               published=(60_000, 10_000), unit="images")
            >>> claim.published_text
            '60,000 / 10,000 images'
        """
        if not self.published:
            return "no number"
        return self.written(*self.published)

    def written(self, *values: float, digits: int = 0, between: str = " / ") -> str:
        """Numbers with the published precision and unit.

        Args:
            *values: In the claim's unit.
            digits: How many more digits than were published.
            between: What stands between two numbers.
        """
        decimals = digits + max(0, -math.floor(math.log10(self.resolution)))
        numbers = between.join(f"{without_rounding_error(value):,.{decimals}f}" for value in values)
        return f"{numbers} {self.unit}".strip()

    def matches(self, *values: float) -> bool:
        """Whether numbers agree with the published ones after rounding."""
        return len(values) == len(self.published) and all(
            abs(value - published) <= self.resolution / 2 + 1e-9
            for value, published in zip(values, self.published, strict=True)
        )


@dataclass(frozen=True)
class ClaimResult:
    """A claim with its verdict.

    Args:
        claim: What was claimed.
        verdict: "cannot hold" is for what arithmetic rules out whatever is measured.
        explanation: The derivation, or what was measured and how it was judged.
        measured: Our number as text with its unit; None where there is none.
        value: The same number, in the claim's unit.
        interval: What a published number was held against, in the claim's unit.
        n: How many runs, or seed pairs, are behind it.
        runs: Their keys.
        classic: The same claim judged by runs of the classic recipe, where these measure something
            else.
    """

    claim: Claim
    verdict: Judgement
    explanation: str
    measured: str | None = None
    value: float | None = None
    interval: Interval | None = None
    n: int = 0
    runs: tuple[str, ...] = ()
    classic: ClaimResult | None = None

    @property
    def classic_text(self) -> str:
        """What the classic recipe gives and how that is judged; empty where nothing is known."""
        if self.classic is None:
            return ""
        return f"{self.classic.measured}: {self.classic.verdict}"

    @property
    def id(self) -> str:
        """The claim's name."""
        return self.claim.id

    @property
    def statement(self) -> str:
        """What was claimed, in words."""
        return self.claim.statement

    @property
    def published(self) -> str:
        """The published numbers as text."""
        return self.claim.published_text


@dataclass(frozen=True, eq=False)
class DataFacts:
    """What was counted in the data files.

    Args:
        dataset: Which data set.
        image_shape: Height, width and channels.
        train_counts: Training images per class.
        test_counts: Test images per class.
        adjacent: Correlation of neighbouring pixels over the training images.
    """

    dataset: DatasetName
    image_shape: Shape
    train_counts: tuple[int, ...]
    test_counts: tuple[int, ...]
    adjacent: AdjacentPixels

    @classmethod
    def of(cls, dataset: Dataset, exploration: Exploration) -> DataFacts:
        """Take from an exploration what claims are judged by.

        Args:
            dataset: What was explored.
            exploration: What was found in it.
        """
        return cls(
            dataset=dataset.name,
            image_shape=dataset.train_images.shape[1:],
            train_counts=tuple(exploration.train_counts.tolist()),
            test_counts=tuple(exploration.test_counts.tolist()),
            adjacent=exploration.adjacent,
        )


@dataclass(frozen=True, eq=False)
class FurtherEvidence:
    """What an experiment found beside the original comparison.

    Args:
        data: The images that its arms share, apart from what conditions change; None on other
            data, which is the same in every profile.
        findings: Its planned contrasts, evaluated.
        statements: What else came out of it.
        runs: The finished ones.
    """

    data: DataVariant | None
    findings: tuple[Finding, ...]
    statements: tuple[Statement, ...]
    runs: tuple[ConditionRun, ...]

    def about(self, claim: str) -> FurtherEvidence | None:
        """Only what names a claim; None where nothing does.

        Args:
            claim: the claim's id.
        """
        findings = tuple(each for each in self.findings if each.planned.claim == claim)
        statements = tuple(each for each in self.statements if each.claim == claim)
        if not findings and not statements:
            return None
        return replace(self, findings=findings, statements=statements)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that checks judge claims by.

    Args:
        runs: Arm name to seed to finished run, trained on all of Fashion-MNIST and scored on its
            test set; no other run decides a claim.
        diverged: Arm name to the keys of such runs that diverged.
        passed_over: How many runs were given that do not count.
        findings: The planned contrasts of the original comparison, evaluated.
        further: Name of an experiment to what it found.
        exploratory: Claim to the exploratory contrast that decides it.
        networks: Arm name to the shapes of its network's weights.
        facts: What was counted in the data files.
    """

    runs: Mapping[str, Mapping[int, ConditionRun]]
    diverged: Mapping[str, tuple[str, ...]]
    passed_over: int
    findings: tuple[Finding, ...]
    further: Mapping[str, FurtherEvidence]
    exploratory: Mapping[str, Contrast]
    networks: Mapping[str, Layers]
    facts: DataFacts | None

    def left_out(self, *arms: str) -> str:
        """A sentence about the diverged runs of these arms, with a space before it, or nothing."""
        keys = [key for arm in arms for key in self.diverged.get(arm, ())]
        return f" Diverged and left out: {', '.join(keys)}." if keys else ""


def shared_runs(
    runs: Mapping[str, Mapping[int, ConditionRun]], arms: Sequence[str]
) -> list[tuple[ConditionRun, ...]]:
    """The runs of the seeds that all of the arms finished.

    Args:
        runs: Arm name to seed to finished run.
        arms: One arm or several.

    Returns:
        One tuple per seed, ascending, with one run per arm.
    """
    of_arms = [runs.get(arm, {}) for arm in arms]
    seeds = sorted(set.intersection(*(set(of_arm) for of_arm in of_arms)))
    return [tuple(of_arm[seed] for of_arm in of_arms) for seed in seeds]


def superior(contrasts: Sequence[Contrast]) -> Judgement:
    """The verdict on a claim that all of these contrasts must support.

    A contrast supports it when its verdict is "better" and contradicts it when that is "worse" or
    "equivalent". With fewer than `FEWEST_SEEDS` seed pairs it decides nothing.
    """
    verdicts = {
        "undecided" if contrast.n < FEWEST_SEEDS else contrast.verdict for contrast in contrasts
    }
    if verdicts & {"worse", "equivalent"}:
        return "does not hold"
    return "holds" if verdicts == {"better"} else "undecided"


Check = Callable[[Claim, Evidence], ClaimResult]


def not_measured(claim: Claim, because: str | None = None) -> ClaimResult:
    """The verdict on a claim that nothing has been measured about.

    Args:
        claim: The claim.
        because: Why not, as a full sentence.
    """
    sentence = f"To be decided by {claim.measured_by}."
    return ClaimResult(claim, "not measured yet", f"{because} {sentence}" if because else sentence)


def no_runs(claim: Claim, evidence: Evidence, arms: Sequence[str]) -> ClaimResult:
    """The verdict on a claim about arms that have no run, or none that counts.

    Args:
        claim: The claim.
        evidence: Where they are missing.
        arms: Which arms would be needed.
    """
    missing = [arm for arm in arms if not evidence.runs.get(arm)]
    because = (
        f"No finished run of {' and '.join(missing)} on all of Fashion-MNIST is stored."
        if missing
        else f"No seed was finished by all of {', '.join(arms)} with what is needed."
    )
    if evidence.passed_over:
        because += (
            f" Not counted: {evidence.passed_over} on other images, on part of the training images"
            " or without test scores."
        )
    return not_measured(claim, because + evidence.left_out(*arms))
