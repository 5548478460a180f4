operation('namescan', 'read', function(base, args)
  local page = call('SSCAN', base .. ':names', args[1], 'COUNT', args[2])
  local found = { page[1] }
  for _, name in ipairs(page[2]) do
    found[#found + 1] = name
    found[#found + 1] = call('ZCARD', indexKey(base, name))
  end
  return found
end)
