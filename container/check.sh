#!/bin/sh
# Build the container without a container engine, and run it as SageMaker may: as a user without
# rights, with a read-only file system, and with 512 MB of memory.
#
#     sh container/check.sh FOLDER ARCHIVE [OPTIONS of `buildah bud`, such as --volume ...]
#
# FOLDER receives the base, the image and the log; ARCHIVE is what `convbias package` wrote. Needs
# root, buildah, debootstrap, unshare and a network. The base is Debian with its Python 3.11, made by
# debootstrap, instead of the pinned image, which needs a container registry.
set -eu

folder=$(realpath "$1") archive=$(realpath "$2")
shift 2
cd "$(dirname "$0")/.."
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
store="--root $folder/store --runroot $folder/run"

if [ ! -e "$folder/base/usr/bin/python3" ]; then
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates \
        bookworm "$folder/base"
    base=$(buildah $store from scratch)
    buildah $store add --quiet "$base" "$folder/base" /
    # As in the pinned base, `python` and `pip` may install packages.
    buildah $store run "$base" -- /usr/bin/python3 -m venv /opt/python
    buildah $store config --env PATH=/opt/python/bin:/usr/bin:/bin "$base"
    buildah $store commit --quiet "$base" localhost/python
fi
buildah $store bud --build-arg BASE=localhost/python "$@" --file container/Dockerfile \
    --tag localhost/convbias-serve .
container=$(buildah $store from localhost/convbias-serve)
root=$(buildah $store mount "$container")

rm -rf "$folder/ml"
mkdir -p "$folder/ml/model" "$root/opt/ml"
tar -xzf "$archive" -C "$folder/ml/model"

group=/sys/fs/cgroup/memory limit=memory.limit_in_bytes peak=memory.max_usage_in_bytes
if [ ! -d "$group" ]; then # the second version of cgroups
    group=/sys/fs/cgroup limit=memory.max peak=memory.peak
fi
group="$group/convbias-check"
mkdir -p "$group"
echo $((512 * 1024 * 1024)) > "$group/$limit"

# As in `docker run --read-only --user 65534 --tmpfs /tmp`, but with the host's network.
unshare --mount --pid --fork --kill-child sh -eu -c "
    echo \$\$ > '$group/cgroup.procs'
    mount --make-rprivate /
    mount --bind '$root' '$root'
    mount -t tmpfs -o size=64m,mode=1777 tmpfs '$root/tmp'
    mount --bind '$folder/ml' '$root/opt/ml'
    mount -o remount,ro,bind '$root/opt/ml'
    mount -t proc proc '$root/proc'
    mount --bind /dev '$root/dev'
    mount -o remount,ro,bind '$root'
    exec env -i PATH=/opt/python/bin:/usr/sbin:/usr/bin:/bin CONVBIAS_HOST=127.0.0.1 \
        SAGEMAKER_BIND_TO_PORT=28080 PYTHONDONTWRITEBYTECODE=1 \
        chroot --userspec=65534:65534 '$root' \
        sh -c 'touch /written && exit 3; exec python -m convbias.shipping.serve.container serve'
" 2> "$folder/log" &
waiter=$!
trap 'kill $waiter 2> /dev/null || true' EXIT

python3 container/check.py || { cat "$folder/log" >&2; exit 1; }
server=$(pgrep -f -u 65534 'convbias.shipping.serve.container serve' | head -1)
kill -TERM "$server"
wait "$waiter" # the server's exit status
trap - EXIT
echo "memory at most: $(($(cat "$group/$peak") / 1024 / 1024)) MB of 512"
rmdir "$group"
buildah $store rm "$container" > /dev/null
echo 'the container answers, and ends on SIGTERM'
