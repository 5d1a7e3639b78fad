"""Check settings without requests to AWS; all problems are reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from convbias.errors import InputError, did_you_mean
from convbias.shipping.deploy.plan import NAME_DIGITS, archive_key, capture_address
from convbias.shipping.deploy.settings import Settings
from convbias.shipping.deploy.shapes import broken_rule, hosting_instance_types, most_items
from convbias.shipping.deploy.tables import ECR_IMAGE, inference_image
from convbias.spec.datasets import InputForm

# Bytes; from botocore's model, and from AWS's documentation of serverless endpoints.
LARGEST_REQUEST = 6 * 2**20
LARGEST_SERVERLESS_REQUEST = 4 * 10**6
MOST_IMAGES = 1024  # per request, in inference.py; a test compares both

LONGEST_NAME = 63 - NAME_DIGITS - 1
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
PREFIX = re.compile(r"[\w.=-]+(/[\w.=-]+)*", re.ASCII)
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ROLE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/(?!.*//)[\w+=,.@/-]+", re.ASCII
)
MEMORIES = range(1024, 6145, 1024)
MOST_CONCURRENCY = 200
OWN_TAGS = 2
# AWS calls these families burstable, and its newer pages no longer list them for hosting.
BURSTABLE = re.compile(r"ml\.t\d+[a-z]*\.")


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


def local_checks(settings: Settings, region: str, form: InputForm) -> list[Check]:
    """Check settings without requests to AWS.

    Args:
        settings: the endpoint's settings.
        region: AWS region.
        form: the images that the archive's network takes.
    """
    checks = [
        _name(settings.name),
        _prefix(settings),
        _role(settings.role, region),
        _bucket_name(settings.bucket),
        _image(settings, region),
        *(_serverless(settings) if settings.serverless else _machines(settings)),
        _tags(settings),
        _payload(settings, form),
    ]
    if not settings.serverless:
        checks += [
            *_key(settings),
            *_network(settings),
            *_capture(settings),
            *_scaling(settings),
        ]
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


def _prefix(settings: Settings) -> Check:
    stripped = settings.prefix.strip("/")
    if stripped and not PREFIX.fullmatch(stripped):
        fix = "use letters, digits and . _ = - with single slashes between them"
        return failed_check("prefix", f"{settings.prefix!r} is not a valid folder name", fix)
    archive = f"s3://{settings.bucket}/{archive_key(settings, '0' * 64)}"
    problem = broken_rule("Url", archive) or (
        settings.data_capture and broken_rule("DestinationS3Uri", capture_address(settings))
    )
    if problem:
        return failed_check("prefix", f"an address in it {problem}", "use a shorter prefix")
    return Check("prefix", stripped or "none")


def _role(role: str, region: str) -> Check:
    found = ROLE_ARN.fullmatch(role)
    if found is None:
        fix = "use the ARN of a role: arn:aws:iam::123456789012:role/NAME"
        return failed_check("role", f"{role!r} is not the ARN of a role", fix)
    if problem := broken_rule("RoleArn", role):
        return failed_check("role", f"the ARN {problem}", "use a role with a shorter path")
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
    if problem := broken_rule("ContainerImage", settings.image):
        return failed_check("image", f"the address {problem}", "use a shorter name or tag")
    if found["region"] != region:
        message = f"is in {found['region']}, the endpoint in {region}"
        return failed_check("image", message, f"push it to ECR in {region}")
    return Check("image", settings.image)


def _machines(settings: Settings) -> Iterator[Check]:
    chosen, known = settings.instance_type, hosting_instance_types()
    if chosen not in known:
        message = f"{chosen!r} is not among the instance types for hosting of this version of boto3"
        yield failed_check("instance type", message, _nearest(chosen, known))
    elif BURSTABLE.match(chosen):
        yield Check(
            "instance type",
            f"{settings.instances} x {chosen}, which boto3 lists for hosting and AWS may refuse",
            "use ml.m5.large if AWS refuses it, or --serverless",
            passed=None,
        )
    else:
        yield Check("instance type", f"{settings.instances} x {chosen}")
    if settings.instances < 1:
        yield failed_check("instances", f"the number is {settings.instances}", "use 1 or more")


def _nearest(chosen: str, known: list[str]) -> str:
    # Without the list of several hundred known types.
    near, found, _ = did_you_mean(chosen, known).partition("? known:")
    safe = "use ml.m5.large, or --serverless, which costs nothing without requests"
    return f"{near}? or {safe}" if found else safe


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
    most = most_items("TagList") - OWN_TAGS
    if len(settings.tags) > most:
        return failed_check("tags", f"there are {len(settings.tags)} tags", f"use up to {most}")
    problems = list(_tag_problems(settings))
    if problems:
        fix = "use letters, digits, spaces and _ . : / = + - @ in keys and values"
        return failed_check("tags", "; ".join(problems), fix)
    return Check("tags", ", ".join(settings.tags) or "only convbias' own")


def _tag_problems(settings: Settings) -> Iterator[str]:
    for key, value in settings.tags.items():
        if key.lower().startswith(("aws:", "convbias:")):
            yield f"the key {key!r} starts with aws: or convbias:, which are reserved"
        if problem := broken_rule("TagKey", key):
            yield f"the key {key!r} {problem}"
        if problem := broken_rule("TagValue", value):
            yield f"the value of {key!r} {problem}"


def _payload(settings: Settings, form: InputForm) -> Check:
    image_bytes = form.side**2 * form.channels  # as .npy
    most = LARGEST_SERVERLESS_REQUEST if settings.serverless else LARGEST_REQUEST
    images = min(MOST_IMAGES, most // image_bytes)
    return Check(
        "payload",
        f"at most {most:,} bytes and {images:,} images per request; as .npy, {images:,} images take"
        f" {images * image_bytes:,} bytes",
    )


def _key(settings: Settings) -> Iterator[Check]:
    if settings.kms_key is None:
        return
    problem = broken_rule("KmsKeyId", settings.kms_key) if settings.kms_key else "is empty"
    if problem:
        fix = "use a key's id, its ARN, or alias/NAME"
        yield failed_check("KMS key", f"the key {problem}", fix)


def _network(settings: Settings) -> Iterator[Check]:
    if bool(settings.subnets) != bool(settings.security_groups):
        message = "subnets and security groups must both be given"
        yield failed_check("VPC", message, "give both --subnets and --security-groups")
    for values, what, shape, items in (
        (settings.subnets, "subnet", "SubnetId", "Subnets"),
        (settings.security_groups, "security group", "SecurityGroupId", "VpcSecurityGroupIds"),
    ):
        if len(values) > most_items(items):
            message = f"there are {len(values)} {what}s"
            yield failed_check("VPC", message, f"use up to {most_items(items)}")
        for value in values:
            if problem := broken_rule(shape, value) if value else "is empty":
                yield failed_check("VPC", f"the {what} {value!r} {problem}", f"use a {what}'s id")


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
