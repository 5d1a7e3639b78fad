"""Create, update and delete an endpoint's resources in an AWS account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from convbias.errors import ConvbiasError, RunError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import Plan, scaling_target_id
from convbias.shipping.deploy.resources import ABSENT, DIFFERS, EXISTS, Resource, find_existing
from convbias.shipping.deploy.settings import PREFIX
from convbias.shipping.deploy.upload import abort_unfinished_uploads, upload
from convbias.shipping.deploy.waiting import (
    CHANGING,
    Notify,
    check_in_service,
    failure_reason,
    wait_for_endpoint,
)


def apply(plan: Plan, aws: Aws, notify: Notify) -> list[str]:
    """Create what a plan lists and does not exist yet, and wait for the endpoint.

    Args:
        plan: a plan that passed all checks.
        aws: account and region.
        notify: called with a message for every step.

    Returns:
        A message for each created or changed resource; empty if everything existed.

    Raises:
        InputError: AWS refuses a step. Every error lists the existing resources, and says how to
            continue and how to undo.
        RunError: AWS fails, the connection breaks, or the endpoint does not come into service.
    """
    steps = _Steps(plan, aws, notify)
    with _listing_existing(plan, steps.existing, notify):
        found = find_existing(plan, aws)
        steps.existing |= {
            kind: each.name for kind, each in found.items() if each.state in (EXISTS, DIFFERS)
        }
        steps.archive(found["archive"])
        steps.model(found["model"])
        steps.configuration(found["configuration"])
        steps.endpoint(found["endpoint"])
        _check_endpoint(plan, wait_for_endpoint(plan.settings.name, aws, notify))
        for kind in ("model", "configuration", "endpoint"):
            steps.tags(found[kind])
        steps.autoscaling(found["autoscaling"])
    return steps.changes


class _Steps:
    """The steps of `apply`, each of which changes nothing if its resource is as planned.

    Args:
        plan: plan of the endpoint.
        aws: account and region.
        notify: called with a message for every step.
    """

    def __init__(self, plan: Plan, aws: Aws, notify: Notify) -> None:
        self._plan, self._aws, self._notify = plan, aws, notify
        self._sagemaker = aws.client("sagemaker")
        self.existing: dict[str, str] = {}  # kind to name of the resources that exist by now
        self.changes: list[str] = []

    def _record(self, kind: str, what: str, name: str) -> None:
        self.existing[kind] = name
        self.changes.append(f"{what} {name}")
        self._notify(self.changes[-1])

    def archive(self, found: Resource) -> None:
        if found.state != EXISTS:
            upload(self._plan, self._aws)
            self._record("archive", "uploaded", self._plan.address)

    def model(self, found: Resource) -> None:
        if found.state == ABSENT:
            with self._aws.translate_errors("the model was not created"):
                self._sagemaker.create_model(**self._plan.model)
            self._record("model", "created the model", found.name)

    def configuration(self, found: Resource) -> None:
        if found.state == ABSENT:
            with self._aws.translate_errors("the configuration was not created"):
                self._sagemaker.create_endpoint_config(**self._plan.configuration)
            self._record("configuration", "created the configuration", found.name)

    def endpoint(self, found: Resource) -> None:
        if found.description.get("EndpointStatus") in CHANGING:
            found = wait_for_endpoint(found.name, self._aws, self._notify)
        wanted = self._plan.endpoint
        if found.state == ABSENT:
            with self._aws.translate_errors("the endpoint was not created"):
                self._sagemaker.create_endpoint(**wanted)
            self._record("endpoint", "created the endpoint", found.name)
            return
        check_in_service(found)
        if found.description["EndpointConfigName"] != wanted["EndpointConfigName"]:
            with self._aws.translate_errors("the endpoint was not updated"):
                self._sagemaker.update_endpoint(
                    EndpointName=found.name, EndpointConfigName=wanted["EndpointConfigName"]
                )
            self._record("endpoint", "updated the endpoint", found.name)

    def tags(self, found: Resource) -> None:
        """Add missing tags to a resource that existed before."""
        plan = self._plan
        # Model and configuration have the same tags.
        tags = (plan.endpoint if found.kind == "endpoint" else plan.model)["Tags"]
        lacks = any(found.tags.get(tag["Key"]) != tag["Value"] for tag in tags)
        if found.state != ABSENT and lacks:
            with self._aws.translate_errors(f"{found.name} was not tagged"):
                self._sagemaker.add_tags(ResourceArn=found.arn, Tags=tags)
            self._record(found.kind, f"tagged the {found.kind}", found.name)

    def autoscaling(self, found: Resource) -> None:
        plan = self._plan
        if plan.scaling_target is None or plan.scaling_policy is None:
            if found.state == DIFFERS:
                _delete_autoscaling(plan.settings.name, self._aws, found)
                self._record("autoscaling", "removed the autoscaling of", found.name)
        elif found.state != EXISTS:
            client = self._aws.client("application-autoscaling")
            with self._aws.translate_errors("autoscaling was not set up"):
                client.register_scalable_target(**plan.scaling_target)
                client.put_scaling_policy(**plan.scaling_policy)
            self._record("autoscaling", "set up the autoscaling of", found.name)


def _check_endpoint(plan: Plan, endpoint: Resource) -> None:
    check_in_service(endpoint)
    configuration = endpoint.description["EndpointConfigName"]
    if configuration != plan.endpoint["EndpointConfigName"]:
        # AWS returns to the previous configuration, and reports that only in the description.
        raise RunError(
            f"the update of {endpoint.name} failed{failure_reason(endpoint.description)}; it still"
            f" uses {configuration}",
            f"the configuration {plan.endpoint['EndpointConfigName']}",
            "read the container's log in CloudWatch",
        )


@contextmanager
def _listing_existing(plan: Plan, existing: dict[str, str], notify: Notify) -> Iterator[None]:
    """Add to every error which resources exist, how to continue and how to undo."""
    try:
        yield
    except KeyboardInterrupt:
        notify(f"interrupted; {_listed(existing)}; {_next_steps(plan, existing)}")
        raise
    except ConvbiasError as error:
        fix = f"{error.fix}; " if error.fix else ""
        raise type(error)(
            f"{error.what}; {_listed(existing)}",
            error.expected,
            fix + _next_steps(plan, existing),
        ) from error


def _listed(existing: dict[str, str]) -> str:
    resources = ", ".join(f"the {kind} {name}" for kind, name in existing.items())
    return f"existing resources: {resources or 'none'}"


def _next_steps(plan: Plan, existing: dict[str, str]) -> str:
    again = "to continue, run the same command again"
    settings = plan.settings
    undo = f"convbias deploy delete --name {settings.name} --bucket {settings.bucket}"
    undo += f" --prefix {settings.prefix}" if settings.prefix != PREFIX else ""
    return f"{again}; to undo, run `{undo}`" if existing else again


def delete(name: str, aws: Aws, resources: list[Resource], notify: Notify) -> None:
    """Delete an endpoint and everything that was created for it.

    Args:
        name: the endpoint's name.
        aws: account and region.
        resources: from `convbias.shipping.deploy.inventory.list_resources`, in its order.
        notify: called with a message for every step.

    Raises:
        InputError: AWS refuses a step.
        RunError: AWS fails; the remaining resources are still listed.
    """
    for resource in resources:
        if resource.kind == "autoscaling":
            _delete_autoscaling(name, aws, resource)
        elif resource.kind == "endpoint":
            _delete_endpoint(name, aws, notify)
        else:
            _delete_other(resource, aws)
        notify(f"deleted the {resource.kind} {resource.name}")


def _delete_autoscaling(name: str, aws: Aws, found: Resource) -> None:
    client = aws.client("application-autoscaling")
    with aws.translate_errors(f"the autoscaling of {name} was not removed"):
        for policy in found.description["policies"]:
            client.delete_scaling_policy(PolicyName=policy["PolicyName"], **scaling_target_id(name))
        if found.description["targets"]:
            client.deregister_scalable_target(**scaling_target_id(name))


def _delete_endpoint(name: str, aws: Aws, notify: Notify) -> None:
    # AWS refuses to delete an endpoint that is still being created.
    if wait_for_endpoint(name, aws, notify).state == EXISTS:
        with aws.translate_errors(f"the endpoint {name} was not deleted"):
            aws.client("sagemaker").delete_endpoint(EndpointName=name)
    wait_for_endpoint(name, aws, notify)


def _delete_other(resource: Resource, aws: Aws) -> None:
    with aws.translate_errors(f"the {resource.kind} {resource.name} was not deleted"):
        if resource.kind == "archive":
            bucket, _, key = resource.name.removeprefix("s3://").partition("/")
            client = aws.client("s3")
            client.delete_object(Bucket=bucket, Key=key)
            abort_unfinished_uploads(client, bucket, key)
        elif resource.kind == "configuration":
            aws.client("sagemaker").delete_endpoint_config(EndpointConfigName=resource.name)
        else:
            aws.client("sagemaker").delete_model(ModelName=resource.name)
