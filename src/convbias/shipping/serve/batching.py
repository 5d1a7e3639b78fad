"""Several requests answered by one call of the network.

Nobody waits for company: requests that arrive while the network is busy lie in their sockets, are
read together afterwards, and the next call takes all of them. So a lone request is as quick as
without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from convbias.shipping.serve.served import Images, Probabilities

MOST_IMAGES = 64  # of one call in the event loop, which can do nothing else meanwhile


class Batcher:
    """Gathers the requests of an event loop.

    Args:
        ask: Ten probabilities per image.
        observe: Called with the number of images of each call.
    """

    def __init__(
        self, ask: Callable[[Images], Probabilities], observe: Callable[[int], None]
    ) -> None:
        self._ask = ask
        self._observe = observe
        self._waiting: list[tuple[Images, asyncio.Future[Probabilities]]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")

    async def ask(self, images: Images) -> Probabilities:
        """Ten probabilities per image, with those of whoever asks at the same time."""
        loop = asyncio.get_running_loop()
        if len(images) > MOST_IMAGES // 2:
            return await loop.run_in_executor(self._thread, self._call, images)
        if sum(len(others) for others, _ in self._waiting) + len(images) > MOST_IMAGES:
            self._answer()
        answer: asyncio.Future[Probabilities] = loop.create_future()
        self._waiting.append((images, answer))
        if len(self._waiting) == 1:
            # Behind all requests that have been read by now.
            loop.call_soon(self._answer)
        return await answer

    def _answer(self) -> None:
        # Whoever has gone away in the meantime needs no answer.
        waiting = [each for each in self._waiting if not each[1].done()]
        self._waiting = []
        if not waiting:
            return
        try:
            probabilities = self._call([image for images, _ in waiting for image in images])
        except Exception as error:  # noqa: BLE001 - each request tells its own client
            for _, answer in waiting:
                answer.set_exception(error)
            return
        start = 0
        for images, answer in waiting:
            end = start + len(images)
            answer.set_result(probabilities[start:end])
            start = end

    def _call(self, images: Images) -> Probabilities:
        self._observe(len(images))
        return self._ask(images)
