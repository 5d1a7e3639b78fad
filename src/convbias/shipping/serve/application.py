"""The HTTP application: SageMaker's container contract, its runtime's address, metrics, OpenAPI."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from convbias.shipping.serve.batching import MOST_OF_REQUEST, Batcher
from convbias.shipping.serve.monitoring import Metrics, RequestLog, Sample
from convbias.shipping.serve.openapi import openapi_document
from convbias.shipping.serve.predictor import Images, Predictor, Probabilities
from convbias.shipping.serve.responses import RETRY_SECONDS

log = logging.getLogger("convbias.shipping.serve")

Handler = Callable[[Request], Awaitable[Response]]

SMALL_BODY = 2**16  # bytes; parsing a larger one would block the event loop for too long
MOST_WITH_PICTURES = 128  # requests that wait for pictures to be converted, one after the other
LONGEST_PATH = 1_000  # characters in the log
CLOSED_BY_CLIENT = 499  # nginx' status, for the log only
INVOCATIONS = "/invocations"
ENDPOINT = "/endpoints/{name}/invocations"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
ARRAYS = ("application/x-npy", "text/csv")


async def _no_others() -> Iterable[Sample]:
    return ()


@dataclass(frozen=True)
class Limits:
    """Limits of one request.

    Args:
        body_bytes: largest body; SageMaker's own limit is 6 MB in botocore's model.
        seconds: time until the response, reading the body included.
    """

    body_bytes: int = 6 * 2**20
    seconds: float = 60.0


class _RejectedError(Exception):
    """A request that gets an error response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Service:
    """Identity, limits and authentication of a server.

    Args:
        identity: the exported run, as recorded by `convbias export`.
        endpoint: endpoint name at the address of SageMaker's runtime.
        limits: limits of one request.
        token: bearer token required from clients; None disables authentication.
    """

    identity: Mapping[str, Any]
    endpoint: str = "convbias"
    limits: Limits = Limits()
    token: str | None = None


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
        self.batcher = Batcher(predictor.predict, self.metrics.batch.observe)
        # One after the other, because the archive converts pictures in one process.
        self.pictures = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
        self.with_pictures = 0
        # A number takes at least a byte, so a body of this size has few images.
        few = MOST_OF_REQUEST * predictor.numbers
        self._most_whole = min(few, SMALL_BODY, service.limits.body_bytes)
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
        if (
            scope["path"] != INVOCATIONS
            or scope["method"] != "POST"
            or len(body) > self._most_whole
        ):
            return False
        began = time.perf_counter()
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in reversed(scope["headers"])
        }
        kind = headers.get("content-type", "")
        if _may_have_pictures(body, kind):
            return False

        def finish(response: Response) -> None:
            self._record(scope, INVOCATIONS, headers, response, began)
            respond(response)

        def predicted(outcome: Probabilities | Exception) -> None:
            if isinstance(outcome, Exception):
                finish(self._refusal(outcome))
                return
            try:
                response = _prediction(*self.predictor.write(outcome, headers.get("accept", "")))
            except Exception as error:  # noqa: BLE001 - the response reports it
                response = self._refusal(error)
            finish(response)

        try:
            self._check_token(headers)
            images = self.predictor.read(body, kind)
        except Exception as error:  # noqa: BLE001 - the response reports it
            asyncio.get_running_loop().call_soon(finish, self._refusal(error))
        else:
            scope["images"] = len(images)
            self.batcher.submit(images, predicted)
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
            return _error(404, "unknown address; expected one listed in /openapi.json")
        method, handler = self.routes[route]
        if request.method != method:
            response = _error(405, f"the method is {request.method}; expected {method}")
            response.headers["allow"] = method
            return response
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - the response reports it
            return self._refusal(error)

    def _refusal(self, error: Exception) -> Response:
        """The response to a request that raised an error."""
        if isinstance(error, _RejectedError):
            return _error(error.status, str(error))
        if isinstance(error, self.predictor.request_error):
            return _error(getattr(error, "status", 400), str(error))
        if isinstance(error, ClientDisconnect):
            return _error(CLOSED_BY_CLIENT, "the client closed the connection")
        log.error("a request failed", exc_info=error)
        return _error(500, "internal error; see the server's log")

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
        return _prediction(*await self._predict(request))

    async def _endpoint(self, request: Request) -> Response:
        """Respond like SageMaker's runtime, which turns container errors into ModelError, 424."""
        self._check_token(request.headers)
        name = request.scope["path"].split("/")[2]
        if name != self.service.endpoint:
            message = f"Endpoint {name} not found; this server has {self.service.endpoint}."
            return _runtime_error("ValidationError", 400, {"Message": message})
        try:
            content, kind = await self._predict(request)
        except _RejectedError as rejected:
            side = "client" if rejected.status < 500 else "server"
            return _runtime_error(
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
        response = _prediction(content, kind)
        response.headers["x-amzn-invoked-production-variant"] = "AllTraffic"
        return response

    # --- prediction -----------------------------------------------------------------------------

    async def _predict(self, request: Request) -> tuple[bytes, str]:
        try:
            async with asyncio.timeout(self.service.limits.seconds):
                return await self._predict_without_limit(request)
        except TimeoutError:
            seconds = self.service.limits.seconds
            message = f"the request took longer than {seconds:g} s"
            raise _RejectedError(
                408, f"{message}; expected a complete body sooner, or fewer images"
            ) from None
        except self.predictor.request_error as error:
            raise _RejectedError(getattr(error, "status", 400), str(error)) from None

    async def _predict_without_limit(self, request: Request) -> tuple[bytes, str]:
        body = await self._body(request)
        kind = request.headers.get("content-type", "")
        if _may_have_pictures(body, kind):
            images = await self._read_pictures(body, kind)
        elif len(body) <= SMALL_BODY:
            images = self.predictor.read(body, kind)
        else:
            images = await asyncio.to_thread(self.predictor.read, body, kind)
        request.scope["images"] = len(images)
        probabilities = await self.batcher.predict(images)
        return self.predictor.write(probabilities, request.headers.get("accept", ""))

    async def _read_pictures(self, body: bytes, kind: str) -> Images:
        if self.with_pictures >= MOST_WITH_PICTURES:
            raise _RejectedError(
                503, "too many requests with pictures wait; expected this one again in a moment"
            )
        loop = asyncio.get_running_loop()
        self.with_pictures += 1
        try:
            return await loop.run_in_executor(self.pictures, self.predictor.read, body, kind)
        finally:
            self.with_pictures -= 1

    async def _body(self, request: Request) -> bytes:
        most = self.service.limits.body_bytes
        too_large = _RejectedError(
            413, f"the body has more than {most:,} bytes; expected at most that number"
        )
        announced = request.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced) > most:
            raise too_large
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise too_large
            parts.append(part)
        request.scope["body_read"] = True
        return b"".join(parts)

    def _check_token(self, headers: Mapping[str, str]) -> None:
        token = self.service.token
        if token is None:
            return
        kind, _, given = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), token.encode())
        if kind.lower() != "bearer" or not same:
            raise _RejectedError(
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


def _may_have_pictures(body: bytes, kind: str) -> bool:
    """Whether reading a body may take long; never False for one with a picture."""
    name = kind.partition(";")[0].strip().lower()
    if name in ARRAYS:
        return False
    # JSON of numbers has at most one word, which is "instances"; a picture has a name and a value.
    return name not in ("", "application/json") or body.count(b'"') > 2


def _prediction(content: bytes, kind: str) -> Response:
    # As a header: Starlette would add a charset to a media type.
    return Response(content, headers={"content-type": kind})


def _error(status: int, message: str) -> JSONResponse:
    headers = {}
    if status == 401:
        headers = {"www-authenticate": "Bearer"}
    if status == 503:
        headers = {"retry-after": str(RETRY_SECONDS)}
    # Text of a request may have characters that are no UTF-8.
    readable = message.encode("utf-8", "backslashreplace").decode()
    return JSONResponse({"error": readable}, status, headers=headers)


def _runtime_error(kind: str, status: int, body: dict[str, object]) -> JSONResponse:
    return JSONResponse(body, status, headers={"x-amzn-errortype": kind})
