"""Django's sessions and cache through django-redis, in database 1, and locks of redis-py."""

import sys
import threading

from django.conf import settings

port = int(sys.argv[1])
settings.configure(
    SECRET_KEY="for this test only",
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{port}/1",
            "OPTIONS": {"CLIENT_CLASS": "django_redis.client.DefaultClient"},
        }
    },
)

import django

django.setup()

import redis
from django.contrib.sessions.backends.cache import SessionStore
from django.core.cache import cache


def equal(got, expected):
    if got != expected:
        raise SystemExit(f"line {sys._getframe(1).f_lineno}: expected {expected!r}, got {got!r}")


# A session from login to logout.
session = SessionStore()
session["user"] = 42
session.set_expiry(600)
session.save()
again = SessionStore(session_key=session.session_key)
equal(again["user"], 42)
before = again.session_key
again.cycle_key()
equal(SessionStore(session_key=before).get("user"), None)
equal(SessionStore(session_key=again.session_key)["user"], 42)
equal(again.exists(again.session_key), True)
again.flush()
equal(again.exists(before), False)

# The cache.
cache.set("menu", ["pizza"], timeout=600)
equal(cache.get("menu"), ["pizza"])
equal(cache.ttl("menu") > 500, True)
equal(cache.add("menu", "other"), False)
cache.set_many({"a": 1, "b": 2})
equal(cache.get_many(["a", "b", "c"]), {"a": 1, "b": 2})
equal(cache.incr("a", 5), 6)
equal(sorted(cache.keys("*")), ["a", "b", "menu"])
equal(cache.touch("menu", 60), True)
equal(cache.delete_pattern("?"), 2)
cache.persist("menu")
equal(cache.ttl("menu"), None)

# Locks are released by a script, so that only their owner can.
with cache.lock("order", timeout=60):
    equal(cache.lock("order", timeout=60, blocking_timeout=0).acquire(), False)
client = redis.Redis(port=port, db=1)
lock = client.lock("refund", timeout=60)
equal(lock.acquire(), True)
equal(lock.extend(60), True)
equal(lock.reacquire(), True)
client.set("refund", "of another")
try:
    lock.release()
    raise SystemExit("a lock of another was released")
except redis.exceptions.LockNotOwnedError:
    client.delete("refund")

# Threads that add to a counter under a lock.
client.set("count", 0)


def count_up():
    for _ in range(10):
        with client.lock("counter", timeout=600, sleep=0.001):
            client.set("count", int(client.get("count")) + 1)


threads = [threading.Thread(target=count_up) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
equal(client.get("count"), b"40")
cache.clear()
equal(client.dbsize(), 0)
print("done")
