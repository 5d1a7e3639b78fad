"""`convbias deploy` against moto's server, with the local server as SageMaker's runtime."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import numpy as np
import pytest
import requests
from botocore.awsrequest import AWSResponse
from tools.servers.aws import (
    ACCOUNT,
    BUCKET,
    KEY,
    REGION,
    ROLE,
    RUNTIME,
    SECRET,
    SESSION,
    LoopbackServer,
    moto,
    s3_with_bucket,
)
from tools.servers.processes import TIMEOUT
from tools.servers.serving import Server

from archives import write_archive
from convbias.cli import main
from convbias.data.drawn import drawn
from convbias.errors import ConvbiasError, InputError, RunError
from convbias.shipping.aws import HIDDEN, Aws
from convbias.shipping.deploy.changes import apply
from convbias.shipping.deploy.plan import Plan, make_plan
from convbias.shipping.deploy.settings import Settings
from convbias.shipping.deploy.waiting import wait_for_endpoint
from convbias.shipping.export.archive import MANIFEST, Archive, read
from stub_server import UNREACHABLE, StubServer

pytestmark = pytest.mark.integration

NAME = "convbias"  # the endpoint name of the local server
OWN = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
OPTIONS = ("--bucket", BUCKET, "--role", ROLE, "--name", NAME)
SETTINGS = Settings(bucket=BUCKET, role=ROLE, name=NAME)


@pytest.fixture(scope="module")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackServer]:
    moto_server = moto(tmp_path_factory.mktemp("moto"))
    yield moto_server
    moto_server.stop()


@pytest.fixture
def account(
    moto_server: LoopbackServer, server: Server, aws: pytest.MonkeyPatch, no_sleep: list[float]
) -> SimpleNamespace:
    """An empty account with a bucket on local servers, and clients independent of the package."""
    assert no_sleep == []
    requests.post(f"{moto_server.address}/moto-api/reset", timeout=TIMEOUT)
    aws.setenv("AWS_ENDPOINT_URL", moto_server.address)
    aws.setenv(RUNTIME, server.address)
    session = boto3.Session(KEY, SECRET, region_name=REGION)
    s3_with_bucket(moto_server.address)
    names = {"sagemaker": "sagemaker", "scaling": "application-autoscaling", "s3": "s3"}
    return SimpleNamespace(
        **{name: session.client(service) for name, service in names.items()}, setenv=aws.setenv
    )


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Skip all pauses between looks at an endpoint, and record them."""
    slept: list[float] = []
    monkeypatch.setattr("convbias.shipping.deploy.waiting.time.sleep", slept.append)
    return slept


@pytest.fixture
def other(archive: Archive, tmp_path: Path) -> Archive:
    """The same network in an archive with another checksum."""
    identity = {**archive.manifest.identity, "run": "another"}
    manifest = archive.manifest.model_copy(update={"identity": identity})
    path = tmp_path / "other.tar.gz"
    write_archive(path, {**archive.contents, MANIFEST: manifest.model_dump_json().encode()})
    return read(path)


def everything(account: SimpleNamespace) -> dict[str, list[str]]:
    """Names of all resources, by kind."""
    sagemaker = account.sagemaker
    objects = account.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    targets = account.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    policies = account.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")
    return {
        "archives": [each["Key"] for each in objects],
        "models": [each["ModelName"] for each in sagemaker.list_models()["Models"]],
        "configurations": [
            each["EndpointConfigName"]
            for each in sagemaker.list_endpoint_configs()["EndpointConfigs"]
        ],
        "endpoints": [each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]],
        "targets": [each["ResourceId"] for each in targets["ScalableTargets"]],
        "policies": [each["PolicyName"] for each in policies["ScalingPolicies"]],
    }


def how_many(account: SimpleNamespace) -> tuple[int, ...]:
    """Numbers of archives, models, configurations, endpoints, targets and policies."""
    return tuple(map(len, everything(account).values()))


def deploy(*arguments: str | Path) -> int:
    return main(["deploy", *map(str, arguments)])


# Plan


