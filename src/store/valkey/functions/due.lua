operation('due', 'read', function(base, args)
  local horizon, count, kept, keptFor = tonumber(args[1]), args[2], args[3] or KEPT, tonumber(args[4] or KEPT_FOR)
  -- What is forwarded to the stream is trimmed by `unforwarded`.
  if not isForwarded(base) then
    local outbox = outboxOf(base)
    call('XTRIM', outbox, 'MAXLEN', '~', kept)
    call('XTRIM', outbox, 'MINID', '~', format('%.0f', nowMs() - keptFor))
  end
  local last = format('%.0f', nowMs() + horizon)
  local found = call('ZRANGE', base .. ':due', '-inf', last, 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
  local reply = { nowMs() }
  for i = 1, #found, 2 do
    reply[i + 1] = found[i]
    reply[i + 2] = tonumber(found[i + 1])
  end
  return reply
end)
