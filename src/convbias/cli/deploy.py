"""`convbias deploy`: an archive behind an endpoint of SageMaker."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from convbias.cli.console import messages, results
from convbias.cli.deployed import print_json, print_plan, print_resources
from convbias.cli.predict import predict
from convbias.cli.serve import ARCHIVE
from convbias.errors import InputError
from convbias.shipping.aws import Aws, MissingCredentialsError
from convbias.shipping.deploy.changes import apply as apply_plan
from convbias.shipping.deploy.changes import delete as delete_resources
from convbias.shipping.deploy.checks import Check, local_checks, raise_failures
from convbias.shipping.deploy.inventory import list_resources
from convbias.shipping.deploy.plan import make_plan
from convbias.shipping.deploy.remote_checks import remote_checks
from convbias.shipping.deploy.resources import Resource
from convbias.shipping.deploy.settings import NAME, PREFIX, Settings
from convbias.shipping.deploy.smoke import smoke_test
from convbias.shipping.deploy.tables import monthly_cost
from convbias.shipping.export.archive import Archive, read
from convbias.shipping.extras import check_installed

FAILED_CHECKS = 2  # as for any input that cannot be used

deploy = App(
    name="deploy",
    help=(
        "Put an archive behind a SageMaker endpoint; without a further word, plan it.\n\n"
        "Example: `convbias deploy plan --bucket my-bucket --role arn:aws:iam::123456789012:role/R`"
    ),
)


@deploy.default
@deploy.command
def plan(
    archive: Path = ARCHIVE,
    /,
    *,
    settings: Annotated[Settings, Parameter(name="*")],
    profile: str | None = None,
    region: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Say what an endpoint would consist of and cost, and check it; nothing is changed.

    Example: `convbias deploy plan --bucket my-bucket --role arn:aws:iam::123456789012:role/R`

    Args:
        archive: As `convbias package` packed it.
        settings: Of the endpoint.
        profile: Of ~/.aws; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when absent. Without either
            AWS is not asked.
        region: Of the endpoint; the profile's, or AWS_DEFAULT_REGION, when absent.
        as_json: Print the requests to AWS, and all else, as JSON.
    """
    verified = read(archive)
    try:
        aws = Aws(profile, region)
        where = aws.region
    except MissingCredentialsError as error:
        aws, where = None, region or os.environ.get("AWS_DEFAULT_REGION")
        if where is None:
            raise InputError(
                "neither credentials nor a region are named", "a region", "name it with --region"
            ) from error
    checks = local_checks(settings, where)
    planned = None if _wrong(checks) else make_plan(settings, where, verified)
    found: dict[str, Resource] = {}
    if planned is not None and aws is not None:
        more, found = remote_checks(planned, aws)
        checks += more
    elif aws is None:
        checks.append(Check("AWS", "not checked: no credentials are named", passed=None))
    if as_json:
        print_json(planned, checks, found, monthly_cost(settings))
    else:
        print_plan(planned, checks, found, monthly_cost(settings))
    return FAILED_CHECKS if _wrong(checks) else 0


@deploy.command
def apply(
    archive: Path = ARCHIVE,
    /,
    *,
    settings: Annotated[Settings, Parameter(name="*")],
    profile: str | None = None,
    region: str | None = None,
) -> None:
    """Make what `plan` says, as far as it is not there; wait; then compare its answers.

    Example: `convbias deploy apply --bucket my-bucket --role arn:aws:iam::123456789012:role/R`

    Args:
        archive: As `convbias package` packed it. Its code is run here, for the comparison.
        settings: Of the endpoint.
        profile: Of ~/.aws; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when absent.
        region: Of the endpoint; the profile's, or AWS_DEFAULT_REGION, when absent.
    """
    check_installed("serve", ["onnxruntime"])
    verified = read(archive)
    aws = Aws(profile, region)
    raise_failures(local_checks(settings, aws.region))
    planned = make_plan(settings, aws.region, verified)
    raise_failures(remote_checks(planned, aws)[0])
    changes = apply_plan(planned, aws, _say)
    if not changes:
        results().print("nothing to do: everything is there as planned")
    _smoke(settings.name, verified, aws)


