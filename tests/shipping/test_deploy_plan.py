"""Plans of endpoints, compared with boto3's own description of AWS's requests."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import numpy as np
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
from convbias.shipping.predict.images import npy_bytes
from convbias.spec.datasets import FASHION_MNIST_FORM

SETTINGS = Settings(bucket=BUCKET, role=ROLE)
SESSION = botocore.session.Session()
model_of = cache(SESSION.get_service_model)
OWN_IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/convbias:1"


def archive(checksum: str = "0" * 64) -> Archive:
    return Archive(Path("model.tar.gz"), checksum, Manifest(identity={}, sha256={}), {})


def planned(settings: Settings = SETTINGS, checksum: str = "0" * 64) -> Plan:
    return make_plan(settings, REGION, archive(checksum))


def failed(settings: Settings, region: str = REGION) -> list[Check]:
    return [
        check
        for check in local_checks(settings, region, FASHION_MNIST_FORM)
        if check.passed is not True
    ]


def assert_valid_for_boto3(plan: Plan) -> None:
    """Check parameters, types, and all lengths and patterns, which boto3 does not check."""
    for operation, request in plan.requests().items():
        service, _, name = operation.partition(":")
        shape = model_of(service).operation_model(name).input_shape
        report = ParamValidator().validate(request, shape)
        assert not report.has_errors(), report.generate_report()
        assert broken_rules(shape, request, name) == []


def broken_rules(shape: Any, value: object, where: str) -> list[str]:
    """Where a request breaks AWS's rules, by a reading of botocore's description of our own."""
    rules = shape.metadata
    broken = []
    if isinstance(value, str | list) and len(value) > rules.get("max", len(value)):
        broken.append(f"{where}: longer than {rules['max']}")
    if isinstance(value, str) and rules.get("enum") and value not in rules["enum"]:
        broken.append(f"{where}: {value!r}")
    if isinstance(value, str) and rules.get("pattern"):
        # Python's classes of letters, digits and blanks, and without the pairs of surrogates.
        pattern = rules["pattern"].replace(r"\p{L}\p{Z}\p{N}", r"\w ").replace(r"\p{Print}", ".")
        pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "")
        if re.fullmatch(pattern, value) is None:
            broken.append(f"{where}: {value!r}")
    if isinstance(value, dict):
        members = getattr(shape, "members", {})
        for key, each in value.items():
            broken += broken_rules(members[key], each, f"{where}.{key}")
    if isinstance(value, list):
        for number, each in enumerate(value):
            broken += broken_rules(shape.member, each, f"{where}[{number}]")
    return broken


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
    tags=st.dictionaries(st.text("aZ 0:/&é☂\n", max_size=5), st.text("aé 1*"), max_size=3),
    kms_key=st.none() | st.text("aZ0:/_- é", max_size=5),
    groups=st.lists(st.text("sg-1_", max_size=34), max_size=6),
    serverless=st.booleans(),
    instances=st.integers(1, 9),
    capture=st.none() | st.integers(1, 100),
    more=st.none() | st.integers(0, 9),
)
def test_plans_that_pass_the_checks_are_valid_for_boto3(
    name: str,
    prefix: str,
    tags: dict[str, str],
    kms_key: str | None,
    groups: list[str],
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
        kms_key=None if serverless else kms_key,
        subnets=() if serverless else tuple(groups),
        security_groups=() if serverless else tuple(groups),
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
            "'ml.t3.medium' is not among the instance types",
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
        ({"tags": {"aws:x": "y"}}, "tags", "'aws:x' starts with aws:", "letters"),
        ({"tags": {"convbias:endpoint": "y"}}, "tags", "'convbias:endpoint' starts with", ""),
        ({"tags": {"x": "y" * 257}}, "tags", "'x' has 257 characters, and AWS allows 256", ""),
        ({"tags": {"": "y"}}, "tags", "the key '' has 0 characters", "letters"),
        ({"tags": {"a&b": "y"}}, "tags", "the key 'a&b' contains '&'", "letters, digits, spaces"),
        ({"tags": {"x": "y\n"}}, "tags", "the value of 'x' contains '\\n'", "letters"),
        ({"tags": {"☂": "y"}}, "tags", "contains '☂', and AWS's pattern for TagKey", "letters"),
        ({"tags": {f"k{n}": "" for n in range(49)}}, "tags", "there are 49 tags", "up to 48"),
        ({"kms_key": "my key"}, "KMS key", "the key contains ' '", "alias/NAME"),
        ({"kms_key": ""}, "KMS key", "is empty", "alias/NAME"),
        ({"kms_key": "k" * 2_049}, "KMS key", "has 2,049 characters", "alias/NAME"),
        (
            {"subnets": ("subnet_1",), "security_groups": ("sg-1",)},
            "VPC",
            "the subnet 'subnet_1' contains '_'",
            "a subnet's id",
        ),
        (
            {"subnets": ("subnet-1",), "security_groups": ("",)},
            "VPC",
            "the security group '' is empty",
            "a security group's id",
        ),
        (
            {"subnets": ("subnet-1",), "security_groups": ("sg-1",) * 6},
            "VPC",
            "there are 6 security groups",
            "up to 5",
        ),
        ({"prefix": "p" * 1_000}, "prefix", "an address in it has 1,0", "shorter prefix"),
        ({"prefix": "p" * 480, "data_capture": 1}, "prefix", "AWS allows 512", "shorter prefix"),
        ({"image": f"{OWN_IMAGE}{'1' * 256}"}, "image", "AWS allows 255", "shorter name"),
        ({"role": f"{ROLE}/{'r' * 2_048}"}, "role", "AWS allows 2,048", "shorter path"),
    ],
)
def test_invalid_settings_fail_a_check_without_requests_to_aws(
    changes: dict, name: str, message: str, fix: str
) -> None:
    [check] = failed(replace(SETTINGS, **changes))
    assert check.name == name
    assert message in check.message
    assert fix in check.fix


@pytest.mark.parametrize("size", ["medium", "large", "xlarge", "2xlarge"])
def test_instance_types_of_boto3s_list_are_not_refused(size: str) -> None:
    settings = replace(SETTINGS, instance_type=f"ml.t2.{size}")
    [check] = failed(settings)  # a warning
    assert check.passed is None
    assert f"1 x ml.t2.{size}, which boto3 lists for hosting and AWS may refuse" in check.message
    raise_failures(local_checks(settings, REGION, FASHION_MNIST_FORM))
    assert_valid_for_boto3(planned(settings))


def test_without_a_prefix_no_address_has_an_empty_folder() -> None:
    plan = planned(replace(SETTINGS, prefix="", data_capture=1))
    assert plan.address == f"s3://{BUCKET}/convbias-fashion-mnist/{16 * '0'}/model.tar.gz"
    captured = plan.configuration["DataCaptureConfig"]["DestinationS3Uri"]
    assert captured == f"s3://{BUCKET}/convbias-fashion-mnist/captured"


def test_tags_may_have_letters_and_digits_of_any_script() -> None:
    settings = replace(SETTINGS, tags={"größe nr.": "٣ @x", "チーム": "", "a:b": "c=d+e-f_g/h"})
    assert failed(settings) == []
    assert_valid_for_boto3(planned(settings))


def test_all_failed_checks_are_raised_at_once() -> None:
    settings = replace(SETTINGS, role="r", bucket="B", instance_type="ml.t3.medium")
    with pytest.raises(InputError) as refused:
        raise_failures(local_checks(settings, REGION, FASHION_MNIST_FORM))
    for words in ("role: ", "bucket name: ", "instance type: "):
        assert words in refused.value.what
    assert "ml.m5.large" in refused.value.fix


def test_the_largest_request_is_reported() -> None:
    def payload(settings: Settings) -> str:
        return next(
            check.message
            for check in local_checks(settings, REGION, FASHION_MNIST_FORM)
            if check.name == "payload"
        )

    assert payload(SETTINGS).startswith("at most 6,291,456 bytes")  # as in botocore's model
    body = model_of("sagemaker-runtime").shape_for("BodyBlob")
    assert f"{body.metadata['max']:,}" in payload(SETTINGS)
    assert payload(replace(SETTINGS, serverless=True)).startswith("at most 4,000,000 bytes")


def test_the_reported_number_of_images_is_read_from_one_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CONVBIAS_MOST_IMAGES", raising=False)
    inference = runpy.run_path(str(ROOT / "inference.py"))
    [check] = [
        check
        for check in local_checks(SETTINGS, REGION, FASHION_MNIST_FORM)
        if check.name == "payload"
    ]
    images = int(re.search(r"and ([\d,]+) images per", check.message)[1].replace(",", ""))
    body = npy_bytes(np.zeros((images, 28, 28), np.uint8))
    assert len(inference["input_fn"](body, "application/x-npy")) == images
    larger = npy_bytes(np.zeros((images + 1, 28, 28), np.uint8))
    with pytest.raises(inference["RequestError"], match="at most"):
        inference["input_fn"](larger, "application/x-npy")


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
