operation('clear', 'write', function(base, args)
  local address, use = args[1], args[2]
  local session = find(base, address)
  if not session then return noSession(address) end
  local cleared = countKeys(session)
  if cleared == 0 then return 0 end
  empty(session)
  wrote(session, use)
  save(session)
  keepUntil(session, session.key)
  return cleared
end)
