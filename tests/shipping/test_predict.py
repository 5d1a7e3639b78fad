"""`convbias predict`: in process, over HTTP, and through boto3."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError
from PIL import Image
from tools.servers.aws import RUNTIME
from tools.servers.serving import Server, probabilities

from convbias.cli import main
from convbias.data import Dataset, load
from convbias.data.drawn import drawn
from convbias.shipping.export.archive import Archive
from convbias.shipping.predict.images import RejectedRequestError, Target, image_requests, npy_bytes
from factories import CLASS_NAMES
from stub_server import UNREACHABLE, StubServer

SECRET = "a-long-random-text"  # noqa: S105 - used only here
IMAGES = drawn(n_train=1, n_test=5)[2]
PLACES = ("--archive", "--server", "--endpoint")
FINE = json.dumps({"class": "Bag", "confidence": 0.5, "probabilities": {"Bag": 0.5}})

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def expected(archive: Archive) -> np.ndarray:
    """The network's probabilities for the images."""
    return probabilities(archive, IMAGES)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with `a.png`, `b.jpg`, `many.npy` and `one.NPY`, and other files."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CONVBIAS_TOKEN", raising=False)
    Image.fromarray(IMAGES[0, :, :, 0]).save("a.png")
    Image.fromarray(IMAGES[1, :, :, 0]).save("b.jpg", quality=100)
    np.save("many.npy", IMAGES[2:4])
    Path("one.NPY").write_bytes(npy_bytes(IMAGES[4]))
    Path("notes.txt").touch()
    (folder / "within.png").mkdir()
    return folder


@pytest.fixture
def runtime(aws: pytest.MonkeyPatch, server: Server) -> Server:
    """The local server as SageMaker's runtime."""
    aws.setenv(RUNTIME, server.address)
    return server


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, archive: Archive, runtime: Server) -> list[str]:
    """The option that selects a client."""
    values = (str(archive.path), runtime.address, "convbias")
    return [request.param, dict(zip(PLACES, values, strict=True))[request.param]]


def check(answer: dict, name: str, probabilities: np.ndarray) -> None:
    assert answer["image"] == name
    assert list(answer["probabilities"]) == list(CLASS_NAMES)
    np.testing.assert_allclose(list(answer["probabilities"].values()), probabilities, atol=1e-6)
    assert answer["class"] == CLASS_NAMES[probabilities.argmax()]
    assert answer["confidence"] == pytest.approx(probabilities.max(), abs=1e-6)


# Predictions


