"""Claims that were decided by deploying a network to local servers.

What was seen then is recorded in `deployment.json`, which tools/deploy_walk.py writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files

from pydantic import Field

from convbias.findings.claims.base import Check, Claim, ClaimResult, Evidence
from convbias.spec.description import Description

LARGEST_DIFFERENCE = 1e-4  # of probabilities: other libraries add up in another order


class Deployment(Description, frozen=True):
    """What was seen when a network was exported, packed, served, uploaded and asked."""

    run: str
    exported_to: str = Field(description="Folder of the SavedModel.")
    exported_images: int
    exported_difference: float = Field(description="Largest, of probabilities, to the network.")
    functions: tuple[str, ...] = Field(description="Of inference.py, which the toolkit called.")
    toolkit: str = Field(description="AWS's inference toolkit and its version.")
    toolkit_images: int
    toolkit_difference: float = Field(description="Largest, of probabilities, to the network.")
    uploaded_to: tuple[str, ...] = Field(description="S3 servers that hold the archive's bytes.")
    boto3: str
    hosting_types: int = Field(description="Instance types for hosting that this boto3 knows.")
    hosts_t3_medium: bool
    answer: dict[str, str | float] = Field(description="Of the endpoint, to test image 0.")


@cache
def deployment() -> Deployment:
    """The record that comes with the package."""
    text = files("convbias.findings.claims").joinpath("deployment.json").read_text("utf-8")
    return Deployment.model_validate_json(text)


def _judged(claim: Claim, _evidence: Evidence, *, judge: Callable) -> ClaimResult:
    return judge(claim, deployment())


def _export(claim: Claim, seen: Deployment) -> ClaimResult:
    same = seen.exported_difference <= LARGEST_DIFFERENCE
    return ClaimResult(
        claim,
        "holds" if same else "does not hold",
        f"The network of {seen.run} was exported to {seen.exported_to}; loaded again, its"
        f" probabilities for {seen.exported_images} test images differ from the network's by at"
        f" most {seen.exported_difference:.1g}.",
        measured=f"largest difference {seen.exported_difference:.1g}",
    )


def _handlers(claim: Claim, seen: Deployment) -> ClaimResult:
    same = seen.toolkit_difference <= LARGEST_DIFFERENCE
    return ClaimResult(
        claim,
        "holds" if same else "does not hold",
        f"{seen.toolkit} called {', '.join(seen.functions)} of the archive's inference.py, and its"
        f" answers to {seen.toolkit_images} images differ from the network's by at most"
        f" {seen.toolkit_difference:.1g}. AWS's TensorFlow image calls another function, `handler`,"
        " which the file has as well.",
        measured=f"largest difference {seen.toolkit_difference:.1g}",
    )


def _archive(claim: Claim, seen: Deployment) -> ClaimResult:
    where = " and of ".join(seen.uploaded_to)
    return ClaimResult(
        claim,
        "holds" if seen.uploaded_to else "does not hold",
        f"The archive was uploaded to the S3 of {where}, which gave back the same bytes; AWS's own"
        " S3 was not asked.",
        measured=f"{len(seen.uploaded_to)} S3 servers",
    )


def _instance(claim: Claim, seen: Deployment) -> ClaimResult:
    return ClaimResult(
        claim,
        "undecided" if seen.hosts_t3_medium else "cannot hold",
        f"Of the {seen.hosting_types} instance types that SageMaker hosts on, as boto3 {seen.boto3}"
        f" lists them, ml.t3.medium is {'one' if seen.hosts_t3_medium else 'none'}; it is offered"
        " for notebooks.",
        measured=f"{'among' if seen.hosts_t3_medium else 'not among'} {seen.hosting_types} types",
    )


def _response(claim: Claim, seen: Deployment) -> ClaimResult:
    return ClaimResult(
        claim,
        "holds" if list(seen.answer) == ["class", "confidence"] else "does not hold",
        f"To test image 0 the endpoint answers {seen.answer}: a class's name and a probability. The"
        " published class and number are an example.",
        measured=str(seen.answer),
    )


CHECKS: Mapping[str, Check] = {
    f"deploy-{name}": partial(_judged, judge=judge)
    for name, judge in (
        ("export", _export),
        ("handlers", _handlers),
        ("archive", _archive),
        ("instance", _instance),
        ("response", _response),
    )
}
