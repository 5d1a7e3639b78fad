"""The benchmark of serving: its page from a record made by hand, and one small real run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import benchmarks.serving as benchmark
import pytest
from benchmarks.serving_page import markdown
from benchmarks.serving_records import Contest, Load, Serving, Start, read

from convbias.shipping.export.archive import Archive
from factories import make_run

ROOT = Path(__file__).parents[2]


def load(requests_per_second: float, milliseconds: float, failed: int = 0) -> Load:
    return Load(
        requests_per_second=requests_per_second,
        median_milliseconds=milliseconds,
        slow_milliseconds=3 * milliseconds,
        failed=failed,
    )


def contest(ours: float, theirs: float, failed: int = 0) -> Contest:
    return Contest(
        payload="JSON",
        connections=8,
        convbias=load(ours, 2.0),
        toolkit=load(theirs, 6.0, failed),
    )


SERVING = Serving(
    code_version="0.1.0",
    environment=make_run("dense", 0).environment,
    versions={"uvicorn": "1", "onnxruntime": "2"},
    run="abc-seed0",
    arm="cnn-3x3",
    archive_bytes=342_348,
    body_bytes={"JSON": 7_980, "npy": 912, "PNG": 394},
    one_image_milliseconds={"onnxruntime": (0.1, 0.1, 0.2), "tensorflow": (0.6, 0.7, 1.0)},
    contests=(contest(4_000, 1_000), contest(3_000, 1_000, failed=2), contest(4_500, 900)),
    sustained_connections=64,
    sustained_seconds=60.0,
    sustained={"convbias": load(4_100, 14.0), "toolkit": load(1_300, 50.0, failed=3)},
    starts=(
        Start(
            server="convbias",
            seconds=(0.7, 0.9, 0.8),
            proportional_bytes=190_000_000,
            resident_bytes=270_000_000,
        ),
    ),
)


def test_the_page_by_hand() -> None:
    page = markdown(SERVING)
    assert "TensorFlow 0.700 ms with the SavedModel's signature: 6.0 times as long" in page
    assert "| JSON | 8 | 4,000 | 1,000 | 4.00 (3.00 to 5.00) | 2.0 / 6.0 | 6.0 / 18.0 |" in page
    assert "| 0 / 2 |" in page
    assert "0 requests of ours failed and 3 of the toolkit's" in page
    assert "| convbias serve | 0.80 (0.70 to 0.90) | 190 (270) |" in page
    assert "in turn, 3 times each" in page


def test_the_published_page_is_that_of_the_stored_measurements() -> None:
    assert benchmark.PAGE.read_text() == markdown(read(benchmark.RESULT))


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
@pytest.mark.skipif(
    not (ROOT / ".venv-toolkit").exists(),
    reason="AWS's toolkit is not installed: make .venv-toolkit/stamp",
)
def test_a_small_real_run(
    archive: Archive, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "CONNECTIONS", (2,))
    assert benchmark.main([str(archive.path), "--quick"]) == 0
    page = capsys.readouterr().out
    rows = [row.split(" | ") for row in page.splitlines() if row.endswith(" 0 / 0 |")]
    assert [(row[0].removeprefix("| "), int(row[1])) for row in rows] == [
        (payload, clients) for payload in benchmark.KINDS for clients in benchmark.CONNECTIONS
    ]


def test_what_is_no_archive_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "no.tar.gz"
    path.write_text(json.dumps({}))
    assert benchmark.main([str(path)]) == 2
    assert "no.tar.gz cannot be read" in capsys.readouterr().err
