"""`convbias page`: write the explorable page on a study's stored runs."""

from __future__ import annotations

from pathlib import Path

from convbias.cli.choices import (
    NO_OWN,
    RUNS,
    DatasetChoice,
    OwnImages,
    choose_profile,
    choose_store,
    choose_study,
)
from convbias.cli.console import print_damaged, print_page, results, warn, working
from convbias.report.explorable.onnx_runtime import read_runtime
from convbias.report.explorable.site import read_shown, write_page
from convbias.runs.published import page_store, published_folder


def page(
    profile: str | None = None,
    /,
    *,
    dataset: DatasetChoice | None = None,
    own: OwnImages = NO_OWN,
    runs: Path = RUNS,
    networks: Path | None = None,
    onnx_runtime: Path | None = None,
    out: Path = Path("page"),
) -> None:
    """Write a page to explore a study's results in a browser, without training.

    The page is a folder of files for any web server; `python -m http.server` is enough.

    Example: `convbias page --runs published --out page`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form; default full for the
            published study, else first.
        dataset: Replaces the profile's data set, as for `convbias study`.
        own: Your own images instead.
        runs: Folder of stored runs, or published for the study that comes with the package; that
            is read by default as long as no run is stored.
        networks: Folder of stored runs whose networks the page computes with; those that it lacks
            come from the study's runs.
        onnx_runtime: File that `npm pack onnxruntime-web@1.30.0` downloads. With it, readers can
            drop their own networks into the page; it adds 14 MB, which only then are loaded.
        out: Folder for the page.
    """
    runtime = read_runtime(onnx_runtime) if onnx_runtime else None
    chosen = choose_study(choose_profile(profile, runs), dataset, own=own)
    store = choose_store(runs, chosen)
    found = read_shown(chosen, store)
    print_damaged(found.damaged)
    with working("writing the page"):
        stores = [choose_store(networks), store] if networks else [store]
        if store.folder.is_relative_to(published_folder()):
            stores.append(page_store())
        written = write_page(found, stores, out, onnx_runtime=runtime)
    shown = ", ".join(written.experiments)
    results().print(f"Shown: {shown}; networks: {len(written.networks)}", soft_wrap=True)
    if not written.networks:
        warn(
            "No network is stored with these runs, so the page shows stored results only\n"
            "  to train networks: convbias experiment shift --seeds 0; then name their folder with"
            " --networks"
        )
    print_page("Page", written.index)
    serve = f"python -m http.server --bind 127.0.0.1 --directory {written.index.parent}"
    results().print(f"To look at it: {serve}", soft_wrap=True)
