"""What a container of SageMaker starts: `docker run IMAGE serve`.

The model lies unpacked under /opt/ml/model, port 8080 answers, and whoever may ask has been decided
before a request gets here. Environment variables have the names that AWS's own toolkit gave them:
SAGEMAKER_BASE_DIR instead of /opt/ml, SAGEMAKER_BIND_TO_PORT instead of 8080,
SAGEMAKER_MODEL_SERVER_WORKERS instead of one worker per core. CONVBIAS_HOST is the address to
listen at, instead of all; where CONVBIAS_TOKEN is set, clients must bring it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from convbias.errors import ConvbiasError, InputError
from convbias.shipping.export.archive import read
from convbias.shipping.serve import TOKEN
from convbias.shipping.serve.application import Service
from convbias.shipping.serve.running import Place, run

LARGEST_PORT = 65_535
MOST_WORKERS = 256


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Serve until SIGTERM.

    Args:
        arguments: What stands behind the image's name.
        environment: Variables, see above.

    Returns:
        0 after SIGTERM; 2 where something is not as it must be; 1 where the workers failed.
    """
    try:
        if list(arguments) != ["serve"]:
            raise InputError(f"the arguments are {list(arguments)}", "serve alone")
        model = Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "model"
        place = Place(
            environment.get("CONVBIAS_HOST", "0.0.0.0"),  # noqa: S104 - a container's own
            _number(environment, "SAGEMAKER_BIND_TO_PORT", 8080, LARGEST_PORT),
            _number(
                environment, "SAGEMAKER_MODEL_SERVER_WORKERS", os.cpu_count() or 1, MOST_WORKERS
            ),
        )
        archive = read(model)
        run(archive, Service(archive.manifest.identity, token=environment.get(TOKEN)), place)
    except ConvbiasError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _number(environment: Mapping[str, str], name: str, otherwise: int, most: int) -> int:
    text = environment.get(name, str(otherwise))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise InputError(f"{name} is {text!r}", f"a whole number from 1 to {most:,}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
