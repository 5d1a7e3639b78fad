"""The Python service of AWS's TensorFlow container, from a description of its contract.

AWS publishes the service's source, but in no package, so none of it is here. Arguments: folder of
the unpacked archive, port, port of TensorFlow Serving. As in the service,

- `code/inference.py` is loaded once, and its `input_handler` and `output_handler` are called with
  the request's stream and a context; between them, TensorFlow Serving gets what the first returns;
- a missing Content-Type or Accept header is application/json;
- falcon, here with the package's own error handling, writes the response.

Errors of the handlers are answered in two ways: at /invocations falcon's own errors are passed on
and others become a status 500; at /2023/invocations, as in the source of 2023, all become 500 with
their text. NumPy, Pillow, orjson and onnxruntime cannot be imported, as in the container.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import falcon
import requests

sys.modules |= dict.fromkeys(("numpy", "PIL", "orjson", "onnxruntime"))  # pyright: ignore[reportAttributeAccessIssue]

folder, port, serving_port = sys.argv[1:]
specification = importlib.util.spec_from_file_location(
    "inference", Path(folder) / "code" / "inference.py"
)
if specification is None or specification.loader is None:
    raise ImportError(folder)
inference = importlib.util.module_from_spec(specification)
specification.loader.exec_module(inference)


class Invocations:
    """Runs the handlers.

    Args:
        pass_on: whether falcon's own errors are passed on.
    """

    def __init__(self, *, pass_on: bool) -> None:
        self._pass_on = pass_on

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer a request for predictions."""
        context = SimpleNamespace(
            rest_uri=f"http://127.0.0.1:{serving_port}/v1/models/model:predict",
            request_content_type=request.get_header("Content-Type") or "application/json",
            accept_header=request.get_header("Accept") or "application/json",
            content_length=request.content_length,
        )
        try:
            # The service's web server ends the stream itself; this one's would wait for more.
            stream: Any = request.bounded_stream
            processed = inference.input_handler(stream, context)
            predicted = requests.post(context.rest_uri, data=processed, timeout=600)
            response.data, response.content_type = inference.output_handler(predicted, context)
        except falcon.HTTPError as error:
            if self._pass_on:
                raise
            self._fail(response, error)
        except Exception as error:  # noqa: BLE001 - as the service
            self._fail(response, error)

    def _fail(self, response: falcon.Response, error: Exception) -> None:
        response.status = falcon.HTTP_500
        response.data = json.dumps({"error": str(error)}).encode()


class Ping:
    """Says that the service is running."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:  # noqa: ARG002
        """Answer with status 200."""
        response.status = falcon.HTTP_200


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write nothing."""


application = falcon.App()
application.add_route("/ping", Ping())
application.add_route("/invocations", Invocations(pass_on=True))
application.add_route("/2023/invocations", Invocations(pass_on=False))
make_server("127.0.0.1", int(port), application, handler_class=Quiet).serve_forever()
