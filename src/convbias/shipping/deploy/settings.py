"""What a person decides about an endpoint; each setting is one of AWS's own."""

from __future__ import annotations

from dataclasses import dataclass, field

NAME = "convbias-fashion-mnist"
PREFIX = "convbias"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """An endpoint, as it should be.

    Args:
        bucket: Of S3, in the endpoint's region, where the archive is put. It has to exist.
        role: ARN of the role that SageMaker takes on to read the archive.
        name: Of the endpoint; models and configurations start with it.
        prefix: Where in the bucket the archive is put.
        instance_type: Of the machines that answer.
        instances: How many of them.
        serverless: Whether AWS runs the container only while there are requests; then instance type
            and number do not count.
        memory_mb: MemorySizeInMB of serverless containers: 1024 to 6144, in steps of 1024.
        max_concurrency: MaxConcurrency of a serverless endpoint, 1 to 200 requests at once.
        image: Address of the project's own container in ECR, see container/Dockerfile; AWS's
            TensorFlow inference image of the region when absent.
        kms_key: KmsKeyId that encrypts the machines' volumes, and the archive in the bucket.
        subnets: Subnets of the VPC, with security_groups.
        security_groups: SecurityGroupIds in that VPC.
        tags: Of everything that is made, such as `--tags.team vision`, beside those that convbias
            finds it again by.
        data_capture: InitialSamplingPercentage, 1 to 100, of requests and answers that are kept in
            the bucket; none when absent.
        max_instances: MaxCapacity of autoscaling, whose MinCapacity is `instances`; none when
            absent.
        invocations_per_instance: TargetValue of autoscaling, requests per minute and machine.
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
