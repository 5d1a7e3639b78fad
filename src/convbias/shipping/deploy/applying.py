"""From a plan to an endpoint in service; what is there already is left as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from convbias.errors import ConvbiasError, RunError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.plan import Plan, scaled
from convbias.shipping.deploy.resources import ABSENT, DIFFERS, EXISTS, Resource, find
from convbias.shipping.deploy.settings import PREFIX
from convbias.shipping.deploy.upload import upload
from convbias.shipping.deploy.waiting import (
    UNDER_WAY,
    Say,
    check_in_service,
    failure_reason,
    settled,
)


def apply(plan: Plan, aws: Aws, say: Say) -> list[str]:
    """Make what a plan says, as far as it is not there.

    Args:
        plan: Checked, see `convbias.shipping.deploy.preflight`.
        aws: Account and region.
        say: Called with every step.

    Returns:
        What was made or changed; nothing where all was there already.

    Raises:
        InputError: AWS does not allow a step. The error says what exists, how to go on, and how to
            undo it; so do all others.
        RunError: AWS fails, the connection breaks, or the endpoint does not come into service.
    """
    making = _Making(plan, aws, say)
    with _accounted(plan, making.there, say):
        found = find(plan, aws)
        making.there |= {
            kind: each.name for kind, each in found.items() if each.state in (EXISTS, DIFFERS)
        }
        making.archive(found["archive"])
        making.model(found["model"])
        making.configuration(found["configuration"])
        making.endpoint(found["endpoint"])
        _check(plan, settled(plan.settings.name, aws, say))
        for kind in ("model", "configuration", "endpoint"):
            making.tags(found[kind])
        making.autoscaling(found["autoscaling"])
    return making.made


class _Making:
    """The steps, and what has come of them.

    Args:
        plan: What to make.
        aws: Account and region.
        say: Called with every step.
    """

    def __init__(self, plan: Plan, aws: Aws, say: Say) -> None:
        self._plan, self._aws, self._say = plan, aws, say
        self._sagemaker = aws.client("sagemaker")
        self.there: dict[str, str] = {}  # kind to name, of what exists by now
        self.made: list[str] = []

    def _done(self, kind: str, what: str, name: str) -> None:
        self.there[kind] = name
        self.made.append(f"{what} {name}")
        self._say(self.made[-1])

    def archive(self, there: Resource) -> None:
        if there.state != EXISTS:
            upload(self._plan, self._aws)
            self._done("archive", "uploaded", self._plan.address)

    def model(self, there: Resource) -> None:
        if there.state == ABSENT:
            with self._aws.told("the model was not created"):
                self._sagemaker.create_model(**self._plan.model)
            self._done("model", "created the model", there.name)

    def configuration(self, there: Resource) -> None:
        if there.state == ABSENT:
            with self._aws.told("the configuration was not created"):
                self._sagemaker.create_endpoint_config(**self._plan.configuration)
            self._done("configuration", "created the configuration", there.name)

    def endpoint(self, there: Resource) -> None:
        if there.more.get("EndpointStatus") in UNDER_WAY:
            there = settled(there.name, self._aws, self._say)
        wanted = self._plan.endpoint
        if there.state == ABSENT:
            with self._aws.told("the endpoint was not created"):
                self._sagemaker.create_endpoint(**wanted)
            self._done("endpoint", "created the endpoint", there.name)
            return
        check_in_service(there)
        if there.more["EndpointConfigName"] != wanted["EndpointConfigName"]:
            with self._aws.told("the endpoint was not updated"):
                self._sagemaker.update_endpoint(
                    EndpointName=there.name, EndpointConfigName=wanted["EndpointConfigName"]
                )
            self._done("endpoint", "updated the endpoint", there.name)

    def tags(self, there: Resource) -> None:
        """Give something that was there the tags that it lacks."""
        plan = self._plan
        wanted = plan.endpoint if there.kind == "endpoint" else plan.model  # or a configuration
        tags = wanted["Tags"]
        lacks = any(there.tags.get(tag["Key"]) != tag["Value"] for tag in tags)
        if there.state != ABSENT and lacks:
            with self._aws.told(f"{there.name} was not tagged"):
                self._sagemaker.add_tags(ResourceArn=there.arn, Tags=tags)
            self._done(there.kind, f"tagged the {there.kind}", there.name)

    def autoscaling(self, there: Resource) -> None:
        plan = self._plan
        if plan.scaling_target is None or plan.scaling_policy is None:
            if there.state == DIFFERS:
                unscale(plan.settings.name, self._aws, there)
                self._done("autoscaling", "took away the autoscaling of", there.name)
        elif there.state != EXISTS:
            client = self._aws.client("application-autoscaling")
            with self._aws.told("autoscaling was not set up"):
                client.register_scalable_target(**plan.scaling_target)
                client.put_scaling_policy(**plan.scaling_policy)
            self._done("autoscaling", "set up the autoscaling of", there.name)


def _check(plan: Plan, there: Resource) -> None:
    check_in_service(there)
    configuration = there.more["EndpointConfigName"]
    if configuration != plan.endpoint["EndpointConfigName"]:
        # AWS goes back to what answered before, and says so only in passing.
        raise RunError(
            f"the update of {there.name} failed{failure_reason(there.more)}; it answers with"
            f" {configuration}, as before",
            f"the configuration {plan.endpoint['EndpointConfigName']}",
            "look into the container's log in CloudWatch",
        )


def unscale(name: str, aws: Aws, there: Resource) -> None:
    """Take an endpoint's autoscaling away.

    Args:
        name: Of the endpoint.
        aws: Account and region.
        there: As `convbias.shipping.deploy.resources.autoscaling` found it.
    """
    client = aws.client("application-autoscaling")
    with aws.told(f"the autoscaling of {name} was not taken away"):
        for policy in there.more["policies"]:
            client.delete_scaling_policy(PolicyName=policy["PolicyName"], **scaled(name))
        if there.more["targets"]:
            client.deregister_scalable_target(**scaled(name))


@contextmanager
def _accounted(plan: Plan, there: dict[str, str], say: Say) -> Iterator[None]:
    """Say in every error what exists by now, how to go on and how to undo it."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"interrupted; {_existing(there)}; {_ways_on(plan, there)}")
        raise
    except ConvbiasError as error:
        fix = f"{error.fix}; " if error.fix else ""
        raise type(error)(
            f"{error.what}; {_existing(there)}", error.expected, fix + _ways_on(plan, there)
        ) from error


def _existing(there: dict[str, str]) -> str:
    every = ", ".join(f"the {kind} {name}" for kind, name in there.items())
    return f"what exists of it: {every or 'nothing'}"


def _ways_on(plan: Plan, there: dict[str, str]) -> str:
    on = "to go on, run the same command again"
    settings = plan.settings
    undo = f"convbias deploy delete --name {settings.name} --bucket {settings.bucket}"
    undo += f" --prefix {settings.prefix}" if settings.prefix != PREFIX else ""
    return f"{on}; to undo it, `{undo}`" if there else on
