"""A line of JSON per request; those of one moment are written at once, which costs less."""

from __future__ import annotations

import asyncio
import logging

import orjson

log = logging.getLogger("convbias.shipping.serve")


class Journal:
    """The lines of an event loop."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, record: dict[str, object]) -> None:
        """Write a line, at the latest when the event loop comes to rest."""
        self._lines.append(orjson.dumps(record).decode())
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        log.info("\n".join(lines))
