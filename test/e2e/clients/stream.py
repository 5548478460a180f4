"""What a Python program does with the event stream, through redis-py. Called with a port and the name of a group."""

import sys
import threading

import redis

port, group = int(sys.argv[1]), sys.argv[2]
KEY = "__session__"
client = redis.Redis(host="127.0.0.1", port=port, decode_responses=True)


def create(name):
    return client.execute_command("SESSION.NEW", name, "1000", "DATA", "cart", "pizza")


def names(entries):
    return [fields["name"] for _, fields in entries]


start = client.xinfo_stream(KEY)["last-generated-id"]
client.xgroup_create(KEY, group, "$")
token = create("a")
create("b")
(_, entries), = client.xread({KEY: start})
assert names(entries) == ["a", "b"]
assert entries[0][1]["event"] == "new" and entries[0][1]["token"] == token
first, last = entries[0][0], entries[1][0]
assert client.xrange(KEY, first, first)[0][0] == first
assert names(client.xrevrange(KEY, "+", "-", 1)) == ["b"]
assert client.xlen(KEY) >= 2

(_, entries), = client.xreadgroup(group, "alice", {KEY: ">"}, count=1)
assert names(entries) == ["a"]
assert client.xpending(KEY, group) == {
    "pending": 1, "min": first, "max": first, "consumers": [{"name": "alice", "pending": 1}],
}
(pending,) = client.xpending_range(KEY, group, "-", "+", 10, idle=0)
assert pending["message_id"] == first and pending["times_delivered"] == 1
(_, entries), = client.xreadgroup(group, "alice", {KEY: "0"})
assert names(entries) == ["a"]
assert names(client.xclaim(KEY, group, "bob", 0, [first])) == ["a"]
assert client.xautoclaim(KEY, group, "carol", 0)[0] == "0-0"
assert client.xinfo_consumers(KEY, group)[2]["pending"] == 1
assert client.xack(KEY, group, first, last) == 1
(described,) = [one for one in client.xinfo_groups(KEY) if one["name"] == group]
assert described["pending"] == 0
assert names(client.xreadgroup(group, "alice", {KEY: ">"}, noack=True)[0][1]) == ["b"]
assert client.xgroup_delconsumer(KEY, group, "alice") == 0

# It waits until another client creates a session.
received = []
waiting = threading.Thread(target=lambda: received.extend(
    redis.Redis(host="127.0.0.1", port=port, decode_responses=True).xreadgroup(group, "dave", {KEY: ">"}, block=0)[0][1]
))
waiting.start()
while client.info("clients")["blocked_clients"] == 0:
    pass
create("c")
waiting.join()
assert names(received) == ["c"]

try:
    client.xadd(KEY, {"event": "new"})
    raise AssertionError("XADD is refused")
except redis.ResponseError as error:
    assert str(error).startswith("XADD is not supported"), error
assert client.xtrim(KEY, minid=last, approximate=False) >= 1
assert client.xgroup_destroy(KEY, group) == 1
print("done")
