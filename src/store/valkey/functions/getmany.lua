operation('getmany', 'read', function(base, args)
  local address, use = args[1], args[2]
  toFields(args, 3, 1)
  local session, values = find(base, address, slice(args, 3))
  if not session then return noSession(address) end
  wasRead(session, use)
  remove(values, 1)
  return values
end)
