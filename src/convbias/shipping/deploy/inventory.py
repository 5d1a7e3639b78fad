"""List everything that convbias created for an endpoint, by tags, metadata and names."""

from __future__ import annotations

import re

from convbias.errors import InputError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import KEY_DIGITS, OBJECT_NAME, OWNER_TAG
from convbias.shipping.deploy.resources import (
    EXISTS,
    OWNER_METADATA,
    UNMANAGED,
    Resource,
    describe,
    find_autoscaling,
    find_endpoint,
    metadata_of,
    read_tags,
)

_CHECKSUM = re.compile(rf"[0-9a-f]{{{KEY_DIGITS}}}")


def list_resources(name: str, aws: Aws, places: set[tuple[str, str]]) -> list[Resource]:
    """List everything that convbias created for an endpoint, and nothing else.

    Args:
        name: the endpoint's name.
        aws: account and region.
        places: buckets and prefixes to search, in addition to those that the models name.

    Returns:
        The resources, in an order in which they can be deleted.

    Raises:
        InputError: An endpoint of that name exists, but was not created by convbias.
    """
    endpoint = find_endpoint(name, aws)
    if endpoint.state == UNMANAGED:
        raise InputError(
            f"the endpoint {name} exists and was not created by convbias",
            f"an endpoint with the tag {OWNER_TAG}",
            "delete it with the tool that created it",
        )
    configurations = _named_like(
        name, aws, "configuration", "list_endpoint_configs", "EndpointConfig"
    )
    models = _named_like(name, aws, "model", "list_models", "Model")
    where = sorted(places | _places(models, aws))
    archives = [archive for place in where for archive in _archives(name, aws, *place)]
    # Only an endpoint tells whether its autoscaling belongs to convbias.
    scaling = [find_autoscaling(name, aws)] if endpoint.state == EXISTS else []
    every = [*scaling, endpoint, *configurations, *models, *archives]
    return [resource for resource in every if resource.state == EXISTS]


def _named_like(name: str, aws: Aws, kind: str, operation: str, word: str) -> list[Resource]:
    pages = aws.client("sagemaker").get_paginator(operation)
    with aws.translate_errors(f"the resources of {name} cannot be listed"):
        listed = [
            each
            for page in pages.paginate(NameContains=f"{name}-")
            for each in page[f"{word}s"]
            if each[f"{word}Name"].startswith(f"{name}-")
        ]
    return [
        Resource(kind, each[f"{word}Name"], EXISTS, each)
        for each in listed
        if read_tags(aws, each[f"{word}Arn"]).get(OWNER_TAG) == name
    ]


def _places(models: list[Resource], aws: Aws) -> set[tuple[str, str]]:
    """Buckets and prefixes of the models' archives."""
    places = set()
    for model in models:
        call = aws.client("sagemaker").describe_model
        description = describe(aws, f"the model {model.name}", call, ModelName=model.name) or {}
        address = description.get("PrimaryContainer", {}).get("ModelDataUrl", "")
        bucket, _, key = address.removeprefix("s3://").partition("/")
        prefix = re.fullmatch(rf"(?:(.*)/)?[^/]+/{_CHECKSUM.pattern}/{OBJECT_NAME}", key)
        if prefix is not None:
            places.add((bucket, prefix[1] or ""))
    return places


def _archives(name: str, aws: Aws, bucket: str, prefix: str) -> list[Resource]:
    """Archives that `apply` uploaded, recognised by their keys and metadata."""
    s3 = aws.client("s3")
    folder = f"{prefix.strip('/')}/{name}/".lstrip("/")
    pages = s3.get_paginator("list_objects_v2")
    with aws.translate_errors(f"the bucket {bucket} cannot be listed"):
        keys = [
            each["Key"]
            for page in pages.paginate(Bucket=bucket, Prefix=folder)
            for each in page.get("Contents", [])
        ]
    found = []
    for key in keys:
        checksum, _, rest = key.removeprefix(folder).partition("/")
        if not _CHECKSUM.fullmatch(checksum) or rest != OBJECT_NAME:
            continue
        call = s3.head_object
        description = describe(aws, f"s3://{bucket}/{key}", call, Bucket=bucket, Key=key) or {}
        if metadata_of(description).get(OWNER_METADATA) == name:
            found.append(Resource("archive", f"s3://{bucket}/{key}", EXISTS, description))
    return found
