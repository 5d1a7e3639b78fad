"""What must be right before anything is created, as far as it can be told without asking AWS.

Every check is made, so that all that is wrong is said at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from convbias.errors import InputError, did_you_mean
from convbias.shipping.deploy.images import IMAGE, inference_image
from convbias.shipping.deploy.plan import SUM_LETTERS
from convbias.shipping.deploy.settings import Settings

# Bytes of a request: in botocore's model, and in AWS's documentation of serverless endpoints.
LARGEST_REQUEST = 6 * 2**20
LARGEST_SERVERLESS_REQUEST = 4 * 10**6
IMAGE_BYTES = 28 * 28

LONGEST_NAME = 63 - SUM_LETTERS - 1
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
PREFIX = re.compile(r"[\w.=-]+(/[\w.=-]+)*", re.ASCII)
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ROLE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/(?!.*//)[\w+=,.@/-]+", re.ASCII
)
MEMORIES = range(1024, 6145, 1024)
MOST_CONCURRENCY = 200
MOST_TAGS = 48  # of 50, beside our own two
LONGEST_KEY, LONGEST_VALUE = 128, 256


@dataclass(frozen=True)
class Check:
    """One check.

    Args:
        what: Is checked.
        words: What was found, or what is wrong.
        fix: What to do, where something is wrong.
        fine: Whether it is right; None where it could not be told.
    """

    what: str
    words: str
    fix: str | None = None
    fine: bool | None = True


def local_checks(settings: Settings, region: str) -> list[Check]:
    """Check what needs nobody's answer.

    Args:
        settings: Of the endpoint.
        region: Where.
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


def refuse(checks: list[Check]) -> None:
    """Raise what is wrong, all of it.

    Raises:
        InputError: A check failed.
    """
    failed = [check for check in checks if check.fine is False]
    if failed:
        raise InputError(
            "; ".join(f"{check.what}: {check.words}" for check in failed),
            "nothing of this; nothing was created or changed",
            "; ".join(check.fix for check in failed if check.fix) or None,
        )


def wrong(what: str, words: str, fix: str) -> Check:
    """A check that failed.

    Args:
        what: Was checked.
        words: What is wrong.
        fix: What to do.
    """
    return Check(what, words, fix, fine=False)


def _name(name: str) -> Check:
    if NAME.fullmatch(name) and len(name) <= LONGEST_NAME:
        return Check("name", name)
    fix = f"take up to {LONGEST_NAME} letters, digits and single hyphens between them"
    return wrong("name", f"{name!r} cannot be an endpoint's", fix)


def _prefix(prefix: str) -> Check:
    stripped = prefix.strip("/")
    if not stripped or PREFIX.fullmatch(stripped):
        return Check("prefix", stripped or "none")
    fix = "take letters, digits and . _ = - with single slashes between them"
    return wrong("prefix", f"{prefix!r} is no folder of a bucket", fix)


def _role(role: str, region: str) -> Check:
    found = ROLE_ARN.fullmatch(role)
    if found is None:
        fix = "name the ARN of a role: arn:aws:iam::123456789012:role/NAME"
        return wrong("role", f"{role!r} is not the ARN of a role", fix)
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    partition = "aws-us-gov" if region.startswith("us-gov-") else partition
    if found["partition"] != partition:
        words = f"belongs to {found['partition']}, the region {region} to {partition}"
        return wrong("role", words, "name a role of the region's own part of AWS")
    return Check("role", role)


def _bucket_name(bucket: str) -> Check:
    if BUCKET.fullmatch(bucket) and ".." not in bucket:
        return Check("bucket's name", bucket)
    fix = "take the name alone, without s3:// and folders; folders go into --prefix"
    return wrong("bucket's name", f"{bucket!r} cannot be a bucket's", fix)


def _image(settings: Settings, region: str) -> Check:
    if settings.image is None:
        try:
            return Check("image", inference_image(region))
        except InputError as error:
            return wrong("image", error.what, error.fix or "name an image with --image")
    found = IMAGE.fullmatch(settings.image)
    if found is None:
        fix = "take 123456789012.dkr.ecr.REGION.amazonaws.com/NAME:TAG; SageMaker reads ECR alone"
        return wrong("image", f"{settings.image!r} is no address of ECR", fix)
    if found["region"] != region:
        words = f"lies in {found['region']}, the endpoint in {region}"
        return wrong("image", words, f"push it to ECR in {region} as well")
    return Check("image", settings.image)


