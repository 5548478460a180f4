operation('index', 'grow', function(base, args)
  local name, origin = args[1], args[2]
  local key = indexKey(base, name)
  -- No two sessions with a name are created at the same time, so that their order is known.
  local newest = call('ZRANGE', key, -1, -1, 'WITHSCORES')
  local created = format('%016.0f', newest[2] and max(now, newest[2] + 1) or now)
  call('ZADD', key, created, origin .. created)
  call('ZADD', base .. ':creating', nowMs(), origin .. created .. name)
  if not newest[2] then call('SADD', base .. ':names', name) end
  return created
end)
