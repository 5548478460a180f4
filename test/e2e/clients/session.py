"""What a Python program does with respite, through redis-py. Called with a port, a user and a password."""

import sys

import redis

port, username, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def connect(**options):
    return redis.Redis(
        port=port, username=username, password=password, decode_responses=True, **options
    )


def equal(got, expected):
    if got != expected:
        raise SystemExit(f"expected {expected!r}, got {got!r}")


def refused(error, call, *args):
    try:
        got = call(*args)
    except error as refusal:
        return str(refusal)
    raise SystemExit(f"expected {error.__name__}, got {got!r}")


client = connect(client_name="shop")
equal(client.ping(), True)
equal(client.client_getname(), "shop")

# A session.
token = client.execute_command("SESSION.NEW", "user:42", 1800, "EXTEND", "GET", "DATA", "cart", "pizza")
equal(client.execute_command("SESSION.SET", token, "count", 1), "OK")
equal(client.execute_command("SESSION.GETALL", token), ["cart", "pizza", "count", "1"])
equal(client.execute_command("SESSION.MGET", token, "cart", "missing"), ["pizza", None])
equal(client.dbsize(), 1)

# A key with a duration of its own, and fields that expire.
equal(client.execute_command("SESSION.SETEX", token, 300, "code", 493817), "OK")
equal(client.execute_command("SESSION.KEYTTL", token, "cart", "none"), [-1, -2])
equal(client.execute_command("SESSION.DEL", token, "code"), 1)
client.hset("login", mapping={"name": "Ada", "code": 493817})
# Only newer versions of redis-py have a method for each.
far = 4102444800
if hasattr(client, "hexpireat"):
    equal(client.hexpireat("login", far, "code", "none"), [1, -2])
    equal(client.hexpiretime("login", "code", "name"), [far, -1])
    equal(client.hpersist("login", "code"), [1])
else:
    equal(client.execute_command("HEXPIREAT", "login", far, "FIELDS", 2, "code", "none"), [1, -2])
equal(client.execute_command("HGETDEL", "login", "FIELDS", 2, "code", "name"), ["493817", "Ada"])

# A transaction, and one that a watched token prevents.
with client.pipeline(transaction=True) as pipeline:
    pipeline.execute_command("SESSION.INCRBY", token, "count", 41)
    pipeline.execute_command("SESSION.GET", token, "cart")
    equal(pipeline.execute(), [42, "pizza"])
with client.pipeline(transaction=False) as pipeline:
    for _ in range(100):
        pipeline.execute_command("SESSION.INCRBY", token, "count", 1)
    equal(pipeline.execute(), list(range(43, 143)))
with client.pipeline(transaction=True) as pipeline:
    pipeline.watch(token)
    client.execute_command("SESSION.SET", token, "count", 0)
    pipeline.multi()
    pipeline.execute_command("SESSION.INCRBY", token, "count", 1)
    refused(redis.WatchError, pipeline.execute)

# Events.
pubsub = client.pubsub()
pubsub.psubscribe("__session__:*")
pubsub.subscribe("news")
equal([pubsub.get_message(timeout=60)["type"] for _ in range(2)], ["psubscribe", "subscribe"])
equal(client.execute_command("SESSION.ENDNAME", "user:42"), 1)
equal(
    pubsub.get_message(timeout=60),
    {"type": "pmessage", "pattern": "__session__:*", "channel": "__session__:ended:user:42", "data": token},
)
equal(client.publish("news", "read all about it"), 1)
equal(pubsub.get_message(timeout=60)["data"], "read all about it")
equal(client.pubsub_numsub("news"), [("news", 1)])
equal(client.pubsub_numpat(), 1)
pubsub.close()
equal(refused(redis.ResponseError, client.execute_command, "SESSION.GET", token, "cart"), "NOSESSION no such session")

# Clients.
other = connect(client_name="other", single_connection_client=True)
(found,) = [each for each in client.client_list() if each["name"] == "other"]
equal(found["id"], str(other.client_id()))
equal((found["user"], found["resp"], found["db"]), (username, "2", "0"))
equal(client.client_kill_filter(_id=found["id"]), 1)

# Options and figures.
equal(client.config_set("timeout", 3600), True)
equal(client.config_get("time*"), {"timeout": "3600"})
assert "only when the server starts" in refused(redis.ResponseError, client.config_set, "port", 1)
info = client.info()
equal((info["redis_mode"], info["role"], info["aof_enabled"]), ("standalone", "master", 0))
equal(client.info("commandstats")["cmdstat_session.endname"]["calls"], 1)
assert info["used_memory"] > 0 and info["connected_clients"] > 0
equal(client.config_resetstat(), True)
assert client.memory_stats()["total.allocated"] > 0
client.slowlog_reset()
equal(client.config_set("slowlog-log-slower-than", 0), True)
client.echo("a slow one")
assert b"ECHO a slow one" in [entry["command"] for entry in client.slowlog_get(10)]
assert client.time()[0] > 1_600_000_000
assert "session.new" in client.command()

# JSON values.
values = client.json()
equal(values.set("json", "$", {"n": 1, "list": ["a"], "yes": True}), True)
equal(values.set("json", ".", {}, nx=True), None)
equal(values.get("json"), {"n": 1, "list": ["a"], "yes": True})
equal(values.get("json", "$.n", "$.list"), {"$.n": [1], "$.list": [["a"]]})
equal(values.get("nothing"), None)
equal(values.type("json", "$.*"), ["integer", "array", "boolean"])
equal(values.numincrby("json", "$.n", 1.5), [2.5])
equal(values.numincrby("json", ".n", 0.5), 3)
equal(values.arrappend("json", "$.list", {"b": None}, 2), [3])
equal(values.arrindex("json", "$.list", 2, 0, 0), [2])
equal(values.arrinsert("json", "$.list", 0, "z"), [4])
equal(values.arrpop("json", "$.list", 0), ['"z"'])
equal(values.arrtrim("json", "$.list", 0, 1), [2])
equal(values.arrlen("json", "$.list"), [2])
equal(values.toggle("json", ".yes"), False)
equal(values.strappend("json", "x", "$.list[0]"), [2])
equal(values.strlen("json", "$.list[0]"), [2])
equal(values.objkeys("json"), ["n", "list", "yes"])
equal(values.objlen("json", "$"), [3])
equal(values.mget(["json", "nothing"], "$.list[0]"), [["ax"], None])
equal(values.clear("json", "$.list"), 1)
equal(values.delete("json", "$.list"), 1)
with values.pipeline() as pipeline:
    pipeline.set("json", "$.m", 7)
    pipeline.get("json")
    equal(pipeline.execute(), [True, {"n": 3.0, "yes": False, "m": 7}])
refused(redis.ResponseError, values.get, "json", ".nothing")
equal(values.delete("json"), 1)

# Names of shared sessions.
names = {f"shared:{i}" for i in range(30)}
for name in names:
    client.execute_command("SESSION.NEW", name, "SHARED", "DATA", "a", 1)
equal(set(client.scan_iter(match="shared:*", count=7)), names)
equal(client.type("shared:1"), "hash")
equal(client.hlen("shared:1"), 1)
assert client.memory_usage("shared:1") > 0
equal(client.flushall(), True)

# This redis-py is older than WRONGPASS.
wrong = redis.Redis(port=port, username=username, password="wrong")
assert refused(redis.ResponseError, wrong.ping).startswith("WRONGPASS")
refused(redis.AuthenticationError, redis.Redis(port=port).ping)
print("done")
