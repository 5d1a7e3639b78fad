"""Check settings without requests to AWS; all problems are reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from convbias.errors import InputError, did_you_mean
from convbias.shipping.deploy.plan import NAME_DIGITS
from convbias.shipping.deploy.settings import Settings
from convbias.shipping.deploy.tables import ECR_IMAGE, inference_image
from convbias.spec.datasets import IMAGE_SIDE

# Bytes; from botocore's model, and from AWS's documentation of serverless endpoints.
LARGEST_REQUEST = 6 * 2**20
LARGEST_SERVERLESS_REQUEST = 4 * 10**6
IMAGE_BYTES = IMAGE_SIDE**2

LONGEST_NAME = 63 - NAME_DIGITS - 1
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
PREFIX = re.compile(r"[\w.=-]+(/[\w.=-]+)*", re.ASCII)
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ROLE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/(?!.*//)[\w+=,.@/-]+", re.ASCII
)
MEMORIES = range(1024, 6145, 1024)
MOST_CONCURRENCY = 200
MOST_TAGS = 48  # AWS allows 50, and convbias adds two
LONGEST_KEY, LONGEST_VALUE = 128, 256


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Args:
        name: what was checked.
        message: what was found, or what is wrong.
        fix: how to fix a failed check.
        passed: whether the check passed; None if that is unknown.
    """

    name: str
    message: str
    fix: str | None = None
    passed: bool | None = True


def local_checks(settings: Settings, region: str) -> list[Check]:
    """Check settings without requests to AWS.

    Args:
        settings: the endpoint's settings.
        region: AWS region.
    """
    checks = [
        _name(settings.name),
        _prefix(settings.prefix),
        _role(settings.role, region),
        _bucket_name(settings.bucket),
        _image(settings, region),
        *(_serverless(settings) if settings.serverless else _machines(settings)),
        _tags(settings),
        _payload(settings),
    ]
    if not settings.serverless:
        checks += [*_network(settings), *_capture(settings), *_scaling(settings)]
    return checks


def raise_failures(checks: list[Check]) -> None:
    """Raise one error for all failed checks.

    Raises:
        InputError: At least one check failed.
    """
    failed = [check for check in checks if check.passed is False]
    if failed:
        raise InputError(
            "; ".join(f"{check.name}: {check.message}" for check in failed),
            "settings that pass every check; nothing was created or changed",
            "; ".join(check.fix for check in failed if check.fix) or None,
        )


def failed_check(name: str, message: str, fix: str) -> Check:
    """A failed check.

    Args:
        name: what was checked.
        message: what is wrong.
        fix: how to fix it.
    """
    return Check(name, message, fix, passed=False)


def _name(name: str) -> Check:
    if NAME.fullmatch(name) and len(name) <= LONGEST_NAME:
        return Check("name", name)
    fix = f"use up to {LONGEST_NAME} letters, digits and single hyphens between them"
    return failed_check("name", f"{name!r} is not a valid endpoint name", fix)


def _prefix(prefix: str) -> Check:
    stripped = prefix.strip("/")
    if not stripped or PREFIX.fullmatch(stripped):
        return Check("prefix", stripped or "none")
    fix = "use letters, digits and . _ = - with single slashes between them"
    return failed_check("prefix", f"{prefix!r} is not a valid folder name", fix)


def _role(role: str, region: str) -> Check:
    found = ROLE_ARN.fullmatch(role)
    if found is None:
        fix = "use the ARN of a role: arn:aws:iam::123456789012:role/NAME"
        return failed_check("role", f"{role!r} is not the ARN of a role", fix)
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    partition = "aws-us-gov" if region.startswith("us-gov-") else partition
    if found["partition"] != partition:
        message = f"is in the partition {found['partition']}, the region {region} in {partition}"
        return failed_check("role", message, "use a role of the region's partition")
    return Check("role", role)


def _bucket_name(bucket: str) -> Check:
    if BUCKET.fullmatch(bucket) and ".." not in bucket:
        return Check("bucket name", bucket)
    fix = "use the name without s3:// and folders; folders go into --prefix"
    return failed_check("bucket name", f"{bucket!r} is not a valid bucket name", fix)


def _image(settings: Settings, region: str) -> Check:
    if settings.image is None:
        try:
            return Check("image", inference_image(region))
        except InputError as error:
            return failed_check("image", error.what, error.fix or "name an image with --image")
    found = ECR_IMAGE.fullmatch(settings.image)
    if found is None:
        fix = (
            "use 123456789012.dkr.ecr.REGION.amazonaws.com/NAME:TAG; SageMaker reads only from ECR"
        )
        return failed_check("image", f"{settings.image!r} is not an ECR address", fix)
    if found["region"] != region:
        message = f"is in {found['region']}, the endpoint in {region}"
        return failed_check("image", message, f"push it to ECR in {region}")
    return Check("image", settings.image)


