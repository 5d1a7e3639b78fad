"""Which container of AWS serves an archive, region by region."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from convbias.errors import InputError, did_you_mean

# Account, region and repository of an image in ECR, with a tag or a sum.
IMAGE = re.compile(
    r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/[a-z0-9][a-z0-9._/-]*(:[\w.-]+|@sha256:[0-9a-f]{64})"
)


def inference_image(region: str) -> str:
    """The address of AWS's TensorFlow inference image.

    Args:
        region: Such as eu-central-1.

    Raises:
        InputError: Its account in that region is not known.

    Example:
        >>> inference_image("eu-central-1")
        '763104351884.dkr.ecr.eu-central-1.amazonaws.com/tensorflow-inference:2.19.0-cpu'
    """
    table = tomllib.loads(
        files("convbias.shipping.deploy").joinpath("images.toml").read_text("utf-8")
    )
    accounts = dict.fromkeys(table["regions"], table["account"]) | table["others"]
    if region not in accounts:
        raise InputError(
            f"AWS's TensorFlow inference image is not known for the region {region!r}",
            "a region of the table deploy/images.toml, or an image of your own",
            f"{did_you_mean(region, accounts)}; or name an image with --image",
        )
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    address = f"{accounts[region]}.dkr.ecr.{region}.{domain}"
    return f"{address}/{table['repository']}:{table['tag']}"
