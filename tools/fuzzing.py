"""Fuzz the readers of untrusted input, guided by coverage, with atheris.

As a program, `python -m tools.fuzzing READER FOLDER OPTIONS...` tries inputs for one reader until
libFuzzer's options end it, or an input has an outcome that is neither images nor a refusal. FOLDER
receives examples of valid inputs, those that reached new code, and the worst time.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
READERS = ("picture", "npy", "CSV", "JSON", "archive")
WITH_PICTURES = ("picture", "JSON")
_KINDS = {"picture": "image/png", "npy": "application/x-npy", "CSV": "text/csv"}
_CHECKSUM = slice(148, 156)  # of a tar header
_LIMITS = ("-rss_limit_mb=2048", "-timeout=60", "-max_len=20000")
_INPUTS_BETWEEN_LOOKS = 16  # at the memory


def fuzz(reader: str, *options: str) -> dict[str, object]:
    """Try inputs for one reader in a process of its own.

    Args:
        reader: one of READERS.
        *options: of libFuzzer, such as -runs=1000 or -max_total_time=60.

    Returns:
        `inputs` tried, the most `seconds` of processor time that one took, how many `megabytes` the
        process grew by, the number of `branches` reached, and the `finding` that ended it: the text
        of the error and the input in hexadecimal digits, or None.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = subprocess.run(
            [sys.executable, "-m", "tools.fuzzing", reader, name, *_LIMITS, *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        worst = folder / "worst.json"
        most = json.loads(worst.read_text()) if worst.exists() else {}
        finding = None
        if done.returncode != 0:
            inputs = [path.read_bytes().hex() for path in folder.glob("finding-*")]
            finding = f"{done.stderr[-2_000:]}\n{done.stdout[-2_000:]}\ninputs: {inputs}"
        return {
            "inputs": _last_number(r"^#(\d+)", done.stderr),
            "seconds": most.get("seconds", 0.0),
            "megabytes": most.get("megabytes", 0.0),
            "branches": _last_number(r"cov: (\d+)", done.stderr),
            "finding": finding,
        }


def _last_number(pattern: str, text: str) -> int:
    return int((re.findall(pattern, text, re.MULTILINE) or ["0"])[-1])


def examples(reader: str) -> list[bytes]:
    """Valid inputs of a reader, from which fuzzing starts.

    Args:
        reader: one of READERS.
    """
    grey = (np.arange(784) % 256).astype(np.uint8).reshape(28, 28)
    if reader == "picture":
        kinds = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
        return [_picture(grey, kind, mode) for kind in kinds for mode in ("L", "RGB")]
    if reader == "npy":
        return [_npy(array) for array in (grey, grey / 255, grey[np.newaxis].astype(">i2"))]
    if reader == "CSV":
        return ["\n".join(",".join(map(str, row)) for row in grey.tolist()).encode()]
    if reader == "JSON":
        picture = {"b64": "R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs="}  # a GIF file of one pixel
        values = ({"instances": [grey.tolist()]}, (grey / 255).ravel().tolist(), [picture])
        return [json.dumps(value).encode() for value in values]
    return [_tar(kind) for kind in (tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)]


def _picture(grey: np.ndarray, kind: str, mode: str) -> bytes:
    from PIL import Image  # not earlier, because it would not be instrumented

    file = io.BytesIO()
    Image.fromarray(grey[:9, :7]).convert(mode).save(file, kind)
    return file.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _tar(kind: int) -> bytes:
    """An archive, not compressed, with a folder, a file, and headers that the format adds."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=kind) as tar:
        folder = tarfile.TarInfo("1")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name in ("1/a", "1/" + 120 * "b", "1/ü"):
            if kind == tarfile.USTAR_FORMAT and len(name) > 100:
                continue
            member = tarfile.TarInfo(name)
            member.size, member.mtime = 3, 1.5
            tar.addfile(member, io.BytesIO(b"abc"))
    return file.getvalue()


def _target(reader: str) -> Callable[[bytes], object]:
    """The reader, which raises nothing but errors of the reader's own; its code is instrumented."""
    import atheris

    sys.path.insert(0, str(ROOT))
    with atheris.instrument_imports(  # pyright: ignore[reportAttributeAccessIssue] - written in C
        include=["inference", "convbias.shipping", *(["PIL"] if reader in WITH_PICTURES else [])]
    ):
        import inference
        from PIL import Image

        Image.init()  # imports the decoders
        from convbias.shipping.export.members import InvalidArchiveError, packed_members
    if reader == "archive":

        def read_archive(data: bytes) -> None:
            for content in (data, gzip.compress(data, 1), gzip.compress(_summed(data), 1)):
                with contextlib.suppress(InvalidArchiveError):
                    packed_members(io.BytesIO(content))

        return read_archive

    def read_images(data: bytes) -> None:
        try:
            images = inference.input_fn(data, _KINDS.get(reader, "application/json"))
        except inference.RequestError as error:
            if not 400 <= error.status < 500:
                raise
            return
        if not all(len(image) == 784 and 0 <= min(image) <= max(image) <= 1 for image in images):
            raise ValueError("images are not 784 pixels in [0, 1]")

    return read_images


def _summed(data: bytes) -> bytes:
    """An archive whose headers' checksums are right, which mutations would almost never reach."""
    blocks = []
    for start in range(0, len(data), tarfile.BLOCKSIZE):
        block = bytearray(data[start : start + tarfile.BLOCKSIZE])
        if block[257:262] == b"ustar":
            block[_CHECKSUM] = b" " * 8
            block[_CHECKSUM] = b"%06o\0 " % sum(block)
        blocks.append(bytes(block))
    return b"".join(blocks)


def _peak_megabytes() -> float:
    """The most memory that the process has had; `getrusage` would include the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def main(arguments: Sequence[str]) -> None:
    """Fuzz one reader; libFuzzer ends the process."""
    import atheris

    reader, folder, *options = arguments
    target = _target(reader)
    corpus = Path(folder) / "corpus"
    corpus.mkdir()
    for number, example in enumerate(examples(reader)):
        (corpus / f"example-{number}").write_bytes(example)
        target(example)  # imports what is imported late, before the first time is measured
    most = {"seconds": 0.0, "megabytes": 0.0}
    before, count = _peak_megabytes(), 0

    def measured(data: bytes) -> None:
        nonlocal count
        started = time.process_time()
        target(data)
        found = {"seconds": time.process_time() - started}
        count += 1
        if count % _INPUTS_BETWEEN_LOOKS == 0:
            found["megabytes"] = _peak_megabytes() - before
        if any(value > most[name] for name, value in found.items()):
            most.update((name, max(value, most[name])) for name, value in found.items())
            (Path(folder) / "worst.json").write_text(json.dumps(most))

    prefix = f"-artifact_prefix={folder}/finding-"
    atheris.Setup([sys.argv[0], *options, prefix, str(corpus)], measured)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