@pytest.mark.usefixtures("here")
def test_every_client_returns_the_networks_predictions(
    place: list[str],
    archive: Archive,
    expected: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["predict", ".", *place, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    answers = json.loads(said.out)
    assert all(
        answer.keys() == {"image", "class", "confidence", "probabilities"} for answer in answers
    )
    with Image.open("b.jpg") as picture:
        jpeg = np.asarray(picture)[np.newaxis, ..., np.newaxis]
    of_jpeg = probabilities(archive, jpeg)[0]
    names = ["a.png", "b.jpg", "many.npy[0]", "many.npy[1]", "one.NPY"]
    wanted = [expected[0], of_jpeg, *expected[2:]]
    for answer, name, each in zip(answers, names, wanted, strict=True):
        check(answer, name, each)


@pytest.mark.usefixtures("here")
def test_indices_select_test_images_of_fashion_mnist(
    place: list[str],
    archive: Archive,
    fashion_mnist: Dataset,
    capsys: pytest.CaptureFixture[str],
) -> None:
    indices = [9_999, 0]
    images, labels = fashion_mnist.test_images[indices], fashion_mnist.test_labels[indices]
    wanted = probabilities(archive, images)
    assert main(["predict", "9999", "0", *place, "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)
    names = ["test image 9,999 of Fashion-MNIST", "test image 0 of Fashion-MNIST"]
    for answer, name, label, each in zip(answers, names, labels, wanted, strict=True):
        check(answer, name, each)
        assert answer["label"] == CLASS_NAMES[label]
    assert len(answers) == 2
    assert main(["predict", "0", "a.png", *place]) == 0
    table = capsys.readouterr().out
    assert f"Predictions of {'the endpoint ' * (place[0] == '--endpoint')}{place[1]}" in table
    heading, of_index, of_file = (
        next(line for line in table.splitlines() if line.lstrip().startswith(word))
        for word in ("image ", "test image 0", "a.png")
    )
    assert heading.split() == ["image", "class", "confidence", "true", "class"]
    best = int(wanted[1].argmax())
    cells = [
        CLASS_NAMES[best],
        f"{100 * wanted[1, best]:.2f} %",
        CLASS_NAMES[labels[1]],
    ]
    assert of_index.split() == [*names[1].split(), *" ".join(cells).split()]
    assert of_file.split()[-1] == "%"


def test_photographs_unlike_the_training_images_are_remarked_upon(
    here: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 60), dtype=np.uint8)
    Image.fromarray(noise).save(here / "noise.jpg")
    place = ["--archive", str(archive.path)]
    assert main(["predict", "a.png", "noise.jpg", "many.npy", *place, "--json"]) == 0
    said = capsys.readouterr()
    plain, noisy, *arrays = json.loads(said.out)
    assert [answer.keys() for answer in arrays] == [plain.keys()] * 2
    assert noisy.keys() - plain.keys() == {"remarks"}
    assert "unlike Fashion-MNIST" in noisy["remarks"][-1]
    assert said.err == ""
    assert main(["predict", "a.png", "noise.jpg", *place]) == 0
    notes = capsys.readouterr().err
    assert "a.png" not in notes
    for remark in noisy["remarks"]:
        assert f"Note: noise.jpg: {remark}" in notes


@pytest.mark.usefixtures("here")
def test_a_table_of_files_has_no_true_classes(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "a.png", "--archive", str(archive.path)]) == 0
    assert "true class" not in capsys.readouterr().out


def test_by_default_the_archive_of_the_working_folder_is_run(
    here: Path, archive: Archive, expected: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "fashion_mnist_model.tar.gz").write_bytes(archive.path.read_bytes())
    assert main(["predict", "a.png", "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    [answer] = json.loads(said.out)
    check(answer, "a.png", expected[0])


WITHOUT_OPTIONAL_PACKAGES = """
import json, sys
sys.modules |= dict.fromkeys(("boto3", "botocore", "onnxruntime", "starlette", "tensorflow"))
from convbias.cli import main
print(json.dumps([main(arguments) for arguments in json.loads(sys.argv[1])]))
"""


def test_each_client_needs_only_its_own_packages(
    here: Path, server: Server, archive: Archive
) -> None:
    options = [
        ("--server", server.address),
        ("--endpoint", "convbias"),
        ("--archive", str(archive.path)),
    ]
    commands = json.dumps([["predict", "a.png", *each] for each in options])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_OPTIONAL_PACKAGES, commands],
        cwd=here,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [0, 2, 2]
    assert "pip install 'convbias[aws]'" in done.stderr
    assert "pip install 'convbias[serve]'" in done.stderr


@pytest.mark.usefixtures("here")
def test_a_server_with_a_token(
    archive: Archive,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # requests would prefer this file to a plain header.
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = Server(archive.path, tmp_path, CONVBIAS_TOKEN=SECRET)
    try:
        for token in ("", "another"):
            monkeypatch.setenv("CONVBIAS_TOKEN", token)
            assert main(["predict", "a.png", "b.jpg", "--server", server.address]) == 2
            assert said_once(capsys, f"{server.address} rejects the token, or requires one")
        monkeypatch.setenv("CONVBIAS_TOKEN", SECRET)
        assert main(["predict", "a.png", "--server", f"{server.address}/"]) == 0
    finally:
        server.stop()


def said_once(capsys: pytest.CaptureFixture[str], *words: str) -> bool:
    """Whether one error with three parts was printed, containing these words, and nothing else."""
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert all(word in said.err for word in words), said.err
    assert "Traceback" not in said.err
    assert [line[:12] for line in lines[1:]] == ["  expected: ", "  fix:      "], said.err
    return said.out == ""


# Rejected images


@pytest.mark.usefixtures("here")
def test_rejected_images_are_named_and_the_others_classified(
    place: list[str], expected: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.png").write_bytes(b"no picture")
    np.save("odd.npy", np.zeros((3, 4)))
    asked = ["broken.png", "a.png", "odd.npy", "many.npy"]
    assert main(["predict", *asked, *place, "--json"]) == 2
    said = capsys.readouterr()
    first, second = said.err.splitlines()
    assert first.startswith("broken.png: the picture cannot be read: ")
    assert second.startswith("odd.npy: the array has the shape (3, 4); expected (28, 28)")
    answers = json.loads(said.out)
    names = ["a.png", "many.npy[0]", "many.npy[1]"]
    for answer, name, each in zip(answers, names, expected[[0, 2, 3]], strict=True):
        check(answer, name, each)


@pytest.mark.usefixtures("here")
def test_all_images_may_be_rejected(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.png").write_bytes(b"no picture")
    assert main(["predict", "broken.png", *place, "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == []
    assert main(["predict", "broken.png", *place]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


@pytest.mark.usefixtures("here", "runtime")
@pytest.mark.parametrize("option", ["--server", "--endpoint"])
def test_only_a_body_that_is_too_large_is_rejected(
    option: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("large.npy", np.zeros((8_100, 28, 28), np.uint8))
    place = server.address if option == "--server" else "convbias"
    assert main(["predict", "large.npy", "a.png", option, place, "--json"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("large.npy: the body has more than 6,291,456 bytes")
    assert [answer["image"] for answer in json.loads(said.out)] == ["a.png"]


def test_only_a_deleted_file_is_rejected(here: Path) -> None:
    vanishing, staying = image_requests(["a.png", "b.jpg"], lambda: load("drawn"), Target())
    (here / "a.png").unlink()
    with pytest.raises(RejectedRequestError, match="the file cannot be read: No such file"):
        vanishing.body()
    assert staying.body() == (here / "b.jpg").read_bytes()


@pytest.mark.usefixtures("here")
def test_only_a_body_that_is_too_large_for_the_runtime_is_rejected(
    aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = json.dumps({"Message": "HTTP content length exceeded 6291456 bytes."})
    with StubServer(413, body) as stub:
        aws.setenv(RUNTIME, stub.address)
        assert main(["predict", "a.png", "b.jpg", "--endpoint", "mine"]) == 2
        assert len(stub.paths) == 2
    refused = ": HTTP content length exceeded 6291456 bytes."
    assert capsys.readouterr().err.splitlines() == [f"a.png{refused}", f"b.jpg{refused}"]


# Arguments


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.png"], ["the file absent.png does not exist", "a folder with such files"]),
        (["notes.txt"], ["notes.txt ends in '.txt'", ".png, .jpg, .jpeg, .webp", "as PNG or JPEG"]),
        (["empty"], ["the folder empty contains no image"]),
        (["x" * 300], ["cannot be accessed: File name too long"]),
        (["a.png", "--server", UNREACHABLE, "--endpoint", "e"], ["--server and --endpoint "]),
        (["a.png", "--archive", "a", "--server", UNREACHABLE], ["--archive and --server "]),
        (["a.png"], ["fashion_mnist_model.tar.gz cannot be read: No such file"]),
        (["a.png", "--archive", "notes.txt"], ["notes.txt cannot be read"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_invalid_arguments_are_reported_before_the_first_request(
    here: Path, arguments: Sequence[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "empty").mkdir()
    with StubServer(200, FINE) as stub:
        place = [] if "a.png" in arguments else ["b.jpg", "--server", stub.address]
        assert main(["predict", *arguments, *place]) == 2
        assert stub.paths == []
    assert said_once(capsys, *words)


@pytest.mark.usefixtures("here", "fashion_mnist")
@pytest.mark.parametrize("index", ["10000", "+10000"])
def test_there_are_ten_thousand_test_images(index: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", index, "--server", UNREACHABLE]) == 2
    assert "no test image 10,000 in fashion-mnist" in capsys.readouterr().err


def test_a_folder_whose_name_is_a_number(
    here: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "7").mkdir()
    (here / "a.png").rename(here / "7" / "a.png")
    assert main(["predict", "./7", "--archive", str(archive.path), "--json"]) == 0
    assert [answer["image"] for answer in json.loads(capsys.readouterr().out)] == ["7/a.png"]


# Servers that does not respond


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("address", "words"),
    [
        (UNREACHABLE, "no connection"),
        ("127.0.0.1:8080", "No connection adapters"),
        (f"http://{'x' * 300}", "Failed to parse"),
    ],
)
def test_addresses_without_a_server(
    address: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "a.png", "b.jpg", "--server", address]) == 2
    assert said_once(
        capsys, f"{address} does not respond: ", words, "such as http://127.0.0.1:8080"
    )


@pytest.mark.usefixtures("here")
def test_a_token_that_cannot_be_sent_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for token in (f"{SECRET}\n", f"{SECRET}€"):
        monkeypatch.setenv("CONVBIAS_TOKEN", token)
        assert main(["predict", "a.png", "--server", UNREACHABLE]) == 2
        said = capsys.readouterr().err
        assert "the token has characters that cannot be sent" in said
        assert SECRET not in said


@pytest.mark.usefixtures("here", "aws")
@pytest.mark.parametrize("option", ["--server", "--endpoint"])
def test_a_missing_response_has_a_time_limit(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("aws", "predict.clients"):
        monkeypatch.setattr(f"convbias.shipping.{module}.ANSWER_SECONDS", 0.3)
    with StubServer(0) as stub:
        monkeypatch.setenv(RUNTIME, stub.address)
        place = stub.address if option == "--server" else "silent"
        assert main(["predict", "a.png", "b.jpg", option, place]) == 2
        assert len(stub.paths) == 1
    assert said_once(capsys, "does not respond: ", "Read timed out" if option == "--server" else "")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (404, '{"error": ["odd"]}', 2, "responds with status 404: ['odd']"),
        (302, "[]", 2, "responds with status 302: []"),
    ],
)
def test_responses_that_are_the_same_for_every_image(
    status: int, body: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with StubServer(status, body, {"location": "/elsewhere"}) as stub:
        assert main(["predict", "a.png", "b.jpg", "--server", stub.address]) == code
        assert stub.paths == ["/invocations"]
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, '{"error": "its log says why"}', "failed with status 500: its log says why"),
        (503, "<p>later</p>\n" * 1_000, "failed with status 503: <p>later</p> <p>"),
        (200, "<p>Hello!</p>", "the response for b.jpg cannot be read: Invalid JSON"),
        (200, "[]", "the response for b.jpg cannot be read: "),
        (200, FINE.replace("0.5", "NaN"), "cannot be read"),
        (200, FINE.replace("0.5", "1.5"), "cannot be read"),
        (200, '{"class": "Bag", "confidence": 1}', "cannot be read"),
    ],
)
def test_every_image_that_fails_has_an_error_of_its_own(
    status: int, body: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with StubServer(status, body) as stub:
        assert main(["predict", "a.png", "b.jpg", "--server", stub.address]) == 1
        assert stub.paths == ["/invocations"] * 2
    said = capsys.readouterr()
    for name in ("a.png", "b.jpg"):
        [line] = [line for line in said.err.splitlines() if line.startswith(f"{name}: ")]
        assert words.replace("b.jpg", name) in line
    assert len(said.err) < 1_500
    assert "Traceback" not in said.err
    assert said.out == ""


@pytest.mark.usefixtures("here")
def test_an_image_that_fails_does_not_stop_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with StubServer(200, FINE, times=1) as stub:
        place = ["--server", stub.address]
        assert main(["predict", "a.png", "b.jpg", "one.NPY", *place, "--json"]) == 1
        assert len(stub.paths) == 3
    said = capsys.readouterr()
    assert [answer["image"] for answer in json.loads(said.out)] == ["a.png"]
    assert [name for name in ("a.png:", "b.jpg:", "one.NPY:") if name in said.err] == [
        "b.jpg:",
        "one.NPY:",
    ]


@pytest.mark.usefixtures("here", "aws")
def test_endpoints_get_pictures_as_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    # AWS's TensorFlow container cannot read pictures.
    with StubServer(200, FINE) as stub:
        monkeypatch.setenv(RUNTIME, stub.address)
        assert main(["predict", "a.png", "b.jpg", "one.NPY", "--endpoint", "mine"]) == 0
        assert [kind for kind, _ in stub.requests] == ["application/x-npy"] * 3
        sent = np.load(io.BytesIO(stub.requests[0][1]), allow_pickle=False)
    np.testing.assert_array_equal(sent, IMAGES[0, :, :, 0])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        ({}, " " * (16 * 2**20 + 1), "is too large"),
        ({"content-encoding": "gzip"}, "x", "sends a compressed response"),
    ],
    ids=["large", "compressed"],
)
def test_responses_are_limited(
    headers: dict[str, str], body: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with StubServer(200, body, headers) as stub:
        assert main(["predict", "a.png", "--server", stub.address]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "expected: at most 16,777,216 uncompressed bytes" in said


# SageMaker's runtime


@pytest.mark.usefixtures("runtime")
def test_boto3_can_query_the_local_server_as_sagemakers_runtime(expected: np.ndarray) -> None:
    client = boto3.client("sagemaker-runtime")

    def invoke(body: bytes, endpoint: str = "convbias") -> dict:
        return client.invoke_endpoint(
            EndpointName=endpoint,
            Body=body,
            ContentType="application/x-npy",
            Accept="application/x-npy",
        )

    try:
        answer = invoke(npy_bytes(IMAGES))
        assert answer["ContentType"] == "application/x-npy"
        assert answer["InvokedProductionVariant"] == "AllTraffic"
        # 128 bytes of numpy.save's header, then the numbers.
        found = np.frombuffer(answer["Body"].read()[128:], np.float32).reshape(-1, 10)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        with pytest.raises(ClientError) as refused:
            invoke(b"")
        assert refused.value.response["Error"]["Code"] == "ModelError"
        assert refused.value.response["OriginalStatusCode"] == 400
        assert "the body is empty" in refused.value.response["OriginalMessage"]
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424
        with pytest.raises(client.exceptions.ModelError):
            invoke(b"no array")
        with pytest.raises(ClientError, match="Endpoint other not found") as unknown:
            invoke(npy_bytes(IMAGES), "other")
        assert unknown.value.response["Error"]["Code"] == "ValidationError"
    finally:
        client.close()


@pytest.mark.usefixtures("here", "runtime")
def test_an_unknown_endpoint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "a.png", "b.jpg", "--endpoint", "other"]) == 2
    words = "the endpoint other does not respond: ValidationError: Endpoint other not found"
    assert said_once(capsys, words, "check the name")


@pytest.mark.usefixtures("here", "aws")
@pytest.mark.parametrize(
    ("absent", "address", "words"),
    [
        (["AWS_DEFAULT_REGION"], UNREACHABLE, ["no AWS region is set", "set AWS_DEFAULT_REGION"]),
        (
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
            UNREACHABLE,
            ["no AWS credentials are named", "--profile NAME, or set the variables"],
        ),
        (
            [],
            UNREACHABLE,
            ["the endpoint mine does not respond: Could not connect", "check the network"],
        ),
        ([], "nonsense", ["Invalid endpoint: nonsense", "check the network"]),
    ],
    ids=["no region", "no credentials", "no server", "no address"],
)
def test_endpoints_that_boto3_cannot_reach(
    absent: list[str],
    address: str,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in absent:
        monkeypatch.delenv(name)
    monkeypatch.setenv(RUNTIME, address)
    assert main(["predict", "a.png", "b.jpg", "--endpoint", "mine"]) == 2
    assert said_once(capsys, *words)


@pytest.mark.usefixtures("here", "aws")
@pytest.mark.parametrize(
    ("status", "kind", "body", "code", "words"),
    [
        (424, "ModelError", {"OriginalStatusCode": 404}, 2, "responds with status 404: it broke"),
        (503, "ServiceUnavailable", {}, 1, "does not respond: ServiceUnavailable: in the way"),
        (
            403,
            "AccessDeniedException",
            {},
            2,
            "does not respond: AccessDeniedException: in the way",
        ),
    ],
)
def test_errors_of_the_runtime_and_of_the_model(
    status: int,
    kind: str,
    body: dict,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    original = '{"error": "it broke"}' if body else ""
    answer = {"Message": "in the way", "OriginalMessage": original, **body}
    with StubServer(status, json.dumps(answer), {"x-amzn-errortype": kind}) as stub:
        monkeypatch.setenv(RUNTIME, stub.address)
        assert main(["predict", "a.png", "b.jpg", "--endpoint", "mine"]) == code
        assert stub.paths == ["/endpoints/mine/invocations"]
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("here", "aws")
@pytest.mark.parametrize(("original", "status"), [(503, 503), (0, 504)])
def test_failures_of_the_model_do_not_stop_the_others(
    original: int, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"Message": "", "OriginalMessage": "it broke", "OriginalStatusCode": original}
    with StubServer(424, json.dumps(answer), {"x-amzn-errortype": "ModelError"}) as stub:
        monkeypatch.setenv(RUNTIME, stub.address)
        assert main(["predict", "a.png", "b.jpg", "--endpoint", "mine"]) == 1
        assert stub.paths == ["/endpoints/mine/invocations"] * 2
    said = capsys.readouterr().err
    for name in ("a.png", "b.jpg"):
        assert f"{name}: the endpoint mine failed with status {status}: it broke" in said


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_predictions_before_a_failure_are_printed(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.npy").write_bytes(npy_bytes(IMAGES[0]))
    with StubServer(200, FINE, times=1) as stub:
        assert main(["predict", str(tmp_path), "--server", stub.address, *options]) == 1
    printed = capsys.readouterr()
    assert "first.npy" in printed.out
    assert "second.npy" not in printed.out
    assert "failed with status 500" in printed.err
