"""moto's server, with what it lacks of SageMaker: endpoints that take time or fail, and updates.

Run with the port as its argument. Endpoints need three looks before they answer. Those whose image
is called `failing` fail; an update to one leaves what was there, as AWS does.
"""

from __future__ import annotations

import sys
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse
from moto.server import main

LOOKS = 3
REASON = "The primary container did not pass the ping health check."

create = SageMakerModelBackend.create_endpoint
describe = SageMakerModelBackend.describe_endpoint
delete = SageMakerModelBackend.delete_endpoint


def start(endpoint: Any, status: str, configuration: str) -> None:
    endpoint.endpoint_status = status
    endpoint.looks, endpoint.next_configuration = LOOKS, configuration


def finish(backend: Any, endpoint: Any) -> None:
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
    endpoint = create(self, **request)
    start(endpoint, "Creating", request["endpoint_config_name"])
    return endpoint


def describe_endpoint(self: Any, endpoint_name: str) -> dict[str, Any]:
    endpoint = self.endpoints.get(endpoint_name)
    if endpoint is not None and endpoint.looks:
        endpoint.looks -= 1
        if not endpoint.looks:
            finish(self, endpoint)
    return describe(self, endpoint_name)


def delete_endpoint(self: Any, endpoint_name: str) -> None:
    check_settled(self, endpoint_name)
    delete(self, endpoint_name)


def check_settled(backend: Any, name: str) -> None:
    if getattr(backend.endpoints.get(name), "looks", 0):
        raise ValidationError(message="Cannot update in-progress endpoint.")


def update_endpoint(self: SageMakerResponse) -> ActionResult:
    backend, name = self.sagemaker_backend, self._get_param("EndpointName")
    describe(backend, name)
    check_settled(backend, name)
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
