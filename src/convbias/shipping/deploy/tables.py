"""AWS's inference images and hosting prices, from the dated tables in this folder."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any

from convbias.errors import InputError, did_you_mean
from convbias.shipping.deploy.settings import Settings

# Account, region and repository of an image in ECR, with a tag or a digest.
ECR_IMAGE = re.compile(
    r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/[a-z0-9][a-z0-9._/-]*(:[\w.-]+|@sha256:[0-9a-f]{64})"
)
HOURS_PER_MONTH = 730
# The traffic assumed for a serverless endpoint; the network takes far less than that per image.
SERVERLESS_REQUESTS = 100_000
SERVERLESS_SECONDS = 0.05


def inference_image(region: str) -> str:
    """The ECR address of AWS's TensorFlow inference image.

    Args:
        region: AWS region, such as eu-central-1.

    Raises:
        InputError: The region's account is not in the table.

    Example:
        >>> inference_image("eu-central-1")
        '763104351884.dkr.ecr.eu-central-1.amazonaws.com/tensorflow-inference:2.19.0-cpu'
    """
    table = _table("images.toml")
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


def monthly_cost(settings: Settings) -> str:
    """Estimate the cost of an endpoint per month, with the assumptions.

    Args:
        settings: the endpoint's settings.

    Returns:
        A sentence.

    Example:
        >>> print(monthly_cost(Settings(bucket="b", role="r")))
        about 84 USD a month (730 hours, 1 ml.m5.large at 0.115 USD an hour; prices of us-east-1, \
November 2026; plus 0.016 USD per GB of requests and responses)
    """
    table = _table("prices.toml")
    source = f"prices of {table['region']}, {table['date']}"
    if settings.serverless:
        gigabytes = settings.memory_mb / 1024
        second = gigabytes * table["serverless_gb_second"]
        month = SERVERLESS_REQUESTS * SERVERLESS_SECONDS * second
        return (
            f"about {month:.2f} USD for {SERVERLESS_REQUESTS:,} requests a month of"
            f" {SERVERLESS_SECONDS} s each, nothing without requests ({gigabytes:g} GB at"
            f" {second:.5f} USD a second; {source})"
        )
    hour = table["hour"].get(settings.instance_type)
    if hour is None:
        return f"unknown: the price table ({table['date']}) lacks {settings.instance_type}"

    def month_of(instances: int) -> str:
        return f"{instances * hour * HOURS_PER_MONTH:,.0f}"

    least, most = settings.instances, max(settings.max_instances or 0, settings.instances)
    between = month_of(least) if most == least else f"{month_of(least)} to {month_of(most)}"
    machines = str(least) if most == least else f"{least} to {most}"
    return (
        f"about {between} USD a month ({HOURS_PER_MONTH} hours, {machines}"
        f" {settings.instance_type} at {hour:g} USD an hour; {source}; plus"
        f" {table['payload_gb']} USD per GB of requests and responses)"
    )


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("convbias.shipping.deploy").joinpath(name).read_text("utf-8"))
