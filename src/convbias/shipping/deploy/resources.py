"""Look up resources in an AWS account, and whether convbias created them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import OWNER_TAG, Plan, scaling_target_id

ABSENT, EXISTS, UNMANAGED, DIFFERS = "absent", "exists", "unmanaged", "differs"
# Metadata of the archive in S3.
OWNER_METADATA = "convbias-endpoint"
CHECKSUM_METADATA = "convbias-sha256"


@dataclass(frozen=True)
class Resource:
    """A resource of an AWS account.

    Args:
        kind: archive, model, configuration, endpoint or autoscaling.
        name: AWS's name of the resource; for an archive, its address in S3.
        state: `absent`; `exists`; `differs` if it exists, but not as planned; or `unmanaged` if it
            exists, but was not created by convbias.
        description: AWS's description.
        arn: ARN of a model, configuration or endpoint.
        tags: tags of a model, configuration or endpoint.
    """

    kind: str
    name: str
    state: str
    description: Mapping[str, Any]
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def describe(
    aws: Aws, what: str, call: Callable[..., Any], **parameters: str
) -> dict[str, Any] | None:
    """Ask AWS for the description of a resource.

    Args:
        aws: account and region.
        what: the resource, for error messages.
        call: operation of a boto3 client.
        **parameters: parameters of the operation.

    Returns:
        The description; None if the resource does not exist.
    """
    from botocore.exceptions import ClientError

    with aws.translate_errors(f"{what} cannot be looked up"):
        try:
            return call(**parameters)
        except ClientError as error:
            if _is_absent(error.response):
                return None
            raise


def _is_absent(response: Mapping[str, Any]) -> bool:
    error = response["Error"]
    # SageMaker says so only in the message; S3 responds to HEAD with a number alone.
    return error.get("Code") in ("404", "NoSuchKey", "NoSuchBucket") or (
        "could not find" in str(error.get("Message")).lower()
    )


def find_existing(plan: Plan, aws: Aws) -> dict[str, Resource]:
    """Look up the resources of a plan.

    Args:
        plan: plan of the endpoint.
        aws: account and region.

    Returns:
        Kind to resource, in the order of creation.
    """
    sagemaker = aws.client("sagemaker")
    model = plan.model["ModelName"]
    configuration = plan.configuration["EndpointConfigName"]
    name = plan.endpoint["EndpointName"]
    found = {
        "archive": find_archive(plan, aws),
        "model": _tagged(
            aws, "model", model,
            describe(aws, f"the model {model}", sagemaker.describe_model, ModelName=model), name,
        ),
        "configuration": _tagged(
            aws, "configuration", configuration,
            describe(
                aws, f"the configuration {configuration}", sagemaker.describe_endpoint_config,
                EndpointConfigName=configuration,
            ),
            name,
        ),
        "endpoint": find_endpoint(name, aws),
        "autoscaling": find_autoscaling(name, aws),
    }  # fmt: skip
    there = found["endpoint"]
    if there.state == EXISTS and there.description["EndpointConfigName"] != configuration:
        found["endpoint"] = replace(there, state=DIFFERS)
    there = found["autoscaling"]
    if there.state == EXISTS and not _as_planned(there.description, plan):
        found["autoscaling"] = replace(there, state=DIFFERS)
    return found


def find_archive(plan: Plan, aws: Aws) -> Resource:
    """Look up a plan's archive in its bucket.

    Args:
        plan: plan of the endpoint.
        aws: account and region.
    """
    bucket, key = plan.settings.bucket, plan.key
    description = describe(aws, plan.address, aws.client("s3").head_object, Bucket=bucket, Key=key)
    if description is None:
        return Resource("archive", plan.address, ABSENT, {})
    metadata = metadata_of(description)
    if metadata.get(OWNER_METADATA) != plan.settings.name:
        state = UNMANAGED
    else:
        # Objects in S3 are complete, so the checksum in the metadata is enough.
        same = metadata.get(CHECKSUM_METADATA) == plan.archive.sha256
        state = EXISTS if same else DIFFERS
    return Resource("archive", plan.address, state, description)


def metadata_of(description: Mapping[str, Any]) -> dict[str, str]:
    """The metadata of an object in S3.

    Args:
        description: response of HeadObject.
    """
    # Some servers change the case of the names.
    return {key.lower(): value for key, value in description.get("Metadata", {}).items()}


def find_endpoint(name: str, aws: Aws) -> Resource:
    """Look up an endpoint.

    Args:
        name: the endpoint's name.
        aws: account and region.
    """
    call = aws.client("sagemaker").describe_endpoint
    description = describe(aws, f"the endpoint {name}", call, EndpointName=name)
    return _tagged(aws, "endpoint", name, description, name)


def find_autoscaling(name: str, aws: Aws) -> Resource:
    """Look up an endpoint's autoscaling: its scaling targets and convbias' policies.

    It has no tags; convbias recognises its own policy by the name.

    Args:
        name: the endpoint's name.
        aws: account and region.
    """
    client = aws.client("application-autoscaling")
    target_id = scaling_target_id(name)
    where = {key: target_id[key] for key in ("ServiceNamespace", "ScalableDimension")}
    resource = target_id["ResourceId"]
    with aws.translate_errors(f"the autoscaling of {name} cannot be looked up"):
        targets = client.describe_scalable_targets(ResourceIds=[resource], **where)
        policies = client.describe_scaling_policies(ResourceId=resource, **where)
    found, every = targets["ScalableTargets"], policies["ScalingPolicies"]
    own = [policy for policy in every if policy["PolicyName"] == name]
    foreign = UNMANAGED if every else ABSENT
    state = EXISTS if own or (found and not every) else foreign
    return Resource("autoscaling", resource, state, {"targets": found, "policies": own})


def _as_planned(description: Mapping[str, Any], plan: Plan) -> bool:
    """Whether target and policy exist and agree with the plan."""
    if plan.scaling_target is None or plan.scaling_policy is None:
        return False
    return all(
        len(found) == 1 and _contains(found[0], wanted)
        for found, wanted in (
            (description["targets"], plan.scaling_target),
            (description["policies"], plan.scaling_policy),
        )
    )


def _contains(found: object, wanted: object) -> bool:
    """Whether a description has all wanted values; AWS adds defaults."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        return all(key in found and _contains(found[key], value) for key, value in wanted.items())
    return found == wanted


def _tagged(
    aws: Aws, kind: str, name: str, description: dict[str, Any] | None, owner: str
) -> Resource:
    if description is None:
        return Resource(kind, name, ABSENT, {})
    arn = next(value for key, value in description.items() if key in _ARNS)
    tags = read_tags(aws, arn)
    state = EXISTS if tags.get(OWNER_TAG) == owner else UNMANAGED
    return Resource(kind, name, state, description, arn, tags)


_ARNS = ("ModelArn", "EndpointConfigArn", "EndpointArn")


def read_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Read the tags of a model, configuration or endpoint.

    Args:
        aws: account and region.
        arn: the resource's ARN.
    """
    pages = aws.client("sagemaker").get_paginator("list_tags")
    with aws.translate_errors(f"the tags of {arn} cannot be read"):
        tags = [tag for page in pages.paginate(ResourceArn=arn) for tag in page["Tags"]]
    return {tag["Key"]: tag["Value"] for tag in tags}
