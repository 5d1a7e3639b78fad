"""The generated tables on looks, from results/looks/simulation.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from convbias.experiments import ORIGINAL
from convbias.spec.formatting import percent
from tools.blocks import table
from tools.published import ROOT

FILE = ROOT / "results" / "looks" / "simulation.json"
NAMES = {
    "chosen": "looks after 4, 8, 16, 30, each with a quarter of the level",
    "pocock": "the same looks, Pocock’s boundary",
    "obrien-fleming": "the same looks, O’Brien and Fleming’s boundary",
    "denser": "looks after 4, 6, 8, 12, 20, 30, equal shares",
    "every": "a look after every seed from 4 on, Pocock’s boundary",
    "anytime": "valid at any time, without planned looks",
    "peeking": "the whole level after every seed from 4 on",
}


def looks_blocks() -> dict[str, str]:
    """Write the generated blocks of docs/method.md, each by its name."""
    found = _stored()
    return {
        "looks-errors": table(_errors(found)),
        "looks-power": table(_power(found)),
        "looks-replay": table(_replay(found)),
    }


def designs_blocks() -> dict[str, str]:
    """Write the generated block of the decision on looks."""
    return {"looks-designs": table(_designs(_stored()))}


def _stored() -> dict[str, Any]:
    return json.loads(FILE.read_text("utf-8"))


def _names(found: Mapping[str, Any], rows: str) -> list[str]:
    return list(dict.fromkeys(row["spread"] for row in found[rows]))


def _errors(found: Mapping[str, Any]) -> list[list[str]]:
    """How often something is found that is not there, over all looks."""
    rows = [["", "planned looks", "the whole level at every seed"]]
    by_key = {(row["spread"], row["design"]): row for row in found["errors"]}
    for what, told in (("difference", "a difference"), ("equivalence", "an equivalence")):
        for name in _names(found, "errors"):
            shares = [by_key[name, design][what] for design in ("chosen", "peeking")]
            rows.append([f"{told}, {name}", *(percent(share, 1) for share in shares)])
    shares = [found["family_errors"][design] for design in ("chosen", "peeking")]
    return [
        *rows,
        [
            f"any difference among {len(ORIGINAL.contrasts)} contrasts",
            *(percent(share, 1) for share in shares),
        ],
    ]


def _power(found: Mapping[str, Any]) -> list[list[str]]:
    """How often the planned looks and the fixed designs decide, and after how many pairs."""
    head = ["true difference (points)", "planned looks: decided", "seed pairs"]
    rows = [["", *head, "fixed, 8 pairs", "fixed, 30 pairs"]]
    for name in _names(found, "powers"):
        for difference, by_design in _by_difference(found, name):
            looks = by_design["chosen"]
            cells = [percent(looks["power"], 0), f"{looks['pairs']:.1f}"]
            fixed = [percent(by_design[f"fixed-{pairs}"]["power"], 0) for pairs in (8, 30)]
            rows.append([name, f"{difference:g}", *cells, *fixed])
    return rows


def _designs(found: Mapping[str, Any]) -> list[list[str]]:
    """All designs beside each other, at one small and one large difference."""
    shown = (0.5, 1.0)
    head = [f"{difference:g} points: decided, pairs" for difference in shown]
    rows = [["design", "largest error", *head]]
    [name, *_] = _names(found, "powers")
    by_difference = dict(_by_difference(found, name))
    for design, told in NAMES.items():
        errors = [row["difference"] for row in found["errors"] if row["design"] == design]
        cells = [
            f"{percent(row['power'], 0)}, {row['pairs']:.1f}" if row else "–"
            for row in (by_difference[each].get(design) for each in shown)
        ]
        rows.append([told, percent(max(errors), 1) if errors else "by theory below 5.0 %", *cells])
    return rows


def _by_difference(
    found: Mapping[str, Any], spread: str
) -> Sequence[tuple[float, dict[str, Mapping[str, Any]]]]:
    by_difference: dict[float, dict[str, Mapping[str, Any]]] = {}
    for row in found["powers"]:
        if row["spread"] == spread:
            by_difference.setdefault(row["difference"], {})[row["design"]] = row
    return sorted(by_difference.items())


def _replay(found: Mapping[str, Any]) -> list[list[str]]:
    """The published runs, judged at looks with their seeds in random orders."""
    planned = {each.name: each for each in ORIGINAL.contrasts}
    rows = [["contrast", "all 30 seeds, fixed", "planned looks", "seed pairs on average"]]
    for row in found["replay"]:
        contrast = planned[row["contrast"]]
        verdicts = (f"{verdict}: {percent(share, 0)}" for verdict, share in row["verdicts"].items())
        name = f"{contrast.treatment} − {contrast.baseline}, {contrast.quantity.noun}"
        rows.append([name, row["fixed"], ", ".join(verdicts), f"{row['pairs']:.1f}"])
    return rows
