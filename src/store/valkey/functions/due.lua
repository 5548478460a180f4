-- About how many entries the outbox keeps, and for how long, in ms, unless the caller says otherwise.
local KEPT = 1000
local KEPT_FOR = 300000

operation('due', 'read', function(base, args)
  local horizon, count, kept, keptFor = tonumber(args[1]), args[2], args[3] or KEPT, tonumber(args[4] or KEPT_FOR)
  local outbox = base .. ':events'
  call('XTRIM', outbox, 'MAXLEN', '~', kept)
  call('XTRIM', outbox, 'MINID', '~', format('%.0f', nowMs() - keptFor))
  local last = format('%.0f', nowMs() + horizon)
  local found = call('ZRANGE', base .. ':due', '-inf', last, 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
  local reply = { nowMs() }
  for i = 1, #found, 2 do
    reply[i + 1] = found[i]
    reply[i + 2] = tonumber(found[i + 1])
  end
  return reply
end)
