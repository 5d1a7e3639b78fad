"""Combine the images of concurrent requests into one call of the network.

No request waits for others: requests that arrive while the network is busy wait in their sockets,
are then read together, and the next call predicts all of them. A single request is therefore as
fast as without batching.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from convbias.shipping.serve.predictor import Images, Probabilities

MOST_IMAGES = 64  # per call in the event loop's thread, which the call blocks


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
        self._waiting: list[tuple[Images, asyncio.Future[Probabilities]]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")

    async def predict(self, images: Images) -> Probabilities:
        """Predict ten probabilities for each image, together with concurrent requests."""
        loop = asyncio.get_running_loop()
        if len(images) > MOST_IMAGES // 2:
            return await loop.run_in_executor(self._thread, self._call, images)
        if sum(len(others) for others, _ in self._waiting) + len(images) > MOST_IMAGES:
            self._run()
        future: asyncio.Future[Probabilities] = loop.create_future()
        self._waiting.append((images, future))
        if len(self._waiting) == 1:
            # After all requests that have already been received.
            loop.call_soon(self._run)
        return await future

    def _run(self) -> None:
        # Futures of disconnected clients are cancelled, hence done.
        waiting = [each for each in self._waiting if not each[1].done()]
        self._waiting = []
        if not waiting:
            return
        try:
            probabilities = self._call([image for images, _ in waiting for image in images])
        except Exception as error:  # noqa: BLE001 - raised again in each request
            for _, future in waiting:
                future.set_exception(error)
            return
        start = 0
        for images, future in waiting:
            end = start + len(images)
            future.set_result(probabilities[start:end])
            start = end

    def _call(self, images: Images) -> Probabilities:
        self._observe(len(images))
        probabilities = self._network(images)
        if len(probabilities) != len(images):
            # Otherwise requests would get the predictions of others, or none.
            message = f"the network returned {len(probabilities)} predictions for {len(images)}"
            raise ValueError(message)
        return probabilities
