"""Starts AWS's inference toolkit in its own environment, at an address of this machine alone.

Its settings would be written into /etc, and it would listen at all addresses; the environment
variables beginning with MMS_ are what Multi Model Server itself prefers to its settings.
"""

import os
import sys

from sagemaker_inference import model_server  # pyright: ignore[reportMissingImports]

settings, port = sys.argv[1:]
address = f"http://127.0.0.1:{port}"
os.environ |= {
    "SAGEMAKER_BIND_TO_PORT": port,
    "MMS_INFERENCE_ADDRESS": address,
    "MMS_MANAGEMENT_ADDRESS": address,
}
model_server.MMS_CONFIG_FILE = settings
model_server.start_model_server()
