operation('keys', 'read', function(base, args)
  local address = args[1]
  local session = find(base, address)
  if not session then return noSession(address) end
  local keys, count = {}, 0
  for _, field in ipairs(call('HKEYS', session.key)) do
    if not OWN[field] then
      count = count + 1
      keys[count] = keyOf(field)
    end
  end
  return keys
end)
