"""From a request's body to probabilities, within the server's limits."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request

from convbias.shipping.serve.batching import MOST_OF_REQUEST, Batcher, Done
from convbias.shipping.serve.predictor import Images, Predictor
from convbias.shipping.serve.responses import RejectedError
from convbias.shipping.serve.service import Limits

SMALL_BODY = 2**16  # bytes; parsing a larger one would block the event loop for too long
MOST_WITH_PICTURES = 128  # requests that wait for pictures to be converted, one after the other
ARRAYS = ("application/x-npy", "text/csv")


class Invocations:
    """Reads bodies and predicts, for requests with and without a task of their own.

    Args:
        predictor: predicts class probabilities.
        batcher: combines the images of requests.
        limits: of one request.
    """

    def __init__(self, predictor: Predictor, batcher: Batcher, limits: Limits) -> None:
        self._predictor = predictor
        self._batcher = batcher
        self._limits = limits
        # One after the other, because the archive converts pictures in one process.
        self._pictures = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
        self._with_pictures = 0
        # A number takes at least a byte, so a body of this size has few images.
        few = MOST_OF_REQUEST * predictor.numbers
        self._most_at_once = min(few, SMALL_BODY, limits.body_bytes)

    def is_quick(self, body: bytes, kind: str) -> bool:
        """Whether a body has few images for the network, and no pictures.

        Args:
            body: the whole body.
            kind: its content type.
        """
        return len(body) <= self._most_at_once and not _may_have_pictures(body, kind)

    def submit(self, body: bytes, kind: str, done: Done) -> int:
        """Predict for a request without a task, whose body is quick.

        Args:
            body: the whole body.
            kind: its content type.
            done: as `Batcher.submit` has it.

        Returns:
            How many images it has.
        """
        images = self._predictor.read(body, kind)
        self._batcher.submit(images, done)
        return len(images)

    async def predict(self, request: Request) -> tuple[bytes, str]:
        """Read a request's images and predict.

        Returns:
            Probabilities in the form that the request accepts, and its content type.

        Raises:
            RejectedError: The body is not what was expected, or it takes too long.
        """
        seconds = self._limits.seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._predict(request)
        except TimeoutError:
            message = f"the request took longer than {seconds:g} s"
            raise RejectedError(
                408, f"{message}; expected a complete body sooner, or fewer images"
            ) from None
        except self._predictor.request_error as error:
            raise RejectedError(getattr(error, "status", 400), str(error)) from None

    async def _predict(self, request: Request) -> tuple[bytes, str]:
        body = await self._body(request)
        kind = request.headers.get("content-type", "")
        if _may_have_pictures(body, kind):
            images = await self._read_pictures(body, kind)
        elif len(body) <= SMALL_BODY:
            images = self._predictor.read(body, kind)
        else:
            images = await asyncio.to_thread(self._predictor.read, body, kind)
        request.scope["images"] = len(images)
        probabilities = await self._batcher.predict(images)
        return self._predictor.write(probabilities, request.headers.get("accept", ""))

    async def _read_pictures(self, body: bytes, kind: str) -> Images:
        if self._with_pictures >= MOST_WITH_PICTURES:
            raise RejectedError(
                503, "too many requests with pictures wait; expected this one again in a moment"
            )
        loop = asyncio.get_running_loop()
        self._with_pictures += 1
        try:
            return await loop.run_in_executor(self._pictures, self._predictor.read, body, kind)
        finally:
            self._with_pictures -= 1

    async def _body(self, request: Request) -> bytes:
        most = self._limits.body_bytes
        too_large = RejectedError(
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


def _may_have_pictures(body: bytes, kind: str) -> bool:
    """Whether reading a body may take long; never False for one with a picture."""
    name = kind.partition(";")[0].strip().lower()
    if name in ARRAYS:
        return False
    # JSON of numbers has at most one word, which is "instances"; a picture has a name and a value.
    return name not in ("", "application/json") or body.count(b'"') > 2
