operation('id', 'read', function(base, args)
  local session = find(base, args[1])
  return session and session.origin or noSession(args[1])
end)
