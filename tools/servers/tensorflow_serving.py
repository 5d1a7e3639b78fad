"""TensorFlow Serving's REST interface with a SavedModel, as far as AWS's container uses it.

Arguments: folder of the SavedModel, port. POST /v1/models/NAME:predict takes {"instances": [...]}
and answers {"predictions": [...]}, or a status 400 with {"error": "..."}.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import tensorflow as tf


class Handler(BaseHTTPRequestHandler):
    """Answers requests with the loaded network."""

    network: Any

    def do_GET(self) -> None:
        """Say that the model is available."""
        self._answer(200, {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]})

    def do_POST(self) -> None:
        """Predict."""
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            images = np.array(json.loads(body)["instances"], dtype=np.float32)
            predictions = self.network(images=tf.constant(images))["probabilities"]
        except (ValueError, LookupError, TypeError, tf.errors.InvalidArgumentError) as error:
            self._answer(400, {"error": str(error)})
        else:
            self._answer(200, {"predictions": predictions.numpy().tolist()})

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no log."""


loaded = tf.saved_model.load(sys.argv[1])
Handler.network = loaded.signatures["serving_default"]
HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
