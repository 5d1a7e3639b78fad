"""Valid and invalid requests that schemathesis generates from the OpenAPI document."""

from __future__ import annotations

import base64
import io
import json
from functools import partial

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from schemathesis.checks import load_all_checks
from schemathesis.generation import GenerationMode
from tools.servers.serving import Server

from convbias.shipping.export.archive import Archive
from convbias.shipping.predict.images import npy_bytes
from convbias.shipping.serve.openapi import openapi_document
from convbias.spec.datasets import DATASETS

pytestmark = pytest.mark.integration

EXAMPLES = 10  # for each path, and for each of valid and invalid requests

load_all_checks()
IMAGES = arrays.arrays(np.uint8, st.sampled_from([(28, 28), (1, 784), (3, 28, 28, 1)]))
PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)))


def picture(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def csv(images: np.ndarray) -> bytes:
    return "\n".join(",".join(map(str, row)) for row in images.reshape(-1, 784)).encode()


schemathesis.openapi.media_type("application/x-npy", IMAGES.map(npy_bytes))
schemathesis.openapi.media_type("text/csv", IMAGES.map(csv))
for kind in ("png", "jpeg", "webp", "bmp", "tiff", "gif"):
    pictures = PICTURES.map(partial(picture, kind=kind))
    schemathesis.openapi.media_type(f"image/{kind}", pictures)
schemathesis.openapi.format(
    "picture",
    PICTURES.map(lambda pixels: base64.b64encode(picture(pixels, "PNG")).decode()),
)


IDENTITY = {
    "run": "a",
    "input": {"shape": [None, 28, 28, 1]},
    "output": {"classes": list(DATASETS["fashion-mnist"].class_names)},
}
DESCRIPTION = openapi_document(IDENTITY, "convbias", 6 * 2**20)
# JSON Schema has no format for pictures in base64; this one is registered with schemathesis above.
TYPED = json.dumps(DESCRIPTION).replace('"contentEncoding": "base64"', '"format": "picture"')
schema = schemathesis.openapi.from_dict(json.loads(TYPED))
# Also too many images, and ModelError of SageMaker's runtime.
REJECTED = ["400", "405", "406", "413", "415", "424"]
schema.config.checks.negative_data_rejection.expected_statuses = REJECTED


def test_the_server_returns_its_description(server: Server, archive: Archive) -> None:
    document = server.get("/openapi.json").json()
    assert document == openapi_document(archive.manifest.identity, "convbias", 6 * 2**20)
    assert document["paths"] == DESCRIPTION["paths"]


# Strategies are made inside the test: `schema.parametrize` would spend most of a minute, and a
# gigabyte, on boundary values of long arrays whenever the tests are collected.
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("path", ["/invocations", "/endpoints/convbias/invocations"])
def test_predictions_conform_to_the_description(
    path: str, mode: GenerationMode, server: Server
) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=schema[path]["POST"].as_strategy(generation_mode=mode))
    def conforms(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=server.address)

    conforms()


@pytest.mark.parametrize("path", ["/ping", "/metrics", "/openapi.json"])
def test_what_needs_no_body_conforms_to_the_description(path: str, server: Server) -> None:
    response = schema[path]["GET"].Case().call_and_validate(base_url=server.address)
    assert response.status_code == 200
