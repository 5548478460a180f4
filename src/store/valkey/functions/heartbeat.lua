operation('heartbeat', 'read', function(base, args)
  local process, lease, key = args[1], tonumber(args[2]), base .. ':' .. (args[3] or 'processes')
  local time = nowMs()
  if lease > 0 then
    call('ZADD', key, time, process)
    call('ZREMRANGEBYSCORE', key, '-inf', '(' .. format('%.0f', time - lease))
  else
    call('ZREM', key, process)
  end
  return { time, unpack(call('ZRANGE', key, 0, -1)) }
end)
