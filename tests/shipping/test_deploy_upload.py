"""Uploads to two S3 servers: moto's, and rclone's, which checks signatures."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tools.servers.aws import (
    BUCKET,
    REGION,
    ROLE,
    SECRET,
    LoopbackServer,
    moto,
    rclone,
    s3_with_bucket,
)
from tools.servers.processes import TIMEOUT, StartedProcess, wait_until

from archives import write_archive
from convbias.errors import ConvbiasError, InputError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import Plan, make_plan
from convbias.shipping.deploy.resources import ABSENT, EXISTS, UNMANAGED, find_archive
from convbias.shipping.deploy.settings import Settings
from convbias.shipping.deploy.upload import PART_BYTES, upload
from convbias.shipping.export.archive import MANIFEST, Archive, Manifest, read

pytestmark = pytest.mark.integration

SETTINGS = Settings(bucket=BUCKET, role=ROLE)
LARGE = 3 * PART_BYTES + 1  # bytes, so that it goes in four parts


@dataclass
class Bucket:
    """An empty bucket.

    Args:
        address: address of its server.
        client: S3 client that is independent of the package.
    """

    address: str
    client: Any

    def names(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=BUCKET)
        return [each["Key"] for each in listed.get("Contents", [])]

    def content(self, key: str) -> bytes:
        return self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def unfinished(self) -> list[dict]:
        try:
            return self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        except self.client.exceptions.NoSuchUpload:  # rclone's response if there are none
            return []


@pytest.fixture(scope="module", params=["moto", "rclone"])
def s3_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LoopbackServer]:
    start = {"moto": moto, "rclone": rclone}[request.param]
    s3_server = start(tmp_path_factory.mktemp(request.param))
    yield s3_server
    s3_server.stop()


@pytest.fixture
def bucket(s3_server: LoopbackServer, aws: pytest.MonkeyPatch) -> Iterator[Bucket]:
    aws.setenv("AWS_ENDPOINT_URL", s3_server.address)
    client = s3_with_bucket(s3_server.address)
    bucket = Bucket(s3_server.address, client)
    yield bucket
    for key in bucket.names():
        client.delete_object(Bucket=BUCKET, Key=key)
    for each in bucket.unfinished():
        client.abort_multipart_upload(Bucket=BUCKET, Key=each["Key"], UploadId=each["UploadId"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture(scope="module")
def large(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive of four parts, large because of random bytes."""
    contents = {**archive.contents, "1/large": os.urandom(LARGE)}
    sums = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in contents.items()
        if name != MANIFEST
    }
    manifest = Manifest(identity=archive.manifest.identity, sha256=sums)
    contents[MANIFEST] = manifest.model_dump_json().encode()
    return read(write_archive(tmp_path_factory.mktemp("large") / "large.tar.gz", contents))


def planned(archive: Archive, settings: Settings = SETTINGS) -> Plan:
    return make_plan(settings, REGION, archive)


@pytest.mark.parametrize("size", ["small", "large"])
def test_the_object_is_the_archive_and_is_recognised(
    bucket: Bucket, archive: Archive, large: Archive, size: str
) -> None:
    chosen = {"small": archive, "large": large}[size]
    plan, aws = planned(chosen), Aws()
    assert find_archive(plan, aws).state == ABSENT
    upload(plan, aws)
    assert bucket.names() == [plan.key]
    assert bucket.content(plan.key) == chosen.path.read_bytes()
    assert find_archive(plan, aws).state == EXISTS
    assert bucket.unfinished() == []


def test_an_object_without_metadata_is_not_managed(bucket: Bucket, archive: Archive) -> None:
    plan = planned(archive)
    bucket.client.put_object(Bucket=BUCKET, Key=plan.key, Body=archive.path.read_bytes())
    assert find_archive(plan, Aws()).state == UNMANAGED


def test_a_missing_bucket(bucket: Bucket, archive: Archive) -> None:
    settings = Settings(bucket="of-nobody", role=ROLE)
    with pytest.raises(InputError, match=r"s3://of-nobody/.* was not written: ") as refused:
        upload(planned(archive, settings), Aws())
    assert "NoSuchBucket" in refused.value.what
    assert bucket.names() == []


