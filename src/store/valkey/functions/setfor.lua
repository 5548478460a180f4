operation('setfor', 'grow', function(base, args)
  local address, use, duration = args[1], args[2], tonumber(args[3])
  toFields(args, 4, 2)
  local fields = every(args, 4, 2)
  local session, values = find(base, address, fields)
  if not session then return noSession(address) end
  wrote(session, use)
  setDeadlines(session, fields, min(now + duration * 1000, NEVER - 1))
  put(session, values, args, 4)
  return 1
end)
