operation('leftovers', 'read', function(base, args)
  local function olderThan(key, ms)
    local last = format('%.0f', nowMs() - tonumber(ms))
    return call('ZRANGE', base .. key, '-inf', '(' .. last, 'BYSCORE', 'LIMIT', 0, args[3])
  end
  return { olderThan(':creating', args[1]), olderThan(':unindexing', args[2]) }
end)
