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

# PyTorch's registry build for Linux brings gigabytes of CUDA libraries. The benchmark compares on
# the CPU, so these are left out and the hash of PyTorch's own CPU build (Python 3.11, x86-64) is
# added; pip installs that build where it is available.
without=$(resolve --upgrade --group bench | sed -nE 's/^((nvidia|cuda|triton)[a-z0-9-]*)==.*/--no-emit-package \1/p')
# shellcheck disable=SC2086 # one argument per word is intended
resolve --group bench $without --output-file requirements/bench.lock
cpu_build=6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
sed -i.old "s/^torch==2.13.0 .*/&\n    --hash=sha256:$cpu_build \\\\/" requirements/bench.lock
rm -f requirements/bench.lock.old
