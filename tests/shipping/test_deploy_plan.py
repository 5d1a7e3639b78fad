"""Plans of endpoints, compared with boto3's own description of AWS's requests."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st
from tools.deploy_walk import PAGE, ROOT, STEPS
from tools.servers.aws import BUCKET, REGION, ROLE

from convbias.errors import InputError
from convbias.experiments.studies import PUBLISHED
from convbias.shipping.deploy.checks import Check, local_checks, raise_failures
from convbias.shipping.deploy.plan import Plan, make_plan
from convbias.shipping.deploy.settings import Settings
from convbias.shipping.deploy.tables import ECR_IMAGE, inference_image, monthly_cost
from convbias.shipping.export.archive import Archive, Manifest

SETTINGS = Settings(bucket=BUCKET, role=ROLE)
SESSION = botocore.session.Session()
model_of = cache(SESSION.get_service_model)
OWN_IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/convbias:1"


def archive(checksum: str = "0" * 64) -> Archive:
    return Archive(Path("model.tar.gz"), checksum, Manifest(identity={}, sha256={}), {})


def planned(settings: Settings = SETTINGS, checksum: str = "0" * 64) -> Plan:
    return make_plan(settings, REGION, archive(checksum))


def failed(settings: Settings, region: str = REGION) -> list[Check]:
    return [check for check in local_checks(settings, region) if check.passed is not True]


def assert_valid_for_boto3(plan: Plan) -> None:
    """Check parameters and types, and the characters of names, which boto3 does not check."""
    for operation, request in plan.requests().items():
        service, _, name = operation.partition(":")
        model = model_of(service)
        shape = model.operation_model(name).input_shape
        report = ParamValidator().validate(request, shape)
        assert not report.has_errors(), report.generate_report()
        for key, value in request.items():
            rules = shape.members[key].metadata
            if isinstance(value, str):
                assert len(value) <= rules.get("max", len(value)), key
                # Python does not support the syntax of other patterns.
                if service == "sagemaker" and key.endswith(("Name", "Arn")):
                    assert re.fullmatch(rules.get("pattern", ".*"), value), key


def test_the_smallest_plan_has_the_requests_for_an_endpoint() -> None:
    plan = planned()
    assert list(plan.requests()) == [
        "s3:PutObject",
        "sagemaker:CreateModel",
        "sagemaker:CreateEndpointConfig",
        "sagemaker:CreateEndpoint",
    ]
    assert plan.address == f"s3://{BUCKET}/convbias/convbias-fashion-mnist/{16 * '0'}/model.tar.gz"
    assert plan.model["PrimaryContainer"] == {
        "Image": f"763104351884.dkr.ecr.{REGION}.amazonaws.com/tensorflow-inference:2.19.0-cpu",
        "ModelDataUrl": plan.address,
    }
    assert plan.configuration["ProductionVariants"] == [
        {
            "VariantName": "AllTraffic",
            "ModelName": plan.model["ModelName"],
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
    ]
    assert plan.endpoint["EndpointConfigName"] == plan.configuration["EndpointConfigName"]
    assert plan.endpoint["Tags"] == [
        {"Key": "convbias:endpoint", "Value": "convbias-fashion-mnist"}
    ]


def test_every_option_sets_its_aws_parameter() -> None:
    settings = replace(
        SETTINGS,
        image=OWN_IMAGE,
        kms_key="a-key",
        subnets=("subnet-1", "subnet-2"),
        security_groups=("sg-1",),
        tags={"team": "vision"},
        data_capture=5,
        instances=2,
        max_instances=4,
        invocations_per_instance=70.0,
    )
    assert failed(settings) == []
    plan = planned(settings)
    assert_valid_for_boto3(plan)
    assert plan.model["PrimaryContainer"]["Image"] == OWN_IMAGE
    assert plan.model["VpcConfig"] == {
        "Subnets": ["subnet-1", "subnet-2"],
        "SecurityGroupIds": ["sg-1"],
    }
    assert {"Key": "team", "Value": "vision"} in plan.model["Tags"]
    assert plan.configuration["KmsKeyId"] == "a-key"
    capture = plan.configuration["DataCaptureConfig"]
    assert capture["InitialSamplingPercentage"] == 5
    assert capture["DestinationS3Uri"] == f"s3://{BUCKET}/convbias/convbias-fashion-mnist/captured"
    assert plan.scaling_target["MinCapacity"] == 2
    assert plan.scaling_target["MaxCapacity"] == 4
    assert plan.scaling_target["ResourceId"] == "endpoint/convbias-fashion-mnist/variant/AllTraffic"
    tracking = plan.scaling_policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == 70


def test_serverless_endpoints_have_no_instance_type_and_number() -> None:
    plan = planned(replace(SETTINGS, serverless=True, memory_mb=4096, max_concurrency=9))
    [variant] = plan.configuration["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 4096, "MaxConcurrency": 9}
    assert variant.keys() == {"VariantName", "ModelName", "ServerlessConfig"}


def names(plan: Plan) -> tuple[str, str]:
    return plan.model["ModelName"], plan.configuration["EndpointConfigName"]


def test_names_depend_on_the_parameters() -> None:
    model, configuration = names(planned())
    assert names(planned()) == (model, configuration)
    changed = names(planned(checksum="1" * 64))
    assert changed[0] != model
    assert changed[1] != configuration
    larger = names(planned(replace(SETTINGS, instances=2)))
    assert larger[0] == model
    assert larger[1] != configuration
    assert names(planned(replace(SETTINGS, tags={"team": "vision"}))) == (model, configuration)


@given(
    name=st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,24}", fullmatch=True),
    prefix=st.from_regex(r"([a-z0-9._-]{1,9}(/[a-z0-9._-]{1,9}){0,2})?", fullmatch=True),
    tags=st.dictionaries(st.text("abcXYZ 0:/", min_size=1), st.text("abc 1"), max_size=3),
    serverless=st.booleans(),
    instances=st.integers(1, 9),
    capture=st.none() | st.integers(1, 100),
    more=st.none() | st.integers(0, 9),
)
def test_plans_that_pass_the_checks_are_valid_for_boto3(
    name: str,
    prefix: str,
    tags: dict[str, str],
    serverless: bool,
    instances: int,
    capture: int | None,
    more: int | None,
) -> None:
    settings = replace(
        SETTINGS,
        name=name,
        prefix=prefix,
        tags=tags,
        serverless=serverless,
        instances=instances,
        data_capture=None if serverless else capture,
        max_instances=None if serverless or more is None else instances + more,
    )
    if not failed(settings):
        assert_valid_for_boto3(planned(settings))


@pytest.mark.parametrize(
    ("changes", "name", "message", "fix"),
    [
        ({"name": "-x"}, "name", "'-x'", "up to 50 letters"),
        ({"name": "x" * 51}, "name", "not a valid", "up to 50 letters"),
        ({"name": "a_b"}, "name", "'a_b'", "hyphens"),
        ({"prefix": "a//b"}, "prefix", "not a valid folder", "single slashes"),
        ({"role": "SageMakerRole"}, "role", "not the ARN", "arn:aws:iam::123456789012:role/NAME"),
        (
            {"role": ROLE.replace("aws", "aws-cn")},
            "role",
            "in the partition aws-cn",
            "the region's partition",
        ),
        ({"bucket": "s3://mine"}, "bucket name", "'s3://mine'", "without s3://"),
        ({"bucket": "Mine"}, "bucket name", "'Mine'", "the name without"),
        (
            {"image": "docker.io/x/y"},
            "image",
            "not an ECR address",
            "SageMaker reads only from ECR",
        ),
        (
            {"image": OWN_IMAGE.replace(REGION, "us-east-1")},
            "image",
            "is in us-east-1",
            f"push it to ECR in {REGION}",
        ),
        (
            {"instance_type": "ml.t3.medium"},
            "instance type",
            "T3 is only for notebooks",
            "ml.m5.large",
        ),
        (
            {"instance_type": "ml.t2.medium"},
            "instance type",
            "T2 is only for notebooks",
            "--serverless",
        ),
        ({"instance_type": "ml.m5.lage"}, "instance type", "'ml.m5.lage'", "'ml.m5.large'?"),
        ({"instance_type": "huge"}, "instance type", "'huge'", "use ml.m5.large"),
        ({"instances": 0}, "instances", "the number is 0", "1 or more"),
        ({"serverless": True, "memory_mb": 512}, "memory", "512 MB", "1024, 2048"),
        ({"serverless": True, "memory_mb": 1500}, "memory", "1500 MB", "1024, 2048"),
        ({"serverless": True, "memory_mb": 7168}, "memory", "7168 MB", "6144 MB"),
        ({"serverless": True, "max_concurrency": 201}, "concurrency", "201", "1 to 200"),
        ({"serverless": True, "max_concurrency": 0}, "concurrency", "0", "1 to 200"),
        (
            {"serverless": True, "subnets": ("s",), "data_capture": 1, "kms_key": "k"},
            "serverless",
            "a VPC, data capture, a KMS key",
            "remove --serverless",
        ),
        ({"serverless": True, "max_instances": 3}, "serverless", "autoscaling", "remove"),
        ({"subnets": ("subnet-1",)}, "VPC", "must both be given", "--security-groups"),
        ({"data_capture": 0}, "data capture", "0 %", "1 to 100"),
        ({"data_capture": 101}, "data capture", "101 %", "1 to 100"),
        ({"instances": 3, "max_instances": 2}, "autoscaling", "from 3 to 2", "--max-instances"),
        ({"max_instances": 2, "invocations_per_instance": 0.0}, "autoscaling", "0 requests", ""),
        ({"tags": {"aws:x": "y"}}, "tags", "aws:x", "do not start with aws:"),
        ({"tags": {"convbias:endpoint": "y"}}, "tags", "convbias:endpoint", "do not start"),
        ({"tags": {"x": "y" * 257}}, "tags", "x", "256"),
    ],
)
def test_invalid_settings_fail_a_check_without_requests_to_aws(
    changes: dict, name: str, message: str, fix: str
) -> None:
    [check] = failed(replace(SETTINGS, **changes))
    assert check.name == name
    assert message in check.message
    assert fix in check.fix


def test_all_failed_checks_are_raised_at_once() -> None:
    settings = replace(SETTINGS, role="r", bucket="B", instance_type="ml.t3.medium")
    with pytest.raises(InputError) as refused:
        raise_failures(local_checks(settings, REGION))
    for words in ("role: ", "bucket name: ", "instance type: "):
        assert words in refused.value.what
    assert "ml.m5.large" in refused.value.fix


def test_the_largest_request_is_reported() -> None:
    def payload(settings: Settings) -> str:
        return next(
            check.message for check in local_checks(settings, REGION) if check.name == "payload"
        )

    assert payload(SETTINGS).startswith("at most 6,291,456 bytes")  # as in botocore's model
    body = model_of("sagemaker-runtime").shape_for("BodyBlob")
    assert f"{body.metadata['max']:,}" in payload(SETTINGS)
    assert payload(replace(SETTINGS, serverless=True)).startswith("at most 4,000,000 bytes")


def test_images_of_regions() -> None:
    # As AWS publishes them.
    for region, start in {
        "us-east-1": "763104351884.dkr.ecr.us-east-1.amazonaws.com/",
        "af-south-1": "626614931356.dkr.ecr.af-south-1.amazonaws.com/",
        "cn-north-1": "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/",
        "us-gov-west-1": "442386744353.dkr.ecr.us-gov-west-1.amazonaws.com/",
    }.items():
        image = inference_image(region)
        assert image == f"{start}tensorflow-inference:2.19.0-cpu"
        assert ECR_IMAGE.fullmatch(image)["region"] == region
    with pytest.raises(InputError, match="not known for the region 'eu-central-9'") as refused:
        inference_image("eu-central-9")
    assert "--image" in refused.value.fix
    [check] = failed(replace(SETTINGS), "eu-central-9")
    assert check.name == "image"


def test_costs() -> None:
    assert "about 84 USD a month" in monthly_cost(SETTINGS)  # 730 x 0.115 = 83.95
    several = monthly_cost(replace(SETTINGS, instances=2, max_instances=4))
    assert "about 168 to 336 USD" in several
    # 100,000 x 0.05 s x 2 GB x 0.00002 USD
    assert "about 0.20 USD for 100,000" in monthly_cost(replace(SETTINGS, serverless=True))
    unknown = monthly_cost(replace(SETTINGS, instance_type="ml.m5.24xlarge"))
    assert unknown.startswith("unknown: ")
    assert "ml.m5.24xlarge" in unknown
    for words in (several, unknown):
        assert "November 2026" in words


def test_the_page_shows_the_commands_of_the_walk() -> None:
    shown = [line[2:] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("$ ")]
    commands = [command for step in STEPS.values() for command in step]
    # For the one published network.
    [network] = (ROOT / "results" / PUBLISHED / "runs").glob("*.keras")
    assert shown == [command.format(run=network.stem, runs="results") for command in commands]
