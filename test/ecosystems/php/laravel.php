<?php
// Laravel's cache, with both of its clients: counters, add, locks and tags, in database 1 as its configuration has it.
require __DIR__ . '/check.php';
foreach (['Support', 'Contracts', 'Redis', 'Cache'] as $part) {
    if (is_file("/usr/share/php/Illuminate/$part/autoload.php")) require "Illuminate/$part/autoload.php";
}
require 'Predis/autoload.php';

use Illuminate\Cache\RedisStore;
use Illuminate\Cache\Repository;
use Illuminate\Redis\RedisManager;

foreach (['phpredis', 'predis'] as $client) {
    $manager = new RedisManager(null, $client, [
        'options' => ['prefix' => 'laravel_'],
        'cache' => ['host' => '127.0.0.1', 'port' => $port, 'database' => 1],
    ]);
    $store = new RedisStore($manager, 'cache:', 'cache');
    $cache = new Repository($store);

    equal($cache->put('cart', ['pizza' => 2], 600), true);
    equal($cache->get('cart'), ['pizza' => 2]);
    equal($cache->many(['cart', 'none']), ['cart' => ['pizza' => 2], 'none' => null]);
    equal($cache->add('once', 1, 600), true);
    equal($cache->add('once', 2, 600), false);
    equal((int) $cache->get('once'), 1);
    equal($cache->increment('visits', 5), 5);
    equal($cache->decrement('visits'), 4);
    equal($cache->remember('menu', 600, fn () => 'pizza'), 'pizza');
    equal($cache->forget('menu'), true);

    $lock = $store->lock('order', 60, 'me');
    equal($lock->get(), true);
    equal($store->lock('order', 60, 'you')->get(), false);
    equal($store->lock('order', 60, 'you')->release(), false);
    equal($lock->release(), true);
    equal($store->lock('order', 60, 'you')->get(), true);

    $cache->tags(['people', 'cooks'])->put('Anne', 'a cook', 600);
    $cache->tags(['people'])->put('John', 'a waiter', 600);
    equal($cache->tags(['people'])->get('John'), 'a waiter');
    $cache->tags('cooks')->flush();
    equal($cache->tags(['people', 'cooks'])->get('Anne'), null);
    equal($cache->tags(['people'])->get('John'), 'a waiter');
    equal($cache->getStore()->flush(), true);
    equal($cache->get('cart'), null);
}
echo "done\n";
