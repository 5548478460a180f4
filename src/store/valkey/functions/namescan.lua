operation('namescan', 'read', function(base, args)
  local cursor, count = args[1], args[2]
  local page = call('SSCAN', base .. ':names', cursor, 'COUNT', count)
  local found = { page[1] }
  for _, name in ipairs(page[2]) do
    found[#found + 1] = name
    found[#found + 1] = call('ZCARD', indexKey(base, name))
  end
  return found
end)
