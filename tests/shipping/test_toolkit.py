"""AWS's inference toolkit (Multi Model Server on Java) and the local server, with one archive."""

from __future__ import annotations

import base64
import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tools.servers.serving import Server, probabilities
from tools.servers.toolkit import ENVIRONMENT, Toolkit

from convbias.data.drawn import drawn
from convbias.shipping.export.archive import Archive
from convbias.shipping.predict.images import npy_bytes

ROOT = Path(__file__).parents[2]
JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
IMAGES = drawn(n_train=1, n_test=5)[2]

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
    pytest.mark.skipif(
        not ENVIRONMENT.exists(), reason="AWS's toolkit is not installed: make .venv-toolkit/stamp"
    ),
]


@pytest.fixture(scope="module")
def toolkit(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    toolkit = Toolkit(archive, tmp_path_factory.mktemp("toolkit"))
    yield toolkit
    toolkit.stop()


def picture(kind: str, mode: str = "L", size: int = 90) -> bytes:
    file = io.BytesIO()
    Image.fromarray(IMAGES[0, ..., 0]).resize((size, size)).convert(mode).save(file, kind)
    return file.getvalue()


def lines(images: np.ndarray) -> str:
    return "\n".join(",".join(map(str, image.ravel())) for image in images)


def pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return file.getvalue()


ENCODED = base64.b64encode(picture("PNG")).decode()
GOOD = {
    "JSON with instances": (json.dumps({"instances": (IMAGES / 255).tolist()}), JSON),
    "JSON of one": (json.dumps(IMAGES[0, ..., 0].tolist()), JSON),
    "JSON of pictures": (json.dumps([{"b64": ENCODED}, {"b64": ENCODED}]), JSON),
    "npy of bytes": (npy_bytes(IMAGES), NPY),
    "npy of floats": (npy_bytes((IMAGES[..., 0] / 255).astype(np.float32)), NPY),
    "CSV": (lines(IMAGES), CSV),
    "PNG": (picture("PNG", "RGBA"), "image/png"),
    "JPEG": (picture("JPEG", "RGB"), "image/jpeg"),
    "WebP": (picture("WEBP", "RGBA"), "image/webp"),
    "TIFF": (picture("TIFF", "RGB"), "image/tiff"),
    "GIF named PNG": (picture("GIF"), "image/png"),
}
BAD = {
    "nothing": ("", JSON),
    "cut off JSON": ('{"instances": [[0, 1', JSON),
    "NaN": (json.dumps([float("nan")] * 784), JSON),
    "infinity": (f"[{'1e999, ' * 783}0]", JSON),
    "text in JSON": (json.dumps(["1"] * 784), JSON),
    "ragged": ("[[1, 2], [3]]", JSON),
    "wrong rank": (json.dumps([[[[[0]]]]]), JSON),
    "no images": ('{"instances": []}', JSON),
    "too many images": (json.dumps([[0] * 784] * 1_025), JSON),
    "broken base64": ('{"b64": "!"}', JSON),
    "cut off npy": (npy_bytes(IMAGES)[:-1], NPY),
    "pickled npy": (pickled(), NPY),
    "words in CSV": ("a,b", CSV),
    "short CSV": ("1,2,3", CSV),
    "cut off JPEG": (picture("JPEG")[:200], "image/jpeg"),
    "another picture named PNG": (picture("PPM"), "image/png"),
    "PNG bomb": (picture("PNG", size=6_000), "image/png"),
    "another type": ("text", "text/plain"),
}


@pytest.mark.parametrize("accept", [JSON, f"{JSON};verbose=true", CSV, NPY, "*/*"])
@pytest.mark.parametrize("name", GOOD)
def test_both_servers_give_the_same_responses(
    toolkit: Toolkit, server: Server, name: str, accept: str
) -> None:
    body, kind = GOOD[name]
    theirs, ours = (each.post(body, kind, headers={"accept": accept}) for each in (toolkit, server))
    assert (theirs.status_code, ours.status_code) == (200, 200), theirs.text
    assert theirs.headers["content-type"] == ours.headers["content-type"]
    assert theirs.content == ours.content


def test_the_responses_have_the_networks_probabilities(toolkit: Toolkit, archive: Archive) -> None:
    answer = toolkit.post(npy_bytes(IMAGES), NPY, headers={"accept": NPY})
    expected = probabilities(archive, IMAGES)
    np.testing.assert_allclose(np.load(io.BytesIO(answer.content)), expected, atol=1e-6)


@pytest.mark.parametrize("name", BAD)
def test_both_servers_reject_invalid_requests_with_the_same_message(
    toolkit: Toolkit, server: Server, name: str
) -> None:
    body, kind = BAD[name]
    theirs, ours = (each.post(body, kind) for each in (toolkit, server))
    assert 400 <= ours.status_code < 500
    assert theirs.status_code == ours.status_code
    # The toolkit appends a traceback.
    assert theirs.text.partition("\nTraceback")[0] == ours.json()["error"]


def test_both_servers_reject_other_formats(toolkit: Toolkit, server: Server) -> None:
    body, kind = GOOD["CSV"]
    theirs, ours = (
        each.post(body, kind, headers={"accept": "text/html"}) for each in (toolkit, server)
    )
    assert (theirs.status_code, ours.status_code) == (406, 406)
    assert theirs.text.partition("\nTraceback")[0] == ours.json()["error"]


def test_both_servers_reject_a_body_that_is_too_large(toolkit: Toolkit, server: Server) -> None:
    body = b"0" * (7 * 2**20)
    assert [each.post(body, CSV).status_code for each in (toolkit, server)] == [413, 413]


def test_only_the_toolkit_fails_for_text_that_is_not_utf_8(
    toolkit: Toolkit, server: Server
) -> None:
    # The toolkit decodes text before it calls inference.py, and responds to errors with 500.
    theirs, ours = (each.post(b"\xff\xfe", JSON) for each in (toolkit, server))
    assert (theirs.status_code, ours.status_code) == (500, 400)
    assert "utf-8" in theirs.text


def test_the_toolkit_runs_in_its_own_environment(toolkit: Toolkit) -> None:
    commands = [
        Path(f"/proc/{process}/cmdline").read_text() for process in toolkit.started.processes()
    ]
    assert any("com.amazonaws.ml.mms.ModelServer" in command for command in commands)
    assert any("sagemaker_inference.default_handler_service" in command for command in commands)
    assert not any(command.startswith(f"{sys.prefix}/") for command in commands)
