"""`convbias deploy`: deploy an archive to a SageMaker endpoint."""

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
from convbias.shipping.export.signature import signature_of
from convbias.spec.extras import check_installed

FAILED_CHECKS = 2  # as for other invalid input

deploy = App(
    name="deploy",
    help=(
        "Deploy an archive to a SageMaker endpoint; without a subcommand, only plan it.\n\n"
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
    """Print what an endpoint would consist of and cost, and check it; nothing is changed.

    Example: `convbias deploy plan --bucket my-bucket --role arn:aws:iam::123456789012:role/R`

    Args:
        archive: Archive written by `convbias package`.
        settings: The endpoint's settings.
        profile: Profile of ~/.aws; default AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Without any
            credentials, AWS is not contacted.
        region: Region of the endpoint; default the profile's, or AWS_DEFAULT_REGION.
        as_json: Print everything as JSON, including the requests to AWS.
    """
    verified = read(archive)
    try:
        aws = Aws(profile, region)
        where = aws.region
    except MissingCredentialsError as error:
        aws, where = None, region or os.environ.get("AWS_DEFAULT_REGION")
        if where is None:
            raise InputError(
                "neither credentials nor a region are given", "a region", "pass --region"
            ) from error
    checks = local_checks(settings, where, signature_of(verified.manifest.identity).form)
    planned = None if _wrong(checks) else make_plan(settings, where, verified)
    found: dict[str, Resource] = {}
    if planned is not None and aws is not None:
        more, found = remote_checks(planned, aws)
        checks += more
    elif aws is None:
        checks.append(Check("AWS", "not contacted: no credentials are given", passed=None))
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
    """Create or update what `plan` lists, wait until it is in service, and run the smoke test.

    Example: `convbias deploy apply --bucket my-bucket --role arn:aws:iam::123456789012:role/R`

    Args:
        archive: Archive written by `convbias package`. The smoke test executes its code here.
        settings: The endpoint's settings.
        profile: Profile of ~/.aws; default AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
        region: Region of the endpoint; default the profile's, or AWS_DEFAULT_REGION.
    """
    check_installed("serve", ["onnxruntime"])
    verified = read(archive)
    aws = Aws(profile, region)
    form = signature_of(verified.manifest.identity).form
    raise_failures(local_checks(settings, aws.region, form))
    planned = make_plan(settings, aws.region, verified)
    raise_failures(remote_checks(planned, aws)[0])
    changes = apply_plan(planned, aws, _say)
    if not changes:
        results().print("nothing to do: everything exists as planned")
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
    """Compare an endpoint's predictions with the archive's own.

    Example: `convbias deploy smoke fashion_mnist_model.tar.gz`

    Args:
        archive: Archive that the endpoint was created from. Its code is executed here.
        name: Name of the endpoint.
        profile: Profile of ~/.aws; default AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
        region: Region of the endpoint; default the profile's, or AWS_DEFAULT_REGION.
    """
    _smoke(name, read(archive), Aws(profile, region))


@deploy.command
def status(*, name: str = NAME, profile: str | None = None, region: str | None = None) -> None:
    """Print an endpoint's status and list the AWS resources created for it.

    Example: `convbias deploy status`

    Args:
        name: Name of the endpoint.
        profile: Profile of ~/.aws; default AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
        region: Region of the endpoint; default the profile's, or AWS_DEFAULT_REGION.
    """
    everything = _list_resources(name, Aws(profile, region), set())
    print_resources(f"Resources of {name}", everything)


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
    """Classify images with an endpoint, like `convbias predict --endpoint`.

    Example: `convbias deploy invoke 0 1 2`

    Args:
        image: Pictures (PNG, JPEG, WebP, BMP, TIFF or GIF) and .npy files; folders of such files;
            indices of test images of Fashion-MNIST.
        name: Name of the endpoint.
        profile: Profile of ~/.aws; default AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
        region: Region of the endpoint; default the profile's, or AWS_DEFAULT_REGION.
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
    """Delete everything that `apply` created for an endpoint, after confirmation.

    Example: `convbias deploy delete`

    Args:
        name: Name of the endpoint.
        bucket: Bucket to search for archives, in addition to those that the models were created
            from; needed only if `apply` failed before it created a model.
        prefix: Prefix to search in that bucket.
        yes: Do not ask for confirmation.
        profile: Profile of ~/.aws; default AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
        region: Region of the endpoint; default the profile's, or AWS_DEFAULT_REGION.
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
        f"smoke test passed: on {passed.images} images, the endpoint's probabilities equal the"
        f" archive's; the largest difference is {passed.difference:.1g}",
        soft_wrap=True,
    )


def _list_resources(name: str, aws: Aws, places: set[tuple[str, str]]) -> list[Resource]:
    everything = list_resources(name, aws, places)
    if not everything:
        raise InputError(
            f"there are no resources of {name} in {aws.region}",
            "an endpoint created by `convbias deploy apply`",
            "check --name, --region and the account",
        )
    return everything


def _confirm(name: str) -> None:
    if not sys.stdin.isatty():
        raise InputError(
            "deletion needs confirmation, but standard input is not a terminal",
            "a terminal, or the option --yes",
            "run it again with --yes; nothing was deleted",
        )
    messages().print(f"Type {name} to delete all of this:", end=" ")
    if input().strip() != name:
        raise InputError("the name does not match", name, "nothing was deleted")


def _wrong(checks: list[Check]) -> bool:
    return any(check.passed is False for check in checks)
