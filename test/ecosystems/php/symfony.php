<?php
// Symfony: sessions, a cache, and a cache with tags.
require __DIR__ . '/check.php';
foreach (['HttpFoundation', 'Cache', 'VarExporter'] as $part) require "Symfony/Component/$part/autoload.php";

use Symfony\Component\Cache\Adapter\RedisAdapter;
use Symfony\Component\Cache\Adapter\RedisTagAwareAdapter;
use Symfony\Component\HttpFoundation\Session\Storage\Handler\RedisSessionHandler;

$redis = RedisAdapter::createConnection("redis://127.0.0.1:$port/3");

$handler = new RedisSessionHandler($redis, ['prefix' => 'sf_', 'ttl' => 600]);
$handler->open('', 'PHPSESSID');
equal($handler->write('abc', 'cart|s:5:"pizza";'), true);
equal($handler->read('abc'), 'cart|s:5:"pizza";');
equal($handler->updateTimestamp('abc', 'cart|s:5:"pizza";'), true);
equal($redis->ttl('sf_abc') > 500, true);
equal($handler->destroy('abc'), true);
equal($handler->read('abc'), '');

$cache = new RedisAdapter($redis, 'cache', 600);
equal($cache->get('answer', fn () => 42), 42);
equal($cache->get('answer', fn () => 43), 42);
equal($cache->deleteItem('answer'), true);
equal($cache->get('answer', fn () => 43), 43);
equal($cache->clear(), true);
equal($cache->hasItem('answer'), false);

$tagged = new RedisTagAwareAdapter($redis, 'tagged', 600);
foreach (['pizza' => ['food', 'hot'], 'cola' => ['drink'], 'tea' => ['drink', 'hot']] as $key => $tags) {
    equal($tagged->save($tagged->getItem($key)->set("a $key")->tag($tags)), true);
}
equal($tagged->getItem('tea')->get(), 'a tea');
equal($tagged->invalidateTags(['hot']), true);
equal([$tagged->hasItem('pizza'), $tagged->hasItem('cola'), $tagged->hasItem('tea')], [false, true, false]);
equal($redis->flushDB(), true);
echo "done\n";
