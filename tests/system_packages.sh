#!/bin/sh
# Installs what some tests need from the operating system, where that is permitted: Chromium and
# fonts for the report's browser tests, Java for AWS's inference toolkit, Slurm for studies on it.
# Elsewhere those tests are skipped and say so.
set -eu

missing=
command -v chromium >/dev/null 2>&1 || missing="chromium fonts-dejavu-core"
command -v java >/dev/null 2>&1 || missing="$missing openjdk-17-jre-headless"
command -v slurmctld >/dev/null 2>&1 || missing="$missing slurmctld slurmd slurm-client munge"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # one argument per word is meant
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "Not installed: $missing. The tests that need them will be skipped."
fi
