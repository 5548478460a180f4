operation('unindex', 'write', function(base, args)
  local removed = 0
  for _, member in ipairs(args) do
    local _, _, name = partsOf(member)
    local key = indexKey(base, name)
    local count = call('ZREM', key, sub(member, 1, ID_LENGTH))
    if count > 0 and call('EXISTS', key) == 0 then call('SREM', base .. ':names', name) end
    removed = removed + count
  end
  callMany('ZREM', base .. ':creating', args, 1, 1)
  return removed
end)
