"""Everything that was ever made for an endpoint, found by its tags, marks and names."""

from __future__ import annotations

import re

from convbias.errors import InputError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import KEY_LETTERS, OBJECT, OWNER
from convbias.shipping.deploy.resources import (
    EXISTS,
    MARK,
    OTHERS,
    Resource,
    autoscaling,
    described,
    endpoint,
    metadata_of,
    tags_of,
)

_SUM = re.compile(rf"[0-9a-f]{{{KEY_LETTERS}}}")


def made(name: str, aws: Aws, places: set[tuple[str, str]]) -> list[Resource]:
    """List everything that was ever made for an endpoint, and nothing else.

    Args:
        name: Of the endpoint.
        aws: Account and region.
        places: Buckets and prefixes to look into, beside those that the models name.

    Returns:
        In the order in which they can be taken away.

    Raises:
        InputError: An endpoint of that name is there, but convbias did not make it.
    """
    there = endpoint(name, aws)
    if there.state == OTHERS:
        raise InputError(
            f"the endpoint {name} exists, and convbias did not make it",
            f"an endpoint with the tag {OWNER}",
            "take it away with the tool that made it",
        )
    configurations = _named_like(
        name, aws, "configuration", "list_endpoint_configs", "EndpointConfig"
    )
    models = _named_like(name, aws, "model", "list_models", "Model")
    where = sorted(places | _places(models, aws))
    archives = [archive for place in where for archive in _archives(name, aws, *place)]
    # Without the endpoint nobody can tell whose its autoscaling was.
    scaling = [autoscaling(name, aws)] if there.state == EXISTS else []
    every = [*scaling, there, *configurations, *models, *archives]
    return [resource for resource in every if resource.state == EXISTS]


def _named_like(name: str, aws: Aws, kind: str, operation: str, word: str) -> list[Resource]:
    pages = aws.client("sagemaker").get_paginator(operation)
    with aws.told(f"what there is of {name} cannot be listed"):
        listed = [
            each
            for page in pages.paginate(NameContains=f"{name}-")
            for each in page[f"{word}s"]
            if each[f"{word}Name"].startswith(f"{name}-")
        ]
    return [
        Resource(kind, each[f"{word}Name"], EXISTS, each)
        for each in listed
        if tags_of(aws, each[f"{word}Arn"]).get(OWNER) == name
    ]


def _places(models: list[Resource], aws: Aws) -> set[tuple[str, str]]:
    """Buckets and prefixes that models were made from."""
    places = set()
    for model in models:
        call = aws.client("sagemaker").describe_model
        answer = described(aws, f"the model {model.name}", call, ModelName=model.name) or {}
        address = answer.get("PrimaryContainer", {}).get("ModelDataUrl", "")
        bucket, _, key = address.removeprefix("s3://").partition("/")
        prefix = re.fullmatch(rf"(?:(.*)/)?[^/]+/{_SUM.pattern}/{OBJECT}", key)
        if prefix is not None:
            places.add((bucket, prefix[1] or ""))
    return places


def _archives(name: str, aws: Aws, bucket: str, prefix: str) -> list[Resource]:
    """Archives that `apply` put there, known by their key and their mark."""
    s3 = aws.client("s3")
    folder = f"{prefix.strip('/')}/{name}/".lstrip("/")
    pages = s3.get_paginator("list_objects_v2")
    with aws.told(f"the bucket {bucket} cannot be listed"):
        keys = [
            each["Key"]
            for page in pages.paginate(Bucket=bucket, Prefix=folder)
            for each in page.get("Contents", [])
        ]
    found = []
    for key in keys:
        checksum, _, rest = key.removeprefix(folder).partition("/")
        if not _SUM.fullmatch(checksum) or rest != OBJECT:
            continue
        call = s3.head_object
        answer = described(aws, f"s3://{bucket}/{key}", call, Bucket=bucket, Key=key) or {}
        if metadata_of(answer).get(MARK) == name:
            found.append(Resource("archive", f"s3://{bucket}/{key}", EXISTS, answer))
    return found
