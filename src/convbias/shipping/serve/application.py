"""The HTTP application: SageMaker's container contract, its runtime's address, metrics, OpenAPI."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from convbias.shipping.serve.batching import Batcher
from convbias.shipping.serve.invocations import Invocations
from convbias.shipping.serve.monitoring import Metrics, RequestLog, Sample
from convbias.shipping.serve.openapi import openapi_document
from convbias.shipping.serve.predictor import Predictor, Probabilities
from convbias.shipping.serve.responses import (
    RejectedError,
    error_response,
    prediction,
    runtime_error,
)
from convbias.shipping.serve.service import Service

log = logging.getLogger("convbias.shipping.serve")

Handler = Callable[[Request], Awaitable[Response]]

LONGEST_PATH = 1_000  # characters in the log
CLOSED_BY_CLIENT = 499  # nginx' status, for the log only
INVOCATIONS = "/invocations"
ENDPOINT = "/endpoints/{name}/invocations"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


async def _no_others() -> Iterable[Sample]:
    return ()


class Application:
    """The ASGI application.

    It uses Starlette's requests and responses, but not its router and middleware, which would take
    longer than the prediction itself; there are only five addresses.

    Args:
        predictor: predicts class probabilities.
        service: identity, limits and token.
        others: returns the numbers of other processes, which /metrics adds.
    """

    def __init__(
        self,
        predictor: Predictor,
        service: Service,
        others: Callable[[], Awaitable[Iterable[Sample]]] = _no_others,
    ) -> None:
        self.others = others
        self.predictor = predictor
        self.service = service
        self.request_log = RequestLog()
        self.metrics = Metrics()
        batcher = Batcher(predictor.predict, self.metrics.batch.observe)
        self._invoked = Invocations(predictor, batcher, service.limits)
        self.routes: dict[str, tuple[str, Handler]] = {
            INVOCATIONS: ("POST", self._invocations),
            "/ping": ("GET", self._ping),
            "/metrics": ("GET", self._metrics),
            "/openapi.json": ("GET", self._openapi),
            ENDPOINT: ("POST", self._endpoint),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        began = time.perf_counter()
        request = Request(scope, receive)
        route = _route(scope["path"], self.routes)
        response = await self._response(request, route)
        if _has_unread_body(request):
            # Otherwise a refused client could keep the connection by sending for ever.
            response.headers["connection"] = "close"
        # Unknown paths count as one route, so that clients cannot multiply the series.
        self._record(scope, route or "other", request.headers, response, began)
        await response(scope, receive, send)

    def answer_whole(self, scope: Scope, body: bytes, respond: Callable[[Response], None]) -> bool:
        """Answer a request without a task of its own, which takes longer than the prediction.

        Args:
            scope: the request's scope.
            body: the whole body; a request whose body is still arriving needs a task.
            respond: called from the event loop, after this has returned, with the response.

        Returns:
            Whether it will be answered: if it has few images for the network, and no pictures.
        """
        if scope["path"] != INVOCATIONS or scope["method"] != "POST":
            return False
        began = time.perf_counter()
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in reversed(scope["headers"])
        }
        kind = headers.get("content-type", "")
        if not self._invoked.is_quick(body, kind):
            return False

        def finish(response: Response) -> None:
            self._record(scope, INVOCATIONS, headers, response, began)
            respond(response)

        def predicted(outcome: Probabilities | Exception) -> None:
            if isinstance(outcome, Exception):
                finish(self._refusal(outcome))
                return
            try:
                response = prediction(*self.predictor.write(outcome, headers.get("accept", "")))
            except Exception as error:  # noqa: BLE001 - the response reports it
                response = self._refusal(error)
            finish(response)

        try:
            self._check_token(headers)
            scope["images"] = self._invoked.submit(body, kind, predicted)
        except Exception as error:  # noqa: BLE001 - the response reports it
            asyncio.get_running_loop().call_soon(finish, self._refusal(error))
        return True

    def _record(
        self,
        scope: Scope,
        route: str,
        headers: Mapping[str, str],
        response: Response,
        began: float,
    ) -> None:
        """Name a request in its response, count it and log it."""
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        response.raw_headers.append((b"x-request-id", request_id.encode()))
        seconds = time.perf_counter() - began
        self.metrics.observe(route, response.status_code, seconds)
        self.request_log.write(
            {
                "request_id": request_id,
                "method": scope["method"],
                "path": scope["path"][:LONGEST_PATH],
                "status": response.status_code,
                "milliseconds": round(1e3 * seconds, 3),
                "images": scope.get("images", 0),
            }
        )

    async def _response(self, request: Request, route: str | None) -> Response:
        if route is None:
            return error_response(404, "unknown address; expected one listed in /openapi.json")
        method, handler = self.routes[route]
        if request.method != method:
            response = error_response(405, f"the method is {request.method}; expected {method}")
            response.headers["allow"] = method
            return response
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - the response reports it
            return self._refusal(error)

    def _refusal(self, error: Exception) -> Response:
        """The response to a request that raised an error."""
        if isinstance(error, RejectedError):
            return error_response(error.status, str(error))
        if isinstance(error, self.predictor.request_error):
            return error_response(getattr(error, "status", 400), str(error))
        if isinstance(error, ClientDisconnect):
            return error_response(CLOSED_BY_CLIENT, "the client closed the connection")
        log.error("a request failed", exc_info=error)
        return error_response(500, "internal error; see the server's log")

    # --- routes ---------------------------------------------------------------------------------

    async def _ping(self, _: Request) -> Response:
        return JSONResponse({"run": self.service.identity.get("run")})

    async def _metrics(self, request: Request) -> Response:
        self._check_token(request.headers)
        body, kind = self.metrics.text(await self.others())
        return Response(body, media_type=kind)

    async def _openapi(self, request: Request) -> Response:
        self._check_token(request.headers)
        service = self.service
        document = openapi_document(service.identity, service.endpoint, service.limits.body_bytes)
        return JSONResponse(document)

    async def _invocations(self, request: Request) -> Response:
        self._check_token(request.headers)
        return prediction(*await self._invoked.predict(request))

    async def _endpoint(self, request: Request) -> Response:
        """Respond like SageMaker's runtime, which turns container errors into ModelError, 424."""
        self._check_token(request.headers)
        name = request.scope["path"].split("/")[2]
        if name != self.service.endpoint:
            message = f"Endpoint {name} not found; this server has {self.service.endpoint}."
            return runtime_error("ValidationError", 400, {"Message": message})
        try:
            content, kind = await self._invoked.predict(request)
        except RejectedError as rejected:
            side = "client" if rejected.status < 500 else "server"
            return runtime_error(
                "ModelError",
                424,
                {
                    "Message": f"Received {side} error ({rejected.status}) from primary with"
                    f' message "{rejected}".',
                    "OriginalStatusCode": rejected.status,
                    "OriginalMessage": str(rejected),
                    "LogStreamArn": "",
                },
            )
        response = prediction(content, kind)
        response.headers["x-amzn-invoked-production-variant"] = "AllTraffic"
        return response

    def _check_token(self, headers: Mapping[str, str]) -> None:
        token = self.service.token
        if token is None:
            return
        kind, _, given = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), token.encode())
        if kind.lower() != "bearer" or not same:
            raise RejectedError(
                401, "the token is missing or wrong; expected Authorization: Bearer TOKEN"
            )


def _route(path: str, routes: Mapping[str, object]) -> str | None:
    if path in routes and path != ENDPOINT:
        return path
    return ENDPOINT if re.fullmatch(r"/endpoints/[^/]+/invocations", path) else None


def _has_unread_body(request: Request) -> bool:
    headers = request.headers
    announced = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    return announced and not request.scope.get("body_read", False)
