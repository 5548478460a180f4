operation('id', 'read', function(base, args)
  local address = args[1]
  local session = find(base, address)
  return session and session.origin or noSession(address)
end)
