operation('ttl', 'read', function(base, args)
  local session = find(base, args[1])
  return session and msLeft(session) or NO_SESSION_TTL
end)
