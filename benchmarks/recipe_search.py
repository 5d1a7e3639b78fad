"""The search for a recipe that trains the 3x3 CNN fast: one change at a time, several seeds each.

`python benchmarks/recipe_search.py` trains every change that is not stored yet and writes
docs/recipe.md; `--table` only writes the page. Accuracies are those of validation images; no test
image is looked at. The search has a loop of its own, since most of what was tried is not part of
the package.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
# Run as a script, Python looks for modules in this file's folder only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import recipe_page
from benchmarks.processes import ROOT
from benchmarks.recipe_changes import CHANGES, EPOCHS, SEEDS
from benchmarks.recipe_records import Found, Search
from benchmarks.recipe_training import validation_accuracy
from benchmarks.stored import read_stored, write_stored

from convbias import data
from convbias.errors import ConvbiasError
from convbias.runs.atomic import write_atomically
from convbias.runs.environment import describe_machine

RESULT = ROOT / "benchmarks" / "results" / "recipe_search.json"
PAGE = ROOT / "docs" / "recipe.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="recipe_search", description=__doc__, allow_abbrev=False)
    parser.add_argument("--table", action="store_true", help="only write docs/recipe.md anew")
    options = parser.parse_args(arguments)
    try:
        if not options.table:
            _measure()
        page = recipe_page.markdown(read())
        write_atomically(PAGE, lambda file: file.write_text(page, encoding="utf-8"))
    except ConvbiasError as error:
        print(f"recipe_search: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("recipe_search: interrupted; the next call goes on", file=sys.stderr)
        return 130
    return 0


def read() -> Search:
    """What has been measured.

    Raises:
        InputError: It is missing or damaged.
    """
    return read_stored(Search, RESULT, "python benchmarks/recipe_search.py")


def _measure() -> None:
    name = data.resolve("auto")[0]
    dataset = data.load(name)
    found = list(read().found) if RESULT.exists() else []
    stored = {(each.change, each.seed) for each in found}
    for change in CHANGES:
        for seed in SEEDS:
            if (change.name, seed) in stored:
                continue
            accuracy = validation_accuracy(change.settings, seed, EPOCHS, dataset)
            found.append(Found(change=change.name, seed=seed, validation_accuracy=accuracy))
            print(found[-1], file=sys.stderr, flush=True)
            search = Search(
                dataset=name,
                epochs=EPOCHS,
                environment=describe_machine(threads=os.cpu_count() or 1),
                found=tuple(found),
            )
            write_stored(search, RESULT)


if __name__ == "__main__":
    sys.exit(main())
