"""The routes: SageMaker's container contract, its runtime's own address, metrics, description."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from convbias.shipping.serve.batching import Batcher
from convbias.shipping.serve.description import description
from convbias.shipping.serve.journal import Journal
from convbias.shipping.serve.metrics import Metrics
from convbias.shipping.serve.served import Served

log = logging.getLogger("convbias.shipping.serve")

Answering = Callable[[Request], Awaitable[Response]]

SMALL_BODY = 2**16  # bytes; reading a larger one would keep all others waiting
CLOSED_BY_CLIENT = 499  # as nginx logs it; nobody is there to read it
ENDPOINT = "/endpoints/{name}/invocations"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True)
class Limits:
    """What one request may take.

    Args:
        body_bytes: Of its body; SageMaker's own limit is 6 MB in botocore's model.
        seconds: Until it is answered, its body included.
    """

    body_bytes: int = 6 * 2**20
    seconds: float = 60.0


class _Refused(Exception):  # noqa: N818 - a refusal is an answer
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Service:
    """What a server says of itself, and what it asks of its clients.

    Args:
        identity: Of the run that answers, as `convbias export` recorded it.
        endpoint: Name that SageMaker's runtime knows it by.
        limits: Of one request.
        token: That clients must bring, as `Authorization: Bearer TOKEN`; nobody need when absent.
    """

    identity: Mapping[str, Any]
    endpoint: str = "convbias"
    limits: Limits = Limits()
    token: str | None = None


class Application:
    """The server as uvicorn runs it.

    Starlette reads requests and writes answers. Its router and its layers around each request are
    left out: there are five addresses, and a request is answered in less than what those take.

    Args:
        served: What answers.
        service: What is known of it.
    """

    def __init__(self, served: Served, service: Service) -> None:
        self.served = served
        self.service = service
        self.journal = Journal()
        self.metrics = Metrics()
        self.batcher = Batcher(served.ask, self.metrics.batch.observe)
        self.routes: dict[str, tuple[str, Answering]] = {
            "/invocations": ("POST", self._invocations),
            "/ping": ("GET", self._ping),
            "/metrics": ("GET", self._metrics),
            "/openapi.json": ("GET", self._description),
            ENDPOINT: ("POST", self._endpoint),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.perf_counter()
        request = Request(scope, receive)
        route = _route(scope["path"], self.routes)
        response = await self._response(request, route)
        brought = request.headers.get("x-request-id", "")
        request_id = brought if REQUEST_ID.fullmatch(brought) else uuid.uuid4().hex
        response.headers["x-request-id"] = request_id
        seconds = time.perf_counter() - began
        # Whatever else is asked for counts as one, so that nobody can multiply the series.
        self.metrics.observe(route or "other", response.status_code, seconds)
        self.journal.write(
            {
                "request_id": request_id,
                "method": request.method,
                "path": scope["path"],
                "status": response.status_code,
                "milliseconds": round(1e3 * seconds, 3),
                "images": scope.get("images", 0),
            }
        )
        await response(scope, receive, send)

    async def _response(self, request: Request, route: str | None) -> Response:
        if route is None:
            return _error(404, "there is no such address; expected one of /openapi.json")
        method, answer = self.routes[route]
        if request.method != method:
            refusal = _error(405, f"the method is {request.method}; expected {method}")
            refusal.headers["allow"] = method
            return refusal
        try:
            return await answer(request)
        except _Refused as refused:
            return _error(refused.status, str(refused))
        except ClientDisconnect:
            return _error(CLOSED_BY_CLIENT, "the client went away")
        except Exception:
            log.exception("a request failed")
            return _error(500, "the server failed; its log says why")

    # --- routes ---------------------------------------------------------------------------------

    async def _ping(self, _: Request) -> Response:
        return JSONResponse({"run": self.service.identity.get("run")})

    async def _metrics(self, request: Request) -> Response:
        self._check_token(request)
        body, kind = self.metrics.text()
        return Response(body, media_type=kind)

    async def _description(self, request: Request) -> Response:
        self._check_token(request)
        service = self.service
        return JSONResponse(
            description(service.identity, service.endpoint, service.limits.body_bytes)
        )

    async def _invocations(self, request: Request) -> Response:
        self._check_token(request)
        content, kind = await self._answer(request)
        # Not as a media type, which would add a charset that the archive's code did not name.
        return Response(content, headers={"content-type": kind})

    async def _endpoint(self, request: Request) -> Response:
        """As SageMaker's runtime answers: what the container refuses is its ModelError, 424."""
        self._check_token(request)
        name = request.scope["path"].split("/")[2]
        if name != self.service.endpoint:
            message = f"Endpoint {name} not found; this server has {self.service.endpoint}."
            return _runtime_error("ValidationError", 400, {"Message": message})
        try:
            content, kind = await self._answer(request)
        except _Refused as refused:
            side = "client" if refused.status < 500 else "server"
            return _runtime_error(
                "ModelError",
                424,
                {
                    "Message": f"Received {side} error ({refused.status}) from primary with"
                    f' message "{refused}".',
                    "OriginalStatusCode": refused.status,
                    "OriginalMessage": str(refused),
                    "LogStreamArn": "",
                },
            )
        variant = "x-amzn-invoked-production-variant"
        return Response(content, headers={"content-type": kind, variant: "AllTraffic"})

    # --- answering ------------------------------------------------------------------------------

    async def _answer(self, request: Request) -> tuple[bytes, str]:
        try:
            async with asyncio.timeout(self.service.limits.seconds):
                return await self._answer_in_time(request)
        except TimeoutError:
            seconds = self.service.limits.seconds
            what = f"the request was not there, or not answered, within {seconds:g} s"
            raise _Refused(408, f"{what}; expected a whole body sooner, or fewer images") from None
        except self.served.request_error as error:
            raise _Refused(getattr(error, "status", 400), str(error)) from None

    async def _answer_in_time(self, request: Request) -> tuple[bytes, str]:
        body = await self._body(request)
        kind = request.headers.get("content-type", "")
        if len(body) <= SMALL_BODY:
            images = self.served.read(body, kind)
        else:
            images = await asyncio.to_thread(self.served.read, body, kind)
        request.scope["images"] = len(images)
        probabilities = await self.batcher.ask(images)
        return self.served.write(probabilities, request.headers.get("accept", ""))

    async def _body(self, request: Request) -> bytes:
        most = self.service.limits.body_bytes
        too_large = _Refused(413, f"the body has more than {most:,} bytes; expected at most that")
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            raise too_large
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise too_large
            parts.append(part)
        return b"".join(parts)

    def _check_token(self, request: Request) -> None:
        token = self.service.token
        if token is None:
            return
        kind, _, brought = request.headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(brought.strip().encode(), token.encode())
        if kind.lower() != "bearer" or not same:
            raise _Refused(401, "the token is missing or wrong; expected Authorization: Bearer")


def _route(path: str, routes: Mapping[str, object]) -> str | None:
    if path in routes and path != ENDPOINT:
        return path
    return ENDPOINT if re.fullmatch(r"/endpoints/[^/]+/invocations", path) else None


def _error(status: int, message: str) -> JSONResponse:
    challenge = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": message}, status, headers=challenge)


def _runtime_error(kind: str, status: int, body: dict[str, object]) -> JSONResponse:
    return JSONResponse(body, status, headers={"x-amzn-errortype": kind})
