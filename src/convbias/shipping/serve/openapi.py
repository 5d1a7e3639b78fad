"""The OpenAPI description of the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convbias import __version__
from convbias.shipping.export.signature import signature_of
from convbias.spec.datasets import InputForm

# As in the archive's inference.py.
MOST_IMAGES = 1_024  # per request
PICTURE_TYPES = (
    *(f"image/{each}" for each in ("png", "jpeg", "webp", "bmp", "tiff", "gif", "jpg", "tif")),
    "application/x-image",
)


def _array(items: dict[str, Any], length: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": length, "maxItems": length}


def _one_or_several(image: dict[str, Any]) -> dict[str, Any]:
    several = {"type": "array", "items": image, "minItems": 1, "maxItems": MOST_IMAGES}
    return {"anyOf": [image, several]}


def _images(form: InputForm, number: dict[str, Any], what: str) -> dict[str, Any]:
    side, channels = form.side, form.channels
    shapes = [
        _array(_array(_array(number, channels), side), side),
        _array(number, side * side * channels),
    ]
    if channels == 1:
        shapes.insert(0, _array(_array(number, side), side))
    return {
        "description": f"{what}, row by row, 0 is black; one image, or several of the same shape.",
        "anyOf": [_one_or_several(shape) for shape in shapes],
    }


_CONVERSIONS = {
    "light-on-black": "converted as Fashion-MNIST was made",
    "centred-square": "of which the centred square is resized",
}


def _instances(form: InputForm) -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    value = {"type": "integer", "minimum": 0, "maximum": 255}
    picture = {
        "description": "A PNG, JPEG, WebP, BMP, TIFF or GIF file of any size,"
        f" {_CONVERSIONS[form.conversion]}.",
        "type": "object",
        "properties": {"b64": {"type": "string", "contentEncoding": "base64"}},
        "required": ["b64"],
    }
    return {
        "anyOf": [
            _images(form, share, "Pixels from 0 to 1"),
            _images(form, value, "Integers from 0 to 255"),
            _one_or_several(picture),
        ]
    }


_PREDICTION = {
    "type": "object",
    "properties": {
        "class": {"type": "string"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "probabilities": {
            "description": "Only with Accept: application/json;verbose=true.",
            "type": "object",
            "additionalProperties": {"type": "number"},
        },
    },
    "required": ["class", "confidence"],
}
_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
}
_ERRORS = {
    "400": "The images cannot be read.",
    "401": "The token is missing or wrong.",
    "406": "None of the accepted content types is available.",
    "408": "The request took too long.",
    "413": "The body, a picture or the number of images is too large.",
    "415": "The content type is not supported.",
    "503": "The server is too busy; Retry-After says when to send the request again.",
}


def openapi_document(identity: Mapping[str, Any], endpoint: str, body_bytes: int) -> dict[str, Any]:
    """The OpenAPI document.

    Args:
        identity: the exported run, as recorded by `convbias export`.
        endpoint: endpoint name at the address of SageMaker's runtime.
        body_bytes: largest body of a request.
    """
    signature = signature_of(identity)
    instances = _instances(signature.form)
    request = {
        "description": f"One image or several, at most {body_bytes:,} bytes.",
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        instances,
                        {
                            "type": "object",
                            "properties": {"instances": instances},
                            "required": ["instances"],
                        },
                    ]
                }
            },
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/x-npy", "text/csv", *PICTURE_TYPES)
            },
        },
    }
    binary = {"schema": {"type": "string", "format": "binary"}}
    predictions = {
        "application/json": {
            "schema": {"anyOf": [_PREDICTION, {"type": "array", "items": _PREDICTION}]},
        },
        "application/x-npy": binary,
        "text/csv": binary,
    }
    errors = {
        status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
        for status, text in _ERRORS.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"convbias: {identity.get('arm')}, run {identity.get('run')}",
            "version": __version__,
            "description": f"Classifies images into {len(signature.class_names)} classes.",
        },
        "paths": {
            "/ping": {
                "get": {"summary": "Health check.", "responses": {"200": _described("Healthy.")}}
            },
            "/invocations": {
                "post": {
                    "summary": "Classify images.",
                    "requestBody": request,
                    "responses": {"200": {"description": "Predictions.", "content": predictions}}
                    | errors,
                }
            },
            f"/endpoints/{endpoint}/invocations": {
                "post": {
                    "summary": "Classify images, at the address of SageMaker's runtime.",
                    "requestBody": request,
                    "responses": {
                        "200": {"description": "Predictions.", "content": predictions},
                        "400": _described("The endpoint does not exist."),
                        "401": errors["401"],
                        "424": _described("An error of /invocations."),
                    },
                }
            },
            "/metrics": {
                "get": {
                    "summary": "Prometheus metrics.",
                    "responses": {
                        "200": _described("The metrics."),
                        "401": errors["401"],
                    },
                }
            },
            "/openapi.json": {
                "get": {
                    "summary": "This document.",
                    "responses": {"200": _described("The OpenAPI document."), "401": errors["401"]},
                }
            },
        },
    }


def _described(text: str) -> dict[str, Any]:
    return {"description": text}
