"""What of a plan is there already, and whether convbias made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import OWNER, Plan, scaled

ABSENT, EXISTS, OTHERS, DIFFERS = "absent", "exists", "others'", "differs"
MARK = "convbias-endpoint"  # metadata of the archive in S3
SUM = "convbias-sha256"


@dataclass(frozen=True)
class Resource:
    """One thing of an account.

    Args:
        kind: archive, model, configuration, endpoint or autoscaling.
        name: By which AWS knows it; of an archive, its address in S3.
        state: `absent`, `exists`, `others'` where convbias did not make it, or `differs` where it
            is there but not as planned.
        more: As AWS describes it.
        arn: Its address in AWS, of a model, a configuration or an endpoint.
        tags: That it has, likewise.
    """

    kind: str
    name: str
    state: str
    more: Mapping[str, Any]
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def described(aws: Aws, what: str, call: Callable[..., Any], **names: str) -> dict[str, Any] | None:
    """Ask AWS to describe something.

    Args:
        aws: Account and region.
        what: Is described, in words.
        call: Operation of a client.
        **names: Its parameters.

    Returns:
        The answer; None where there is no such thing.
    """
    from botocore.exceptions import ClientError

    with aws.told(f"{what} cannot be looked up"):
        try:
            return call(**names)
        except ClientError as error:
            if _not_there(error.response):
                return None
            raise


def _not_there(response: Mapping[str, Any]) -> bool:
    error = response["Error"]
    # SageMaker says so in words alone; S3 by a number, which it does not explain to HEAD.
    return error.get("Code") in ("404", "NoSuchKey", "NoSuchBucket") or (
        "could not find" in str(error.get("Message")).lower()
    )


def find(plan: Plan, aws: Aws) -> dict[str, Resource]:
    """Look what of a plan is there already.

    Args:
        plan: Of the endpoint.
        aws: Account and region.

    Returns:
        By kind, in the order in which they are made.
    """
    sagemaker = aws.client("sagemaker")
    model = plan.model["ModelName"]
    configuration = plan.configuration["EndpointConfigName"]
    name = plan.endpoint["EndpointName"]
    found = {
        "archive": archive_in(plan, aws),
        "model": _tagged(
            aws, "model", model,
            described(aws, f"the model {model}", sagemaker.describe_model, ModelName=model), name,
        ),
        "configuration": _tagged(
            aws, "configuration", configuration,
            described(
                aws, f"the configuration {configuration}", sagemaker.describe_endpoint_config,
                EndpointConfigName=configuration,
            ),
            name,
        ),
        "endpoint": endpoint(name, aws),
        "autoscaling": autoscaling(name, aws),
    }  # fmt: skip
    there = found["endpoint"]
    if there.state == EXISTS and there.more["EndpointConfigName"] != configuration:
        found["endpoint"] = replace(there, state=DIFFERS)
    there = found["autoscaling"]
    if there.state == EXISTS and not _as_planned(there.more, plan):
        found["autoscaling"] = replace(there, state=DIFFERS)
    return found


def archive_in(plan: Plan, aws: Aws) -> Resource:
    """Look for a plan's archive in its bucket.

    Args:
        plan: Of the endpoint.
        aws: Account and region.
    """
    bucket, key = plan.settings.bucket, plan.key
    answer = described(aws, plan.address, aws.client("s3").head_object, Bucket=bucket, Key=key)
    if answer is None:
        return Resource("archive", plan.address, ABSENT, {})
    metadata = metadata_of(answer)
    # An object in S3 is there as a whole, so its mark speaks for all of it.
    state = EXISTS if metadata.get(SUM) == plan.archive.sha256 else DIFFERS
    return Resource(
        "archive", plan.address, state if metadata.get(MARK) == plan.settings.name else OTHERS,
        answer,
    )  # fmt: skip


def metadata_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """What an object in S3 was marked with.

    Args:
        answer: Of HeadObject.
    """
    # Some servers write the names of metadata in their own way.
    return {key.lower(): value for key, value in answer.get("Metadata", {}).items()}


def endpoint(name: str, aws: Aws) -> Resource:
    """Look for an endpoint.

    Args:
        name: Of it.
        aws: Account and region.
    """
    call = aws.client("sagemaker").describe_endpoint
    answer = described(aws, f"the endpoint {name}", call, EndpointName=name)
    return _tagged(aws, "endpoint", name, answer, name)


def autoscaling(name: str, aws: Aws) -> Resource:
    """Look for an endpoint's autoscaling; `more` holds its target and our policy.

    It has no tags; convbias knows its own by the policy's name.

    Args:
        name: Of the endpoint.
        aws: Account and region.
    """
    client = aws.client("application-autoscaling")
    named = scaled(name)
    where = {key: named[key] for key in ("ServiceNamespace", "ScalableDimension")}
    resource = named["ResourceId"]
    with aws.told(f"the autoscaling of {name} cannot be looked up"):
        targets = client.describe_scalable_targets(ResourceIds=[resource], **where)
        policies = client.describe_scaling_policies(ResourceId=resource, **where)
    found, every = targets["ScalableTargets"], policies["ScalingPolicies"]
    own = [policy for policy in every if policy["PolicyName"] == name]
    state = EXISTS if own or (found and not every) else OTHERS if every else ABSENT
    return Resource("autoscaling", resource, state, {"targets": found, "policies": own})


def _as_planned(more: Mapping[str, Any], plan: Plan) -> bool:
    """Whether target and policy are there and say what the plan says."""
    if plan.scaling_target is None or plan.scaling_policy is None:
        return False
    return all(
        len(found) == 1 and _holds(found[0], wanted)
        for found, wanted in (
            (more["targets"], plan.scaling_target),
            (more["policies"], plan.scaling_policy),
        )
    )


def _holds(found: object, wanted: object) -> bool:
    """Whether an answer has all that was asked for; AWS adds defaults of its own."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        return all(key in found and _holds(found[key], value) for key, value in wanted.items())
    return found == wanted


def _tagged(aws: Aws, kind: str, name: str, answer: dict[str, Any] | None, owner: str) -> Resource:
    if answer is None:
        return Resource(kind, name, ABSENT, {})
    arn = next(value for key, value in answer.items() if key in _ARNS)
    tags = tags_of(aws, arn)
    state = EXISTS if tags.get(OWNER) == owner else OTHERS
    return Resource(kind, name, state, answer, arn, tags)


_ARNS = ("ModelArn", "EndpointConfigArn", "EndpointArn")


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    """The tags of a model, a configuration or an endpoint.

    Args:
        aws: Account and region.
        arn: Of it.
    """
    pages = aws.client("sagemaker").get_paginator("list_tags")
    with aws.told(f"the tags of {arn} cannot be read"):
        tags = [tag for page in pages.paginate(ResourceArn=arn) for tag in page["Tags"]]
    return {tag["Key"]: tag["Value"] for tag in tags}
