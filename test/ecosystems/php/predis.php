<?php
// PHP's own sessions, kept by Predis.
require __DIR__ . '/check.php';
require 'Predis/autoload.php';

$client = new Predis\Client("tcp://127.0.0.1:$port/2?timeout=60&read_write_timeout=60", ['prefix' => 'sessions:']);
$handler = new Predis\Session\Handler($client, ['gc_maxlifetime' => 600]);
$handler->register();
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');

session_id('abc');
session_start();
$_SESSION['cart'] = ['pizza' => 2];
session_write_close();
equal($client->ttl('abc') > 500, true);
$_SESSION = [];
session_id('abc');
session_start();
equal($_SESSION, ['cart' => ['pizza' => 2]]);
session_destroy();
equal($client->exists('abc'), 0);

// Transactions, pipelines and scripts.
equal($client->transaction(function ($tx) {
    $tx->set('n', 1);
    $tx->incr('n');
    $tx->expire('n', 60);
})[1], 2);
equal(count($client->pipeline(function ($pipe) {
    for ($i = 0; $i < 100; $i++) $pipe->incr('n');
})), 100);
equal($client->get('n'), '102');
equal($client->eval("return redis.call('incrby', KEYS[1], ARGV[1])", 1, 'n', 8), 110);
$client->sadd('set', ['a', 'b']);
equal($client->scard('set'), 2);
$client->zadd('scores', ['a' => 2, 'b' => 1]);
equal($client->zrange('scores', 0, -1), ['b', 'a']);
equal($client->flushdb()->getPayload(), 'OK');
echo "done\n";
