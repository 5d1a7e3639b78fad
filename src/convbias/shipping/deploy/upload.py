"""Upload an archive to S3 atomically."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from convbias.errors import InputError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import Plan
from convbias.shipping.deploy.resources import CHECKSUM_METADATA, OWNER_METADATA
from convbias.spec.files import read_file

# Larger archives are sent in parts; S3 creates the object once all of them have arrived.
PART_BYTES = 8 * 2**20


def upload(plan: Plan, aws: Aws) -> None:
    """Upload the archive to its address in the plan.

    Parts left by an interrupted upload are deleted first: they are invisible, but AWS charges for
    them.

    Args:
        plan: plan of the endpoint.
        aws: account and region.

    Raises:
        InputError: The bucket refuses the archive, or the archive has changed.
        RunError: The connection broke, or S3 failed; the object is then absent or complete.
    """
    from boto3.s3.transfer import TransferConfig

    settings = plan.settings
    client = aws.client("s3")
    metadata = {OWNER_METADATA: settings.name, CHECKSUM_METADATA: plan.archive.sha256}
    extra: dict[str, Any] = {"Metadata": metadata}
    if settings.kms_key is not None:
        extra |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.kms_key}
    parts = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
    content = _verified(plan)
    with aws.translate_errors(f"{plan.address} was not written"):
        abort_unfinished_uploads(client, settings.bucket, plan.key)
        client.upload_fileobj(
            io.BytesIO(content), settings.bucket, plan.key, ExtraArgs=extra, Config=parts
        )


def _verified(plan: Plan) -> bytes:
    """The archive's bytes, provided that its checksum is still the plan's."""
    path = plan.archive.path
    content = read_file(path)
    if hashlib.sha256(content).hexdigest() != plan.archive.sha256:
        raise InputError(
            f"{path} has changed since it was verified",
            "the plan's archive",
            "run the same command again while no other program writes the archive",
        )
    return content


def abort_unfinished_uploads(client: Any, bucket: str, key: str) -> None:  # noqa: ANN401 - boto3
    """Delete the parts that interrupted uploads of an object have left.

    Args:
        client: S3 client.
        bucket: the object's bucket.
        key: the object's key.
    """
    pages = client.get_paginator("list_multipart_uploads")
    try:
        unfinished = [
            each["UploadId"]
            for page in pages.paginate(Bucket=bucket, Prefix=key)
            for each in page.get("Uploads", [])
            if each["Key"] == key
        ]
    except client.exceptions.NoSuchUpload:  # some servers say this if there never was an upload
        return
    for identity in unfinished:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=identity)
