operation('retain', 'read', function(base, args)
  local length, bytes, age = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  local stream = streamOf(base)
  local removed = 0
  if age > 0 then removed = call('XTRIM', stream, 'MINID', format('%.0f', nowMs() - age)) end
  if length > 0 then removed = removed + call('XTRIM', stream, 'MAXLEN', length) end
  if bytes > 0 then
    local used = call('MEMORY', 'USAGE', stream) or 0
    if used > bytes then
      removed = removed + call('XTRIM', stream, 'MAXLEN', floor(call('XLEN', stream) * bytes / used))
    end
  end
  return removed
end)
