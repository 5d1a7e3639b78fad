"""Settings of an endpoint, in AWS's own terms."""

from __future__ import annotations

from dataclasses import dataclass, field

NAME = "convbias-fashion-mnist"
PREFIX = "convbias"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The wanted endpoint.

    Args:
        bucket: S3 bucket for the archive; it must exist, in the endpoint's region.
        role: ARN of the role that SageMaker assumes to read the archive.
        name: name of the endpoint; the names of its models and configurations start with it.
        prefix: folder in the bucket for the archive.
        instance_type: instance type of the machines.
        instances: number of machines.
        serverless: use a serverless endpoint, which runs the container only while there are
            requests; instance type and number are ignored then.
        memory_mb: MemorySizeInMB of a serverless endpoint: 1024 to 6144, in steps of 1024.
        max_concurrency: MaxConcurrency of a serverless endpoint: 1 to 200 requests at once.
        image: ECR address of the project's own container, see container/Dockerfile; by default
            AWS's TensorFlow inference image of the region.
        kms_key: KmsKeyId that encrypts the machines' volumes and the archive in the bucket.
        subnets: subnets of the VPC; needs security_groups as well.
        security_groups: SecurityGroupIds of that VPC.
        tags: tags of all resources, such as `--tags.team vision`, in addition to convbias' own.
        data_capture: InitialSamplingPercentage, 1 to 100: the share of requests and responses that
            is stored in the bucket; none by default.
        max_instances: MaxCapacity of autoscaling, whose MinCapacity is `instances`; no autoscaling
            by default.
        invocations_per_instance: TargetValue of autoscaling: requests per minute and machine.
    """

    bucket: str
    role: str
    name: str = NAME
    prefix: str = PREFIX
    instance_type: str = "ml.m5.large"
    instances: int = 1
    serverless: bool = False
    memory_mb: int = 2048
    max_concurrency: int = 5
    image: str | None = None
    kms_key: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    data_capture: int | None = None
    max_instances: int | None = None
    invocations_per_instance: float = 1000.0
