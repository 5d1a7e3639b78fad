"""AWS on loopback: moto's server, rclone's S3, and credentials of nobody's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import boto3
import pytest
import requests
from benchmarks.serving_contenders import free_port

from tools.servers.command_line import wait_until

ACCOUNT = "123456789012"  # moto's own
REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/convbias-endpoint"
BUCKET = "convbias-test"
KEY, SECRET, SESSION = "AKIANOBODY", "nobodys-secret-key", "nobodys-session-token"
NOBODY = "http://127.0.0.1:1"
RUNTIME = "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"


def nobody(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Credentials and a region of nobody's, no files of anybody's, and no address of AWS."""
    for name in ("PROFILE", "REGION", "SESSION_TOKEN", "ENDPOINT_URL_S3", "ENDPOINT_URL_SAGEMAKER"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.delenv(RUNTIME, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    # Every service that has no address of its own below.
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)


class Daemon:
    """A server in a process of its own, on a free port of the loopback interface.

    Args:
        command: That starts it; `{port}` is put in.
        folder: For its log.
        variables: Of its environment, beside the present ones.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.log = folder / "daemon.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [part.format(port=port) for part in command],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(variables) or None,
            )
        wait_until(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(requests.get(self.address, timeout=5).status_code)
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def moto(folder: Path) -> Daemon:
    """Moto's server: S3, SageMaker, STS and autoscaling."""
    program = Path(__file__).with_name("moto_server.py")
    return Daemon([sys.executable, str(program), "{port}"], folder)


def rclone(folder: Path) -> Daemon:
    """Rclone's S3, which checks signatures; its objects are files below `folder/buckets`."""
    buckets = folder / "buckets"
    buckets.mkdir()
    program = str(Path(sys.executable).with_name("rclone"))
    command = [
        program,
        "serve",
        "s3",
        "--addr",
        "127.0.0.1:{port}",
        "--auth-key",
        f"{KEY},{SECRET}",
    ]
    return Daemon([*command, str(buckets)], folder)


def s3(address: str, secret: str = SECRET):
    """A client of S3 that is not the package's."""
    session = boto3.Session(KEY, secret, region_name=REGION)
    return session.client("s3", endpoint_url=address)


def s3_with_bucket(address: str, bucket: str = BUCKET):
    """The same client, after it has made an empty bucket."""
    client = s3(address)
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client
