operation('get', 'read', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local value = call('HGET', session.key, fieldOf(args[3]))
  wasRead(session, args[2])
  return value
end)
