-- About how many entries the outbox keeps, and for how long, in ms, unless the caller says otherwise.
local KEPT = '1000'
local KEPT_FOR = 300000

operation('due', 'read', function(base, args)
  local outbox = base .. ':events'
  call('XTRIM', outbox, 'MAXLEN', '~', args[3] or KEPT)
  call('XTRIM', outbox, 'MINID', '~', format('%.0f', nowMs() - tonumber(args[4] or KEPT_FOR)))
  local last = format('%.0f', nowMs() + tonumber(args[1]))
  local found = call('ZRANGE', base .. ':due', '-inf', last, 'BYSCORE', 'LIMIT', 0, args[2], 'WITHSCORES')
  local reply = { nowMs() }
  for i = 1, #found, 2 do
    reply[i + 1] = found[i]
    reply[i + 2] = tonumber(found[i + 1])
  end
  return reply
end)
