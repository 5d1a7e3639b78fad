"""An archive into a bucket: as a whole or not at all, whatever happens on the way."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from convbias.errors import InputError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import Plan
from convbias.shipping.deploy.resources import MARK, SUM

# Larger archives go in parts, of which S3 makes an object only when all of them are there.
PART_BYTES = 8 * 2**20


def upload(plan: Plan, aws: Aws) -> None:
    """Put the archive where the plan says.

    Parts that an interrupted upload has left behind are taken away first: nobody sees them as an
    object, but AWS wants money for them.

    Args:
        plan: Of the endpoint.
        aws: Account and region.

    Raises:
        InputError: The bucket does not take it, or the archive has changed.
        RunError: The connection broke, or S3 fails; there is no object then, or the whole one.
    """
    from boto3.s3.transfer import TransferConfig

    settings = plan.settings
    client = aws.client("s3")
    extra: dict[str, Any] = {"Metadata": {MARK: settings.name, SUM: plan.archive.sha256}}
    if settings.kms_key is not None:
        extra |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.kms_key}
    parts = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
    content = _verified(plan)
    with aws.told(f"{plan.address} was not written"):
        remove_parts(client, settings.bucket, plan.key)
        client.upload_fileobj(
            io.BytesIO(content), settings.bucket, plan.key, ExtraArgs=extra, Config=parts
        )


def _verified(plan: Plan) -> bytes:
    """The archive's bytes, if they are still those that were verified."""
    path = plan.archive.path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}", "the archive of the plan"
        ) from error
    if hashlib.sha256(content).hexdigest() != plan.archive.sha256:
        raise InputError(
            f"{path} has changed since it was verified",
            "the archive of the plan",
            "run the same command again, when nobody writes the archive",
        )
    return content


def remove_parts(client: Any, bucket: str, key: str) -> None:  # noqa: ANN401 - of boto3
    """Take away what interrupted uploads of one object have left behind.

    Args:
        client: Of S3.
        bucket: Where.
        key: Of the object.
    """
    pages = client.get_paginator("list_multipart_uploads")
    try:
        left = [
            each["UploadId"]
            for page in pages.paginate(Bucket=bucket, Prefix=key)
            for each in page.get("Uploads", [])
            if each["Key"] == key
        ]
    except client.exceptions.NoSuchUpload:  # where there never was one, as some servers have it
        return
    for identity in left:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=identity)