@pytest.mark.parametrize("s3_server", ["rclone"], indirect=True)  # moto takes any
def test_a_wrong_secret(bucket: Bucket, archive: Archive, aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    with pytest.raises(InputError, match="SignatureDoesNotMatch") as refused:
        upload(planned(archive), Aws())
    assert "check the credentials" in refused.value.fix
    assert "wrong-secret" not in str(refused.value)
    assert SECRET not in str(refused.value)
    assert bucket.names() == []


def test_an_archive_that_has_changed_is_not_uploaded(
    bucket: Bucket, archive: Archive, tmp_path: Path
) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(archive.path.read_bytes())
    plan = planned(read(path))
    path.write_bytes(b"changed")
    with pytest.raises(InputError, match="has changed since it was verified"):
        upload(plan, Aws())
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        upload(plan, Aws())
    assert bucket.names() == []


class Proxy:
    """A proxy that closes or blocks its connections after a number of bytes.

    Args:
        address: address of the server.
        most: number of bytes that reach the server, over all connections.
        breaks: whether connections are closed then; otherwise they stay open and block.
    """

    def __init__(self, address: str, most: int, breaks: bool) -> None:
        self._server = address.removeprefix("http://").split(":")
        self._left, self._breaks = most, breaks
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._sockets: list[socket.socket] = [self._listening]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection((self._server[0], int(self._server[1])))
                self._sockets += [client, server]
                for source, target, counted in ((client, server, True), (server, client, False)):
                    thread = threading.Thread(target=self._pass_on, args=(source, target, counted))
                    self._threads.append(thread)
                    thread.start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(2**16):
                if counted and not self._allowed(len(part)):
                    self.stopped.set()
                    if not self._breaks:
                        return
                    break
                target.sendall(part)
            for each in (source, target):
                each.shutdown(socket.SHUT_RDWR)

    def _allowed(self, size: int) -> bool:
        with self._lock:
            self._left -= size
            return self._left >= 0

    def close(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)


@pytest.mark.parametrize("size", ["small", "large"])
def test_an_interrupted_upload_leaves_no_object_and_can_be_repeated(
    bucket: Bucket, archive: Archive, large: Archive, size: str, aws: pytest.MonkeyPatch
) -> None:
    chosen, most = {"small": (archive, 100_000), "large": (large, LARGE // 2)}[size]
    plan = planned(chosen)
    proxy = Proxy(bucket.address, most, breaks=True)
    aws.setenv("AWS_ENDPOINT_URL", proxy.address)
    try:
        with pytest.raises(ConvbiasError, match="was not written"):
            upload(plan, Aws())
    finally:
        proxy.close()
    assert proxy.stopped.is_set()
    assert bucket.names() == []
    aws.setenv("AWS_ENDPOINT_URL", bucket.address)
    upload(plan, Aws())
    assert bucket.content(plan.key) == chosen.path.read_bytes()
    assert bucket.unfinished() == []


PROGRAM = """
import sys
from pathlib import Path
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import make_plan
from convbias.shipping.deploy.settings import Settings
from convbias.shipping.deploy.upload import upload
from convbias.shipping.export.archive import read
bucket, role, region, path = sys.argv[1:]
upload(make_plan(Settings(bucket=bucket, role=role), region, read(Path(path))), Aws())
"""


def test_the_next_upload_deletes_the_parts_of_a_killed_one(
    bucket: Bucket, large: Archive, tmp_path: Path
) -> None:
    proxy = Proxy(bucket.address, LARGE // 2, breaks=False)
    started = StartedProcess(
        *(BUCKET, ROLE, REGION, large.path),
        cwd=tmp_path,
        variables={"AWS_ENDPOINT_URL": proxy.address},
        program=(sys.executable, "-c", PROGRAM),
    )
    try:
        wait_until(proxy.stopped.is_set)
        started.process.send_signal(signal.SIGKILL)
        started.process.wait(TIMEOUT)
    finally:
        proxy.close()
    plan = planned(large)
    assert bucket.names() == []
    assert [each["Key"] for each in bucket.unfinished()] == [plan.key]
    upload(plan, Aws())
    assert bucket.content(plan.key) == large.path.read_bytes()
    assert bucket.unfinished() == []


def test_parts_of_other_objects_are_kept(bucket: Bucket, archive: Archive) -> None:
    plan = planned(archive)
    bucket.client.create_multipart_upload(Bucket=BUCKET, Key=f"{plan.key}.mine")
    upload(plan, Aws())
    assert [each["Key"] for each in bucket.unfinished()] == [f"{plan.key}.mine"]


@pytest.mark.parametrize("s3_server", ["moto"], indirect=True)  # rclone has no keys
def test_the_kms_key_is_passed_on(bucket: Bucket, archive: Archive) -> None:
    settings = Settings(bucket=BUCKET, role=ROLE, kms_key="arn:aws:kms:eu-central-1:1:key/a")
    plan = planned(archive, settings)
    upload(plan, Aws())
    found = bucket.client.head_object(Bucket=BUCKET, Key=plan.key)
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["SSEKMSKeyId"] == settings.kms_key
