"""Combine the images of concurrent requests into one call of the network.

No request waits for others: requests that arrive while the network is busy wait in their sockets,
are then read together, and the next call predicts all of them. A single request is therefore as
fast as without batching.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from convbias.shipping.serve.predictor import Images, Probabilities

MOST_IMAGES = 64  # per call in the event loop's thread, which the call blocks
MOST_OF_REQUEST = MOST_IMAGES // 2  # images of one request in such a call

Done = Callable[[Probabilities | Exception], None]


class Batcher:
    """Batches the requests of an event loop.

    Args:
        predict: returns ten probabilities for each image.
        observe: called with the number of images of each call.
    """

    def __init__(
        self, predict: Callable[[Images], Probabilities], observe: Callable[[int], None]
    ) -> None:
        self._network = predict
        self._observe = observe
        self._waiting: list[tuple[Images, Done]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")

    async def predict(self, images: Images) -> Probabilities:
        """Predict ten probabilities for each image, together with concurrent requests."""
        loop = asyncio.get_running_loop()
        if len(images) > MOST_OF_REQUEST:
            return await loop.run_in_executor(self._thread, self._call, images)
        future: asyncio.Future[Probabilities] = loop.create_future()
        self.submit(images, partial(_settle, future))
        return await future

    def submit(self, images: Images, done: Done) -> None:
        """Predict for a request that has no task of its own to wait in.

        Args:
            images: at most `MOST_OF_REQUEST`.
            done: called from the event loop, after this has returned, with the probabilities or
                with what the network raised. It raises nothing.
        """
        if sum(len(others) for others, _ in self._waiting) + len(images) > MOST_IMAGES:
            self._run()
        self._waiting.append((images, done))
        if len(self._waiting) == 1:
            # After all requests that have already been received.
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            probabilities = self._call([image for images, _ in waiting for image in images])
        except Exception as error:  # noqa: BLE001 - each request has its own way to report it
            for _, done in waiting:
                done(error)
            return
        start = 0
        for images, done in waiting:
            end = start + len(images)
            done(probabilities[start:end])
            start = end

    def _call(self, images: Images) -> Probabilities:
        self._observe(len(images))
        probabilities = self._network(images)
        if len(probabilities) != len(images):
            # Otherwise requests would get the predictions of others, or none.
            message = f"the network returned {len(probabilities)} predictions for {len(images)}"
            raise ValueError(message)
        return probabilities


def _settle(future: asyncio.Future[Probabilities], outcome: Probabilities | Exception) -> None:
    if future.done():  # the request has been given up
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
