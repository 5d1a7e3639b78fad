"""Print deployment plans and deployed resources."""

from __future__ import annotations

import json
from typing import Any

from convbias.cli.console import print_table, results
from convbias.shipping.deploy.checks import Check
from convbias.shipping.deploy.plan import Plan
from convbias.shipping.deploy.resources import ABSENT, DIFFERS, EXISTS, UNMANAGED, Resource
from convbias.shipping.deploy.waiting import failure_reason

NOW = {ABSENT: "to create", EXISTS: "exists", DIFFERS: "to update", UNMANAGED: "not managed"}


def print_json(
    planned: Plan | None, checks: list[Check], found: dict[str, Resource], cost: str
) -> None:
    """Print a plan, its requests to AWS and the existing resources as JSON.

    Args:
        planned: the plan; None where a check failed.
        checks: the results of the checks.
        found: the existing resources by kind.
        cost: the expected cost as text.
    """
    record = {
        "region": None if planned is None else planned.region,
        "archive": None if planned is None else planned.archive.sha256,
        "requests": None if planned is None else planned.requests(),
        "state": {kind: resource.state for kind, resource in found.items()},
        "checks": [vars(check) for check in checks],
        "cost": cost,
    }
    results().print(json.dumps(record, indent=2), soft_wrap=True)


def print_plan(
    planned: Plan | None, checks: list[Check], found: dict[str, Resource], cost: str
) -> None:
    """Print a plan as tables.

    Args:
        planned: the plan; None where a check failed.
        checks: the results of the checks.
        found: the existing resources by kind.
        cost: the expected cost as text.
    """
    if planned is not None:
        print_table(
            f"Endpoint {planned.settings.name} in {planned.region}",
            ("resource", "name", "state"),
            _planned_rows(planned, found),
            words=("resource", "name", "state"),
        )
    marks = {True: "ok", False: "failed", None: "unknown"}
    rows = [
        (each.name, marks[each.passed], each.message + (f" ({each.fix})" if each.fix else ""))
        for each in checks
    ]
    print_table("Checks", ("check", "", "details"), rows, words=("check", "", "details"))
    results().print(f"Cost: {cost}", soft_wrap=True)
    results().print("Nothing was changed.")


def _planned_rows(planned: Plan, found: dict[str, Resource]) -> list[tuple[str, str, str]]:
    def now(kind: str) -> str:
        return NOW[found[kind].state] if kind in found else "unknown"

    settings, model = planned.settings, planned.model
    machines = f"{settings.instances} x {settings.instance_type}"
    if settings.serverless:
        machines = f"serverless, {settings.memory_mb} MB, {settings.max_concurrency} concurrent"
    rows = [
        ("archive", planned.address, now("archive")),
        ("model", model["ModelName"], now("model")),
        ("  image", model["PrimaryContainer"]["Image"], ""),
        ("  role", model["ExecutionRoleArn"], ""),
        ("configuration", planned.configuration["EndpointConfigName"], now("configuration")),
        ("  instances", machines, ""),
        ("endpoint", settings.name, now("endpoint")),
        ("  tags", _tag_words(planned.endpoint["Tags"]), ""),
    ]
    if planned.scaling_target is not None or found.get("autoscaling", _NOTHING).state == DIFFERS:
        most = settings.max_instances
        words = f"{settings.instances} to {most} instances" if most else "to be removed"
        rows.append(("autoscaling", words, now("autoscaling")))
    return rows


_NOTHING = Resource("autoscaling", "", ABSENT, {})


def _tag_words(tags: list[dict[str, str]]) -> str:
    return ", ".join(f"{tag['Key']}={tag['Value']}" for tag in tags)


def print_resources(title: str, resources: list[Resource]) -> None:
    """Print a table of resources.

    Args:
        title: printed above the table.
        resources: the rows.
    """
    rows = [(each.kind, each.name, _state(each)) for each in resources]
    columns = ("resource", "name", "state")
    print_table(title, columns, rows, words=columns)


def _state(resource: Resource) -> str:
    more: dict[str, Any] = dict(resource.description)
    if resource.kind == "endpoint":
        words = f"{more['EndpointStatus']} with {more['EndpointConfigName']}"
        machines = [each.get("CurrentInstanceCount") for each in more.get("ProductionVariants", [])]
        if machines and machines[0]:
            words += f", {machines[0]} instance{'s' * (machines[0] > 1)}"
        return f"{words}, since {more['LastModifiedTime']:%Y-%m-%d %H:%M %Z}" + failure_reason(more)
    if resource.kind == "autoscaling":
        return ", ".join(
            f"{each['MinCapacity']} to {each['MaxCapacity']} instances" for each in more["targets"]
        )
    when = more.get("CreationTime") or more.get("LastModified")
    return f"since {when:%Y-%m-%d %H:%M %Z}" if when else ""
