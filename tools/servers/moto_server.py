"""Run moto's server with SageMaker features that it lacks: endpoint updates, delays and failures.

The argument is the port. An endpoint is in service at the third DescribeEndpoint. If the name of
its image contains `failing`, creating it fails, and an update keeps the previous configuration, as
with AWS.
"""

from __future__ import annotations

import sys
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse
from moto.server import main

DESCRIPTIONS = 3
REASON = "The primary container did not pass the ping health check."

create = SageMakerModelBackend.create_endpoint
describe = SageMakerModelBackend.describe_endpoint
delete = SageMakerModelBackend.delete_endpoint


def start(endpoint: Any, status: str, configuration: str) -> None:
    """Begin to create or update an endpoint."""
    endpoint.endpoint_status = status
    endpoint.remaining, endpoint.next_configuration = DESCRIPTIONS, configuration


def finish(backend: Any, endpoint: Any) -> None:
    """End the creation or update of an endpoint."""
    configuration = backend.describe_endpoint_config(endpoint.next_configuration)
    model = backend.describe_model(configuration["ProductionVariants"][0]["ModelName"])
    failing = "failing" in model.primary_container["Image"]
    endpoint.failure_reason = REASON if failing else None
    if not failing:
        endpoint.endpoint_config_name = endpoint.next_configuration
        variants = configuration["ProductionVariants"]
        endpoint.production_variants = endpoint._process_production_variants(variants)
    endpoint.endpoint_status = (
        "Failed" if failing and endpoint.endpoint_status == "Creating" else "InService"
    )


def create_endpoint(self: Any, **request: Any) -> Any:
    """CreateEndpoint, after which the status is Creating."""
    endpoint = create(self, **request)
    start(endpoint, "Creating", request["endpoint_config_name"])
    return endpoint


def describe_endpoint(self: Any, endpoint_name: str) -> dict[str, Any]:
    """DescribeEndpoint, the third of which ends a creation or update."""
    endpoint = self.endpoints.get(endpoint_name)
    if endpoint is not None and endpoint.remaining:
        endpoint.remaining -= 1
        if not endpoint.remaining:
            finish(self, endpoint)
    return describe(self, endpoint_name)


def delete_endpoint(self: Any, endpoint_name: str) -> None:
    """DeleteEndpoint, which AWS refuses during a creation or update."""
    check_not_changing(self, endpoint_name)
    delete(self, endpoint_name)


def check_not_changing(backend: Any, name: str) -> None:
    """Refuse a request while an endpoint is being created or updated."""
    if getattr(backend.endpoints.get(name), "remaining", 0):
        raise ValidationError(message="Cannot update in-progress endpoint.")


def update_endpoint(self: SageMakerResponse) -> ActionResult:
    """UpdateEndpoint."""
    backend, name = self.sagemaker_backend, self._get_param("EndpointName")
    describe(backend, name)
    check_not_changing(backend, name)
    endpoint = backend.endpoints[name]
    if endpoint.endpoint_status == "Failed":
        raise ValidationError(message="Cannot update endpoint in failed state.")
    start(endpoint, "Updating", self._get_param("EndpointConfigName"))
    return ActionResult({"EndpointArn": endpoint.arn})


for function in (create_endpoint, describe_endpoint, delete_endpoint):
    setattr(SageMakerModelBackend, function.__name__, function)
setattr(SageMakerResponse, update_endpoint.__name__, update_endpoint)

if __name__ == "__main__":
    main(["--port", sys.argv[1]])
