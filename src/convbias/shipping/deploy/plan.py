"""What an endpoint consists of: names that follow from the archive, and the requests to AWS."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convbias.shipping.deploy.images import inference_image
from convbias.shipping.deploy.settings import Settings
from convbias.shipping.export.archive import Archive

VARIANT = "AllTraffic"
OBJECT = "model.tar.gz"  # SageMaker wants this suffix
OWNER = "convbias:endpoint"  # the tag by which `delete` knows what `apply` made
CHECKSUM = "convbias:archive"
SUM_LETTERS = 12  # of sums in names, of which AWS allows 63 letters
KEY_LETTERS = 16  # of the archive's sum in its key; the whole one is in its metadata

Request = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that `apply` makes.

    Args:
        settings: What it follows from, with the region and the archive.
        region: Where.
        archive: Verified.
        key: Of the archive in the bucket; it holds the archive's sum.
        model: Request of CreateModel.
        configuration: Request of CreateEndpointConfig.
        endpoint: Request of CreateEndpoint; UpdateEndpoint takes its two names.
        scaling_target: Request of RegisterScalableTarget, where there is autoscaling.
        scaling_policy: Request of PutScalingPolicy, likewise.
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
        """The archive's, in S3."""
        return f"s3://{self.settings.bucket}/{self.key}"

    def requests(self) -> dict[str, Request]:
        """Operation of AWS to its parameters, in the order in which they are sent."""
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
    """Plan an endpoint; nobody is asked.

    The names of model and configuration end in a sum of what they are made of, archive included.
    Equal settings and archives therefore give equal names, and `apply` finds what is there; any
    other gives new ones, so that nothing that answers is changed under way.

    Args:
        settings: Of the endpoint.
        region: Such as eu-central-1.
        archive: Verified.

    Raises:
        InputError: AWS's image is not known for that region, and no other is named.
    """
    name = settings.name
    key = f"{settings.prefix.strip('/')}/{name}/{archive.sha256[:KEY_LETTERS]}/{OBJECT}".lstrip("/")
    tags = _tags(dict(settings.tags) | {OWNER: name})
    with_archive = _tags(dict(settings.tags) | {OWNER: name, CHECKSUM: archive.sha256})
    model = _model(settings, region, f"s3://{settings.bucket}/{key}")
    model = {"ModelName": _named(name, model), **model}
    configuration = _configuration(settings, model["ModelName"])
    configuration = {"EndpointConfigName": _named(name, configuration), **configuration}
    endpoint = {
        "EndpointName": name,
        "EndpointConfigName": configuration["EndpointConfigName"],
        "Tags": tags,
    }
    target, policy = scaling(settings) if settings.max_instances else (None, None)
    return Plan(
        settings, region, archive, key,
        {**model, "Tags": with_archive}, {**configuration, "Tags": with_archive}, endpoint,
        target, policy,
    )  # fmt: skip


def scaled(name: str) -> dict[str, str]:
    """What autoscaling calls an endpoint's number of machines."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def scaling(settings: Settings) -> tuple[Request, Request]:
    """Requests of autoscaling: the target and the policy."""
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
    return {**scaled(settings.name), **capacity}, {**scaled(settings.name), **policy}


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
        captured = f"s3://{settings.bucket}/{settings.prefix.strip('/')}/{settings.name}/captured"
        request["DataCaptureConfig"] = {
            "EnableCapture": True,
            "InitialSamplingPercentage": settings.data_capture,
            "DestinationS3Uri": captured,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        }
    return request


def _named(name: str, request: Request) -> str:
    text = json.dumps(request, sort_keys=True)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:SUM_LETTERS]}"


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
