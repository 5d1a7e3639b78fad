"""`convbias claims`: the original study's claims, compared with stored runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.text import Text

from convbias.cli.choices import (
    RUNS,
    AtMost,
    DatasetChoice,
    Until,
    choose_profile,
    choose_store,
    choose_study,
    next_look,
    plan_looks,
    register_datasets,
)
from convbias.cli.console import print_damaged, results, warn, working
from convbias.findings.claims import ClaimResult
from convbias.findings.statement import Judgement
from convbias.report.pipeline import audit_study, read_study

STYLES: dict[Judgement, str] = {
    "holds": "green",
    "does not hold": "red",
    "cannot hold": "red",
    "depends": "yellow",
    "undecided": "yellow",
    "not measured yet": "dim",
}


def claims(
    profile: str | None = None,
    /,
    *,
    dataset: DatasetChoice | None = None,
    until: Until | None = None,
    at_most: AtMost = None,
    runs: Path = RUNS,
) -> None:
    """Compare the original study's claims with the stored runs of a study.

    Only runs trained on all of Fashion-MNIST are conclusive.

    Example: `convbias claims --runs published`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form; default full for the
            published study, else first.
        dataset: Replaces the profile's data set, as for `convbias study`.
        until: With decided, the runs and looks of a study that was trained with the same option.
        at_most: As for that study.
        runs: Folder of stored runs, or published for the study that comes with the package; that
            is read by default as long as no run is stored.
    """
    register_datasets(runs)
    chosen = plan_looks(choose_study(choose_profile(profile, runs), dataset), until, at_most)
    store = choose_store(runs, chosen)
    found = read_study(next_look(chosen, store, until), store)
    print_damaged(found.damaged)
    if found.missing:
        warn(f"{len(found.missing)} runs of the study {chosen.name} are not stored.")
    with working("judging the claims"):
        audited = audit_study(found)
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
    console.print(f"  {result.statement}")
    console.print(f"  published: {result.published}{measured}")
    if result.classic:
        console.print(f"  with the classic recipe: {result.classic_text}")
    console.print(f"  {result.explanation}\n")
