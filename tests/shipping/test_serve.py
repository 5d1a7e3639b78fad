"""The server: its responses over HTTP, its limits, and its processes."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image
from tools.servers.processes import TIMEOUT, wait_until
from tools.servers.serving import Server, probabilities

from asgi import call
from command_line import convbias
from convbias.cli import main
from convbias.data.drawn import drawn
from convbias.shipping.export.archive import MANIFEST, Archive, unpack
from convbias.shipping.predict.images import npy_bytes
from convbias.shipping.serve.application import Application
from convbias.shipping.serve.predictor import Predictor
from convbias.shipping.serve.service import Limits, Service
from factories import CLASS_NAMES

SECRET = "a long random text"  # noqa: S105 - used only here
IMAGES = drawn(n_train=1, n_test=20)[2]

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def expected(archive: Archive) -> np.ndarray:
    """The network's probabilities for the images, without any server."""
    return probabilities(archive, IMAGES)


@pytest.fixture(scope="module")
def predictor(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    folder = tmp_path_factory.mktemp("predictor") / "model"
    unpack(archive, folder)
    return Predictor(folder)


@pytest.fixture(scope="module")
def own_server(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose only worker may be examined and killed, patient with large pictures."""
    patient = {"CONVBIAS_MOST_PICTURE_SECONDS": "60"}
    server = Server(archive.path, tmp_path_factory.mktemp("own"), "--workers", "1", **patient)
    yield server
    server.stop()


def test_responses_have_the_networks_probabilities(server: Server, expected: np.ndarray) -> None:
    one = server.post(json.dumps({"instances": [IMAGES[0].tolist()]})).json()
    best = int(expected[0].argmax())
    assert one == {
        "class": CLASS_NAMES[best],
        "confidence": pytest.approx(expected[0, best], abs=1e-6),
    }
    answer = server.post(
        npy_bytes(IMAGES), "application/x-npy", headers={"accept": "application/x-npy"}
    )
    assert answer.headers["content-type"] == "application/x-npy"
    np.testing.assert_allclose(np.load(io.BytesIO(answer.content)), expected, atol=1e-6)


def test_ping_and_description(server: Server, archive: Archive) -> None:
    assert server.get("/ping").json() == {"run": archive.manifest.identity["run"]}
    document = server.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/ping",
        "/invocations",
        "/endpoints/convbias/invocations",
        "/metrics",
        "/openapi.json",
    }


@pytest.mark.parametrize(
    ("body", "kind", "accept", "status", "words"),
    [
        ("", "application/json", "", 400, "the body is empty"),
        ("{", "application/json", "", 400, "not JSON"),
        ("[1]", "application/json", "", 400, "the shape (1,)"),
        ("text", "text/plain", "", 415, "the content type is 'text/plain'"),
        (json.dumps([0] * 784), "application/json", "text/html", 406, "accepts 'text/html'"),
        ("0" * (6 * 2**20 + 1), "application/json", "", 413, "more than 6,291,456 bytes"),
    ],
)
def test_invalid_requests_are_rejected_with_a_reason(
    server: Server, body: str, kind: str, accept: str, status: int, words: str
) -> None:
    refused = server.post(body, kind, headers={"accept": accept})
    assert refused.status_code == status
    assert words in refused.json()["error"]
    assert "; expected " in refused.json()["error"]
    through_the_runtime = server.post(
        body, kind, headers={"accept": accept}, path="/endpoints/convbias/invocations"
    )
    assert through_the_runtime.status_code == 424
    assert through_the_runtime.headers["x-amzn-errortype"] == "ModelError"
    assert through_the_runtime.json()["OriginalStatusCode"] == status
    assert words in through_the_runtime.json()["OriginalMessage"]


def test_other_paths_methods_and_endpoints(server: Server) -> None:
    assert server.get("/no-such-path").status_code == 404
    assert server.get("/invocations").status_code == 405
    other = server.post("[]", path="/endpoints/other/invocations")
    assert (other.status_code, other.headers["x-amzn-errortype"]) == (400, "ValidationError")


def test_request_ids_are_in_responses_and_log(server: Server) -> None:
    body = json.dumps(IMAGES[0].tolist())
    named = server.post(body, headers={"x-request-id": "my-request.1"})
    assert named.headers["x-request-id"] == "my-request.1"
    odd = server.post(body, headers={"x-request-id": "two words"})
    assert re.fullmatch("[0-9a-f]{32}", odd.headers["x-request-id"])
    wait_until(lambda: any(line["request_id"] == "my-request.1" for line in server.log()))
    [logged] = [line for line in server.log() if line["request_id"] == "my-request.1"]
    assert (logged["status"], logged["images"], logged["path"]) == (200, 1, "/invocations")


def test_a_body_without_a_length_has_the_same_limit(server: Server) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(7):
            yield b"0" * 2**20

    assert server.post(parts()).status_code == 413


def test_concurrent_requests_share_calls_and_get_their_own_predictions(
    server: Server, expected: np.ndarray
) -> None:
    def ask(index: int) -> tuple[int, list[float]]:
        answer = server.post(
            npy_bytes(IMAGES[index]), "application/x-npy", headers={"accept": "text/csv"}
        )
        return index, [float(cell) for cell in answer.text.splitlines()[1].split(",")]

    with ThreadPoolExecutor(16) as pool:
        for index, probabilities in pool.map(ask, list(range(len(IMAGES))) * 10):
            np.testing.assert_allclose(probabilities, expected[index], atol=1e-5)
    # The numbers of the other worker are at most a second old.
    wait_until(lambda: counted(server)["sum"] >= 10 * len(IMAGES))
    counts = counted(server)
    assert counts["sum"] > counts["count"]


def counted(server: Server) -> dict[str, float]:
    """Number and sum of the images per call of the network."""
    pattern = r"^convbias_batch_images_(count|sum) ([\d.]+)$"
    counts = dict(re.findall(pattern, server.get("/metrics").text, re.MULTILINE))
    return {name: float(number) for name, number in counts.items()}


def test_a_closed_connection_does_not_affect_others(server: Server) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    head = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n"
    with socket.create_connection((host, int(port)), TIMEOUT) as connection:
        connection.sendall(head + b"Content-Length: 99\r\n\r\n1,2")
    assert server.post(json.dumps(IMAGES[0].tolist())).status_code == 200
    assert not [line for line in server.log() if line["status"] >= 500]


def test_a_request_has_a_time_limit(predictor: Predictor, archive: Archive) -> None:
    limits = Limits(seconds=0.1)
    application = Application(predictor, Service(archive.manifest.identity, limits=limits))
    rejected = call(application, "POST", "/invocations", b"0,", complete=False)
    assert rejected.status == 408
    assert "longer than 0.1 s; expected a complete body sooner" in rejected.json()["error"]
    assert call(application, "GET", "/ping").status == 200


def test_request_headers_have_a_time_limit(server: Server) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    with (
        socket.create_connection((host, int(port)), TIMEOUT) as silent,
        socket.create_connection((host, int(port)), TIMEOUT) as slow,
    ):
        slow.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\n")
        for connection in (silent, slow):
            said = b"".join(iter(lambda taken=connection: taken.recv(4_096), b""))
            assert said.startswith(b"HTTP/1.1 408 Request Timeout")
            assert said.endswith(b'expected them at once"}')


def test_pipelined_requests_each_get_their_response(server: Server, expected: np.ndarray) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    requests_sent = b"".join(
        b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-npy\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(npy_bytes(image)), npy_bytes(image))
        for image in IMAGES
    )
    with socket.create_connection((host, int(port)), TIMEOUT) as connection:
        connection.sendall(requests_sent)
        said = b""
        while said.count(b'"confidence"') < len(IMAGES):
            said += connection.recv(2**16)
    confidences = [float(each) for each in re.findall(rb'"confidence": ([\d.e-]+)', said)]
    assert confidences == pytest.approx(expected.max(axis=1), abs=1e-6)


@pytest.mark.parametrize("size", [10**9, 1_000])  # of the parts that are sent
def test_requests_of_all_kinds_get_their_responses_in_order(server: Server, size: int) -> None:
    array, picture, several = (
        npy_bytes(IMAGES[0]),
        png(28),
        npy_bytes(np.tile(IMAGES, (4, 1, 1, 1))),
    )
    asked = [
        (b"POST /invocations", "application/x-npy", array, 200),
        (b"POST /invocations", "text/csv", b"1,2", 400),
        (b"POST /invocations", "image/png", picture, 200),
        (b"POST /invocations", "application/json", b"", 400),
        (b"POST /endpoints/convbias/invocations", "application/x-npy", array, 200),
        (b"POST /invocations", "application/x-npy", several, 200),
        (b"GET /ping", "text/csv", b"", 200),
        (b"POST /invocations", "application/x-npy", array, 200),
    ] + [(b"POST /invocations", "application/json", b"", 400)] * 500  # far more than may recurse
    sent = b"".join(
        b"%s HTTP/1.1\r\nHost: a\r\nx-request-id: %d\r\nContent-Type: %s\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (line, number, kind.encode(), len(body), body)
        for number, (line, kind, body, _) in enumerate(asked)
    )
    host, port = server.address.removeprefix("http://").split(":")
    with (
        socket.create_connection((host, int(port)), TIMEOUT) as connection,
        ThreadPoolExecutor(1) as pool,
    ):
        sending = pool.submit(send_in_parts, connection, sent, size)
        with connection.makefile("rb") as said:
            answered = [next_response(said) for _ in asked]
        sending.result()
    statuses = [status for *_, status in asked]
    assert answered == [(status, str(number)) for number, status in enumerate(statuses)]


def send_in_parts(connection: socket.socket, text: bytes, size: int) -> None:
    for start in range(0, len(text), size):
        connection.sendall(text[start : start + size])
        time.sleep(0.001)  # so that the server reads the parts one by one


def next_response(said: BinaryIO) -> tuple[int, str]:
    """Status and request id of the next response."""
    status = int(said.readline().split()[1])
    headers = dict(line.decode().strip().split(": ") for line in iter(said.readline, b"\r\n"))
    said.read(int(headers["content-length"]))
    return status, headers["x-request-id"]


def test_requests_in_progress_are_completed_before_the_server_ends(
    archive: Archive, tmp_path: Path
) -> None:
    folder = tmp_path / "unpacked"
    unpack(archive, folder)
    server = Server(folder, tmp_path)
    assert server.get("/ping").json() == {"run": archive.manifest.identity["run"]}
    body = json.dumps(IMAGES[0].tolist()).encode()
    host, port = server.address.removeprefix("http://").split(":")
    head = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    with socket.create_connection((host, int(port)), TIMEOUT) as connection:
        connection.sendall(head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        # The server is reading the body.
        assert connection.recv(4_096).startswith(b"HTTP/1.1 100 Continue")
        server.started.process.send_signal(signal.SIGTERM)
        server.started.wait_for(
            lambda: "1 connections are open" in server.started.errors.read_text()
        )
        connection.sendall(body)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200 OK")
    assert server.started.process.wait(TIMEOUT) == 0
    wait_until(lambda: server.started.processes() == [])
    assert {path.name for path in (folder / "code").iterdir()} == {
        "images.json",
        "inference.py",
        "labels.json",
    }


def test_other_machines_need_a_token(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(archive.path), "--host", "192.0.2.1"]) == 2
    assert "a token in the environment variable CONVBIAS_TOKEN" in capsys.readouterr().err


def test_the_token_is_required(predictor: Predictor, archive: Archive) -> None:
    application = Application(predictor, Service(archive.manifest.identity, token=SECRET))
    body = json.dumps(IMAGES[0].tolist()).encode()
    rejected = call(application, "POST", "/invocations", body)
    assert (rejected.status, rejected.headers["www-authenticate"]) == (401, "Bearer")
    for wrong in ("Bearer another", f"Basic {SECRET}", "Bearer"):
        headers = {"authorization": wrong}
        assert call(application, "POST", "/invocations", body, headers).status == 401
    headers = {"authorization": f"Bearer {SECRET}"}
    assert call(application, "POST", "/invocations", body, headers).status == 200
    assert call(application, "GET", "/ping").status == 200
    assert call(application, "GET", "/metrics").status == 401


def test_tensorflow_replaces_a_missing_onnxruntime(
    archive: Archive, expected: np.ndarray, tmp_path: Path
) -> None:
    unpack(archive, tmp_path / "model")
    np.save(tmp_path / "images.npy", IMAGES)
    program = """
import sys
sys.modules["onnxruntime"] = None  # as where it is not installed
sys.path.insert(0, "model/code")
import inference
model = inference.model_fn("model")
images = inference.input_fn(open("images.npy", "rb").read(), "application/x-npy")
body, _ = inference.output_fn(inference.predict_fn(images, model), "application/x-npy")
open("answer.npy", "wb").write(body)
"""
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "answer.npy"), expected, atol=1e-5)


def test_a_missing_archive_is_not_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(tmp_path / "absent.tar.gz")]) == 2
    assert "absent.tar.gz cannot be read" in capsys.readouterr().err


def test_a_network_that_cannot_be_loaded_is_reported_once(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    unpack(archive, folder)
    (folder / "model.onnx").write_bytes(b"no network")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["sha256"]["model.onnx"] = hashlib.sha256(b"no network").hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    done = convbias("serve", folder, "--port", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("cannot be loaded") == 1
    assert "export and package the run again" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_reported(
    server: Server, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    port = server.address.rpartition(":")[2]
    assert main(["serve", str(archive.path), "--port", port]) == 2
    assert f"the server cannot listen at 127.0.0.1, port {port}" in capsys.readouterr().err


def test_a_worker_that_dies_is_replaced(own_server: Server) -> None:
    assert own_server.get("/ping").ok
    [worker] = workers(own_server)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: (found := workers(own_server)) and found != [worker])
    assert own_server.get("/ping").ok


def workers(server: Server) -> list[int]:
    """The started process' workers, without the processes that convert pictures."""
    return [
        process
        for process in server.started.processes()
        if b"serve.worker" in Path(f"/proc/{process}/cmdline").read_bytes()
    ]


def test_hostile_requests_use_limited_memory(own_server: Server) -> None:
    side = 4_990  # just below the limit of 25,000,000 pixels
    largest, beyond = (png(size) for size in (side, side + 100))
    several = json.dumps([{"b64": base64.b64encode(largest).decode()}] * 40)
    own_server.post(json.dumps(IMAGES[0].tolist()))
    [worker] = workers(own_server)
    before = peak(worker)
    for body, kind, status in (
        (beyond, "image/png", 413),
        (b"[" * (6 * 2**20), "application/json", 400),
        (b"0," * (3 * 2**20), "text/csv", 400),
        (b"[" + b"1e9," * 10**6 + b"1]", "application/json", 400),
    ):
        assert own_server.post(body, kind).status_code == status
    assert peak(worker) - before < 400e6
    assert own_server.post(largest, "image/png").status_code == 200
    assert own_server.post(several).status_code == 413
    assert peak(worker) - before < 600e6


def png(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (side, side), (9, 9, 9, 128)).save(file, "PNG")
    return file.getvalue()


def peak(process: int) -> int:
    """The largest resident memory so far, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return 1_024 * int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))