def _machines(settings: Settings) -> Iterator[Check]:
    chosen = settings.instance_type
    if re.match(r"ml\.t[23]\.", chosen):
        family = chosen.split(".")[1].upper()
        yield failed_check(
            "instance type",
            f"SageMaker does not host on {chosen}: {family} is only for notebooks",
            "use ml.m5.large, or --serverless, which costs nothing without requests",
        )
    elif chosen not in (known := _instance_types()):
        yield failed_check(
            "instance type", f"SageMaker does not host on {chosen!r}", _nearest(chosen, known)
        )
    else:
        yield Check("instance type", f"{settings.instances} x {chosen}")
    if settings.instances < 1:
        yield failed_check("instances", f"the number is {settings.instances}", "use 1 or more")


@cache
def _instance_types() -> list[str]:
    """The instance types for hosting that this version of boto3 knows."""
    import botocore.session

    model = botocore.session.Session().get_service_model("sagemaker")
    return list(model.shape_for("ProductionVariantInstanceType").enum)


def _nearest(chosen: str, known: list[str]) -> str:
    # Without the list of several hundred known types.
    near, found, _ = did_you_mean(chosen, known).partition("? known:")
    return f"{near}? or use ml.m5.large" if found else "use ml.m5.large"


def _serverless(settings: Settings) -> Iterator[Check]:
    if settings.memory_mb in MEMORIES:
        yield Check("memory", f"{settings.memory_mb} MB")
    else:
        fix = f"use one of {', '.join(map(str, MEMORIES))} MB"
        yield failed_check("memory", f"{settings.memory_mb} MB is not available", fix)
    if not 1 <= settings.max_concurrency <= MOST_CONCURRENCY:
        message = f"{settings.max_concurrency} requests at once are not available"
        yield failed_check("concurrency", message, f"use 1 to {MOST_CONCURRENCY}")
    unavailable = {
        "a VPC": bool(settings.subnets or settings.security_groups),
        "data capture": settings.data_capture is not None,
        "autoscaling by machines": settings.max_instances is not None,
        "a KMS key for volumes": settings.kms_key is not None,
    }
    given = [what for what, wanted in unavailable.items() if wanted]
    if given:
        message = f"serverless endpoints do not support {', '.join(given)}"
        yield failed_check("serverless", message, "remove these options, or remove --serverless")


def _tags(settings: Settings) -> Check:
    refused = [
        key
        for key, value in settings.tags.items()
        if not 0 < len(key) <= LONGEST_KEY
        or len(value) > LONGEST_VALUE
        or key.lower().startswith(("aws:", "convbias:"))
    ]
    if refused or len(settings.tags) > MOST_TAGS:
        fix = (
            f"use up to {MOST_TAGS} keys of up to {LONGEST_KEY} characters that do not start with"
            f" aws: or convbias:, and values of up to {LONGEST_VALUE} characters"
        )
        invalid = f"invalid: {', '.join(refused)}"
        message = invalid if refused else f"there are {len(settings.tags)} tags"
        return failed_check("tags", message, fix)
    return Check("tags", ", ".join(settings.tags) or "only convbias' own")


def _payload(settings: Settings) -> Check:
    most = LARGEST_SERVERLESS_REQUEST if settings.serverless else LARGEST_REQUEST
    return Check(
        "payload", f"at most {most:,} bytes per request, {most // IMAGE_BYTES:,} images as .npy"
    )


def _network(settings: Settings) -> Iterator[Check]:
    if bool(settings.subnets) != bool(settings.security_groups):
        message = "subnets and security groups must both be given"
        yield failed_check("VPC", message, "give both --subnets and --security-groups")


def _capture(settings: Settings) -> Iterator[Check]:
    share = settings.data_capture
    if share is not None and not 1 <= share <= 100:
        yield failed_check("data capture", f"{share} % is not a valid share", "use 1 to 100")


def _scaling(settings: Settings) -> Iterator[Check]:
    if settings.max_instances is None:
        return
    if settings.max_instances < settings.instances or settings.invocations_per_instance <= 0:
        message = (
            f"from {settings.instances} to {settings.max_instances} machines at"
            f" {settings.invocations_per_instance:g} requests a minute is impossible"
        )
        fix = "use --max-instances of at least --instances, and a positive number of requests"
        yield failed_check("autoscaling", message, fix)
