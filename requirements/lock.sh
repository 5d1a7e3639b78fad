#!/bin/sh
# Renew the locked requirement sets: names, versions and hashes, no addresses.
# Needs uv on the path. Run from the repository's root through `make lock`.
set -eu

resolve() {
    uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
        --generate-hashes --no-annotate --no-header --no-emit-index-url "$@"
}

resolve --upgrade --group install --output-file requirements/install.lock

# The largest set first; the others are constrained to its versions.
resolve --upgrade --group build --group test --extra aws --extra export --extra serve \
    --extra tables --extra parquet --extra ray --extra slurm --extra mlflow \
    pyproject.toml --output-file requirements/test.lock
resolve --upgrade --group build --constraint requirements/test.lock pyproject.toml \
    --output-file requirements/run.lock

resolve --upgrade --group container --constraint requirements/test.lock \
    --output-file requirements/serve.lock
resolve --upgrade --group toolkit --output-file requirements/toolkit.lock

# Installed beside the test set, whose versions it shares.
resolve --upgrade --group docs --constraint requirements/test.lock \
    --output-file requirements/docs.lock

resolve --upgrade --group audit --output-file requirements/audit.lock

# PyTorch's registry build for Linux cannot be imported without its CUDA libraries, so both are in a
# file of their own. `bench-torch-cpu.lock`, kept by hand, has a build without them.
both=$(mktemp)
resolve --upgrade --group bench --output-file "$both"
awk '/^[a-z]/ { file = /^(torch|triton|nvidia-|cuda-)/ ? "bench-torch.lock" : "bench.lock" }
    { print > ("requirements/" file) }' "$both"

# What PyTorch's CPU build needs beside itself, for the tests of other people's networks.
resolve --constraint requirements/bench.lock --constraint requirements/bench-torch.lock \
    --group torch --output-file "$both"
awk '/^[a-z]/ { keep = !/^(torch|triton|nvidia-|cuda-)/ } keep' "$both" > requirements/torch.lock
rm "$both"
