operation('page', 'read', function(base, args)
  local name, after, count = args[1], args[2], args[3]
  local first = after == '' and '-inf' or '(' .. sub(after, -CREATED_LENGTH)
  return call('ZRANGE', indexKey(base, name), first, '+inf', 'BYSCORE', 'LIMIT', 0, count)
end)
