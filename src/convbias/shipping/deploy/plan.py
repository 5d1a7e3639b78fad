"""Plan an endpoint: the names of its resources, and the requests to AWS."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convbias.shipping.deploy.settings import Settings
from convbias.shipping.deploy.tables import inference_image
from convbias.shipping.export.archive import Archive

VARIANT = "AllTraffic"
OBJECT_NAME = "model.tar.gz"  # SageMaker requires this suffix
OWNER_TAG = "convbias:endpoint"  # the tag by which `delete` finds what `apply` created
CHECKSUM_TAG = "convbias:archive"
NAME_DIGITS = 12  # of checksums in names, which AWS limits to 63 characters
KEY_DIGITS = 16  # of the archive's checksum in its key; the metadata has all digits

Request = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that `apply` creates.

    Args:
        settings: the endpoint's settings.
        region: AWS region.
        archive: a verified archive.
        key: the archive's key in the bucket, which contains its checksum.
        model: parameters of CreateModel.
        configuration: parameters of CreateEndpointConfig.
        endpoint: parameters of CreateEndpoint; UpdateEndpoint takes its two names.
        scaling_target: parameters of RegisterScalableTarget; None without autoscaling.
        scaling_policy: parameters of PutScalingPolicy; None without autoscaling.
    """

    settings: Settings
    region: str
    archive: Archive
    key: str
    model: Request
    configuration: Request
    endpoint: Request
    scaling_target: Request | None
    scaling_policy: Request | None

    @property
    def address(self) -> str:
        """The archive's address in S3."""
        return f"s3://{self.settings.bucket}/{self.key}"

    def requests(self) -> dict[str, Request]:
        """AWS operation to its parameters, in the order of sending."""
        upload = {"Bucket": self.settings.bucket, "Key": self.key, "Body": str(self.archive.path)}
        every = {
            "s3:PutObject": upload,
            "sagemaker:CreateModel": self.model,
            "sagemaker:CreateEndpointConfig": self.configuration,
            "sagemaker:CreateEndpoint": self.endpoint,
            "application-autoscaling:RegisterScalableTarget": self.scaling_target,
            "application-autoscaling:PutScalingPolicy": self.scaling_policy,
        }
        return {operation: request for operation, request in every.items() if request}


def make_plan(settings: Settings, region: str, archive: Archive) -> Plan:
    """Plan an endpoint, without any request to AWS.

    The names of model and configuration end in a hash of their parameters, which include the
    archive's checksum. Equal settings and archives give equal names, so that `apply` finds existing
    resources; a change gives new names, so that a running endpoint's resources never change.

    Args:
        settings: the endpoint's settings.
        region: AWS region, such as eu-central-1.
        archive: a verified archive.

    Raises:
        InputError: AWS's image is not known for that region, and the settings name no other.
    """
    name = settings.name
    key = archive_key(settings, archive.sha256)
    tags = _tags(dict(settings.tags) | {OWNER_TAG: name})
    with_archive = _tags(dict(settings.tags) | {OWNER_TAG: name, CHECKSUM_TAG: archive.sha256})
    model = _model(settings, region, f"s3://{settings.bucket}/{key}")
    model = {"ModelName": _named(name, model), **model}
    configuration = _configuration(settings, model["ModelName"])
    configuration = {"EndpointConfigName": _named(name, configuration), **configuration}
    endpoint = {
        "EndpointName": name,
        "EndpointConfigName": configuration["EndpointConfigName"],
        "Tags": tags,
    }
    target, policy = _scaling(settings) if settings.max_instances else (None, None)
    return Plan(
        settings, region, archive, key,
        {**model, "Tags": with_archive}, {**configuration, "Tags": with_archive}, endpoint,
        target, policy,
    )  # fmt: skip


def archive_key(settings: Settings, sha256: str) -> str:
    """The key of an archive in the bucket.

    Args:
        settings: the endpoint's settings.
        sha256: the archive's checksum.
    """
    return _folder(settings) + f"/{sha256[:KEY_DIGITS]}/{OBJECT_NAME}"


def capture_address(settings: Settings) -> str:
    """The address in S3 for captured requests and responses.

    Args:
        settings: the endpoint's settings.
    """
    return f"s3://{settings.bucket}/{_folder(settings)}/captured"


def _folder(settings: Settings) -> str:
    return f"{settings.prefix.strip('/')}/{settings.name}".lstrip("/")


def scaling_target_id(name: str) -> dict[str, str]:
    """The parameters by which autoscaling identifies an endpoint's number of machines.

    Args:
        name: the endpoint's name.
    """
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def _scaling(settings: Settings) -> tuple[Request, Request]:
    """Parameters of RegisterScalableTarget and PutScalingPolicy."""
    capacity = {"MinCapacity": settings.instances, "MaxCapacity": settings.max_instances}
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    tracking = {
        "TargetValue": settings.invocations_per_instance,
        "PredefinedMetricSpecification": metric,
    }
    policy = {
        "PolicyName": settings.name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    target_id = scaling_target_id(settings.name)
    return {**target_id, **capacity}, {**target_id, **policy}


def _model(settings: Settings, region: str, address: str) -> Request:
    image = settings.image or inference_image(region)
    request: Request = {
        "ExecutionRoleArn": settings.role,
        "PrimaryContainer": {"Image": image, "ModelDataUrl": address},
    }
    if settings.subnets or settings.security_groups:
        request["VpcConfig"] = {
            "Subnets": list(settings.subnets),
            "SecurityGroupIds": list(settings.security_groups),
        }
    return request


def _configuration(settings: Settings, model: str) -> Request:
    variant: Request = {"VariantName": VARIANT, "ModelName": model}
    if settings.serverless:
        variant["ServerlessConfig"] = {
            "MemorySizeInMB": settings.memory_mb,
            "MaxConcurrency": settings.max_concurrency,
        }
    else:
        variant["InstanceType"] = settings.instance_type
        variant["InitialInstanceCount"] = settings.instances
    request: Request = {"ProductionVariants": [variant]}
    if settings.kms_key is not None:
        request["KmsKeyId"] = settings.kms_key
    if settings.data_capture is not None:
        request["DataCaptureConfig"] = {
            "EnableCapture": True,
            "InitialSamplingPercentage": settings.data_capture,
            "DestinationS3Uri": capture_address(settings),
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        }
    return request


def _named(name: str, request: Request) -> str:
    text = json.dumps(request, sort_keys=True)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:NAME_DIGITS]}"


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
