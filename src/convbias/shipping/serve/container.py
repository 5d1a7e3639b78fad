"""Entry point of the SageMaker container: `docker run IMAGE serve`.

The server uses the unpacked archive in /opt/ml/model and listens at port 8080. SageMaker itself
authorises requests. Environment variables, named as in AWS's own toolkit:

    SAGEMAKER_BASE_DIR                parent folder of `model`; /opt/ml by default
    SAGEMAKER_BIND_TO_PORT            port; 8080 by default
    SAGEMAKER_MODEL_SERVER_WORKERS    number of workers; one per core by default
    CONVBIAS_HOST                     address to listen at; 0.0.0.0 by default
    CONVBIAS_TOKEN                    bearer token required from clients; none by default
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from convbias.errors import ConvbiasError, InputError
from convbias.shipping.export.archive import read
from convbias.shipping.serve.running import ServerOptions, run
from convbias.shipping.serve.service import Service
from convbias.shipping.serve.tokens import token_from

LARGEST_PORT = 65_535
MOST_WORKERS = 256


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Serve until SIGTERM.

    Args:
        arguments: the arguments of `docker run IMAGE`.
        environment: environment variables, see above.

    Returns:
        The exit status: 0 after SIGTERM, 2 if the server cannot start.
    """
    try:
        if list(arguments) != ["serve"]:
            raise InputError(f"the arguments are {list(arguments)}", "the one argument serve")
        token = token_from(environment)
        model = Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "model"
        options = ServerOptions(
            environment.get("CONVBIAS_HOST", "0.0.0.0"),  # noqa: S104 - inside a container
            _number(environment, "SAGEMAKER_BIND_TO_PORT", 8080, LARGEST_PORT),
            _number(
                environment, "SAGEMAKER_MODEL_SERVER_WORKERS", os.cpu_count() or 1, MOST_WORKERS
            ),
        )
        archive = read(model)
        run(
            archive,
            Service(archive.manifest.identity, token=token),
            options,
        )
    except ConvbiasError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _number(environment: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environment.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
        raise InputError(f"{name} is {text!r}", f"a whole number from 1 to {most:,}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
