operation('indexed', 'write', function(base, args)
  local creating, key = base .. ':creating'
  for _, member in ipairs(args) do
    local _, _, name = partsOf(member)
    key = indexKey(base, name)
    if call('ZREM', creating, member) == 0 then
      -- Index repair was faster. If it has removed the entry, the entry comes back and index repair checks it again.
      local id = sub(member, 1, ID_LENGTH)
      if call('ZADD', key, 'NX', sub(id, ORIGIN_LENGTH + 1), id) == 1 then
        call('SADD', base .. ':names', name)
        call('ZADD', creating, nowMs(), member)
      end
    end
  end
  return call('ZCARD', key)
end)
