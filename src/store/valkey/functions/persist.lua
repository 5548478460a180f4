operation('persist', 'write', function(base, args)
  local address, use = args[1], args[2]
  toFields(args, 3, 1)
  local session = find(base, address)
  if not session then return noSession(address) end
  local persisted = dropDeadlines(session, args, 3)
  if persisted == 0 then return 0 end
  wrote(session, use)
  save(session)
  return persisted
end)
