operation('replace', 'grow', function(base, args)
  toFields(args, 3, 2)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local cleared = countKeys(session)
  if cleared > 0 then empty(session) end
  wrote(session, args[2])
  put(session, {}, args, 3)
  keepUntil(session, session.key)
  return cleared
end)
