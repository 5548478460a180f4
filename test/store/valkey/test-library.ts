import type { FunctionLibrary, NodesOptions } from '../../../src/store/valkey/nodes/nodes.js';
import type { RedisServer } from '../../tools/redis-server.js';

/** A few functions for tests of the nodes. */
export const LIBRARY: FunctionLibrary = {
  prefix: 't_',
  reads: new Set(['echo', 'sum', 'log']),
  code: `#!lua name=t_tests
local function register(name, run)
  redis.register_function('t_' .. name, function(keys, args) return run(keys[1], args) end)
end
register('echo', function(base, args) return args end)
register('base', function(base) return base end)
register('kinds', function() return { 1, 'text', false, { 2, { 'inner' } } } end)
register('fail', function() return redis.error_reply('NOSESSION no such session') end)
register('oops', function() error('oops') end)
register('exec', function() return { redis.error_reply('NOSESSION no such session'), 'OK' } end)
register('add', function(base, args) return redis.call('INCRBY', base .. ':sum', args[1]) end)
register('sum', function(base) return redis.call('GET', base .. ':sum') end)
register('note', function(base, args) return redis.call('RPUSH', base .. ':log', args[1]) end)
register('log', function(base) return redis.call('LRANGE', base .. ':log', 0, -1) end)
register('publish', function(base, args) return redis.call('SPUBLISH', base .. ':events', args[1]) end)
`,
};

/** What connects to a server with these functions. */
export function optionsFor(servers: readonly RedisServer[], more: Partial<NodesOptions> = {}): NodesOptions {
  const addresses = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  // A busy machine may take long.
  return {
    addresses,
    database: 0,
    prefix: 'test:',
    timeout: 60_000,
    wait: 0,
    library: LIBRARY,
    patience: 0,
    ...more,
  };
}
