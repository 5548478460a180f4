#!/bin/sh
# The example of compose.yaml with plain commands, on one machine and without containers: a cluster of three primaries
# and three replicas, and two nodes of the application, each with respite beside it. Ctrl+C stops everything.
#
#     npm ci && npm run build
#     contrib/scale-out/local.sh
#
# It needs redis-server and redis-cli, or valkey-server and valkey-cli (SERVER=valkey-server CLI=valkey-cli). The ports
# from BASE on must be free: 18000 by default. So must those from BASE + 10000 on, for the cluster bus.
set -eu
cd "$(dirname "$0")/../.."
base=${BASE:-18000}
server=${SERVER:-redis-server}
cli=${CLI:-redis-cli}
data=$(mktemp -d)
pids=
stop() {
  trap - EXIT
  [ -z "$pids" ] || kill $pids 2>/dev/null || true
  wait
  rm -rf "$data"
}
trap stop EXIT
trap 'exit 130' INT TERM

nodes=
for i in 1 2 3 4 5 6; do
  mkdir "$data/$i"
  "$server" --port $((base + i)) --dir "$data/$i" --cluster-enabled yes --cluster-node-timeout 5000 \
    --maxmemory-policy noeviction --save '' --bind 127.0.0.1 --logfile log &
  pids="$pids $!"
  nodes="$nodes 127.0.0.1:$((base + i))"
done
for i in 1 2 3 4 5 6; do
  until "$cli" -p $((base + i)) ping >/dev/null 2>&1; do sleep 0.1; done
done
"$cli" --cluster create $nodes --cluster-replicas 1 --cluster-yes >"$data/create.log"
for i in 1 2 3 4 5 6; do
  until "$cli" -p $((base + i)) cluster info | grep -q cluster_state:ok; do sleep 0.1; done
done

for i in 1 2; do
  node dist/cli.js --port $((base + 10 + i)) --store "redis://127.0.0.1:$((base + 1)),127.0.0.1:$((base + 2))" &
  pids="$pids $!"
done
for i in 1 2; do
  until "$cli" -p $((base + 10 + i)) ping >/dev/null 2>&1; do sleep 0.1; done
  PORT=$((base + 20 + i)) REDIS_PORT=$((base + 10 + i)) node contrib/scale-out/app.cjs &
  pids="$pids $!"
done

echo "Try: curl --cookie-jar jar --cookie jar localhost:$((base + 21)) localhost:$((base + 22))"
wait
