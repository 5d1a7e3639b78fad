"""Interrupts that wait until what must not stop half-way has ended."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from convbias.runs.interrupts import held_interrupts


def interrupt(number: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


def interrupted(block: Callable[[], object], wake: Callable[[], object] = lambda: None) -> None:
    with held_interrupts(wake):
        block()


@pytest.fixture(autouse=True)
def _ctrl_c_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_block_ends_first() -> None:
    done: list[str] = []

    def block() -> None:
        interrupt()
        done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        interrupted(block)
    assert done == ["the rest"]
    with pytest.raises(KeyboardInterrupt):
        interrupt()  # after it, they interrupt as before


def test_the_first_interrupt_wakes_and_further_ones_do_nothing() -> None:
    woken: list[bool] = []

    def block() -> None:
        for _ in range(3):
            interrupt()

    with pytest.raises(KeyboardInterrupt):
        interrupted(block, lambda: woken.append(True))
    assert woken == [True]


def test_blocks_within_blocks_wake_what_waits_and_interrupt_at_the_end_of_the_outermost() -> None:
    seen: list[str] = []

    def inner() -> None:
        interrupt()
        seen.append("inner")

    def outer() -> None:
        interrupted(inner)
        seen.append("outer")

    with pytest.raises(KeyboardInterrupt):
        interrupted(outer, lambda: seen.append("woken"))
    assert seen == ["inner", "woken", "outer"]


def test_an_error_in_the_block_is_the_context() -> None:
    def block() -> None:
        interrupt()
        raise ValueError

    with pytest.raises(KeyboardInterrupt) as caught:
        interrupted(block)
    assert isinstance(caught.value.__context__, ValueError)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interrupted(lambda: interrupt(signal.SIGHUP))
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_hold_nothing() -> None:
    seen: list[object] = []
    thread = threading.Thread(
        target=lambda: interrupted(lambda: seen.append(signal.getsignal(signal.SIGINT)))
    )
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
