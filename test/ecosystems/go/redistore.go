// Sessions of gorilla/sessions, kept by redistore in database 1, and what redigo offers.
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"

	"github.com/boj/redistore"
	"github.com/gomodule/redigo/redis"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func equal(got, expected interface{}) {
	if !reflect.DeepEqual(got, expected) {
		panic(fmt.Sprintf("expected %v, got %v", expected, got))
	}
}

func main() {
	address := "127.0.0.1:" + os.Args[1]
	store, err := redistore.NewRediStoreWithDB(2, "tcp", address, "", "1", []byte("for this test only"))
	must(err)
	store.SetMaxAge(600)

	// A visitor whose session counts.
	var count int
	site := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, "site")
		must(err)
		count, _ = session.Values["count"].(int)
		count++
		session.Values["count"] = count
		if r.URL.Path == "/logout" {
			session.Options.MaxAge = -1
		}
		must(session.Save(r, w))
	})
	visit := func(path string, cookies []*http.Cookie) []*http.Cookie {
		request := httptest.NewRequest("GET", path, nil)
		for _, cookie := range cookies {
			request.AddCookie(cookie)
		}
		recorder := httptest.NewRecorder()
		site(recorder, request)
		return recorder.Result().Cookies()
	}
	cookies := visit("/", nil)
	equal(count, 1)
	visit("/", cookies)
	equal(count, 2)

	pool := redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("tcp", address, redis.DialDatabase(1)) }}
	c := pool.Get()
	keys, err := redis.Strings(c.Do("KEYS", "*"))
	must(err)
	equal(len(keys), 1)
	ttl, err := redis.Int(c.Do("TTL", keys[0]))
	must(err)
	equal(ttl > 500, true)
	visit("/logout", cookies)
	visit("/", cookies)
	equal(count, 1)

	// A pipeline, a transaction, a script, and an event.
	c.Send("MULTI")
	c.Send("SET", "n", 1)
	c.Send("INCRBY", "n", 41)
	values, err := redis.Values(c.Do("EXEC"))
	must(err)
	equal(values, []interface{}{"OK", int64(42)})
	script := redis.NewScript(1, "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end")
	deleted, err := redis.Int(script.Do(c, "n", "41"))
	must(err)
	equal(deleted, 0)
	deleted, err = redis.Int(script.Do(c, "n", "42"))
	must(err)
	equal(deleted, 1)
	listener := redis.PubSubConn{Conn: pool.Get()}
	must(listener.Subscribe("news"))
	listener.Receive()
	_, err = c.Do("PUBLISH", "news", "read all about it")
	must(err)
	equal(string(listener.Receive().(redis.Message).Data), "read all about it")
	_, err = c.Do("FLUSHDB")
	must(err)
	fmt.Println("done")
}
