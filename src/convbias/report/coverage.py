"""How much of a study a report is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """What a report says about itself while runs are missing.

    Args:
        planned: number of planned runs.
        missing: the planned runs that are not stored, each by its experiment, condition and seed.
        training: whether the study is being trained, and the report renewed.
        written_at: date and time in UTC, in the form of ISO 8601.
        inputs: what a finished report was written from, see `convbias.experiments.inputs`; empty
            where that is not known.
    """

    planned: int
    missing: tuple[str, ...]
    training: bool
    written_at: str
    inputs: str = ""

    @property
    def stored(self) -> int:
        """Number of stored runs."""
        return self.planned - len(self.missing)

    @property
    def complete(self) -> bool:
        """Whether there is nothing to say."""
        return not self.missing and not self.training


COMPLETE = Coverage(planned=0, missing=(), training=False, written_at="")
