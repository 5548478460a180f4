#!/usr/bin/env bash
# Fetches a version of Node.js from npm, beside the one that is installed, and prints the folder of its `node`.
#
#     scripts/node.sh 26 [folder]
#
# The folder is where to keep it; by default .node in the clone. Needs npm.
set -euo pipefail
version=${1:?which version, for example 26}
folder=${2:-$(dirname "$0")/../.node}/$version
package=$(node -p '`node-${process.platform}-${process.arch}`')
bin=$folder/node_modules/$package/bin
if [ ! -x "$bin/node" ]; then
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --no-audit --no-fund --silent "$package@$version" >&2
fi
cd "$bin"
pwd
