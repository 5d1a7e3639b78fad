#!/bin/sh
# Renew the locked requirement sets: names, versions and hashes, no addresses.
# Needs uv on the path. Run from the repository's root through `make lock`.
set -eu

resolve() {
    uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
        --generate-hashes --no-annotate --no-header --no-emit-index-url "$@"
}

# The largest set first; the others are constrained to its versions.
resolve --upgrade --group build --group test --extra aws --extra export --extra serve \
    pyproject.toml --output-file requirements/test.lock
resolve --upgrade --group build --constraint requirements/test.lock pyproject.toml \
    --output-file requirements/run.lock

resolve --upgrade --group container --constraint requirements/test.lock \
    --output-file requirements/serve.lock
resolve --upgrade --group toolkit --output-file requirements/toolkit.lock

# PyTorch's registry build for Linux needs gigabytes of CUDA libraries, and its own CPU build none.
# So these libraries have a file of their own, which only the former takes, and the hash of the
# latter (Python 3.11, x86-64) is added; pip installs that build where its configuration offers it.
both=$(mktemp)
resolve --group bench --output-file "$both"
cpu_build=6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
awk -v cpu_build=$cpu_build '
    /^[a-z]/ { file = /^(nvidia|cuda|triton)/ ? "bench-cuda.lock" : "bench.lock" }
    { print > ("requirements/" file) }
    /^torch==2.13.0 / { print "    --hash=sha256:" cpu_build " \\" > ("requirements/" file) }
' "$both"
rm "$both"