def test_a_plan_changes_nothing_and_is_the_default(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy("plan", archive.path, *OPTIONS) == 0
    said = capsys.readouterr()
    assert said.err == ""
    for words in (
        f"Endpoint {NAME} in {REGION}",
        f"s3://{BUCKET}/convbias/{NAME}/{archive.sha256[:16]}/model.tar.gz",
        "tensorflow-inference:2.19.0-cpu",
        "1 x ml.m5.large",
        f"account {ACCOUNT}",
        "about 84 USD a month",
        "November 2026",
        "Nothing was changed.",
    ):
        assert words in said.out
    assert said.out.count("to create") == 4
    assert how_many(account) == (0, 0, 0, 0, 0, 0)
    assert deploy(archive.path, *OPTIONS) == 0
    assert capsys.readouterr().out == said.out


def test_a_plan_as_json_contains_the_requests_of_apply(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy("plan", archive.path, *OPTIONS, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["archive"] == archive.sha256
    assert set(record["state"].values()) == {"absent"}
    assert all(check["passed"] for check in record["checks"])
    assert deploy("apply", archive.path, *OPTIONS) == 0
    wanted = record["requests"]["sagemaker:CreateModel"]
    model = account.sagemaker.describe_model(ModelName=wanted["ModelName"])
    assert model["PrimaryContainer"] == wanted["PrimaryContainer"]
    wanted = record["requests"]["sagemaker:CreateEndpointConfig"]
    found = account.sagemaker.describe_endpoint_config(
        EndpointConfigName=wanted["EndpointConfigName"]
    )
    assert found["ProductionVariants"] == wanted["ProductionVariants"]
    capsys.readouterr()
    assert deploy("plan", archive.path, *OPTIONS, "--json") == 0
    state = json.loads(capsys.readouterr().out)["state"]
    assert state == dict.fromkeys(("archive", "model", "configuration", "endpoint"), "exists") | {
        "autoscaling": "absent"
    }


def test_without_credentials_a_plan_sends_no_requests(
    aws: pytest.MonkeyPatch, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.delenv("AWS_SECRET_ACCESS_KEY")
    with StubServer(200) as stub:
        aws.setenv("AWS_ENDPOINT_URL", stub.address)
        assert deploy("plan", archive.path, *OPTIONS) == 0
        assert stub.paths == []
    said = capsys.readouterr()
    assert "no credentials are given" in said.out
    assert said.out.count("unknown") == 5  # four resources, and the check of AWS
    aws.delenv("AWS_DEFAULT_REGION")
    assert deploy("plan", archive.path, *OPTIONS) == 2
    assert "neither credentials nor a region are given" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--instance-type", "ml.t3.medium"], ["'ml.t3.medium' is not among the instance types"]),
        (["--bucket", "of-nobody"], ["there is no bucket of-nobody", "aws s3 mb s3://of-nobody"]),
        (["--bucket", "elsewhere"], ["elsewhere is in us-west-2", "--region us-west-2"]),
        (["--role", ROLE.replace(ACCOUNT, "9" * 12)], ["the role to 999999999999"]),
        (["--region", "mars-1"], ["not known for the region 'mars-1'"]),
        (["--serverless", "--memory-mb", "1000"], ["1000 MB is not available"]),
    ],
)
def test_failed_checks_are_reported_by_plan_and_stop_apply(
    account: SimpleNamespace,
    archive: Archive,
    options: list[str],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = "us-west-2"
    session = boto3.Session(KEY, SECRET, region_name=there)
    session.client("s3").create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": there}
    )
    pairs = zip(OPTIONS[::2], OPTIONS[1::2], strict=True)
    arguments = [*(word for pair in pairs if pair[0] not in options for word in pair), *options]
    assert deploy("plan", archive.path, *arguments) == 2
    planned = capsys.readouterr()
    assert deploy("apply", archive.path, *arguments) == 2
    applied = capsys.readouterr()
    for each in words:
        assert each in planned.out
        assert each in applied.err
    assert "nothing was created or changed" in applied.err
    assert "Traceback" not in applied.err
    assert how_many(account) == (0, 0, 0, 0, 0, 0)


@pytest.mark.usefixtures("account")
def test_an_invalid_archive_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"no archive")
    for verb in ("plan", "apply"):
        assert deploy(verb, tmp_path / "model.tar.gz", *OPTIONS) == 2
        assert "cannot be read" in capsys.readouterr().err


# Apply


def test_apply_creates_waits_and_compares_and_changes_nothing_the_second_time(
    account: SimpleNamespace,
    archive: Archive,
    no_sleep: list[float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert deploy("apply", archive.path, *OPTIONS) == 0
    said = capsys.readouterr()
    steps = [line.split(" ", 1)[0] for line in said.err.splitlines()]
    assert steps == ["uploaded", "created", "created", "created", f"{NAME}:"]
    assert "smoke test passed: on 10 images" in said.out
    assert no_sleep == [
        1.0,
        2.0,
    ]  # pauses between three looks, the last of which found it in service
    there = everything(account)
    assert how_many(account) == (1, 1, 1, 1, 0, 0)
    [key] = there["archives"]
    assert account.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == archive.path.read_bytes()
    endpoint = account.sagemaker.describe_endpoint(EndpointName=NAME)
    assert endpoint["EndpointStatus"] == "InService"
    written = account.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"]
    assert deploy("apply", archive.path, *OPTIONS) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("nothing to do: everything exists as planned")
    assert everything(account) == there
    assert account.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"] == written
    assert (
        account.sagemaker.describe_endpoint(EndpointName=NAME)["CreationTime"]
        == (endpoint["CreationTime"])
    )


def test_a_changed_archive_makes_a_new_configuration_and_updates_the_endpoint(
    account: SimpleNamespace, archive: Archive, other: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy("apply", archive.path, *OPTIONS) == 0
    before = account.sagemaker.describe_endpoint(EndpointName=NAME)
    capsys.readouterr()
    assert deploy("plan", other.path, *OPTIONS) == 0
    assert "to update" in capsys.readouterr().out
    assert deploy("apply", other.path, *OPTIONS) == 0
    said = capsys.readouterr()
    assert f"updated the endpoint {NAME}" in said.err
    assert f"{NAME}: Updating, " in said.err
    after = account.sagemaker.describe_endpoint(EndpointName=NAME)
    assert after["CreationTime"] == before["CreationTime"]
    assert after["EndpointConfigName"] != before["EndpointConfigName"]
    # The previous resources are kept, to go back to.
    assert how_many(account) == (2, 2, 2, 1, 0, 0)
    assert deploy("apply", archive.path, *OPTIONS) == 0
    assert "created" not in capsys.readouterr().err
    again = account.sagemaker.describe_endpoint(EndpointName=NAME)
    assert again["EndpointConfigName"] == before["EndpointConfigName"]


def test_tags_are_added_to_existing_resources(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy("apply", archive.path, *OPTIONS) == 0
    capsys.readouterr()
    assert deploy("apply", archive.path, *OPTIONS, "--tags.team", "vision") == 0
    assert capsys.readouterr().err.count("tagged the ") == 3
    arn = account.sagemaker.describe_endpoint(EndpointName=NAME)["EndpointArn"]
    tags = account.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert {"Key": "team", "Value": "vision"} in tags
    assert how_many(account) == (1, 1, 1, 1, 0, 0)
    assert deploy("apply", archive.path, *OPTIONS, "--tags.team", "vision") == 0
    assert "nothing to do" in capsys.readouterr().out


def test_autoscaling_is_set_up_changed_and_removed(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    def capacity() -> list[tuple[int, int]]:
        found = account.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
        return [(each["MinCapacity"], each["MaxCapacity"]) for each in found["ScalableTargets"]]

    assert deploy("apply", archive.path, *OPTIONS, "--max-instances", "3") == 0
    assert "set up the autoscaling" in capsys.readouterr().err
    assert capacity() == [(1, 3)]
    assert deploy("apply", archive.path, *OPTIONS, "--max-instances", "3") == 0
    assert "nothing to do" in capsys.readouterr().out
    assert deploy("apply", archive.path, *OPTIONS, "--max-instances", "5") == 0
    assert capacity() == [(1, 5)]
    assert deploy("status", "--name", NAME) == 0
    assert "1 to 5 instances" in capsys.readouterr().out
    assert deploy("apply", archive.path, *OPTIONS) == 0
    assert capacity() == []
    assert everything(account)["policies"] == []


def test_autoscaling_not_created_by_convbias_is_kept(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy("apply", archive.path, *OPTIONS) == 0
    scaled = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{NAME}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    account.scaling.register_scalable_target(**scaled, MinCapacity=1, MaxCapacity=9)
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    account.scaling.put_scaling_policy(
        **scaled,
        PolicyName="by-hand",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 1.0,
            "PredefinedMetricSpecification": metric,
        },
    )
    assert deploy("apply", archive.path, *OPTIONS) == 0
    assert everything(account)["policies"] == ["by-hand"]
    capsys.readouterr()
    assert deploy("apply", archive.path, *OPTIONS, "--max-instances", "3") == 2
    assert "not created by convbias" in capsys.readouterr().err


def test_a_container_that_does_not_start(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [*OPTIONS, "--image", f"{OWN}/failing:1"]
    for _ in range(2):
        assert deploy("apply", archive.path, *options) == 1
        said = capsys.readouterr().err
        for words in (
            f"the endpoint {NAME} is Failed: The primary container did not pass the ping",
            f"existing resources: the archive s3://{BUCKET}/",
            f"the endpoint {NAME}",
            "run the same command again",
            f"`convbias deploy delete --name {NAME} --bucket {BUCKET}`",
        ):
            assert words in said
    assert deploy("delete", "--name", NAME, "--bucket", BUCKET, "--yes") == 0
    assert how_many(account) == (0, 0, 0, 0, 0, 0)


def test_a_failed_update_keeps_the_previous_configuration(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy("apply", archive.path, *OPTIONS) == 0
    before = account.sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"]
    assert deploy("apply", archive.path, *OPTIONS, "--image", f"{OWN}/failing:1") == 1
    said = capsys.readouterr().err
    assert f"the update of {NAME} failed: The primary container" in said
    assert f"it still uses {before}" in said
    after = account.sagemaker.describe_endpoint(EndpointName=NAME)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", before)


def test_an_endpoint_not_created_by_convbias_is_kept(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large"}
    model = {"Image": f"{OWN}/x:1", "ModelDataUrl": "s3://x/y"}
    account.sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=model)
    account.sagemaker.create_endpoint_config(
        EndpointConfigName="c", ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    account.sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName="c")
    for arguments in (
        ("apply", archive.path, *OPTIONS),
        ("delete", "--name", NAME, "--yes"),
        ("status", "--name", NAME),
    ):
        assert deploy(*arguments) == 2
        assert "not created by convbias" in capsys.readouterr().err
    assert how_many(account) == (0, 1, 1, 1, 0, 0)


# Failures

STEPS = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint")


class Failing:
    """Responds with an error in AWS's place.

    Args:
        status: HTTP status.
        code: AWS's error code.
        times: number of errors, before requests are sent to the server.
        message: AWS's message.
    """

    def __init__(self, status: int, code: str, times: int = 1_000, message: str = "no") -> None:
        self.asked = 0
        self._answer = status, json.dumps({"__type": code, "message": message}).encode()
        self._times = times

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        self.asked += 1
        if self.asked > self._times:
            return None
        status, body = self._answer
        headers = {"content-type": "application/x-amz-json-1.1"}
        return AWSResponse(request.url, status, headers, SimpleNamespace(stream=lambda: [body]))


def injected(operation: str, failing: Failing) -> Aws:
    """An account in which one operation fails."""
    aws = Aws()
    aws.session.events.register(f"before-send.{operation}", failing)
    return aws


@pytest.fixture
def planned(archive: Archive) -> Plan:
    return make_plan(SETTINGS, REGION, archive)


def ignore(_message: str) -> None:
    """Receive messages of progress."""


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", ignore)


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("operation", STEPS)
def test_throttled_requests_are_repeated(
    account: SimpleNamespace, planned: Plan, operation: str
) -> None:
    account.setenv("AWS_MAX_ATTEMPTS", "3")
    failing = Failing(400, "ThrottlingException", times=2)
    apply(planned, injected(f"sagemaker.{operation}", failing), ignore)
    assert failing.asked == 3
    assert how_many(account) == (1, 1, 1, 1, 0, 0)


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(
    ("step", "status", "code", "kind", "attempts", "fix"),
    [
        (0, 400, "ThrottlingException", RunError, 4, "wait a minute"),
        (2, 400, "ThrottlingException", RunError, 4, "wait a minute"),
        (1, 500, "InternalFailure", RunError, 4, "run the same command again later"),
        (0, 400, "AccessDeniedException", InputError, 1, "check the credentials"),
        (2, 400, "ResourceLimitExceeded", InputError, 1, "higher quota"),
        (1, 400, "ValidationException", InputError, 1, "correct what the message names"),
    ],
)
def test_after_a_failure_apply_can_continue_or_delete_undo(
    account: SimpleNamespace,
    planned: Plan,
    step: int,
    status: int,
    code: str,
    kind: type[ConvbiasError],
    attempts: int,
    fix: str,
) -> None:
    account.setenv("AWS_MAX_ATTEMPTS", "4")
    failing = Failing(status, code)
    with pytest.raises(kind) as refused:
        apply(planned, injected(f"sagemaker.{STEPS[step]}", failing), ignore)
    assert failing.asked == attempts
    made = (
        planned.address,
        planned.model["ModelName"],
        planned.configuration["EndpointConfigName"],
    )
    what, fixed = refused.value.what, refused.value.fix
    assert code in what
    for number, name in enumerate(made):
        assert (name in what) == (number <= step)
    assert fix in fixed
    assert "to continue, run the same command again" in fixed
    assert f"`convbias deploy delete --name {NAME} --bucket {BUCKET}`" in fixed
    assert how_many(account)[:4] == tuple(int(number <= step) for number in range(4))
    if code == "ThrottlingException":
        assert main(["deploy", "delete", "--name", NAME, "--bucket", BUCKET, "--yes"]) == 0
        assert how_many(account) == (0, 0, 0, 0, 0, 0)
    else:
        apply(planned, Aws(), ignore)
        assert how_many(account) == (1, 1, 1, 1, 0, 0)


def test_an_interruption_lists_existing_resources(
    account: SimpleNamespace, planned: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("convbias.shipping.deploy.waiting.time.sleep", interrupt)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        apply(planned, Aws(), said.append)
    assert said[-1].startswith(f"interrupted; existing resources: the archive {planned.address}")
    assert "to continue, run the same command again; to undo, run " in said[-1]
    monkeypatch.setattr("convbias.shipping.deploy.waiting.time.sleep", ignore)
    assert apply(planned, Aws(), ignore) == []  # only the wait was missing
    assert how_many(account) == (1, 1, 1, 1, 0, 0)


@pytest.mark.usefixtures("account")
def test_waiting_has_a_limit(planned: Plan) -> None:
    def stop_when_created(message: str) -> None:
        if "Creating" in message:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(planned, Aws(), stop_when_created)
    with pytest.raises(RunError, match="is still Creating after"):
        wait_for_endpoint(NAME, Aws(), ignore, timeout_seconds=-1.0)


def test_a_broken_connection(account: SimpleNamespace, planned: Plan) -> None:
    account.setenv("AWS_ENDPOINT_URL_SAGEMAKER", UNREACHABLE)
    with pytest.raises(InputError, match="Could not connect") as refused:
        apply(planned, Aws(), ignore)
    assert "existing resources: none" in refused.value.what
    assert "to undo" not in refused.value.fix


# Smoke, status, invoke, delete


def test_an_endpoint_with_other_predictions_fails_the_smoke_test(
    account: SimpleNamespace, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    classes = archive.manifest.identity["output"]["classes"]
    answer = {
        "class": classes[0],
        "confidence": 1.0,
        "probabilities": dict.fromkeys(classes, 0.0) | {classes[0]: 1.0},
    }
    for answers, words in (([answer] * 10, "differ by up to"), ([answer] * 3, "3 predictions")):
        with StubServer(200, json.dumps(answers)) as stub:
            account.setenv(RUNTIME, stub.address)
            assert deploy("smoke", archive.path, "--name", NAME) == 1
        assert words in capsys.readouterr().err
    with StubServer(500, "{}") as stub:
        account.setenv(RUNTIME, stub.address)
        assert deploy("smoke", archive.path, "--name", NAME) == 1
    assert "the smoke test failed: " in capsys.readouterr().err


def test_the_smoke_test_has_one_garment_of_each_class() -> None:
    labels = drawn(n_train=1, n_test=10)[3]
    np.testing.assert_array_equal(np.sort(labels), np.arange(10))


@pytest.mark.usefixtures("account")
def test_status_and_invoke(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy("status", "--name", NAME) == 2
    assert f"there are no resources of {NAME} in {REGION}" in capsys.readouterr().err
    assert deploy("apply", archive.path, *OPTIONS) == 0
    capsys.readouterr()
    assert deploy("status", "--name", NAME) == 0
    said = capsys.readouterr().out
    assert f"InService with {NAME}-" in said
    assert "1 instance, since 20" in said
    np.save(tmp_path / "garment.npy", drawn(n_train=1, n_test=1)[2])
    arguments = (tmp_path / "garment.npy", "--json")
    assert deploy("invoke", *arguments, "--name", NAME) == 0
    answer = capsys.readouterr().out
    assert main(["predict", *map(str, arguments), "--archive", str(archive.path)]) == 0
    [own], [theirs] = json.loads(capsys.readouterr().out), json.loads(answer)
    assert theirs["class"] == own["class"]
    assert theirs["confidence"] == pytest.approx(own["confidence"], abs=1e-6)


def test_delete_removes_everything_that_apply_created_and_nothing_else(
    account: SimpleNamespace, archive: Archive, other: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    def others() -> None:
        """Create resources with such names, but without convbias' tags and metadata."""
        folder = f"convbias/{NAME}"
        for key in (f"{folder}/{16 * '0'}/model.tar.gz", f"{folder}/captured/x.jsonl", "mine"):
            account.s3.put_object(Bucket=BUCKET, Key=key, Body=b"mine")
        model = {"Image": f"{OWN}/x:1", "ModelDataUrl": f"s3://{BUCKET}/mine"}
        account.sagemaker.create_model(
            ModelName=f"{NAME}-mine", ExecutionRoleArn=ROLE, PrimaryContainer=model
        )

    others()
    before = everything(account)
    assert deploy("apply", archive.path, *OPTIONS, "--max-instances", "2") == 0
    assert deploy("apply", other.path, *OPTIONS, "--max-instances", "2") == 0
    assert how_many(account) == (5, 3, 2, 1, 1, 1)
    capsys.readouterr()
    assert deploy("delete", "--name", NAME, "--yes") == 0
    assert capsys.readouterr().err.count("deleted the ") == 8
    assert everything(account) == before
    assert deploy("delete", "--name", NAME, "--yes") == 2
    assert "there are no resources of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("terminal", "typed", "code", "words"),
    [
        (True, NAME, 0, "deleted the endpoint"),
        (True, "no", 2, "nothing was deleted"),
        (False, "", 2, "the option --yes"),
    ],
)
def test_delete_asks_for_confirmation(
    account: SimpleNamespace,
    archive: Archive,
    terminal: bool,
    typed: str,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert deploy("apply", archive.path, *OPTIONS) == 0
    capsys.readouterr()
    stdin = io.StringIO(f"{typed}\n")
    stdin.isatty = lambda: terminal
    monkeypatch.setattr("sys.stdin", stdin)
    assert deploy("delete", "--name", NAME) == code
    said = capsys.readouterr()
    assert f"To be deleted of {NAME}" in said.out
    assert words in said.err
    assert how_many(account) == ((0,) * 6 if code == 0 else (1, 1, 1, 1, 0, 0))


# Credentials


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", "{archive}", *OPTIONS),
        ("smoke", "{archive}", "--name", NAME),
        ("status", "--name", NAME),
        ("invoke", "0", "--name", NAME),
        ("delete", "--name", NAME, "--yes"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_credentials_that_the_user_did_not_name_are_not_used(
    aws: pytest.MonkeyPatch,
    archive: Archive,
    tmp_path: Path,
    arguments: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = {"CONFIG_FILE": "[default]\nregion = eu-central-1\n", "SHARED_CREDENTIALS_FILE": (
        "[default]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )}  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        aws.setenv(f"AWS_{name}", str(tmp_path / name))
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")
    aws.setenv("AWS_EC2_METADATA_DISABLED", "false")
    with StubServer(200) as stub:
        for name in ("AWS_ENDPOINT_URL", RUNTIME, "AWS_EC2_METADATA_SERVICE_ENDPOINT"):
            aws.setenv(name, stub.address)
        aws.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", stub.address)
        assert deploy(*(word.format(archive=archive.path) for word in arguments)) == 2
        assert stub.paths == []
    said = capsys.readouterr().err
    assert "no AWS credentials are named" in said
    assert "--profile" in said


def test_a_named_profile_is_used(
    account: SimpleNamespace, archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "credentials").write_text(
        f"[work]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    account.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        account.setenv(f"AWS_{name}", "")
    assert deploy("plan", archive.path, *OPTIONS, "--profile", "work") == 0
    assert f"account {ACCOUNT}" in capsys.readouterr().out
    assert deploy("plan", archive.path, *OPTIONS, "--profile", "wrok") == 2
    assert "The config profile (wrok) could not be found" in capsys.readouterr().err


def test_all_connections_stay_on_the_loopback_interface(
    account: SimpleNamespace, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert account is not None
    hosts: set[str] = set()
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        hosts.add(address[0])
        connect(self, address)

    monkeypatch.setattr("socket.socket.connect", watched)
    assert deploy("apply", archive.path, *OPTIONS, "--max-instances", "2") == 0
    assert deploy("delete", "--name", NAME, "--yes") == 0
    assert hosts == {"127.0.0.1"}


def test_secrets_are_in_no_output_error_or_log(
    account: SimpleNamespace,
    archive: Archive,
    planned: Plan,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    account.setenv("AWS_SESSION_TOKEN", SESSION)
    assert deploy("plan", archive.path, *OPTIONS) == 0
    assert deploy("plan", archive.path, *OPTIONS, "--json") == 0
    assert deploy("apply", archive.path, *OPTIONS) == 0
    assert deploy("status", "--name", NAME) == 0
    # AWS's message for a wrong signature contains the request that it would have signed.
    quoted = (
        f"The Canonical String should have been 'POST / host:x x-amz-security-token:{SESSION}"
        f" Credential={KEY}/20261123 Signature=0123abcd' {SECRET}"
    )
    failing = Failing(403, "InvalidSignatureException", message=quoted)
    with pytest.raises(InputError) as refused:
        apply(planned, injected("sagemaker.DescribeModel", failing), ignore)
    assert HIDDEN in str(refused.value)
    assert "Canonical String should have been" in str(refused.value)
    said = capsys.readouterr()
    for secret in (SECRET, SESSION, KEY, "0123abcd"):
        for text in (said.out, said.err, caplog.text, str(refused.value)):
            assert secret not in text


# Something else than AWS

Captured = pytest.CaptureFixture[str]
PAGE = f"<!DOCTYPE html><html><body>Sign in! You sent {SECRET} and {SESSION}</body></html>"
HTML = {"content-type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (200, HTML, PAGE, "has the status 200 and is "),
        (403, HTML, PAGE, "has the status 403 and is not"),
        (200, {}, PAGE, "has the status 200 and is not"),
        (511, {}, PAGE, "has the status 511 and is not"),
        (200, {}, PAGE.removeprefix("<!DOCTYPE html>"), "has the status 200 and is not"),
        (407, {}, f"no {SECRET}", "has the status 407 and is not"),
        (200, {}, f'["{SECRET}"]', "has the status 200 and is not"),
        (200, {}, "[" * 100_000, "has the status 200 and is not"),
    ],
)
@pytest.mark.parametrize("verb", ["plan", "status", "smoke"])
def test_responses_that_are_not_awss_are_not_quoted(
    verb: str,
    status: int,
    headers: dict[str, str],
    body: str,
    words: str,
    archive: Archive,
    aws: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    commands = {
        "plan": ["deploy", "plan", str(archive.path), *OPTIONS],
        "status": ["deploy", "status"],
        "smoke": ["deploy", "smoke", str(archive.path)],
    }
    aws.setenv("AWS_SESSION_TOKEN", SESSION)
    with StubServer(status, body, headers) as stub:
        for variable in ("AWS_ENDPOINT_URL", RUNTIME):
            aws.setenv(variable, stub.address)
        assert main(commands[verb]) == (2 if verb == "plan" else 1)
    said = capsys.readouterr()
    text = said.out + said.err
    if verb != "smoke" or headers:  # the network's answers may have any form
        assert words in text
        assert "something else answers: check the proxy" in text
    assert SECRET not in text
    assert SESSION not in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<Anything/>", "is not XML of AWS"),
        ("<Response><GetCallerIdentityResult/></Response>", "lacks Account"),
    ],
)
def test_a_response_without_the_account_is_not_awss(
    body: str, words: str, archive: Archive, aws: pytest.MonkeyPatch, capsys: Captured
) -> None:
    with StubServer(200, body) as stub:
        aws.setenv("AWS_ENDPOINT_URL", stub.address)
        assert main(["deploy", "plan", str(archive.path), *OPTIONS]) == 2
    assert words in capsys.readouterr().out


def test_a_response_without_what_the_service_always_sends_is_not_awss(
    aws: pytest.MonkeyPatch, capsys: Captured
) -> None:
    with StubServer(200, "{}") as stub:
        aws.setenv("AWS_ENDPOINT_URL", stub.address)
        assert main(["deploy", "status"]) == 1
    assert "the response lacks Endpoint" in capsys.readouterr().err
