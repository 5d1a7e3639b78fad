"""What an endpoint is going to cost, from a table of prices with its date."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from convbias.shipping.deploy.settings import Settings

HOURS_PER_MONTH = 730
# What a serverless endpoint is reckoned with; an image takes the network far less than that.
SERVERLESS_REQUESTS = 100_000
SERVERLESS_SECONDS = 0.05


def monthly_cost(settings: Settings) -> str:
    """Say what a month costs, and what that is reckoned from.

    Args:
        settings: Of the endpoint.

    Returns:
        A sentence.

    Example:
        >>> print(monthly_cost(Settings(bucket="b", role="r")))
        about 84 USD a month (730 hours, 1 ml.m5.large at 0.115 USD an hour; prices of us-east-1, \
November 2026, without requests' 0.016 USD per GB)
    """
    table = tomllib.loads(
        files("convbias.shipping.deploy").joinpath("prices.toml").read_text("utf-8")
    )
    source = f"prices of {table['region']}, {table['date']}"
    if settings.serverless:
        gigabytes = settings.memory_mb / 1024
        second = gigabytes * table["serverless_gb_second"]
        month = SERVERLESS_REQUESTS * SERVERLESS_SECONDS * second
        return (
            f"about {month:.2f} USD for {SERVERLESS_REQUESTS:,} requests a month that take"
            f" {SERVERLESS_SECONDS} s each, nothing while there are none ({gigabytes:g} GB at"
            f" {second:.5f} USD a second; {source})"
        )
    hour = table["hour"].get(settings.instance_type)
    if hour is None:
        return f"unknown: {settings.instance_type} is not in the table of prices ({table['date']})"

    def month_of(instances: int) -> str:
        return f"{instances * hour * HOURS_PER_MONTH:,.0f}"

    least, most = settings.instances, max(settings.max_instances or 0, settings.instances)
    between = month_of(least) if most == least else f"{month_of(least)} to {month_of(most)}"
    machines = str(least) if most == least else f"{least} to {most}"
    return (
        f"about {between} USD a month ({HOURS_PER_MONTH} hours, {machines}"
        f" {settings.instance_type} at {hour:g} USD an hour; {source}, without requests'"
        f" {table['payload_gb']} USD per GB)"
    )
