"""Several requests answered by one call of the network.

Nobody waits for company: while the network is busy, requests gather, and the next call takes all
of them. So a lone request is as quick as without, and many share the cost of a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from convbias.serve.served import Images, Probabilities

MOST_IMAGES = 128  # of one call; one request alone may bring more


@dataclass
class _Waiting:
    images: Images
    answer: asyncio.Future[Probabilities]


class Batcher:
    """Gathers requests in an event loop and asks the network in a thread.

    Args:
        ask: Ten probabilities per image.
        observe: Called with the number of images of each call.
    """

    def __init__(
        self, ask: Callable[[Images], Probabilities], observe: Callable[[int], None]
    ) -> None:
        self._ask = ask
        self._observe = observe
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")

    async def ask(self, images: Images) -> Probabilities:
        """Ten probabilities per image, whenever it is their turn."""
        waiting = _Waiting(images, asyncio.get_running_loop().create_future())
        await self._queue.put(waiting)
        return await waiting.answer

    async def run(self) -> None:
        """Answer until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                batch = [await self._queue.get()]
                count = len(batch[0].images)
                while not self._queue.empty() and count < MOST_IMAGES:
                    batch.append(self._queue.get_nowait())
                    count += len(batch[-1].images)
                # Whoever has gone away in the meantime needs no answer.
                batch = [each for each in batch if not each.answer.done()]
                if batch:
                    await loop.run_in_executor(self._thread, self._answer, loop, batch)
        finally:
            self._thread.shutdown(wait=False)

    def _answer(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting]) -> None:
        images = [image for each in batch for image in each.images]
        self._observe(len(images))
        try:
            probabilities = self._ask(images)
        except Exception as error:  # noqa: BLE001 - each request tells its own client
            for each in batch:
                loop.call_soon_threadsafe(_fail, each.answer, error)
            return
        start = 0
        for each in batch:
            end = start + len(each.images)
            loop.call_soon_threadsafe(_fulfil, each.answer, probabilities[start:end])
            start = end


def _fulfil(answer: asyncio.Future[Probabilities], probabilities: Probabilities) -> None:
    if not answer.done():
        answer.set_result(probabilities)


def _fail(answer: asyncio.Future[Probabilities], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
