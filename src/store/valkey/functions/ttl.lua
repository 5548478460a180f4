operation('ttl', 'read', function(base, args)
  local session = find(base, args[1])
  return session and msUntil(session.deadline) or NO_SESSION_TTL
end)
