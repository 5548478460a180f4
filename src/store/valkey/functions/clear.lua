operation('clear', 'write', function(base, args)
  local session = find(base, args[1])
  if not session then return noSession(args[1]) end
  local cleared = countKeys(session)
  if cleared == 0 then return 0 end
  empty(session)
  wrote(session, args[2])
  save(session)
  keepUntil(session, session.key)
  return cleared
end)
