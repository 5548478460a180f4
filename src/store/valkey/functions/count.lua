operation('count', 'read', function(base, args)
  local session = find(base, args[1])
  return session and countKeys(session) or noSession(args[1])
end)
