"""What serving costs, beside AWS's inference toolkit and TensorFlow; written to docs/serving.md.

`python benchmarks/serving.py ARCHIVE` measures (about ten minutes on a quiet machine) and writes
the page; `--table` only writes it anew from what is stored, `--quick` measures for moments and
stores nothing. Both servers get the same archive and the same requests, in turn.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

# Run as a script, Python looks for modules in this file's folder only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.processes import ROOT
from benchmarks.serving_contenders import Running, installed, running
from benchmarks.serving_page import markdown
from benchmarks.serving_records import Contest, Load, Serving, Start, read
from benchmarks.stored import write_stored

from convbias import data
from convbias.errors import ConvbiasError, RunError
from convbias.runs.atomic import write_atomically
from convbias.runs.environment import code_version, describe_machine
from convbias.shipping.export.archive import Archive, unpack
from convbias.shipping.export.archive import read as read_archive

SERVERS = ("convbias", "toolkit")
CONNECTIONS = (1, 8, 64)
SUSTAINED_CONNECTIONS = 64
KINDS = {
    "JSON": "application/json",
    "npy": "application/x-npy",
    "PNG": "image/png",
}
RESULT = ROOT / "benchmarks" / "results" / "serving.json"
PAGE = ROOT / "docs" / "serving.md"


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int
    seconds: float
    warming_seconds: float
    sustained_seconds: float


FULL = Effort(rounds=3, seconds=4.0, warming_seconds=10.0, sustained_seconds=60.0)
QUICK = Effort(rounds=1, seconds=0.3, warming_seconds=0.3, sustained_seconds=0.5)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="serving", description=__doc__, allow_abbrev=False)
    archive = Path("fashion_mnist_model.tar.gz")
    parser.add_argument("archive", type=Path, nargs="?", default=archive, help="what is served")
    parser.add_argument("--table", action="store_true", help="only write docs/serving.md anew")
    parser.add_argument("--quick", action="store_true", help="measure for moments, store nothing")
    options = parser.parse_args(arguments)
    try:
        if options.quick:
            print(markdown(_measure(read_archive(options.archive), QUICK)))
            return 0
        if not options.table:
            write_stored(_measure(read_archive(options.archive), FULL), RESULT)
        text = markdown(read(RESULT))
        write_atomically(PAGE, partial(Path.write_text, data=text, encoding="utf-8"))
    except ConvbiasError as error:
        print(f"serving: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _measure(archive: Archive, effort: Effort) -> Serving:
    versions = installed()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "ml").mkdir()
        unpack(archive, folder / "ml" / "model")
        image = data.load(data.resolve("auto")[0]).test_images[0, ..., 0]
        bodies = _bodies(image, folder)
        starts = _starts(archive.path, folder, bodies["JSON"], effort)
        one_image = _one_image(image, folder, effort)
        with (
            running("convbias", archive.path, folder, bodies["JSON"]) as ours,
            running("toolkit", archive.path, folder, bodies["JSON"]) as theirs,
        ):
            servers = {"convbias": ours, "toolkit": theirs}
            for name in SERVERS:
                _load(servers[name], bodies["JSON"], "JSON", 8, effort.warming_seconds)
            contests = tuple(_contests(servers, bodies, effort))
            sustained = {
                name: _load(
                    servers[name],
                    bodies["JSON"],
                    "JSON",
                    SUSTAINED_CONNECTIONS,
                    effort.sustained_seconds,
                )
                for name in SERVERS
            }
            memory = {name: servers[name].memory() for name in SERVERS}
        return Serving(
            code_version=code_version(),
            environment=describe_machine(threads=1),
            versions=versions,
            run=str(archive.manifest.identity["run"]),
            arm=str(archive.manifest.identity["arm"]),
            archive_bytes=archive.path.stat().st_size,
            body_bytes={payload: body.stat().st_size for payload, body in bodies.items()},
            one_image_milliseconds=one_image,
            contests=contests,
            sustained_connections=SUSTAINED_CONNECTIONS,
            sustained_seconds=effort.sustained_seconds,
            sustained=sustained,
            starts=tuple(
                Start(
                    server=name,
                    seconds=starts[name],
                    proportional_bytes=memory[name][0],
                    resident_bytes=memory[name][1],
                )
                for name in SERVERS
            ),
        )


def _bodies(image: np.ndarray, folder: Path) -> dict[str, Path]:
    """One image, uint8 (28, 28), in each format, as files."""
    npy, png = io.BytesIO(), io.BytesIO()
    np.save(npy, image)
    Image.fromarray(image).save(png, "PNG")
    # As the original study sends it.
    text = json.dumps({"instances": [(image / 255).tolist()]}).encode()
    contents = {"JSON": text, "npy": npy.getvalue(), "PNG": png.getvalue()}
    paths = {payload: folder / f"body.{payload}" for payload in contents}
    for payload, content in contents.items():
        paths[payload].write_bytes(content)
    return paths


def _starts(
    archive: Path, folder: Path, body: Path, effort: Effort
) -> dict[str, tuple[float, ...]]:
    seconds: dict[str, list[float]] = {name: [] for name in SERVERS}
    for _ in range(effort.rounds):
        for name in SERVERS:
            with running(name, archive, folder, body) as server:
                seconds[name].append(server.start_seconds)
    return {name: tuple(each) for name, each in seconds.items()}


def _one_image(image: np.ndarray, folder: Path, effort: Effort) -> dict[str, tuple[float, ...]]:
    path = folder / "one.npy"
    np.save(path, (image / np.float32(255)).reshape(1, 28, 28, 1))
    milliseconds: dict[str, list[float]] = {"onnxruntime": [], "tensorflow": []}
    for _ in range(effort.rounds):
        for runtime, found in milliseconds.items():
            found.append(float(_child("one_image", runtime, folder / "ml" / "model", path)))
    return {runtime: tuple(found) for runtime, found in milliseconds.items()}


def _contests(
    servers: Mapping[str, Running], bodies: Mapping[str, Path], effort: Effort
) -> Iterator[Contest]:
    for _ in range(effort.rounds):
        for payload, body in bodies.items():
            for connections in CONNECTIONS:
                loads = {
                    name: _load(servers[name], body, payload, connections, effort.seconds)
                    for name in SERVERS
                }
                contest = Contest(payload=payload, connections=connections, **loads)
                print(payload, connections, f"{contest.ratio:.2f}", file=sys.stderr, flush=True)
                yield contest


def _load(server: Running, body: Path, payload: str, connections: int, seconds: float) -> Load:
    arguments = (server.address, body, KINDS[payload], connections, seconds)
    return Load.model_validate_json(_child("http_load", *arguments))


def _child(module: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RunError(f"{module} ended with status {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
