operation('peek', 'read', function(base, args)
  local address, key = args[1], args[2]
  local session, values = find(base, address, { fieldOf(key) })
  if not session then return noSession(address) end
  return values[2]
end)
