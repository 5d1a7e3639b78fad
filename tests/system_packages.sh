#!/bin/sh
# Installs what some tests need from the operating system, where that is permitted: Chromium and
# fonts for the report's browser tests. Elsewhere those tests are skipped and say so.
set -eu

command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
    echo 'Chromium is not installed: the browser tests will be skipped.'
fi
