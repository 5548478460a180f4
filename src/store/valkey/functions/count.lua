operation('count', 'read', function(base, args)
  local address = args[1]
  local session = find(base, address)
  return session and countKeys(session) or noSession(address)
end)
