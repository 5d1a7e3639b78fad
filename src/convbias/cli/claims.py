"""`convbias claims`: the original study's statements, held against the stored runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.text import Text

from convbias import data
from convbias.cli.choices import RUNS, DatasetChoice, choose_profile, choose_store, choose_study
from convbias.cli.console import messages, results
from convbias.cli.sweeping import print_damaged
from convbias.data.eda import explore
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.findings.claims import ClaimResult, ClaimVerdict, DataFacts, audit
from convbias.findings.results import collect
from convbias.report import experiment_section
from convbias.report.methods import networks

STYLES: dict[ClaimVerdict, str] = {
    "holds": "green",
    "does not hold": "red",
    "cannot hold": "red",
    "undecided": "yellow",
    "not measured yet": "dim",
}


def claims(
    profile: str | None = None, /, *, dataset: DatasetChoice | None = None, runs: Path = RUNS
) -> None:
    """Hold the original study's statements against the stored runs of a study.

    Only runs on all of Fashion-MNIST decide anything.

    Example: `convbias claims --runs results`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form. When absent: the
            study that is published in the folder of runs, or quick.
        dataset: As for `convbias study`.
        runs: Folder of stored runs, or of published studies.
    """
    chosen = choose_study(choose_profile(profile, runs), dataset)
    store = choose_store(runs, chosen)
    collected = collect(chosen, ORIGINAL, store)
    print_damaged(collected.damaged)
    if collected.absent:
        count = len(collected.absent)
        messages().print(f"{count} of the runs of the study {chosen.name} are not stored.")
    loaded = data.load(chosen.dataset)
    facts = DataFacts.of(loaded, explore(loaded))
    sections = {
        name: experiment_section(collect(chosen, EXPERIMENTS[name], store))
        for name in chosen.experiments
        if name != ORIGINAL.name
    }
    further = {name: each.evidence for name, each in sections.items() if each is not None}
    audited = audit(
        ORIGINAL, collected.runs, networks=networks(ORIGINAL), facts=facts, further=further
    )
    for result in audited:
        _print_result(result)
    counts = Counter(result.verdict for result in audited)
    summary = ", ".join(f"{counts[verdict]} {verdict}" for verdict in STYLES if counts[verdict])
    results().print(f"{len(audited)} claims: {summary}")


def _print_result(result: ClaimResult) -> None:
    console = results()
    heading = Text.assemble(
        (f"{result.verdict.upper()}  ", STYLES[result.verdict]), (result.id, "bold")
    )
    console.print(heading)
    measured = f"; measured: {result.measured}" if result.measured else ""
    # On a terminal, lines are broken to its width; in a file they stay whole.
    console.print(f"  {result.statement}")
    console.print(f"  published: {result.published}{measured}")
    if result.classic:
        console.print(f"  with the classic recipe: {result.classic_text}")
    console.print(f"  {result.explanation}\n")
