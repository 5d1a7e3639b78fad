"""The generated part of docs/adapting.md."""

from __future__ import annotations

from convbias.experiments.adapting import RULES


def adapting_blocks() -> dict[str, str]:
    """Write the rules by which experiments adapt, by the block's name."""
    return {"rules": "\n".join(f"- {rule}" for rule in RULES)}
