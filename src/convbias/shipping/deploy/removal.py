"""Taking away what `apply` made, and nothing else."""

from __future__ import annotations

from convbias.shipping.aws import Aws
from convbias.shipping.deploy.applying import unscale
from convbias.shipping.deploy.resources import EXISTS, Resource
from convbias.shipping.deploy.upload import remove_parts
from convbias.shipping.deploy.waiting import Say, settled


def remove(name: str, aws: Aws, resources: list[Resource], say: Say) -> None:
    """Take an endpoint away, with all that was made for it.

    Args:
        name: Of the endpoint.
        aws: Account and region.
        resources: From `convbias.shipping.deploy.inventory.made`, in its order.
        say: Called with every step.

    Raises:
        InputError: AWS does not allow it.
        RunError: AWS fails; what is left is found again.
    """
    for resource in resources:
        if resource.kind == "autoscaling":
            unscale(name, aws, resource)
        elif resource.kind == "endpoint":
            _remove_endpoint(name, aws, say)
        else:
            _remove_other(resource, aws)
        say(f"deleted the {resource.kind} {resource.name}")


def _remove_endpoint(name: str, aws: Aws, say: Say) -> None:
    # AWS refuses to delete what it is still making.
    if settled(name, aws, say).state == EXISTS:
        with aws.told(f"the endpoint {name} was not deleted"):
            aws.client("sagemaker").delete_endpoint(EndpointName=name)
    settled(name, aws, say)


def _remove_other(resource: Resource, aws: Aws) -> None:
    with aws.told(f"the {resource.kind} {resource.name} was not deleted"):
        if resource.kind == "archive":
            bucket, _, key = resource.name.removeprefix("s3://").partition("/")
            client = aws.client("s3")
            client.delete_object(Bucket=bucket, Key=key)
            remove_parts(client, bucket, key)
        elif resource.kind == "configuration":
            aws.client("sagemaker").delete_endpoint_config(EndpointConfigName=resource.name)
        else:
            aws.client("sagemaker").delete_model(ModelName=resource.name)
