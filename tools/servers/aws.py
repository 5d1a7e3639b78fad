"""AWS on this machine: moto's server and rclone's S3, with credentials that belong to nobody."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import boto3
import requests

from tools.servers.processes import StartedProcess, free_port

ACCOUNT = "123456789012"  # moto's own
REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/convbias-endpoint"
BUCKET = "convbias-test"
KEY, SECRET, SESSION = "AKIANOBODY", "nobodys-secret-key", "nobodys-session-token"
RUNTIME = "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"  # variable with the address of SageMaker's runtime


class LoopbackServer:
    """A server in a process of its own, on a free port of the loopback interface.

    Args:
        command: program and arguments, in which `{port}` is replaced by the port.
        folder: working folder, which receives the log.
        variables: environment variables, in addition to the present ones.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        port = free_port()
        program, *arguments = (part.format(port=port) for part in command)
        self.address = f"http://127.0.0.1:{port}"
        self._started = StartedProcess(
            *arguments, cwd=folder, variables=variables, program=[program]
        )
        self._started.wait_for(self._responds)

    def _responds(self) -> bool:
        try:
            return bool(requests.get(self.address, timeout=60).status_code)
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        """Stop the server and wait for its end."""
        self._started.stop()


def moto(folder: Path) -> LoopbackServer:
    """Start moto's server: S3, SageMaker, STS and autoscaling.

    Args:
        folder: receives the log.
    """
    program = Path(__file__).with_name("moto_server.py")
    return LoopbackServer([sys.executable, str(program), "{port}"], folder)


def rclone(folder: Path) -> LoopbackServer:
    """Start rclone's S3 server, which checks signatures.

    Args:
        folder: receives the log, and the objects as files below `buckets`.
    """
    buckets = folder / "buckets"
    buckets.mkdir()
    program = str(Path(sys.executable).with_name("rclone"))
    options = ("--addr", "127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}")
    return LoopbackServer([program, "serve", "s3", *options, str(buckets)], folder)


def s3_with_bucket(address: str, bucket: str = BUCKET) -> Any:
    """Create an empty bucket, and return an S3 client that is independent of the package.

    Args:
        address: the S3 server's address.
        bucket: the bucket's name.
    """
    client = boto3.Session(KEY, SECRET, region_name=REGION).client("s3", endpoint_url=address)
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client
