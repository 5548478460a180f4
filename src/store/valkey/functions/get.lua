operation('get', 'read', function(base, args)
  local session, values = find(base, args[1], { fieldOf(args[3]) })
  if not session then return noSession(args[1]) end
  wasRead(session, args[2])
  return values[2]
end)
