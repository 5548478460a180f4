operation('replace', 'grow', function(base, args)
  local address, use = args[1], args[2]
  toFields(args, 3, 2)
  local session = find(base, address)
  if not session then return noSession(address) end
  local cleared = countKeys(session)
  if cleared > 0 then empty(session) end
  wrote(session, use)
  put(session, {}, args, 3)
  keepUntil(session, session.key)
  return cleared
end)
