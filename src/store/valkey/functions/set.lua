operation('set', 'grow', function(base, args)
  local address, use = args[1], args[2]
  toFields(args, 3, 2)
  local fields = every(args, 3, 2)
  local session, values = find(base, address, fields)
  if not session then return noSession(address) end
  wrote(session, use)
  dropDeadlines(session, fields, 1)
  put(session, values, args, 3)
  return 1
end)
