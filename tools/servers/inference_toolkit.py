"""Start AWS's inference toolkit at a loopback address, in the environment of its own packages.

By default it writes its settings to /etc and listens at all addresses. Environment variables that
begin with MMS_ override Multi Model Server's settings.
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
