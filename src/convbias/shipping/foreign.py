"""Recognise responses that are not AWS's, such as the page of a proxy or a captive portal.

botocore would quote such a page, which may repeat the request and with it credentials, or fail
without a word that helps. Messages here describe a response's form, and never quote it.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

_JSON, _XML = ("json", "rest-json"), ("query", "rest-xml", "ec2")


class ForeignResponseError(Exception):
    """A response that AWS would not send; the message continues the sentence "the response ..."."""


def check_form(operation_model: Any, response_dict: dict[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore has no types
    """Check a response before botocore parses it: a handler of the event `before-parse`.

    Args:
        operation_model: botocore's description of the operation.
        response_dict: status, headers and body of the response.

    Raises:
        ForeignResponseError: The response does not have the form of the service, or is a stream of
            an HTML page.
    """
    status, body = response_dict["status_code"], response_dict["body"]
    is_page = "html" in response_dict["headers"].get("content-type", "").lower()
    if not isinstance(body, bytes):  # a stream of any form
        if is_page:
            raise ForeignResponseError(f"has the status {status} and is an HTML page")
        return
    if not body.strip() or (status >= 500 and body.lstrip()[:6].lower() == b"<html>"):
        return  # AWS's load balancers send such pages, too; botocore tries again
    protocol = operation_model.service_model.resolved_protocol
    if protocol in _JSON and not _is_json_object(body):
        raise ForeignResponseError(f"has the status {status} and is not a JSON object")
    wrapper = None
    if status < 300 and operation_model.output_shape is not None:
        wrapper = operation_model.output_shape.serialization.get("resultWrapper")
    if protocol in _XML and not _is_xml(body, wrapper):
        raise ForeignResponseError(f"has the status {status} and is not XML of AWS")


def check_members(parsed: dict[str, Any], model: Any, http_response: Any, **_: object) -> None:  # noqa: ANN401 - as above
    """Check a parsed response: a handler of the event `after-call`.

    Args:
        parsed: the response as botocore parsed it.
        model: botocore's description of the operation.
        http_response: the response, with its status.

    Raises:
        ForeignResponseError: The response lacks what the service always sends.
    """
    if http_response.status_code >= 300 or model.output_shape is None:
        return
    missing = [name for name in model.output_shape.required_members if name not in parsed]
    if missing:
        raise ForeignResponseError(f"lacks {', '.join(missing)}")


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _is_xml(body: bytes, wrapper: str | None) -> bool:
    try:
        root = ET.fromstring(body)  # noqa: S314 - botocore parses it in the same way
    except ET.ParseError:
        return False
    names = {element.tag.rpartition("}")[2] for element in (root, *root)}
    return "html" not in {name.lower() for name in names} and (wrapper is None or wrapper in names)
