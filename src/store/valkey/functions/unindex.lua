operation('unindex', 'write', function(base, args)
  local removed = 0
  for _, member in ipairs(args) do removed = removed + leave(base, member, sub(member, ID_LENGTH + 1)) end
  callMany('ZREM', base .. ':creating', args, 1, 1)
  return removed
end)
