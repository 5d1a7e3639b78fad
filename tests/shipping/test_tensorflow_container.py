"""AWS's TensorFlow container and the local server, with one archive."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tools.servers.serving import Server, probabilities
from tools.servers.tensorflow_container import TensorFlowContainer

from convbias.cli import main
from convbias.data.drawn import drawn
from convbias.shipping.export.archive import Archive
from convbias.shipping.predict.images import npy_bytes
from factories import CLASS_NAMES

pytestmark = pytest.mark.integration

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
VERBOSE = f"{JSON};verbose=true"
IMAGES = drawn(n_train=1, n_test=5)[2]


@pytest.fixture(scope="module")
def container(
    archive: Archive, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TensorFlowContainer]:
    container = TensorFlowContainer(archive, tmp_path_factory.mktemp("container"))
    yield container
    container.stop()


@pytest.fixture(scope="module")
def expected(archive: Archive) -> np.ndarray:
    return probabilities(archive, IMAGES)


def lines(images: np.ndarray) -> str:
    return "\n".join(",".join(map(str, image.ravel())) for image in images)


GOOD = {
    "JSON": (json.dumps({"instances": (IMAGES / 255).tolist()}), JSON),
    "npy": (npy_bytes(IMAGES), NPY),
    "CSV": (lines(IMAGES), CSV),
}


@pytest.mark.parametrize("name", GOOD)
def test_arrays_are_answered_with_the_networks_probabilities(
    container: TensorFlowContainer, expected: np.ndarray, name: str
) -> None:
    body, kind = GOOD[name]
    answer = container.post(body, kind, headers={"accept": VERBOSE})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == JSON
    found = [list(each["probabilities"].values()) for each in answer.json()]
    # TensorFlow and onnxruntime add in different orders.
    np.testing.assert_allclose(found, expected, atol=1e-5)
    array = container.post(body, kind, headers={"accept": NPY})
    np.testing.assert_allclose(np.load(io.BytesIO(array.content)), expected, atol=1e-5)
    table = container.post(body, kind, headers={"accept": CSV}).text.splitlines()
    assert table[0].split(",") == list(CLASS_NAMES)


BAD = {
    "nothing": ("", JSON, JSON),
    "cut off JSON": ('{"instances": [[0, 1', JSON, JSON),
    "NaN": (json.dumps([float("nan")] * 784), JSON, JSON),
    "too many images": (json.dumps([[0] * 784] * 1_025), JSON, JSON),
    "cut off npy": (npy_bytes(IMAGES)[:-1], NPY, JSON),
    "words in CSV": ("a,b", CSV, JSON),
    "another type": ("text", "text/plain", JSON),
    "another answer": (GOOD["npy"][0], NPY, "text/html, application/xml"),
}


@pytest.mark.parametrize("name", BAD)
def test_refusals_have_the_status_and_the_text_of_the_local_server(
    container: TensorFlowContainer, server: Server, name: str
) -> None:
    body, kind, accept = BAD[name]
    theirs, ours = (
        each.post(body, kind, headers={"accept": accept}) for each in (container, server)
    )
    assert 400 <= ours.status_code < 500
    assert theirs.status_code == ours.status_code
    if accept == JSON:  # falcon writes no body in other forms
        assert theirs.json() == {"error": ours.json()["error"]}


@pytest.mark.parametrize("name", BAD)
def test_the_service_of_2023_says_why_it_refuses_with_another_status(
    container: TensorFlowContainer, server: Server, name: str
) -> None:
    body, kind, accept = BAD[name]
    old = container.post(body, kind, headers={"accept": accept}, path="/2023/invocations")
    assert old.status_code == 500
    ours = server.post(body, kind, headers={"accept": accept})
    assert old.json() == {"error": ours.json()["error"]}


def test_pictures_are_refused_and_do_not_stop_the_others(
    container: TensorFlowContainer,
    expected: np.ndarray,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Image.fromarray(IMAGES[0, :, :, 0]).save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", IMAGES[1])
    for prefix, code in (("", 2), ("/2023", 1)):
        place = ["--server", container.address + prefix]
        assert main(["predict", str(tmp_path), *place, "--json"]) == code
        said = capsys.readouterr()
        assert "a.png: " in said.err
        assert "this container cannot read pictures; expected application/json" in said.err
        [answer] = json.loads(said.out)
        assert answer["class"] == CLASS_NAMES[expected[1].argmax()]
