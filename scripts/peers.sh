#!/usr/bin/env bash
# Fetches the newest Valkey and Redis that Debian or Ubuntu packages, to compare respite with them. Installs nothing.
#
#     scripts/peers.sh DIR
#
# Afterwards DIR has valkey-server, valkey-cli, redis-server and redis-cli, which run with the libraries beside them.
# Needs Debian or Ubuntu with apt and dpkg, and 200 MB. Remove DIR to be rid of them, or to fetch newer ones.
set -euo pipefail
dir=$(realpath --canonicalize-missing "${1:?usage: scripts/peers.sh DIR}")
programs=(valkey-server valkey-cli redis-server redis-cli)

fetch() {
  local components suite keyring uri apt loader libraries
  case $(. /etc/os-release && echo "$ID") in
    debian) suite=sid components=main keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
    ubuntu) suite=devel components='main universe' keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
    *) echo "this is neither Debian nor Ubuntu" >&2 && exit 1 ;;
  esac
  # The mirror that this machine uses, but with the suite in which new versions arrive first.
  uri=$(apt-get indextargets --format '$(REPO_URI)' | sed -n 1p)
  mkdir -p "$dir"/{sources,lists/partial,archives/partial,root}
  echo "deb [signed-by=$keyring] $uri $suite $components" >"$dir/sources/newest.list"

  # With an empty status, apt also fetches the libraries that this machine has in an older version.
  apt=(apt-get --quiet=2 --option APT::Sandbox::User= --option APT::Install-Recommends=false
    --option Dir::Etc::SourceList=/dev/null --option Dir::Etc::SourceParts="$dir/sources"
    --option Dir::State::Lists="$dir/lists" --option Dir::State::Status=/dev/null
    --option Dir::Cache::Archives="$dir/archives" --option Dir::Cache::pkgcache= --option Dir::Cache::srcpkgcache=
    --option Debug::NoLocking=true)
  "${apt[@]}" update
  "${apt[@]}" --download-only install valkey-server redis-server >/dev/null
  for archive in "$dir"/archives/*.deb; do dpkg --extract "$archive" "$dir/root"; done

  loader=$(find "$dir/root" -name 'ld-linux-*.so.*' | head -n 1)
  libraries=$(dirname "$(find "$dir/root" -name libc.so.6 | head -n 1)")
  for program in "${programs[@]}"; do
    printf '#!/bin/sh\nexec "%s" --argv0 "%s" --library-path "%s" "%s" "$@"\n' \
      "$loader" "$program" "$libraries" "$dir/root/usr/bin/$program" >"$dir/$program"
    chmod 755 "$dir/$program"
  done
  rm -r "$dir"/{sources,lists,archives}
}

[ -e "$dir/redis-cli" ] || fetch
for program in valkey-server redis-server; do "$dir/$program" --version; done
echo "
To compare respite with them:

npm run bench -- --peer Valkey=$dir/valkey-server --peer Redis=$dir/redis-server"
