operation('page', 'read', function(base, args)
  local after = args[2] == '' and '-inf' or '(' .. sub(args[2], -16)
  return call('ZRANGE', indexKey(base, args[1]), after, '+inf', 'BYSCORE', 'LIMIT', 0, args[3])
end)
