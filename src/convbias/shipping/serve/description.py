"""The server in OpenAPI's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convbias import __version__

SIDE = 28
MOST_IMAGES = 1_024  # of one request, as the archive's inference.py has it


def _array(items: dict[str, Any], length: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": length, "maxItems": length}


def _one_or_several(image: dict[str, Any]) -> dict[str, Any]:
    several = {"type": "array", "items": image, "minItems": 1, "maxItems": MOST_IMAGES}
    return {"anyOf": [image, several]}


def _images(pixel: dict[str, Any], what: str) -> dict[str, Any]:
    shapes = [
        _array(_array(pixel, SIDE), SIDE),
        _array(_array(_array(pixel, 1), SIDE), SIDE),
        _array(pixel, SIDE * SIDE),
    ]
    return {
        "description": f"{what}, row by row, 0 black; one image, or several of the same shape.",
        "anyOf": [_one_or_several(shape) for shape in shapes],
    }


_SHARES = _images({"type": "number", "minimum": 0, "maximum": 1}, "Pixels from 0 to 1")
_GREYS = _images({"type": "integer", "minimum": 0, "maximum": 255}, "Whole grey values up to 255")
_PICTURE = {
    "description": "A PNG or JPEG file of any size, converted as Fashion-MNIST was made.",
    "type": "object",
    "properties": {"b64": {"type": "string", "contentEncoding": "base64"}},
    "required": ["b64"],
}
_INSTANCES = {"anyOf": [_SHARES, _GREYS, _one_or_several(_PICTURE)]}
_ANSWER = {
    "type": "object",
    "properties": {
        "class": {"type": "string"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "probabilities": {
            "description": "With Accept: application/json;verbose=true alone.",
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
_REFUSALS = {
    "400": "The images cannot be read.",
    "401": "The token is missing or wrong.",
    "406": "No accepted content type can be given.",
    "408": "The request was not there, or not answered, in time.",
    "413": "The body, a picture or the number of images is too large.",
    "415": "Images cannot be read from this content type.",
}


def description(identity: Mapping[str, Any], endpoint: str, body_bytes: int) -> dict[str, Any]:
    """The OpenAPI document.

    Args:
        identity: Of the run that answers, as `convbias export` recorded it.
        endpoint: Name that SageMaker's runtime knows it by.
        body_bytes: Largest body.
    """
    request = {
        "description": f"One image or several, at most {body_bytes:,} bytes.",
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        _INSTANCES,
                        {
                            "type": "object",
                            "properties": {"instances": _INSTANCES},
                            "required": ["instances"],
                        },
                    ]
                }
            },
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/x-npy", "text/csv", "image/png", "image/jpeg")
            },
        },
    }
    binary = {"schema": {"type": "string", "format": "binary"}}
    answers = {
        "application/json": {
            "schema": {"anyOf": [_ANSWER, {"type": "array", "items": _ANSWER}]},
        },
        "application/x-npy": binary,
        "text/csv": binary,
    }
    refusals = {
        status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
        for status, text in _REFUSALS.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"convbias: {identity.get('arm')}, run {identity.get('run')}",
            "version": __version__,
            "description": "Which of ten kinds of garment an image shows.",
        },
        "paths": {
            "/ping": {"get": {"summary": "Is it there?", "responses": {"200": _said("It is.")}}},
            "/invocations": {
                "post": {
                    "summary": "Classify images.",
                    "requestBody": request,
                    "responses": {"200": {"description": "Classes.", "content": answers}}
                    | refusals,
                }
            },
            f"/endpoints/{endpoint}/invocations": {
                "post": {
                    "summary": "The same at the address of SageMaker's runtime.",
                    "requestBody": request,
                    "responses": {
                        "200": {"description": "Classes.", "content": answers},
                        "400": _said("No such endpoint."),
                        "401": refusals["401"],
                        "424": _said("What /invocations would have refused."),
                    },
                }
            },
            "/metrics": {
                "get": {
                    "summary": "For Prometheus.",
                    "responses": {"200": _said("Counters."), "401": refusals["401"]},
                }
            },
            "/openapi.json": {
                "get": {
                    "summary": "This description.",
                    "responses": {"200": _said("JSON."), "401": refusals["401"]},
                }
            },
        },
    }


def _said(text: str) -> dict[str, Any]:
    return {"description": text}
