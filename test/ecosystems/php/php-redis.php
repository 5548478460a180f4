<?php
// PHP's own sessions, kept by php-redis in database 1, with its lock: two programs at a time add to one session.
require __DIR__ . '/check.php';

const ROUNDS = 20;
$id = 'a1b2c3d4e5f6';
ini_set('session.save_handler', 'redis');
ini_set('session.save_path', "tcp://127.0.0.1:$port?database=1&prefix=PHPSESS:");
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
ini_set('redis.session.locking_enabled', '1');
ini_set('redis.session.lock_wait_time', '1000');
ini_set('redis.session.lock_retries', '-1');

function count_up(string $id, int $rounds): void
{
    for ($i = 0; $i < $rounds; $i++) {
        session_id($id);
        session_start();
        $count = $_SESSION['count'] ?? 0;
        usleep(500);
        $_SESSION['count'] = $count + 1;
        session_write_close();
    }
}

if (isset($argv[2])) {
    count_up($id, ROUNDS);
    exit(0);
}

$other = proc_open([PHP_BINARY, __FILE__, $argv[1], 'second'], [], $pipes);
count_up($id, ROUNDS);
equal(proc_close($other), 0);

$redis = new Redis();
$redis->connect('127.0.0.1', $port);
$redis->select(1);
equal($redis->keys('*'), ["PHPSESS:$id"]);
equal($redis->get("PHPSESS:$id"), 'count|i:' . 2 * ROUNDS . ';');
equal($redis->ttl("PHPSESS:$id") > 1000, true);

// Without a write, a session is only read. With another id, the old session is gone.
session_id($id);
session_start(['read_and_close' => true]);
equal($_SESSION['count'], 2 * ROUNDS);
session_id($id);
session_start();
session_regenerate_id(true);
$_SESSION['count'] = 0;
$new = session_id();
session_write_close();
equal($redis->keys('*'), ["PHPSESS:$new"]);
session_id($new);
session_start();
session_destroy();
equal($redis->dbSize(), 0);
$redis->select(0);
equal($redis->dbSize(), 0);
echo "done\n";
