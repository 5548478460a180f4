operation('set', 'grow', function(base, args)
  local address, use = args[1], args[2]
  toFields(args, 3, 2)
  local session, values = find(base, address, every(args, 3, 2))
  if not session then return noSession(address) end
  wrote(session, use)
  put(session, values, args, 3)
  return 1
end)
