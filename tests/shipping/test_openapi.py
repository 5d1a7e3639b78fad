"""Requests that schemathesis makes up from the server's own description, good ones and bad ones."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from schemathesis.checks import load_all_checks
from tools.servers.serving import Server, npy

from convbias.shipping.export.archive import Archive
from convbias.shipping.serve.description import description

pytestmark = pytest.mark.integration

load_all_checks()
IMAGES = arrays.arrays(np.uint8, st.sampled_from([(28, 28), (1, 784), (3, 28, 28, 1)]))
PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)))


def picture(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def csv(images: np.ndarray) -> bytes:
    return "\n".join(",".join(map(str, row)) for row in images.reshape(-1, 784)).encode()


schemathesis.openapi.media_type("application/x-npy", IMAGES.map(npy))
schemathesis.openapi.media_type("text/csv", IMAGES.map(csv))
schemathesis.openapi.media_type("image/png", PICTURES.map(lambda pixels: picture(pixels, "PNG")))
schemathesis.openapi.media_type("image/jpeg", PICTURES.map(lambda pixels: picture(pixels, "JPEG")))
schemathesis.openapi.format(
    "picture",
    PICTURES.map(lambda pixels: base64.b64encode(picture(pixels, "PNG")).decode()),
)


DESCRIPTION = description({"run": "a"}, "convbias", 6 * 2**20)
# JSON Schema cannot say of a text that it is a picture; this says it to schemathesis.
TOLD = json.dumps(DESCRIPTION).replace('"contentEncoding": "base64"', '"format": "picture"')
schema = schemathesis.openapi.from_dict(json.loads(TOLD))
# Also too many images, and whatever SageMaker's runtime tells of a refusal.
REFUSALS = ["400", "405", "406", "413", "415", "424"]
schema.config.checks.negative_data_rejection.expected_statuses = REFUSALS


def test_it_is_what_the_server_says_of_itself(server: Server, archive: Archive) -> None:
    said = server.get("/openapi.json").json()
    assert said == description(archive.manifest.identity, "convbias", 6 * 2**20)
    assert said["paths"] == DESCRIPTION["paths"]


@schema.parametrize()
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_it_says_of_itself_is_true(case: schemathesis.Case, server: Server) -> None:
    case.call_and_validate(base_url=server.address)
