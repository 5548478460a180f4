# Rack's sessions, redis-store, and ActiveSupport's cache, each in a database of its own.
require 'redis'
require 'rack'
require 'rack/mock'
require 'redis-rack'
require 'active_support'
require 'redis-activesupport'

PORT = ARGV[0].to_i

def equal(got, expected)
  abort "#{caller(1, 1).first}: expected #{expected.inspect}, got #{got.inspect}" unless got == expected
end

# A visitor whose session counts.
counter = lambda do |env|
  session = env['rack.session']
  session['count'] = session['count'].to_i + 1
  [200, {}, [session['count'].to_s]]
end
rack = Rack::MockRequest.new(
  Rack::Session::Redis.new(counter, redis_server: "redis://127.0.0.1:#{PORT}/1/rack:session", expire_after: 600)
)
first = rack.get('/')
equal(first.body, '1')
cookie = first['Set-Cookie'][/rack\.session=[^;]+/]
equal(rack.get('/', 'HTTP_COOKIE' => cookie).body, '2')
redis = Redis.new(port: PORT, db: 1, timeout: 60)
equal(redis.keys.length, 1)
equal(redis.ttl(redis.keys.first) > 500, true)
equal(rack.get('/', 'HTTP_COOKIE' => 'rack.session=unknown').body, '1')

# What redis-rb offers.
equal(redis.multi { |m| m.set('n', 1); m.incrby('n', 41) }, ['OK', 42])
equal(redis.pipelined { |p| 10.times { p.incr('n') } }.last, 52)
equal(redis.watch('n') { redis.multi { |m| m.del('n') } }, [1])
equal(redis.eval('return {KEYS[1], ARGV[1]}', keys: ['k'], argv: ['a']), %w[k a])
equal(redis.sadd?('set', 'a'), true) if redis.respond_to?(:sadd?)
equal(redis.zadd('scores', [[2, 'a'], [1, 'b']]), 2)
equal(redis.zrange('scores', 0, -1, with_scores: true), [['b', 1.0], ['a', 2.0]])
redis.set('lock', 'mine', ex: 60, nx: true)
equal(redis.set('lock', 'other', ex: 60, nx: true), false)
equal(redis.flushdb, 'OK')
equal(redis.dbsize, 0)

cache = ActiveSupport::Cache::RedisStore.new("redis://127.0.0.1:#{PORT}/2/cache", expires_in: 600)
cache.write('menu', ['pizza'])
equal(cache.read('menu'), ['pizza'])
equal(cache.fetch('drinks') { 'cola' }, 'cola')
equal(cache.read_multi('menu', 'drinks', 'none'), { 'menu' => ['pizza'], 'drinks' => 'cola' })
equal(cache.increment('visits', 3), 3)
cache.delete_matched('m*')
equal(cache.exist?('menu'), false)
cache.clear
puts 'done'
