operation('leftovers', 'read', function(base, args)
  local creatingMs, unindexingMs, count = args[1], args[2], args[3]
  local function olderThan(key, ms)
    local last = format('%.0f', nowMs() - tonumber(ms))
    return call('ZRANGE', base .. key, '-inf', '(' .. last, 'BYSCORE', 'LIMIT', 0, count)
  end
  return { olderThan(':creating', creatingMs), olderThan(':unindexing', unindexingMs) }
end)
