"""Hold back Ctrl-C, and requests to end, while something must not stop half-way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, `kill`, a closed terminal

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def held_interrupts(wake: Callable[[], object] = lambda: None) -> Iterator[list[int]]:
    """Let interrupts wait until the block has ended; their handlers are called then.

    Otherwise an interrupt raises KeyboardInterrupt between any two steps of the main thread, also
    in libraries that are in a state that they cannot be left in.

    Args:
        wake: Called when the first one arrives, for instance to end what the block waits for.

    Yields:
        The numbers of those that have arrived.
    """
    arrived: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield arrived  # handlers run in the main thread only
        return

    def hold(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)
        if len(arrived) == 1:
            wake()

    before: dict[int, Handler] = {}
    try:
        for each in INTERRUPTS:
            handler = signal.getsignal(each)
            if callable(handler):  # others end the process, or are ignored
                before[each] = handler
                signal.signal(each, hold)
        yield arrived
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        if arrived:
            before[arrived[0]](arrived[0], None)