def _machines(settings: Settings) -> Iterator[Check]:
    chosen = settings.instance_type
    if re.match(r"ml\.t[23]\.", chosen):
        family = chosen.split(".")[1].upper()
        yield wrong(
            "instance type",
            f"SageMaker does not host on {chosen}: {family} is for notebooks only",
            "take ml.m5.large, or --serverless, which costs nothing while nobody asks",
        )
    elif chosen not in (known := _instance_types()):
        yield wrong(
            "instance type", f"SageMaker does not host on {chosen!r}", _nearest(chosen, known)
        )
    else:
        yield Check("instance type", f"{settings.instances} x {chosen}")
    if settings.instances < 1:
        yield wrong("instances", f"{settings.instances} are none", "take 1 or more")


@cache
def _instance_types() -> list[str]:
    """Those for hosting that this version of boto3 knows of."""
    import botocore.session

    model = botocore.session.Session().get_service_model("sagemaker")
    return list(model.shape_for("ProductionVariantInstanceType").enum)


def _nearest(chosen: str, known: list[str]) -> str:
    # Without the list of several hundred that usually follows.
    near, asks, _ = did_you_mean(chosen, known).partition("? known:")
    return f"{near}? or take ml.m5.large" if asks else "take ml.m5.large"


def _serverless(settings: Settings) -> Iterator[Check]:
    if settings.memory_mb in MEMORIES:
        yield Check("memory", f"{settings.memory_mb} MB")
    else:
        fix = f"take one of {', '.join(map(str, MEMORIES))} MB"
        yield wrong("memory", f"{settings.memory_mb} MB are not offered", fix)
    if not 1 <= settings.max_concurrency <= MOST_CONCURRENCY:
        words = f"{settings.max_concurrency} requests at once are not offered"
        yield wrong("concurrency", words, f"take 1 to {MOST_CONCURRENCY}")
    not_offered = {
        "a VPC": bool(settings.subnets or settings.security_groups),
        "data capture": settings.data_capture is not None,
        "autoscaling by machines": settings.max_instances is not None,
        "a KMS key for volumes": settings.kms_key is not None,
    }
    given = [what for what, wanted in not_offered.items() if wanted]
    if given:
        words = f"serverless endpoints have no {' and no '.join(given)}"
        yield wrong("serverless", words, "leave these options out, or leave out --serverless")


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
            f"take up to {MOST_TAGS} keys of {LONGEST_KEY} letters that do not start with aws: or"
            f" convbias:, and values of {LONGEST_VALUE}"
        )
        return wrong("tags", f"{', '.join(refused) or len(settings.tags)} cannot be", fix)
    return Check("tags", ", ".join(settings.tags) or "only those of convbias")


def _payload(settings: Settings) -> Check:
    most = LARGEST_SERVERLESS_REQUEST if settings.serverless else LARGEST_REQUEST
    return Check(
        "payload", f"at most {most:,} bytes a request, {most // IMAGE_BYTES:,} images as .npy"
    )


def _network(settings: Settings) -> Iterator[Check]:
    if bool(settings.subnets) != bool(settings.security_groups):
        words = "subnets and security groups go together"
        yield wrong("VPC", words, "name both --subnets and --security-groups")


def _capture(settings: Settings) -> Iterator[Check]:
    share = settings.data_capture
    if share is not None and not 1 <= share <= 100:
        yield wrong("data capture", f"{share} % cannot be kept", "take 1 to 100")


def _scaling(settings: Settings) -> Iterator[Check]:
    if settings.max_instances is None:
        return
    if settings.max_instances < settings.instances or settings.invocations_per_instance <= 0:
        words = (
            f"from {settings.instances} to {settings.max_instances} machines at"
            f" {settings.invocations_per_instance:g} requests a minute cannot be"
        )
        yield wrong("autoscaling", words, "take --max-instances of at least --instances")
