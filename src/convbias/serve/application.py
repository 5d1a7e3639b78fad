"""The routes: SageMaker's container contract, its runtime's own address, metrics, description."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from convbias.serve.batching import Batcher
from convbias.serve.description import description
from convbias.serve.metrics import Metrics
from convbias.serve.served import Served

log = logging.getLogger("convbias.serve")

SMALL_BODY = 2**16  # bytes; reading a larger one would keep all others waiting
CLOSED_BY_CLIENT = 499  # as nginx logs it; nobody is there to read it
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


def application(served: Served, service: Service) -> Starlette:
    """Put the server together.

    Args:
        served: What answers.
        service: What is known of it.
    """
    return _Server(served, service).application()


class _Server:
    def __init__(self, served: Served, service: Service) -> None:
        self.served = served
        self.service = service
        self.metrics = Metrics()
        self.batcher = Batcher(served.ask, self.metrics.batch.observe)

    def application(self) -> Starlette:
        routes = {
            "/ping": (self._ping, "GET"),
            "/invocations": (self._invocations, "POST"),
            "/endpoints/{name}/invocations": (self._endpoint, "POST"),
            "/metrics": (self._metrics, "GET"),
            "/openapi.json": (self._description, "GET"),
        }
        return Starlette(
            routes=[
                Route(path, self._logged(path, answer), methods=[method])
                for path, (answer, method) in routes.items()
            ],
            exception_handlers={HTTPException: _as_json},
        )

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
        name = request.path_params["name"]
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
            raise _Refused(
                408, f"the request was not there, or not answered, in {seconds:g} s"
            ) from None
        except self.served.request_error as error:
            raise _Refused(getattr(error, "status", 400), str(error)) from None

    async def _answer_in_time(self, request: Request) -> tuple[bytes, str]:
        body = await self._body(request)
        kind = request.headers.get("content-type", "")
        if len(body) <= SMALL_BODY:
            images = self.served.read(body, kind)
        else:
            images = await asyncio.to_thread(self.served.read, body, kind)
        request.state.images = len(images)
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

    # --- logs and metrics -----------------------------------------------------------------------

    def _logged(
        self, path: str, route: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            began = time.perf_counter()
            brought = request.headers.get("x-request-id", "")
            request_id = brought if REQUEST_ID.fullmatch(brought) else uuid.uuid4().hex
            request.state.images = 0
            response = await _answered(route, request)
            response.headers["x-request-id"] = request_id
            seconds = time.perf_counter() - began
            self.metrics.observe(path, response.status_code, seconds)
            record: dict[str, Any] = {
                "request_id": request_id,
                "method": request.method,
                "path": request.url.path,
                "status": response.status_code,
                "milliseconds": round(1e3 * seconds, 3),
                "images": request.state.images,
            }
            log.info(json.dumps(record))
            return response

        return answered


async def _answered(route: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    try:
        return await route(request)
    except _Refused as refused:
        return _error(refused.status, str(refused))
    except ClientDisconnect:
        return _error(CLOSED_BY_CLIENT, "the client went away")
    except Exception:
        log.exception("a request failed")
        return _error(500, "the server failed; its log says why")


def _error(status: int, message: str) -> JSONResponse:
    challenge = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": message}, status, headers=challenge)


def _runtime_error(kind: str, status: int, body: dict[str, object]) -> JSONResponse:
    return JSONResponse(body, status, headers={"x-amzn-errortype": kind})


async def _as_json(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = _error(status, f"{getattr(error, 'detail', error)}; see /openapi.json")
    response.headers.update(getattr(error, "headers", None) or {})
    return response