@deploy.command
def smoke(
    archive: Path = ARCHIVE,
    /,
    *,
    name: str = NAME,
    profile: str | None = None,
    region: str | None = None,
) -> None:
    """Ask an endpoint about known images, and compare with the archive's own answers.

    Example: `convbias deploy smoke fashion_mnist_model.tar.gz`

    Args:
        archive: That the endpoint was made from. Its code is run here.
        name: Of the endpoint.
        profile: Of ~/.aws; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when absent.
        region: Of the endpoint; the profile's, or AWS_DEFAULT_REGION, when absent.
    """
    _smoke(name, read(archive), Aws(profile, region))


@deploy.command
def status(*, name: str = NAME, profile: str | None = None, region: str | None = None) -> None:
    """Say how an endpoint is, and list everything that was made for it.

    Example: `convbias deploy status`

    Args:
        name: Of the endpoint.
        profile: Of ~/.aws; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when absent.
        region: Of the endpoint; the profile's, or AWS_DEFAULT_REGION, when absent.
    """
    everything = _list_resources(name, Aws(profile, region), set())
    print_resources(f"What there is of {name}", everything)


@deploy.command
def invoke(
    image: tuple[str, ...],
    /,
    *,
    name: str = NAME,
    profile: str | None = None,
    region: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Ask an endpoint which class images belong to, as `convbias predict --endpoint` does.

    Example: `convbias deploy invoke 0 1 2`

    Args:
        image: PNG, JPEG and .npy files; folders of such files; indices of test images of
            Fashion-MNIST.
        name: Of the endpoint.
        profile: Of ~/.aws; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when absent.
        region: Of the endpoint; the profile's, or AWS_DEFAULT_REGION, when absent.
        as_json: Print a JSON array with all probabilities instead of a table.
    """
    return predict(image, endpoint=name, profile=profile, region=region, as_json=as_json)


@deploy.command
def delete(
    *,
    name: str = NAME,
    bucket: str | None = None,
    prefix: str = PREFIX,
    yes: bool = False,
    profile: str | None = None,
    region: str | None = None,
) -> None:
    """Take away everything that `apply` made for an endpoint, and nothing else; asks first.

    Example: `convbias deploy delete`

    Args:
        name: Of the endpoint.
        bucket: To look into for archives, beside those that the models were made from; needed only
            where `apply` did not come as far as a model.
        prefix: Where in that bucket.
        yes: Do not ask.
        profile: Of ~/.aws; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when absent.
        region: Of the endpoint; the profile's, or AWS_DEFAULT_REGION, when absent.
    """
    aws = Aws(profile, region)
    everything = _list_resources(name, aws, set() if bucket is None else {(bucket, prefix)})
    print_resources(f"To be deleted of {name}", everything)
    if not yes:
        _confirm(name)
    delete_resources(name, aws, everything, _say)


def _say(words: str) -> None:
    messages().print(words, soft_wrap=True)


def _smoke(name: str, archive: Archive, aws: Aws) -> None:
    passed = smoke_test(name, archive, aws)
    results().print(
        f"smoke test passed: of {passed.images} images the endpoint's probabilities are the"
        f" archive's own, with a largest difference of {passed.difference:.1g}",
        soft_wrap=True,
    )


def _list_resources(name: str, aws: Aws, places: set[tuple[str, str]]) -> list[Resource]:
    everything = list_resources(name, aws, places)
    if not everything:
        raise InputError(
            f"there is nothing of {name} in {aws.region}",
            "an endpoint that `convbias deploy apply` made",
            "check --name, --region and the account",
        )
    return everything


def _confirm(name: str) -> None:
    if not sys.stdin.isatty():
        raise InputError(
            "nobody can be asked whether to delete this",
            "a terminal, or the option --yes",
            "run it again with --yes; nothing was deleted",
        )
    messages().print(f"Type {name} to delete all of this:", end=" ")
    if input().strip() != name:
        raise InputError("that is not its name", name, "nothing was deleted")


def _wrong(checks: list[Check]) -> bool:
    return any(check.passed is False for check in checks)
